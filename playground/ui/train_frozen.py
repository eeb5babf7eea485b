"""Below the charts: the step of a run that was opened, in the stepper, with modules as boxes that open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import streamlit as st

from playground.errors import PlaygroundError
from playground.layers.document import StackDocument
from playground.runs.store import Store
from playground.ui.elements import Asked, answered, asked
from playground.ui.popovers import plain
from playground.ui.stepper import Opened, last_edit, stepper
from playground.ui.train_freeze import FrozenStep, frozen_step, recorded_step

GRAPH, CLOSE = "train-frozen-step", "train-frozen-close"


@dataclass
class OpenedStep:
    """What one visitor has open of a run's step; `number` tells one opening from the next."""

    run: str
    number: int = 0
    step: FrozenStep | None = None
    opened: Opened = field(default_factory=Opened)
    asked: Asked | None = None
    have: str | None = None  # the key of the drawing that the browser held when it asked or opened just now


@st.fragment
def frozen_part(shown: Callable[[], OpenedStep | None], close: Callable[[], None], store: Store) -> None:
    """The part of the page; nothing where no step is open."""
    opened = shown()
    if opened is None:
        return
    with st.container(key="frozen"):
        place = st.container(horizontal=True, vertical_alignment="center")
        try:
            with st.spinner("Opening the step …"):
                step = _step(opened, store)
            place.subheader(plain(step.title), anchor=False)
        except PlaygroundError as error:
            place.error(plain(f"{error.message}. {error.hint}"))
        if place.button("Close", key=CLOSE):
            close()
            st.rerun()
        if opened.step is not None:
            for note in opened.step.notes:
                st.caption(plain(note))
            stepper(_frame(opened, opened.step, store), key=GRAPH, on_open=_opens(shown), on_element=_asks(shown))
        opened.have = None


def _step(opened: OpenedStep, store: Store) -> FrozenStep:
    """As the visitor opened its modules; the last picture stays where that cannot be."""
    had, opening = opened.step, opened.opened.opening
    if had is None or had.opening != opening:
        opened.step = frozen_step(store, opened.run, opening, "" if had is None else had.key)
    assert opened.step is not None
    return opened.step


def _frame(opened: OpenedStep, step: FrozenStep, store: Store) -> dict[str, Any]:
    drawn = asdict(step.drawn)
    if drawn["key"] == opened.have:
        drawn["svg"] = None  # the browser keeps the drawing that it has
    element = answered(opened.asked, StackDocument(), trace=lambda: recorded_step(store, step).recorded.trace)
    nothing: dict[str, Any] = {"document": None, "leaves": [], "error": None, "editable": False, "theme": None}
    told = {"query": "", "step": 0, "opened": opened.opened.fields(), "element": element}
    return {"picture": drawn, "sequence": opened.number, **told, **nothing}


def _opens(shown: Callable[[], OpenedStep | None]) -> Callable[[], None]:
    def take() -> None:
        opened = shown()
        if opened is not None:
            opened.opened = Opened.last(GRAPH)
            opened.have = opened.opened.have

    return take


def _asks(shown: Callable[[], OpenedStep | None]) -> Callable[[], None]:
    def take() -> None:
        opened, sent = shown(), last_edit(GRAPH, "element")
        if opened is not None:
            opened.asked = asked(sent, StackDocument())
            opened.have = sent["have"] if isinstance(sent.get("have"), str) else None

    return take


__all__ = ["OpenedStep", "frozen_part"]
