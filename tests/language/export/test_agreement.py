"""The page, its JSON, its script and its notebook say the same numbers, bit for bit, whatever the text does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, event, example, given
from hypothesis import strategies as st

from playground.errors import PlaygroundError
from playground.explain.explanation import explain
from playground.language.evaluate.leaves import Leaf
from playground.language.export.script import to_python
from playground.language.run import run
from playground.language.syntax.program import parse
from playground.trace.trace import Trace
from playground.views.jupyter import to_notebook
from tests.alone import output_of
from tests.language.export.training_texts import LEAVES, training_texts
from tests.strategies import OF_PROGRAMS

LINE = 'print("---")\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scripts")


ADDED_ON_THE_WAY = """\
v0 = a.reshape(-1) + b.reshape(-1)
v1 = a.reshape(-1) + v0.reshape(-1)
g = ones((1, 3))
v1.view_as(g).backward(g, retain_graph=True)
v1.view_as(g).backward(g, retain_graph=True)
"""


def test_what_came_through_shared_memory_is_no_hook() -> None:
    trace = run(ADDED_ON_THE_WAY, {name: Leaf(name, LEAVES[name]) for name in "ab"})
    assert any(check.gap for check in trace.sums)
    assert explain(trace).derivation(trace["a"].id)[-1].title == "In shared memory"


@OF_PROGRAMS
@given(training_texts(), st.integers(1, 3), st.booleans(), st.sampled_from((None, None, "a", "x")), st.integers(0, 9))
@example(text=ADDED_ON_THE_WAY, passes=1, zero_grad=False, second=None, rng_seed=0)
def test_random_texts(folder: Path, text: str, passes: int, zero_grad: bool, second: str | None, rng_seed: int) -> None:
    used = {free.name for free in parse(text).free_names}
    again = second if second in used else None
    assert_agreement(text, folder, passes=passes, zero_grad=zero_grad, second=again, rng_seed=rng_seed)


def assert_agreement(text: str, folder: Path, **settings: Any) -> None:
    """Page, JSON, script and notebook agree; a text that the page refuses is put aside."""
    program = parse(text)
    leaves = {free.name: Leaf(free.name, LEAVES[free.name]) for free in program.free_names}
    try:
        trace = run(text, leaves, **settings)
    except PlaygroundError as error:
        event(f"refused: {error.message[:50]}")
        assume(False)
    back = Trace.from_json(trace.to_json())
    assert back == trace
    assert back.to_json() == trace.to_json()
    end = trace.at(len(trace.steps)).grads
    assert end == {value.id: value.grad for value in trace.values if value.grad is not None}
    is_shared = any(note.kind == "shared_gradient" for note in trace.notes)
    assert is_shared or all(check.gap == 0 for check in trace.sums)  # shared memory may be added to on the way
    script = to_python(program, leaves, **settings)
    printed = output_of(script + LINE + notebook_code(script), folder).split("---\n")
    expected = numbers_of(trace, list(leaves))
    for told in printed:
        assert printed_numbers(told) == expected, script
    event("shared gradients" if is_shared else "alone")


def notebook_code(script: str) -> str:
    """What Jupyter would run: the sources of the notebook's code cells."""
    cells = json.loads(to_notebook(script, "Example"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def numbers_of(trace: Trace, leaves: list[str]) -> dict[str, str]:
    """The result and every `.grad` of a leaf that requires grad, written as Python writes them."""
    outputs = [trace.values[output].data.tolist() for output in trace.outputs]
    found = {"result": repr(outputs if len(outputs) > 1 else outputs[0])}
    for name in leaves:
        grad = trace[name].grad
        found[f"{name}.grad"] = repr(None if grad is None else grad.tolist())
    return found


def printed_numbers(told: str) -> dict[str, str]:
    """The same of what a script printed; the result comes first, whatever its name is."""
    lines = [line.split(" = ", 1) for line in told.strip().split("\n")]
    found = dict(lines[1:])
    gradient = found.pop("gradient", None)  # differentiated again, it is what the page ends in
    return {"result": gradient or lines[0][1], **found}
