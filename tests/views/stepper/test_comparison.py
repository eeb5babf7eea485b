"""What the browser is told of two traces: keys of boxes that are drawn, steps, and lines that can be read."""

from __future__ import annotations

import pytest
from hypothesis import given

from playground import Leaf, Trace, run
from playground.explain.comparison.comparison import compare
from playground.views.stepper.comparison import MOST, comparison_data
from playground.views.stepper.picture import picture
from tests.strategies import programs

NET = "h = relu(W @ x)\nf = (h * h).sum()"
LEAVES = {"W": "[[0.1, 0.2], [0.3, -0.7]]", "x": "[1.1, 0.9]"}


def made(dtype: str, text: str = NET) -> Trace:
    return run(text, {name: Leaf(name, value, dtype) for name, value in LEAVES.items()})


@pytest.mark.slow
@given(program=programs())
def test_every_key_can_be_selected_and_every_position_stood_at(program: tuple[str, dict[str, float]]) -> None:
    text, values = program
    left, right = run(text, values), run(f"{text}\ng = sin(f) * x1", values)
    data = comparison_data(compare(left, right))
    drawn = [picture(trace, "both")["items"] for trace in (left, right)]
    for side, items in enumerate(drawn):
        keys = {both[side] for both in data["keys"]} | {*data["differing"][side]} | {*data["alone"][side]}
        assert keys <= items.keys()
        assert {key for row in data["rows"] for key in [row["keys"][side]]} <= items.keys()
    assert data["steps"] == sorted(data["steps"]) and data["steps"][0] == [0, 0]
    assert data["steps"][-1] == [len(left.steps), len(right.steps)]


def test_numbers_are_written_until_they_differ() -> None:
    data = comparison_data(compare(made("float32"), made("float64")))
    rows = {(row["name"], row["of"]): row for row in data["rows"]}
    f = rows["f", "primal"]
    assert (f["before"], f["now"]) == ("0.08409999", "0.0841")
    assert f["gap"].startswith("apart by ")
    assert all(row["before"] != row["now"] for row in data["rows"])


def test_what_differs_is_marked_where_it_stands() -> None:
    data = comparison_data(compare(made("float64"), made("float64", NET.replace("relu(W @ x)", "W @ x"))))
    assert "op-1" in data["alone"][0] and data["alone"][1] == []
    assert "value-0" in data["differing"][0], "a leaf with another gradient"
    assert {"op-2", "op-3"} <= set(data["differing"][0]) and {"op-1", "op-2"} <= set(data["differing"][1])


def test_a_name_that_changed_is_told_with_both() -> None:
    data = comparison_data(compare(run("f = x*x", {"x": 2.0}), run("g = x*x", {"x": 3.0})))
    assert [row["name"] for row in data["rows"]] == ["x", "f → g", "x.grad"]


def test_a_long_list_is_cut_and_says_so() -> None:
    text = "for i in range(80):\n    x = sin(x)\ny = x"
    data = comparison_data(compare(run(text, {"x": 1.0}), run(text, {"x": 1.1})))
    assert len(data["rows"]) == MOST
    assert data["unlisted"] == len(compare(run(text, {"x": 1.0}), run(text, {"x": 1.1})).differences) - MOST > 0
