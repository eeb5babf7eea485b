"""Edits of the list, as the browser sends them."""

from __future__ import annotations

from typing import Any

import pytest

from playground.errors import PlaygroundError
from playground.layers.catalogue.table import KINDS
from playground.layers.document import Refused, StackDocument
from playground.layers.edits import edited
from playground.layers.limits import LIMITS

START = StackDocument("Conv2d(10, 7) ReLU Residual(Conv2d(10, 1)) Flatten Linear(10)")


@pytest.mark.parametrize(
    ("edit", "text"),
    [
        ({"name": "remove", "path": [1]}, "Conv2d(10, 7) Residual(Conv2d(10, 1)) Flatten Linear(10)"),
        ({"name": "duplicate", "path": [1]}, "Conv2d(10, 7) ReLU ReLU Residual(Conv2d(10, 1)) Flatten Linear(10)"),
        ({"name": "move", "path": [4], "by": -9}, "Linear(10) Conv2d(10, 7) ReLU Residual(Conv2d(10, 1)) Flatten"),
        (
            {"name": "insert", "path": [2, 0, 1], "kind": "ReLU"},
            "Conv2d(10, 7) ReLU Residual(Conv2d(10, 1) ReLU) Flatten Linear(10)",
        ),
        ({"name": "remove", "path": [2, 0, 0]}, "Conv2d(10, 7) ReLU Flatten Linear(10)"),
        (
            {"name": "set", "path": [0], "argument": "stride", "content": [2, 1]},
            "Conv2d(10, 7, stride=(2, 1)) ReLU Residual(Conv2d(10, 1)) Flatten Linear(10)",
        ),
        (
            {"name": "set", "path": [0], "argument": "padding", "content": "same"},
            'Conv2d(10, 7, padding="same") ReLU Residual(Conv2d(10, 1)) Flatten Linear(10)',
        ),
        (
            {"name": "set", "path": [0], "argument": "padding", "content": '"same"'},
            'Conv2d(10, 7, padding="same") ReLU Residual(Conv2d(10, 1)) Flatten Linear(10)',
        ),
        (
            {"name": "set", "path": [4], "argument": "in_features", "content": 784},
            "Conv2d(10, 7) ReLU Residual(Conv2d(10, 1)) Flatten Linear(10, in_features=784)",
        ),
    ],
)
def test_an_edit_of_the_list_is_an_edit_of_the_text(edit: dict[str, Any], text: str) -> None:
    assert edited(START, edit).document.text == text


LEAVES = [kind for kind in KINDS if not kind.branches]


@pytest.mark.parametrize("kind", LEAVES, ids=lambda kind: kind.name)
def test_every_kind_can_be_inserted_and_fits(kind: Any) -> None:
    start = StackDocument("Identity", input_shape=kind.example_shape, data="random")
    place = 0 if kind.takes_indices else 1
    found = edited(start, {"name": "insert", "path": [place], "kind": kind.name})
    assert found.path == (place,)
    assert found.document.stack().at((place,)).kind == kind.name
    assert found.document.analysis().problem is None


@pytest.mark.parametrize(
    ("text", "path", "kind", "after"),
    [
        ("Flatten", [1], "Linear", "Flatten Linear(10)"),
        ("Flatten LogSoftmax", [1], "Linear", "Flatten Linear(10) LogSoftmax"),
        ("Flatten Linear(10)", [1], "Linear", "Flatten Linear(64) Linear(10)"),
        ("Flatten Residual(ReLU) Linear(10)", [1, 0, 0], "Linear", "Flatten Residual(Linear(784) ReLU) Linear(10)"),
        ("", [0], "Conv2d", "Conv2d(8, 3, padding=1)"),
        ("Conv2d(16, 3)", [1], "Conv2d", "Conv2d(16, 3) Conv2d(32, 3, padding=1)"),
        ("Conv2d(400, 3)", [1], "Conv2d", "Conv2d(400, 3) Conv2d(512, 3, padding=1)"),
        ("Conv2d(16, 3) Residual(ReLU)", [1, 0, 1], "Conv2d", "Conv2d(16, 3) Residual(ReLU Conv2d(16, 3, padding=1))"),
        ("Conv2d(16, 3)", [1], "ConvTranspose2d", "Conv2d(16, 3) ConvTranspose2d(8, 2, stride=2)"),
        ("Conv2d(6, 3)", [1], "GroupNorm", "Conv2d(6, 3) GroupNorm(2)"),
        ("AdaptiveAvgPool2d", [1], "MaxPool2d", "AdaptiveAvgPool2d MaxPool2d(1)"),
        ("Linear(3, in_features=5)", [1], "Linear", "Linear(3, in_features=5) Linear(10)"),  # of no shape
    ],
)
def test_a_new_layer_has_what_the_shapes_around_it_suggest(text: str, path: list[int], kind: str, after: str) -> None:
    assert edited(StackDocument(text), {"name": "insert", "path": path, "kind": kind}).document.text == after


@pytest.mark.parametrize("kind", ["Linear", "Conv2d", "ConvTranspose2d"])
def test_a_new_layer_is_within_the_limits_whatever_comes_in(kind: str) -> None:
    shape = (LIMITS.input,) if kind == "Linear" else (1, 400, 500)
    start = StackDocument("Identity Linear(10)", input_shape=shape, data="random")
    found = edited(start, {"name": "insert", "path": [1], "kind": kind}).document
    assert found.stack().at((1,)).kind == kind
    row = found.analysis().row((1,))
    assert row is not None and row.parameters <= LIMITS.parameters // 4


@pytest.mark.parametrize("block", ["Residual", "Parallel"])
@pytest.mark.parametrize(
    ("text", "input_shape", "path"),
    [
        ("ReLU", (3, 8, 8), [0]),
        ("ReLU Flatten", (3, 8, 8), [2]),
        ("ReLU", (3, 8), [1]),
        ("ReLU", (2, 3, 4, 5), [1]),
        ("Flatten", (1, 80, 80), [1]),  # more features than a Linear may have
        ("Residual(Conv2d(3, 3, padding=1))", (3, 8, 8), [0, 0, 1]),
        ("Residual(Conv2d(3, 3, padding=1))", (3, 8, 8), [0, 0, 0]),
    ],
)
def test_a_new_block_fits_where_it_stands(block: str, text: str, input_shape: tuple[int, ...], path: list[int]) -> None:
    found = edited(
        StackDocument(text, input_shape=input_shape, data="random"), {"name": "insert", "path": path, "kind": block}
    )
    assert found.path == tuple(path)
    assert found.document.stack().at(tuple(path)).kind == block
    assert found.document.analysis().problem is None


@pytest.mark.parametrize(
    ("text", "path", "by", "opened", "after", "place"),
    [
        ("ReLU Residual(Tanh) ELU", [0], 1, True, "Residual(ReLU Tanh) ELU", (0, 0, 0)),
        ("ReLU Residual(Tanh) ELU", [0], 1, False, "Residual(Tanh) ReLU ELU", (1,)),
        ("ReLU Residual(Tanh) ELU", [2], -1, True, "ReLU Residual(Tanh ELU)", (1, 0, 1)),
        ("Residual(Tanh GELU) ELU", [0, 0, 0], 1, True, "Residual(GELU Tanh) ELU", (0, 0, 1)),
        ("Residual(Tanh GELU) ELU", [0, 0, 0], -1, True, "Tanh Residual(GELU) ELU", (0,)),
        ("Residual(Tanh GELU) ELU", [0, 0, 1], 1, True, "Residual(Tanh) GELU ELU", (1,)),
        ("Residual(Tanh) ELU", [0, 0, 0], 1, True, "Tanh ELU", (0,)),
        ("Parallel(Tanh GELU, SiLU)", [0, 0, 1], 1, True, "Parallel(Tanh, GELU SiLU)", (0, 1, 0)),
        ("Parallel(Tanh, GELU SiLU)", [0, 1, 0], -1, True, "Parallel(Tanh GELU, SiLU)", (0, 0, 1)),
        ("Parallel(Tanh, GELU)", [0, 1, 0], -1, True, "Tanh GELU", (1,)),
        ("Tanh ELU", [1], 1, True, "Tanh ELU", (1,)),
    ],
)
def test_a_layer_moves_across_the_borders_of_branches(
    text: str, path: list[int], by: int, opened: bool, after: str, place: tuple[int, ...]
) -> None:
    found = edited(StackDocument(text), {"name": "move", "path": path, "by": by, "opened": opened})
    assert (found.document.text, found.path) == (after, place)


@pytest.mark.parametrize(
    ("text", "edit", "after"),
    [
        ("Parallel(Tanh, ELU)", {"name": "add branch", "path": [0]}, "Parallel(Tanh, ELU, ELU)"),
        ("Parallel(Tanh, ELU, SiLU)", {"name": "remove branch", "path": [0], "branch": 1}, "Parallel(Tanh, SiLU)"),
        ("Parallel(Tanh, ELU) ReLU", {"name": "remove branch", "path": [0], "branch": 0}, "ELU ReLU"),
        ("Parallel(Tanh, ELU) ReLU", {"name": "remove", "path": [0, 0, 0]}, "ELU ReLU"),
        ("Residual(ReLU Residual(Tanh))", {"name": "remove", "path": [0, 0, 1, 0, 0]}, "Residual(ReLU)"),
        ("Residual(Residual(Tanh)) ELU", {"name": "remove", "path": [0, 0, 0, 0, 0]}, "ELU"),
    ],
)
def test_branches_come_and_go(text: str, edit: dict[str, Any], after: str) -> None:
    assert edited(StackDocument(text), edit).document.text == after


@pytest.mark.parametrize(
    ("argument", "content", "allowed"),
    [
        ("stride", 0, "one or two whole numbers from 1 to"),
        ("out_channels", "wide", "a whole number from 1 to"),
        ("kernel_size", [3, 0], "one or two whole numbers"),
        ("padding", "sane", 'one or two whole numbers from 0 to 64, "same" or "valid"'),
        ("in_channels", -1, "a whole number from 1 to"),
    ],
)
def test_a_refused_argument_says_where_and_what_is_allowed(argument: str, content: Any, allowed: str) -> None:
    with pytest.raises(Refused) as refused:
        edited(START, {"name": "set", "path": [0], "argument": argument, "content": content})
    assert (refused.value.field, refused.value.path) == (argument, (0,))
    assert allowed in refused.value.told
    assert refused.value.told.count("not") == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [("batch", 100_000), ("classes", -1), ("learning_rate", "fast"), ("input_shape", [0]), ("optimizer", "Newton")],
)
def test_a_refused_setting_says_which_and_what_is_allowed(name: str, content: Any) -> None:
    with pytest.raises(Refused) as refused:
        StackDocument.from_fields({"text": "ReLU", name: content})
    assert (refused.value.field, refused.value.path) == (name, None)
    assert refused.value.told.endswith(f", not {content[0] if isinstance(content, list) else content}")


@pytest.mark.parametrize(
    "edit",
    [
        {},
        {"name": "remove", "path": [9]},
        {"name": "remove", "path": "0"},
        {"name": "remove", "path": [0, 1]},
        {"name": "remove", "path": [0, 0, 0]},
        {"name": "move", "path": [0], "by": "far"},
        {"name": "insert", "path": [0], "kind": "Linear(10); import os"},
        {"name": "set", "path": [0], "argument": "stride", "content": 0},
        {"name": "add branch", "path": [0]},
        {"name": "add branch", "path": [2]},
        {"name": "remove branch", "path": [2], "branch": 0},
        {"name": "remove branch", "path": [0], "branch": None},
        {"name": "set", "path": [0], "argument": "__class__", "content": 0},
        {"name": "set", "path": [4], "argument": "in_features", "content": -1},
    ],
    ids=str,
)
def test_a_bad_edit_is_refused(edit: dict[str, Any]) -> None:
    with pytest.raises(PlaygroundError):
        edited(START, edit)
