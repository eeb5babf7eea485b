"""Cut and normalise a data set for one run: stratified subsets, folds, normalisation; all by seed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from playground.data.dataset import Data, Examples
from playground.errors import PlaygroundError

CHUNK = 256  # examples at once: their float64 copies, and what is made of them, stay in the processor's cache


def prepare(
    data: Data,
    *,
    train_size: int = 0,
    test_size: int = 0,
    folds: int = 0,
    fold: int = 0,
    normalise: bool = False,
    rng_seed: int = 0,
) -> Data:
    """The data set of one run. The same arguments give the same examples in the same order.

    First a stratified subset of `train_size` and `test_size` examples (0: all). With `folds` > 1 the training subset
    is cut into that many stratified folds; fold number `fold` (from 0) becomes `test`, the others `train`, and
    `test_size` has no effect. Last, with `normalise`, (x - mean) / deviation per channel (per column of a table, and of
    numbers to predict), the statistics being those of the training examples that are left. Numbers to predict have no
    strata. Raises PlaygroundError for what cannot be cut.
    """
    train = _subset(data.train, train_size, "train_size", rng_seed)
    if folds > 1:
        train, test = _fold(data, train, folds, fold, rng_seed)
    elif folds < 0:
        raise PlaygroundError(f"{folds} folds", hint="0 for none, or 2 and more.")
    else:
        test = _subset(data.test, test_size, "test_size", rng_seed)
    normalisation, scale = data.normalisation, data.label_scale
    if normalise and normalisation is None:
        normalisation = statistics(train.x)
        if not data.classes:
            (mean,), (deviation,) = statistics(train.labels[:, None])
            scale = mean, deviation
        train, test = (
            Examples(_normalised(part.x, normalisation), part.labels if data.classes else scaled(part.labels, scale))
            for part in (train, test)
        )
    return replace(data, train=train, test=test, normalisation=normalisation, label_scale=scale)


def scaled(labels: Tensor, scale: tuple[float, float]) -> Tensor:
    """Numbers to predict (N,), by how many deviations they are above the mean.

    >>> scaled(torch.tensor([1.0, 5.0]), (3.0, 2.0))
    tensor([-1.,  1.])
    """
    return (labels - scale[0]) / scale[1]


def stratified_order(labels: Tensor, rng_seed: int) -> Tensor:
    """Positions (N,) int64 drawn from the seed, every beginning of which holds the classes in their proportions.

    So a subset of 100 is part of the subset of 200 with the same seed. Numbers (float32) come in any order.

    >>> labels = torch.tensor([0, 0, 0, 0, 1, 1])
    >>> sorted(labels[stratified_order(labels, 0)[:3]].tolist())
    [0, 0, 1]
    """
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(rng_seed))
    if labels.is_floating_point():
        return order
    shuffled = labels[order]
    place = torch.empty(len(labels), dtype=torch.float64)  # where within its class, from 0 to 1
    for label in range(int(labels.max()) + 1 if len(labels) else 0):
        members = (shuffled == label).nonzero()[:, 0]
        place[members] = (torch.arange(len(members), dtype=torch.float64) + 0.5) / len(members)
    return order[place.argsort(stable=True)]


def hold_out(x: Tensor, labels: Tensor, classes: tuple[str, ...], *, share: float = 0.2, rng_seed: int = 0) -> Data:
    """A data set without a name, whose test examples are `share` of each class (one at least), drawn from the seed; of
    numbers to predict, which have no `classes`, `share` of all.

    Raises PlaygroundError for fewer than two classes or numbers, and for a class of fewer than two examples.
    """
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(rng_seed))
    is_test = torch.zeros(len(labels), dtype=torch.bool)
    if labels.is_floating_point():
        if bool((labels == labels[:1]).all()):
            raise PlaygroundError("every number to predict is the same", hint="To predict takes different ones.")
        is_test[order[: max(1, round(share * len(labels)))]] = True
        return _parted(Examples(x, labels), is_test, ())
    if len(classes) < 2:
        only = f"only the class `{classes[0]}`" if classes else "no class"
        raise PlaygroundError(f"there is {only}", hint="To classify takes examples of two classes or more.")
    counts = torch.bincount(labels, minlength=len(classes)).tolist()
    for name, count in zip(classes, counts, strict=True):
        if count < 2:
            hint = "Each class needs two examples or more: one to train on and one to test on."
            raise PlaygroundError(f"the class `{name}` has {_count(count)}", hint=hint)
    for label, count in enumerate(counts):
        is_test[order[labels[order] == label][: max(1, round(share * count))]] = True
    return _parted(Examples(x, labels), is_test, classes)


def _parted(whole: Examples, is_test: Tensor, classes: tuple[str, ...]) -> Data:
    return Data("", whole.at((~is_test).nonzero()[:, 0]), whole.at(is_test.nonzero()[:, 0]), classes)


def statistics(x: Tensor) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation (over N, not N - 1) of each channel of (N, C, H, W), or each column of (N, F).

    Where all numbers are equal the deviation is 0, and we say 1, so that dividing by it leaves them at 0.

    >>> statistics(torch.tensor([[0.0, 5.0], [2.0, 5.0]]))
    ((1.0, 5.0), (1.0, 1.0))
    """
    axes = [axis for axis in range(x.ndim) if axis != 1]
    count = x.numel() // x.shape[1]
    sums = torch.stack([part.double().sum(axes) for part in torch.split(x, CHUNK)])
    mean = sums.sum(0) / count
    around = mean.view(1, -1, *[1] * (x.ndim - 2))
    squares = torch.stack([(part.double() - around).square().sum(axes) for part in torch.split(x, CHUNK)])
    deviation = (squares.sum(0) / count).sqrt()
    flat = deviation <= 1e-12 * mean.abs()  # rounding apart, all numbers are equal
    return tuple(mean.tolist()), tuple(torch.where(flat, 1.0, deviation).tolist())


def _normalised(x: Tensor, normalisation: tuple[tuple[float, ...], tuple[float, ...]]) -> Tensor:
    mean, deviation = (torch.tensor(row, dtype=x.dtype).view(1, -1, *[1] * (x.ndim - 2)) for row in normalisation)
    out = torch.empty_like(x)
    for part, into in zip(torch.split(x, CHUNK), torch.split(out, CHUNK), strict=True):
        torch.sub(part, mean, out=into).div_(deviation)
    return out


def _subset(examples: Examples, size: int, setting: str, rng_seed: int) -> Examples:
    if size == 0 or size == len(examples):
        return examples
    if not 0 < size <= len(examples):
        hint = f"From 1 to {len(examples):,}, which is all that there are; 0 for all."
        raise PlaygroundError(f"{setting} is {size:,}", hint=hint)
    return examples.at(stratified_order(examples.labels, rng_seed)[:size])


def _fold(data: Data, train: Examples, folds: int, fold: int, rng_seed: int) -> tuple[Examples, Examples]:
    if not 0 <= fold < folds:
        raise PlaygroundError(f"there is no fold {fold}", hint=f"{folds} folds are numbered 0 to {folds - 1}.")
    from sklearn.model_selection import KFold, StratifiedKFold  # takes seconds, and most runs have no folds

    if data.classes:
        _check_folds(data, train, folds)
    elif len(train) < folds:
        hint = "Every fold needs an example: choose fewer folds or a larger training set."
        raise PlaygroundError(f"{folds} folds, but {_count(len(train))} to train on", hint=hint)
    kind = StratifiedKFold if data.classes else KFold
    cutter = kind(folds, shuffle=True, random_state=rng_seed % 2**32)
    cuts = list(cutter.split(np.zeros(len(train)), train.labels.numpy()))
    kept, held_out = (torch.from_numpy(positions) for positions in cuts[fold])
    return train.at(kept), train.at(held_out)


def _check_folds(data: Data, train: Examples, folds: int) -> None:
    counts = torch.bincount(train.labels, minlength=len(data.classes))
    fewest = int(counts.argmin())
    if counts[fewest] < folds:
        raise PlaygroundError(
            f"{folds} folds, but the class `{data.classes[fewest]}` has {_count(int(counts[fewest]))} to train on",
            hint="Every fold needs an example of each class: choose fewer folds or a larger training set.",
        )


def _count(count: int) -> str:
    return f"{count:,} example{'' if count == 1 else 's'}"
