"""Write the part of a script that reads a run's data, and cuts and normalises them as the run does."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from playground.data import split
from playground.data.archives import CLASSES
from playground.data.uploads import store
from playground.training.config import TrainConfig
from playground.training.export.dimensions import Dimensions
from playground.training.export.script_table import table_parts

DIGITS = """\
from sklearn.datasets import load_digits

digits = load_digits()  # 1,797 handwritten digits of 8 by 8 pixels from 0 to 16
images = torch.tensor(digits.images, dtype=torch.float32)[:, None] / 16
images = nn.functional.interpolate(images, size=(28, 28), mode="bilinear", align_corners=False).clamp(0, 1)
labels = torch.tensor(digits.target)
order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))
is_test = torch.zeros(len(labels), dtype=torch.bool)
for label in range(10):  # a fifth of each class
    members = order[labels[order] == label]
    is_test[members[: round(0.2 * len(members))]] = True
train_x, train_y, test_x, test_y = images[~is_test], labels[~is_test], images[is_test], labels[is_test]
"""
XOR = """\
train_x = test_x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
train_y = test_y = torch.tensor([0, 1, 1, 0])
"""
TORCHVISION = """\
from torchvision import datasets

train_set = datasets.{name}({folder!r}, train=True, download=True)
test_set = datasets.{name}({folder!r}, train=False, download=True)
train_x, test_x = ({pixels} for part in (train_set, test_set))
train_y, test_y = (torch.as_tensor(part.targets) for part in (train_set, test_set))
"""
GREY = "part.data[:, None].float() / 255"
COLOURED = "torch.as_tensor(part.data).permute(0, 3, 1, 2).contiguous().float() / 255"
UPLOAD = """\
from safetensors.torch import load_file

data = load_file("{name}.safetensors")  # leaves the page beside this script
train_x, train_y, test_x, test_y = data["train_x"], data["train_labels"], data["test_x"], data["test_labels"]
"""
SUBSET = """\
chosen = stratified_order({part}_y, {seed})[:{size}]
{part}_x, {part}_y = {part}_x[chosen], {part}_y[chosen]
"""
FOLD = """\
from sklearn.model_selection import {kind}

cutter = {kind}({folds}, shuffle=True, random_state={seed})
kept, held_out = list(cutter.split(torch.zeros(len(train_y)), train_y.numpy()))[{fold}]
test_x, test_y = train_x[held_out], train_y[held_out]
train_x, train_y = train_x[kept], train_y[kept]
"""
NORMALISE = """\
axes = [1, -1] + [1] * (train_x.ndim - 2)
mean, deviation = (torch.tensor(row).view(axes) for row in statistics(train_x))
train_x, test_x = (train_x - mean) / deviation, (test_x - mean) / deviation
"""
NORMALISE_LABELS = """\
(middle,), (unit,) = statistics(train_y[:, None])  # the numbers to predict are normalised, too
train_y, test_y = (train_y - middle) / unit, (test_y - middle) / unit
"""


def data_parts(config: TrainConfig, dimensions: Dimensions, folder: str) -> Iterator[str]:
    """The code in parts, after which train_x, train_y, test_x and test_y are there.

    `folder`: where torchvision looks for files, and downloads them to.
    """
    if config.data == "digits":
        yield DIGITS
    elif config.data == "XOR":
        yield XOR
    elif config.data in CLASSES:
        pixels = COLOURED if config.data == "CIFAR-10" else GREY
        yield TORCHVISION.format(name=CLASSES[config.data], folder=folder, pixels=pixels)
    elif (row := store.describe(config.data)).told.recipe is not None and row.told.title:
        yield from table_parts(row)
    else:
        yield UPLOAD.format(name=config.data)
    cuts = {"train": config.train_size, "test": 0 if config.folds else config.test_size}
    whole = {"train": dimensions.whole_train, "test": dimensions.whole_test}
    cuts = {part: size for part, size in cuts.items() if size != whole[part]}
    if any(cuts.values()):
        yield inspect.getsource(split.stratified_order)
    for part, size in cuts.items():
        if size:
            yield SUBSET.format(part=part, seed=config.rng_seed, size=size)
    if config.folds:
        kind = "StratifiedKFold" if dimensions.classes else "KFold"
        yield FOLD.format(kind=kind, folds=config.folds, fold=config.fold, seed=config.rng_seed)
    if config.normalise:
        yield f"CHUNK = {split.CHUNK}  # examples that are held in float64 at once\n"
        yield inspect.getsource(split.statistics)
        yield NORMALISE
        if not dimensions.classes:
            yield NORMALISE_LABELS
