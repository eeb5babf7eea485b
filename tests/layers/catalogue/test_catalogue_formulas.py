"""The arithmetic that stands beside a layer is true: each formula, filled in or in symbols, gives the number shown."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playground.layers.catalogue import shape_rules
from playground.layers.catalogue.kind import Given, Kind, pair
from playground.layers.catalogue.spec import Stack
from playground.layers.catalogue.table import kind_of
from playground.layers.stack.analysis import StackRow, analyse
from playground.layers.stack.parse import parse_stack
from tests.layers.catalogue.test_catalogue import SINGLE, layers, shapes
from tests.layers.stacks import stacks

WINDOWS = {"Conv1d", "Conv2d", "ConvTranspose2d", "MaxPool1d", "AvgPool1d", "MaxPool2d", "AvgPool2d"}
SCALED = {"Upsample": "scale_factor", "PixelShuffle": "upscale_factor"}


def evaluated(text: str, **names: int) -> int:
    """What a formula comes to; only texts of the catalogue come here."""
    python = re.sub(r"\bin\b", "in_", text.replace("·", "*").replace("−", "-"))
    return int(eval(python, {"floor": math.floor}, names))  # noqa: S307


def check_numbers(row: StackRow) -> None:
    """The formulas with numbers filled in."""
    if not row.layer.branches:
        assert (evaluated(row.parameters_formula) if row.parameters_formula else 0) == row.parameters
    equations = [tuple(part.split(" = ")) for part in row.formula.split(", ") if " = " in part]
    for left, right in equations:
        assert evaluated(left) == evaluated(right)
    sizes = [right for _, right in equations]
    match row.layer.kind:
        case kind if kind in WINDOWS:  # axes with the same arithmetic are told once
            sizes = sizes if len(sizes) == len(row.gives) - 1 else sizes * 2
            assert tuple(map(int, sizes)) == row.gives[1:]
        case "Linear" | "LSTM" | "GRU" | "RNN":
            assert row.formula == f"{row.takes[-1]} → {row.gives[-1]}"
        case "AdaptiveAvgPool2d":
            assert row.formula == f"each channel to {row.gives[1]}×{row.gives[2]}"
        case "ZeroPad2d" | "ReflectionPad2d" | "Upsample" | "PixelShuffle":
            sizes = sizes if len(sizes) == len(row.gives) - 1 else sizes * 2
            assert tuple(map(int, sizes)) == row.gives[1:]
        case "Embedding":
            assert row.formula == f"a row of {row.gives[-1]}" and row.gives[:-1] == row.takes
        case "MultiheadAttention":
            heads, each = map(int, row.formula.split(" heads of "))
            assert heads * each == row.takes[-1] and heads == dict(row.layer.args)["num_heads"]
        case "TransformerEncoderLayer":
            heads, each, *sizes = map(int, re.findall(r"\d+", row.formula))
            assert heads * each == row.takes[-1] and heads == dict(row.layer.args)["nhead"]
            assert sizes == [row.takes[-1], kind_of(row.layer.kind).given(row.layer)["dim_feedforward"], row.takes[-1]]
        case "Flatten" | "Reshape":
            assert sizes == ["·".join(map(str, row.gives))]
        case "Parallel":
            assert sizes == [str(row.gives[0])]
        case _:
            assert not sizes and (row.formula in ("", "x + body(x)"))


@pytest.mark.parametrize("kind", SINGLE, ids=lambda kind: kind.name)
@given(data=st.data())
def test_the_numbers_of_a_row_are_those_of_its_formulas(kind: Kind, data: st.DataObject) -> None:
    for row in analyse(Stack((data.draw(layers(kind)),), data.draw(shapes(kind)))).rows:
        check_numbers(row)
        check_symbols(row)


@given(stacks())
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_the_numbers_of_a_stack_are_those_of_its_formulas(stack: Stack) -> None:
    for row in analyse(stack).rows:
        check_numbers(row)


def check_symbols(row: StackRow) -> None:
    """The formulas in symbols, which have to be true whatever the arguments."""
    kind, given = kind_of(row.layer.kind), kind_of(row.layer.kind).given(row.layer)
    assert parameters_in_symbols(kind, row, given) == row.parameters
    takes, _, gives = kind.formula.partition(" → ")
    if takes == "the same shape":
        assert row.gives == row.takes
    if kind.name in SCALED:
        first, each, _ = gives.replace("²", "**2")[1:-1].split(", ")
        scale = {SCALED[kind.name]: given[SCALED[kind.name]]}
        sides = (evaluated(each, n=n, **scale) for n in row.takes[1:])
        assert row.gives == (evaluated(first, C=row.takes[0], **scale), *sides)
    if kind.name in ("ZeroPad2d", "ReflectionPad2d"):
        assert gives == "(C, n + padding on both sides, …)"
        (left, right, above, below), (channels, height, width) = np.broadcast_to(given["padding"], 4), row.takes
        assert row.gives == (channels, above + height + below, left + width + right)
    if kind.name not in WINDOWS:
        return
    first, each = gives.replace(", …", "")[1:-1].split(", ")
    assert row.gives[0] == {"C": row.takes[0], "out": given.get("out_channels")}[first]
    if given["padding"] == "same":
        assert row.gives[1:] == row.takes[1:]
        return
    given = given | {"padding": 0 if given["padding"] == "valid" else given["padding"]}
    window = {"kernel": given["kernel_size"], "stride": shape_rules.pooling_stride(given), "padding": given["padding"]}
    window |= {"output_padding": given.get("output_padding", 0), "dilation": given.get("dilation", 1)}
    for axis, n in enumerate(row.takes[1:]):
        sizes = {name: pair(size)[axis] for name, size in window.items()}
        assert evaluated(each, n=n, **sizes) == row.gives[1 + axis]


def parameters_in_symbols(kind: Kind, row: StackRow, given: Given) -> int:
    """What `kind.parameters` comes to: `in·out (+ out with bias)`, `2·C (0 without affine)`."""
    text = kind.parameters
    if kind.name == "LayerNorm":
        text = text.replace("sizes of the last axes", "·".join(map(str, row.takes[-given["dims"] :])))
    found = re.fullmatch(r"(.+?)(?: \(\+ (\w+) with (\w+)\)| \(0 without (\w+)\))?", text)
    assert found is not None
    always, more, with_it, without = found.groups()
    height, width = pair(given.get("kernel_size", 0))
    names = {"C": row.takes[0], "D": row.takes[-1], "features": row.takes[-1] if kind.name == "Bias" else row.takes[0]}
    names |= {"in_": row.takes[-1], "out": given.get("out_channels", given.get("out_features", 0))}
    names |= {"kernel": height, "kernel_H": height, "kernel_W": width, "groups": given.get("groups", 1)}
    as_given = ("num_parameters", "dim_feedforward", "num_embeddings", "embedding_dim", "num_layers")
    names |= {name: given.get(name, 0) for name in as_given}
    names |= {"H": given.get("hidden_size", 0), "directions": 1 + given.get("bidirectional", False)}
    if without is not None and not given[without]:
        return 0
    return evaluated(always, **names) + (evaluated(more, **names) if more and given[with_it] else 0)


def test_the_formula_of_the_lectures() -> None:
    assert analyse(Stack(parse_stack("Conv2d(10, 7)"))).rows[0].formula == "floor((28 + 2·0 − 7)/1 + 1) = 22"
