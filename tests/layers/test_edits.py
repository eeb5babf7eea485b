"""Edits of the list, as the browser sends them."""

from __future__ import annotations

from typing import Any

import pytest

from playground.errors import PlaygroundError
from playground.layers.catalogue import KINDS
from playground.layers.document import StackDocument
from playground.layers.edits import edited

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
            {"name": "set", "path": [4], "argument": "in_features", "content": 784},
            "Conv2d(10, 7) ReLU Residual(Conv2d(10, 1)) Flatten Linear(10, in_features=784)",
        ),
    ],
)
def test_an_edit_of_the_list_is_an_edit_of_the_text(edit: dict[str, Any], text: str) -> None:
    assert edited(START, edit).text == text


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_can_be_inserted(kind: Any) -> None:
    assert (
        edited(StackDocument("ReLU"), {"name": "insert", "path": [1], "kind": kind.name}).text == f"ReLU {kind.example}"
    )


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
        {"name": "set", "path": [0], "argument": "__class__", "content": 0},
        {"name": "set", "path": [4], "argument": "in_features", "content": -1},
    ],
    ids=str,
)
def test_a_bad_edit_is_refused(edit: dict[str, Any]) -> None:
    with pytest.raises(PlaygroundError):
        edited(START, edit)
