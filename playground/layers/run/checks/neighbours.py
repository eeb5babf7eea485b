"""A layer and its neighbours: what the one does undoes the other, or leaves it nothing to do."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from playground.layers.catalogue import shape_rules
from playground.layers.catalogue.spec import LayerSpec
from playground.layers.catalogue.table import kind_of
from playground.layers.run.checks.check import BATCH_NORMS, SHAPES, WEIGHTS, Case, Check, Mistake
from playground.layers.stack.analysis import StackRow
from playground.layers.stack.text import layer_text

LINEAR = SHAPES | {"Bias", "Dropout", "AvgPool1d", "AvgPool2d", "AdaptiveAvgPool2d"}  # of two maps, in evaluation, one
SATURATING = {"Sigmoid", "Tanh"}
CHAIN = 3  # so many saturating activations are too many


def _two_linear(case: Case) -> Iterator[Mistake]:
    for sequence in case.sequences():
        first: StackRow | None = None
        for row in sequence:
            if row.layer.kind in WEIGHTS:
                if first is not None:
                    place = (*first.path[:-1], first.path[-1] + 1)
                    message = f"{layer_text(first.layer)} and {layer_text(row.layer)} are one linear map"
                    yield Mistake(row.path, message, (("insert ReLU", case.stack.insert(place, LayerSpec("ReLU"))),))
                first = row
            elif row.layer.kind not in LINEAR:
                first = None


def _saturating(case: Case) -> Iterator[Mistake]:
    for sequence in case.sequences():
        end = max((row.path for row in sequence if row.layer.kind in WEIGHTS), default=())
        hidden = [row for row in sequence if row.layer.kind in SATURATING and row.path < end]
        if len(hidden) >= CHAIN:
            stack = case.stack
            for row in hidden:
                stack = stack.replace(row.path, LayerSpec("ReLU"))
            message = f"{len(hidden)} Sigmoid or Tanh one after the other"
            yield Mistake(hidden[-1].path, message, (("replace them by ReLU", stack),))


def _rows_of_pictures(case: Case) -> Iterator[Mistake]:
    if any(kind_of(row.layer.kind).family == "Sequences" for row in case.analysis.rows):
        return  # the steps of a sequence are meant to be taken one by one
    for row in case.analysis.rows:
        if row.layer.kind == "Linear" and len(row.takes) > 1:
            stack = case.stack.replace(row.path, row.layer.with_pin("in_features", None))
            stack = stack.insert(row.path, LayerSpec("Flatten"))
            message = f"{layer_text(row.layer)} acts on each row of {shape_rules.text(row.takes)} on its own"
            yield Mistake(row.path, message, (("insert Flatten", stack),))
            return  # the Linear layers after it follow from this one


def _useless_bias(case: Case) -> Iterator[Mistake]:
    for row, norm in (both for sequence in case.sequences() for both in pairwise(sequence)):
        if row.layer.kind not in WEIGHTS or norm.layer.kind not in BATCH_NORMS:
            continue
        same_axis = row.layer.kind != "Linear" or len(row.gives) == 1  # the bias lies along what is normalised
        if same_axis and kind_of(row.layer.kind).given(row.layer)["bias"]:
            message = f"the bias of {layer_text(row.layer)} before {norm.layer.kind} does nothing"
            without = case.stack.replace(row.path, row.layer.with_arg("bias", False))
            yield Mistake(row.path, message, (("set bias to False", without),))


NEIGHBOURS: tuple[Check, ...] = (
    Check("one-map", "warning", "L4.2", "Two linear maps with nothing non-linear between are one: their matrices "
          "multiply, W = W2·W1.", _two_linear),
    Check("saturating", "note", "L1.5", "Back-propagation multiplies by the slope of each, at most 1/4 for Sigmoid and "
          "1 for Tanh: little reaches the first layers.", _saturating),
    Check("rows-of-pictures", "warning", "L0.9", "Linear multiplies the last axis and takes the others for more "
          "examples: it never sees a whole picture.", _rows_of_pictures),
    Check("useless-bias", "note", "L0.6", "Batch normalisation subtracts the mean over the batch, and the bias "
          "with it.", _useless_bias),
)  # fmt: skip
