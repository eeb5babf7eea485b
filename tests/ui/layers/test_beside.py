"""Two nets side by side: what a command makes of them, and what the browser is sent."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl

import pytest

from playground.layers.document import StackDocument
from playground.layers.net.net import net_of
from playground.ui.layers.frames import show_stack
from playground.ui.layers.links import restore_stack, stack_query
from playground.ui.layers.page import COMPARING, NO_COMPARISON
from playground.ui.shared.beside import drawn_before
from playground.ui.shared.frame_data import BesideData
from playground.ui.shared.stepper_session import stepper_frame
from playground.unforeseen import PlaygroundError
from playground.views.graph.unfolding import UNTOUCHED

NOW = StackDocument("Flatten Linear(6) ReLU Linear(10)", batch=4)
STRAIGHT = replace(NOW, text="Flatten Linear(6) Linear(10)")


def beside(now: StackDocument, before: StackDocument, refusal: str = "") -> BesideData:
    shown = show_stack(net_of(now))
    assert not isinstance(shown, PlaygroundError)
    frame = stepper_frame(shown.drawn, "")
    found = COMPARING.frame(frame, now, before, UNTOUCHED, None, refusal=refusal)["beside"]
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        ("now", (NOW, NOW)),
        ("close", (NOW, None)),
        ("back", (STRAIGHT, None)),
        ("swap", (STRAIGHT, NOW)),
        ("no-activation", (STRAIGHT, NOW)),
        ("again", (NOW, STRAIGHT)),
    ],
)
def test_what_a_command_makes(command: str, wanted: tuple[StackDocument, StackDocument | None]) -> None:
    assert COMPARING.commanded(command, NOW, NOW, STRAIGHT) == wanted


def test_the_same_weights_and_the_same_batch_without_relu() -> None:
    found = beside(STRAIGHT, NOW)["comparison"]
    assert found is not None
    assert found["summary"].endswith("relu only before.")
    names = {row["name"] for row in found["rows"] if row["of"] == "primal"}
    assert names and not any("weight" in name or "target" in name for name in names), "they begin alike"


def test_another_seed_differs_in_its_weights() -> None:
    found = beside(replace(NOW, rng_seed=1), NOW)["comparison"]
    assert found is not None and found["alone"] == [[], []]
    assert any(row["name"] == "linear1.weight" for row in found["rows"])


def test_while_the_layers_do_not_run_nothing_is_compared() -> None:
    found = beside(NOW, STRAIGHT, NO_COMPARISON)
    assert found["picture"] is not None and found["comparison"] is None and found["message"] == NO_COMPARISON


def test_both_are_in_the_link() -> None:
    before = replace(STRAIGHT, learning_rate=0.5)
    query = stack_query(replace(NOW, graph="both"), replace(before, graph="backward"))
    assert "before.stack=Flatten" in query and "before.graph" not in query
    opened = restore_stack(dict(parse_qsl(query)))
    assert (opened.document, opened.before, opened.problems) == (replace(NOW, graph="both"), before, ())
    drawn = drawn_before(opened.before, opened.document)
    assert drawn is not None and drawn.graph == "both"


def test_what_of_the_document_before_cannot_be_read_is_told() -> None:
    opened = restore_stack({"v": "1", "stack": "ReLU", "before.stack": "Tanh", "before.batch": "x", "before.w": "1"})
    assert opened.before == StackDocument("Tanh")
    assert opened.problems == (
        "Of the document before: The link's batch: 'x' cannot be read.",
        "Of the document before: The link's part 'w' was not understood.",
    )
    alone = restore_stack({"v": "1", "before.stack": "Tanh"})
    assert alone.before is None and alone.problems == ("The link's part 'before.stack' has no stack to go with.",)
