"""The panel below the charts: the step of a run that was opened, in the stepper, with modules as boxes that open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import streamlit as st

from playground.layers.document import StackDocument
from playground.runs.store import Store
from playground.ui.shared.boundary import bounded, guarded, plain, sentence_of
from playground.ui.shared.frame_data import FrameData
from playground.ui.shared.opened_element import answered
from playground.ui.shared.stepper import stepper
from playground.ui.shared.stepper_session import StepperSession, stepper_frame
from playground.ui.shared.told import told_answer
from playground.ui.train.frozen_step import FrozenStep
from playground.ui.train.opening import answer_about, open_step, told_about

GRAPH, CLOSE = "train-frozen-step", "train-frozen-close"
NUMBER, NEXT = "train-frozen-number", "train-frozen-next"


@dataclass
class OpenedStep:
    """The step of a run that one visitor has open; `number` tells one opening from the next."""

    run: str
    number: int = 0
    step: FrozenStep | None = None
    wanted: int = 0  # the step of the run that is to be shown; 0: its next one
    stepper: StepperSession = field(default_factory=lambda: StepperSession(GRAPH))


@st.fragment
@bounded
def frozen_part(shown: Callable[[], OpenedStep | None], close: Callable[[], None], store: Store) -> None:
    """The part of the page; nothing where no step is open."""
    opened = shown()
    if opened is None:
        return
    with st.container(key="frozen"):
        place = st.container(horizontal=True, vertical_alignment="bottom")
        try:
            with st.spinner("Opening the step …"):
                step = _step(opened, store)
            place.subheader(plain(step.title), anchor=False)
        except Exception as error:
            place.error(sentence_of(error))
        if opened.step is not None:
            with place:  # in one line with the title, so that the stepper has the rest of the window
                _choice(opened.step, shown)
        if place.button("Close", key=CLOSE):
            close()
            st.rerun()
        if opened.step is not None:
            for note in opened.step.notes:
                st.caption(plain(note))
            frame = _frame(opened, opened.step, store)
            on_open = _does(shown, lambda opened: opened.stepper.take_opened())
            on_element = _does(shown, lambda opened: opened.stepper.take_asked(StackDocument()))
            on_told = _does(shown, lambda opened: opened.stepper.take_wanted(StackDocument()))
            stepper(frame, key=GRAPH, on_open=on_open, on_element=on_element, on_told=on_told)
        opened.stepper.have = None


def _step(opened: OpenedStep, store: Store) -> FrozenStep:
    """The chosen step with its modules as the visitor opened them; the last picture stays where that cannot be."""
    had, unfolding = opened.step, opened.stepper.unfolded.unfolding
    if had is not None and (had.number, had.unfolding) == (opened.wanted, unfolding):
        return had
    wanted, opened.wanted = opened.wanted, 0 if had is None else had.number  # a refused step is not asked for again
    opened.step = open_step(store, opened.run, unfolding, "" if had is None else had.key, wanted)
    opened.wanted = opened.step.number
    return opened.step


def _choice(step: FrozenStep, shown: Callable[[], OpenedStep | None]) -> None:
    """Show the number of the step, to be changed, and a button for the next one."""
    if st.session_state.get(NUMBER) != step.number:
        st.session_state[NUMBER] = step.number
    st.number_input("Training step", 1, step=1, key=NUMBER, width=180, on_change=_does(shown, _goes()))
    st.button("Next batch", key=NEXT, on_click=_does(shown, _goes(step.number + 1)))


def _does(shown: Callable[[], OpenedStep | None], take: Callable[[OpenedStep], None]) -> Callable[[], None]:
    """A callback for the step that is open when it is called."""

    def callback() -> None:
        opened = shown()
        if opened is not None:
            take(opened)

    return guarded(callback)


def _goes(number: int | None = None) -> Callable[[OpenedStep], None]:
    """Go to the step with this number; None: to the one that was typed."""

    def take(opened: OpenedStep) -> None:
        opened.wanted = st.session_state[NUMBER] if number is None else number

    return take


def _frame(opened: OpenedStep, step: FrozenStep, store: Store) -> FrameData:
    at = opened.stepper
    element = answered(at.asked, StackDocument(), answer=lambda asked: answer_about(store, step, asked))
    frame = stepper_frame(step.drawn, "", sequence=opened.number, have=at.have, step=0)
    told = told_answer(at.wanted, StackDocument(), lambda wanted: told_about(store, step, wanted))
    return at.completed(frame, element, told)
