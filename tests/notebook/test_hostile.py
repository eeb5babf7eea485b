"""Nothing that somebody types in a notebook ends in a traceback of ours: `run`, `train` and what they give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from playground import Leaf, PlaygroundError, Trace, run, train

DEEP: Any = []
for _ in range(5000):
    DEEP = [DEEP]
LOOP: list[Any] = []
LOOP.append(LOOP)
CALLS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "a number": ((5,), {}),
    "half a character": (("y = x # \ud83d", {"x": 1}), {}),
    "half a character as a leaf": (("y = x", {"x": "\ud83d"}), {}),
    "a list of leaves": (("y = x", [1]), {}),
    "a nested leaf": (("y = x", {"x": DEEP}), {}),
    "a leaf in itself": (("y = x", {"x": LOOP}), {}),
    "a long leaf": (("y = x", {"x": [1.0] * 10**6}), {}),
    "a long tensor as text": (("y = x", {"x": Leaf.of("x", "[" * 4000)}), {}),
    "an object": (("y = x", {"x": object()}), {}),
    "no such second": (("b = 2*s", {"s": 1.0}), {"second": "x"}),
    "no such tangent": (("b = 2*s", {"s": 1.0}), {"tangent": {"x": 1.0}}),
    "too many passes": (("b = 2*s", {"s": 1.0}), {"passes": 10**9}),
    "passes in words": (("b = 2*s", {"s": 1.0}), {"passes": "two"}),
    "a seed in words": (("b = randn(2)*s", {"s": 1.0}), {"rng_seed": "two"}),
    "no such argument": (("b = 2*s", {"s": 1.0}), {"colour": 1}),
}


@pytest.mark.parametrize(("arguments", "named"), CALLS.values(), ids=list(CALLS))
def test_run_refuses_in_its_own_words(arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    with pytest.raises(PlaygroundError) as caught:
        run(*arguments, **named)
    assert caught.value.__cause__ is None, "a check of ours, and not whatever it ran into"
    (line, *_) = caught.value._render_traceback_()
    assert line.startswith("PlaygroundError: ") and "Traceback" not in line


def test_a_large_tensor_is_not_written_as_text() -> None:
    with pytest.raises(PlaygroundError, match="10\\^6 elements"):
        Leaf.of("x", torch.zeros(10**6))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.binary(max_size=5),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=3), inside, max_size=3),
    max_leaves=5,
)
SETTINGS = ["text", "data", "loss", "optimizer", "learning_rate", "epochs", "device", "fold", "colour"]


@given(st.one_of(anything, st.just("y = x*x")), st.dictionaries(st.text(max_size=2) | st.just("x"), anything), anything)
def test_anything_runs_or_is_a_playground_error(text: Any, leaves: Any, second: Any) -> None:
    try:
        trace = run(text, leaves, second=second)
        trace.to_json(), trace.checks
    except PlaygroundError as error:
        assert len(error.marked()) < 100_000


@given(anything, st.dictionaries(st.sampled_from(SETTINGS), anything, min_size=1), anything)
def test_anything_trains_or_is_a_playground_error(config: Any, settings: Any, reading: Any) -> None:
    small = {"train_size": 20, "test_size": 5, "steps": 1, "progress": False}
    try:
        train(config, reading=reading, **{**settings, **small})
    except PlaygroundError as error:
        assert error.message


def test_what_a_run_gives_refuses_too(tmp_path: Path) -> None:
    trained = train("Flatten Linear(10)", train_size=20, test_size=5, steps=1, progress=False)
    (tmp_path / "file").write_text("no folder")
    for wrong in (lambda: trained.save(tmp_path / "file" / "out"), lambda: trained.plot(5)):  # type: ignore[arg-type]
        with pytest.raises(PlaygroundError):
            wrong()
    trace = run("y = x*x", {"x": 2.0})
    with pytest.raises(PlaygroundError, match="no value is called 'z'") as caught:
        trace["z"]
    assert isinstance(caught.value, KeyError) and "x, y" in caught.value.hint
    for document in ("[" * 100_000, "", "{}", "7", '{"schema": "playground.trace", "version": 1}'):
        with pytest.raises(PlaygroundError):
            Trace.from_json(document)
