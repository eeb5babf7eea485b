"""A new row of the catalogue brings all that a row needs; one that forgets a part fails here by its name."""

from __future__ import annotations

import inspect

import pytest
from torch import nn

from playground.layers.catalogue.kind import Kind, constructor_arguments
from playground.layers.catalogue.modules import OURS
from playground.layers.catalogue.spec import Stack
from playground.layers.catalogue.table import KINDS
from playground.layers.export.operations import FROM_SCRATCH, FUNCTIONS, computed
from playground.layers.stack.analysis import analyse
from playground.layers.stack.parse import parse_stack

FAMILIES = {"Layers with weights", "Sequences", "Pooling", "Normalisation", "Shapes", "Activations", "Blocks"}
# Kinds that no line computes; how the script from scratch has them instead.
WRITTEN_OTHERWISE = {
    "BatchNorm1d": "several lines, which take off the mean and divide by the deviation",
    "BatchNorm2d": "several lines, which take off the mean and divide by the deviation",
    "InstanceNorm2d": "several lines, which take off the mean and divide by the deviation",
    "LayerNorm": "several lines, which take off the mean and divide by the deviation",
    "LSTM": "a function of the script, called for each of its layers",
    "GRU": "a function of the script, called for each of its layers",
    "RNN": "a function of the script, called for each of its layers",
    "TransformerEncoderLayer": "a line for attention, one for both Linear, and one for each normalisation of a sum",
    "Residual": "the lines of what is inside, and a sum",
    "Parallel": "the lines of each branch, and a concatenation",
}
# Kinds that keep nothing for the backward pass, and why.
SAVES_NOTHING = {
    "Bias": "a sum: its derivative is 1",
    "Flatten": "a view",
    "Reshape": "a view",
    "Identity": "its input itself",
    "ZeroPad2d": "a copy in a frame: its derivative is a slice",
    "Upsample": "copies: their derivatives are added",
    "PixelShuffle": "the same numbers in other places: its derivative puts them back",
    "Residual": "a sum; what is inside keeps its own",
    "Parallel": "a concatenation; what is inside keeps its own",
}


def test_no_two_rows_have_one_name() -> None:
    assert len({kind.name.lower() for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_row_has_all_that_a_row_needs(kind: Kind) -> None:
    assert kind.family in FAMILIES
    assert kind.meaning.endswith(".") and kind.formula and kind.parameters
    assert all(argument.meaning for argument in kind.arguments)
    assert bool(kind.saves) != (kind.name in SAVES_NOTHING)
    assert parse_stack(kind.example)[0].kind == kind.name and kind.example_shape
    (row, *_) = analyse(Stack(parse_stack(kind.example), kind.example_shape)).rows
    ways = [kind.name in FROM_SCRATCH, kind.name in FUNCTIONS, kind.name in WRITTEN_OTHERWISE]
    assert ways.count(True) == 1
    if not kind.branches:
        assert all("x" in line for line in computed(row))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.original or kind.fixed], ids=lambda kind: kind.name)
def test_a_row_of_a_layer_with_several_results_has_pytorchs_own(kind: Kind) -> None:
    assert (kind.original is None) == (not kind.call)
    if kind.original is not None:
        assert issubclass(kind.build, kind.original) and kind.build in OURS
        assert kind.call.count("{}") == 1 and kind.original.__name__ == kind.name == kind.build.__name__
    assert {one.name for one in kind.fixed} <= set(constructor_arguments(kind))
    assert all(one.reason for one in kind.fixed)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not kind.branches], ids=lambda kind: kind.name)
def test_the_signature_of_a_row_is_that_of_its_module(kind: Kind) -> None:
    given = kind.given(parse_stack(kind.example)[0])
    names = list(kind.signature(kind.example_shape, given))
    known = inspect.signature(kind.build).parameters
    assert set(names) <= set(known) and set(kind.pins) <= set(names)
    assert [name for name in known if name in names] == names  # in PyTorch's order
    starred = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    missing = {n for n, p in known.items() if p.default is p.empty and p.kind not in starred} - set(names)
    assert not missing and issubclass(kind.build, nn.Module)


def test_reasons_are_given_for_rows_that_are_there() -> None:
    names = {kind.name for kind in KINDS}
    assert {*FROM_SCRATCH, *FUNCTIONS, *WRITTEN_OTHERWISE, *SAVES_NOTHING} <= names
