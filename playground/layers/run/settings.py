"""The settings of a document for a run: its batch, whether its loss takes the outputs, its optimizer."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from playground.data.datasets import row_of
from playground.data.digits import digit_batch
from playground.data.first_examples import batch_of_first, is_ready
from playground.data.xor import xor_batch
from playground.errors import PlaygroundError
from playground.layers.catalogue import shape_rules
from playground.layers.catalogue.losses import LOSSES, loss_of
from playground.layers.catalogue.spec import Shape
from playground.layers.document import RANDOM, StackDocument
from playground.layers.stack.problems import UnfitSetting, check_input


def batch_of(document: StackDocument) -> tuple[Tensor, Tensor]:
    """The batch that a document runs on, `x` (N, *input_shape) and labels (N,): examples of a data set that fit
    the input, or random numbers, whole ones for an Embedding. Labels are classes (int64) or, where there are none,
    numbers (float32). Raises UnfitSetting, before anything is made."""
    check_input(document.input_shape, document.batch)
    if document.data != RANDOM:
        _check_fit(document)
        x, labels = _drawn(document)
        return x, _among(labels, document.classes)
    generator, sizes = torch.Generator().manual_seed(document.rng_seed), (document.batch, *document.input_shape)
    if document.vocabulary is None:
        x = torch.randn(sizes, generator=generator)
    else:
        x = torch.randint(document.vocabulary, sizes, generator=generator)
    if not document.classes:
        return x, torch.randn(document.batch, generator=generator)
    return x, torch.randint(document.classes, (document.batch,), generator=generator)


def _among(labels: Tensor, classes: int) -> Tensor:
    """The labels as one of so many classes; as numbers where there are none."""
    return labels % classes if classes else labels.float()


def data_choices(document: StackDocument) -> tuple[str, ...]:
    """What a batch can be made of on this computer, and what the document has chosen."""
    known = document.settings()["data"].choices
    return tuple(name for name in known if name == document.data or is_here(name))


def is_here(name: str) -> bool:
    """Tell whether a batch of these data can be made at once: their files are there, or they need none."""
    return name == RANDOM or not row_of(name).needs_download or is_ready(name)


def with_its_data(document: StackDocument) -> StackDocument:
    """The document on a batch of what it trains on, where that fits its input and its files are on this computer."""
    name = document.trains_on
    fits = document.vocabulary is None and document.input_shape == row_of(name).input_shape
    return replace(document, data=name) if document.data == "digits" and fits and is_here(name) else document


def _drawn(document: StackDocument) -> tuple[Tensor, Tensor]:
    if document.data == "digits":
        return digit_batch(document.batch, document.rng_seed)
    if document.data == "XOR":
        return xor_batch(document.batch)
    try:
        return batch_of_first(document.data, document.batch, document.rng_seed)
    except PlaygroundError as error:
        raise UnfitSetting("data", error.message, error.hint) from error


def _check_fit(document: StackDocument) -> None:
    name, shape = document.data, row_of(document.data).input_shape
    if document.vocabulary is not None:
        message, hint = f"{name} for an Embedding, which takes whole numbers", "choose random data"
        raise UnfitSetting("data", message, hint)
    if document.input_shape != shape:
        does = "do" if name == "digits" else "does"
        message = f"{name} {does} not fit an input of {shape_rules.text(document.input_shape)}"
        what = {"digits": "digits are", "XOR": "points of XOR are"}.get(name, f"pictures of {name} are")
        hint = f"{what} ({', '.join(map(str, shape))}{',' * (len(shape) == 1)}); choose random data for another input"
        raise UnfitSetting("data", message, hint)


def check_output(output: Shape, document: StackDocument) -> None:
    """The loss compares one row per example: (N, outputs), with a class number below the number of outputs; or one
    number with the number to predict."""
    if len(output) != 1:
        shape = "(" + ", ".join(["N", *map(str, output)]) + ")"
        hint = f"{document.loss} takes (N, {document.classes or 1}): flatten before the last Linear"
        raise PlaygroundError(f"the stack gives {shape} for every batch", hint=hint, text=document.text)
    if not document.classes:
        _check_number(output[0], document)
        return
    if loss_of(document.loss).target == "labels" and output[0] < document.classes:
        message = f"{output[0]} outputs for {document.classes} classes"
        raise PlaygroundError(message, hint=f"end with Linear({document.classes})", text=document.text)


def _check_number(outputs: int, document: StackDocument) -> None:
    if not loss_of(document.loss).takes_numbers:
        known = " or ".join(loss.name for loss in LOSSES if loss.takes_numbers)
        message = f"{document.loss} compares classes, and here a number is to be predicted"
        raise PlaygroundError(message, hint=f"take {known}", text=document.text)
    if outputs != 1:
        message = f"{outputs:,} outputs for one number to predict"
        raise PlaygroundError(message, hint="end with Linear(1)", text=document.text)


def stack_optimizer(name: str, parameters: list[nn.Parameter], learning_rate: float) -> torch.optim.Optimizer:
    """PyTorch's optimizer of this name."""
    if name == "SGD with momentum":
        return torch.optim.SGD(parameters, lr=learning_rate, momentum=0.9)
    kind: type[torch.optim.Optimizer] = getattr(torch.optim, name)
    return kind(parameters, lr=learning_rate)  # type: ignore[call-arg]  # every one of the list takes it
