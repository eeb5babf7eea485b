"""Warnings of a pasted class: the checks that need only its outputs, its loss and its batch.

The checks of a stack are asked about a short stack with the same end: what gives the scores, and what is done to them.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from playground.layers.catalogue.spec import LayerSpec, Path, Stack
from playground.layers.catalogue.table import find
from playground.layers.document import StackDocument
from playground.layers.listing import Listing
from playground.layers.run.checks.check import SHAPES, SOFTMAXES, Case, Check
from playground.layers.run.checks.counts import COUNTS, DEAD, dead_message
from playground.layers.run.checks.scores import SCORES
from playground.layers.run.record_batch import Recorded
from playground.layers.run.warnings import Caution, Cure
from playground.layers.stack.analysis import Analysis, StackRow
from playground.trace.records import Op
from playground.trace.trace import Trace

CALLS = {  # PyTorch's functions as kinds of layers
    "relu": "ReLU", "elu": "ELU", "gelu": "GELU", "silu": "SiLU", "softplus": "Softplus", "sigmoid": "Sigmoid",
    "relu6": "ReLU6", "selu": "SELU", "mish": "Mish", "hardswish": "Hardswish", "hardsigmoid": "Hardsigmoid",
    "hardtanh": "Hardtanh",
    "tanh": "Tanh", "softmax": "Softmax", "log_softmax": "LogSoftmax", "dropout": "Dropout",
    "batch_norm": "BatchNorm1d", "flatten": "Flatten", "view": "Reshape", "reshape": "Reshape", "squeeze": "Reshape",
    "unsqueeze": "Reshape",
}  # fmt: skip


def pasted_cautions(document: StackDocument, listing: Listing, recorded: Recorded) -> tuple[Caution, ...]:
    """Cautions about a class that ran. Repairs change the loss alone: the text is its author's."""
    if listing.output is None or len(listing.output) != 1:
        return ()
    case = Case(_short(document, listing, _end(listing, recorded.trace)), None)
    found = tuple(
        _caution(check, (), message, tuple(_cures(document, case.stack, repaired)), document.classes)
        for check in SCORES
        for _, message, repaired in check.find(case)
    )
    return (*found, *_dead(listing, recorded))


def _end(listing: Listing, trace: Trace) -> list[str]:
    """The kinds of the last layers, the first of them being none that only normalises or reshapes."""
    outputs = next(op for op in trace.ops if op.module == ("loss",)).inputs[0].value
    logits = trace.values[outputs].data.tensor()
    # by their numbers: a softmax is often written out
    ones = torch.ones(len(logits), dtype=logits.dtype)
    found: list[str] = []
    for kind, numbers in (("Softmax", logits), ("LogSoftmax", logits.exp())):
        if logits.shape[1] > 1 and (numbers >= 0).all() and torch.allclose(numbers.sum(1), ones, atol=1e-4):
            found = [kind]
    value, kind = outputs, "Identity"
    while kind in SHAPES | SOFTMAXES:
        made = trace.values[value].op
        if made is None or not trace.ops[made].inputs:
            return found
        kind, value = _kind(listing, trace.ops[made]), trace.ops[made].inputs[0].value
    return [kind, *found] if kind else found


def _kind(listing: Listing, op: Op) -> str:
    """Name what made a value: the layer that the call belongs to, else the function; '' of any other."""
    name = ".".join(op.module[1:])  # without the net's own
    layer = next((find(row.kind) for row in listing.rows if row.name == name and not row.is_block), None)
    return layer.name if layer is not None else CALLS.get(op.name.rstrip("_"), "")


def _short(document: StackDocument, listing: Listing, end: list[str]) -> Analysis:
    """A stack that gives the same number of outputs with the same end, and has as many parameters."""
    output = listing.output
    assert output is not None
    layers = (LayerSpec("Linear", (("out_features", output[0]),)), *map(LayerSpec, end))
    stack = Stack(layers, document.input_shape, document.loss, document.classes)
    rows = tuple(
        StackRow((place,), layer, "", output, output, "", 0 if place else listing.parameters, "", 0, 0, 0, None)
        for place, layer in enumerate(layers)
    )
    return Analysis(stack, rows, output, None)


def _cures(document: StackDocument, stack: Stack, repaired: tuple[tuple[str, Stack], ...]) -> Iterator[Cure]:
    for label, mended in repaired:
        if mended.layers == stack.layers:
            yield Cure(label, document.text, mended.loss)


def _dead(listing: Listing, recorded: Recorded) -> Iterator[Caution]:
    check = next(check for check in COUNTS if check.id == "dead")
    paths = {f"net.{row.name}": row.path for row in listing.rows}
    for facts in recorded.facts:
        if facts.dead is not None and facts.dead > DEAD and facts.name in paths:
            yield _caution(check, paths[facts.name], dead_message(facts.name.removeprefix("net."), facts.dead), (), 0)


def _caution(check: Check, path: Path, message: str, cures: tuple[Cure, ...], classes: int) -> Caution:
    return Caution(check.id, check.level, path, message, check.reason_for(classes), check.lecture, cures)
