"""The layers page: gallery and exports above, then the list of layers, then the workbench with their graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from playground.errors import PlaygroundError
from playground.layers.catalogue.spec import Path as Place
from playground.layers.document import Refused, StackDocument
from playground.layers.edits import edited
from playground.layers.net.net import Net, net_of
from playground.layers.run.settings import with_its_data
from playground.layers.variants import variants
from playground.lessons.gallery import Preset
from playground.lessons.presets import STACKS
from playground.ui.layers.exports import STACK_EXPORTS
from playground.ui.layers.frame_data import RowData, StackFrameData
from playground.ui.layers.frames import Answer, ShownStack, show_before_problem, show_stack, stack_frame
from playground.ui.layers.links import restore_stack
from playground.ui.shared.beside import Comparing, drawn_before
from playground.ui.shared.boundary import bounded, guarded, plain, told
from playground.ui.shared.drawn import Drawn
from playground.ui.shared.exports import export_buttons
from playground.ui.shared.hand_over import train_this
from playground.ui.shared.opened_element import answered
from playground.ui.shared.page import STYLE, page_session
from playground.ui.shared.picture_exports import picture_exports
from playground.ui.shared.popovers import close_examples, examples, gallery
from playground.ui.shared.stepper import last_edit, stepper
from playground.ui.shared.stepper_session import StepperSession, sequence_of, stepper_frame
from playground.ui.shared.told import told_answer
from playground.views.graph.unfolding import Unfolding

EXPORT = "stack-exports"
LIST, GRAPH, SPLIT = "stack", "stack-graph", "layers-split"
_STYLES = (STYLE, Path(__file__).with_name("page.css"))
NO_ELEMENT = "The layers do not run as they stand: mend the one that is marked, then pick the element again"
NO_COMPARISON = "The layers do not run as they stand: mend the one that is marked, then both are compared."


def _drawn(document: StackDocument, unfolding: Unfolding) -> Drawn | PlaygroundError:
    outcome = show_stack(net_of(document), unfolding)
    return outcome if isinstance(outcome, PlaygroundError) else outcome.drawn


COMPARING = Comparing(variants, _drawn)


@cache
def _component() -> Callable[..., Any]:
    """Registered on first use, not on import: the component's files are only found under a running server."""
    return st.components.v2.component("playground.stack", js="layers/layers.js", css="layers/layers.css")


def stack_editor(data: StackFrameData, *, key: str, on_edit: Callable[[], None]) -> None:
    """Show a frame; `on_edit` is called when the user changed something, before the page runs again."""
    _component()(data={"frame": data}, key=key, on_edit_change=guarded(on_edit), width="stretch", height="content")


@dataclass
class StackSession:
    """The document that one visitor has open; lives in `st.session_state`."""

    document: StackDocument
    before: StackDocument | None = None  # stands beside it
    good: StackDocument | None = None  # the last one that ran
    problems: tuple[str, ...] = ()
    sequence: int = 0  # of the last edit of the list that was taken
    rows: list[RowData] = field(default_factory=list)
    refused: Refused | None = None  # what the browser sent last and could not be taken
    place: Place | None = None  # of the layer that the last edit was about
    drawn: Drawn | None = None
    stepper: StepperSession = field(default_factory=lambda: StepperSession(GRAPH))


@bounded
def layers_page() -> None:
    """The whole page."""
    for style in _STYLES:
        st.html(style)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        with examples():
            gallery(STACKS, "stack", _open)
        _exports()
        if st.button("Train this"):
            train_this(_session().document)
    _body()


def _session() -> StackSession:
    return page_session("layers", _restored)


def _restored() -> StackSession:
    """A session with what the link says, else with the first preset."""
    link = restore_stack(st.query_params.to_dict())
    document = link.document or STACKS.presets[0].document
    return StackSession(document, link.before, problems=link.problems, stepper=StepperSession(GRAPH, step=link.step))


@st.fragment
@bounded
def _body() -> None:
    session = _session()
    with st.container():  # always there, so that what follows keeps its place
        if session.problems:
            st.warning("  \n".join(map(plain, session.problems)))
    net = net_of(session.document)
    shown = show_stack(net, session.stepper.unfolded.unfolding)
    answer = Answer(session.sequence, session.refused, session.place)
    frame = stack_frame(net, session.rows, shown, answer, session.before)
    session.rows = frame["rows"]
    with st.container(key=SPLIT):  # side by side where there is room
        stack_editor(frame, key=LIST, on_edit=_take_edit)
        _graph(session, net, shown, frame["query"])
    session.stepper.step = session.stepper.have = None


def _graph(session: StackSession, net: Net, shown: ShownStack | PlaygroundError, query: str) -> None:
    """The graph of the layers; of those before the first that does not fit; the last one, of a broken text."""
    at, is_whole = session.stepper, isinstance(shown, ShownStack)
    drawn = shown.drawn if isinstance(shown, ShownStack) else show_before_problem(net, at.unfolded.unfolding)
    session.drawn = drawn or session.drawn
    session.good = session.document if is_whole else session.good
    if session.drawn is None:
        return
    element = answered(at.asked, session.document, refusal="" if is_whole else NO_ELEMENT)
    data = stepper_frame(
        session.drawn, query, sequence=session.sequence, have=at.have, step=at.step, stale=drawn is None
    )
    told = told_answer(at.wanted, session.document) if is_whole else None
    refusal = "" if is_whole else NO_COMPARISON
    data = COMPARING.frame(
        data, session.good, session.before, at.unfolded.unfolding, at.has_beside, at.wanted_before, refusal
    )
    stepper(
        at.completed(data, element, told),
        key=GRAPH,
        on_open=at.take_opened,
        on_element=lambda: at.take_asked(session.document),
        on_told=lambda: at.take_wanted(session.document),
        on_told_before=lambda: at.take_wanted_before(drawn_before(_session().before, _session().good)),
        on_address=_reopen,
        on_beside=_take_beside,
    )


def _take_edit() -> None:
    """Take an edit of the text, the list or a setting."""
    session, sent = _session(), last_edit(LIST)
    given, edit = sent.get("document"), sent.get("edit")
    session.problems, session.refused, session.place = (), None, None
    document = _taken(session, given if isinstance(given, dict) else {})
    if session.refused is not None and session.refused.field == "text":
        session.problems = (told(session.refused),)
        return  # it is not answered, so that the browser keeps what was typed
    session.sequence = sequence_of(sent)
    try:
        if isinstance(edit, dict):
            document, session.place = edited(document, edit)
    except Refused as refused:
        session.refused = refused
    except PlaygroundError as error:
        session.problems = (f"That edit could not be done: {error.message}. {error.hint}",)
    session.document = document


def _taken(session: StackSession, given: dict[str, Any]) -> StackDocument:
    """The document that the browser sent; a field that is refused stays as it was, and the others are taken."""
    try:
        return StackDocument.from_fields(given)
    except Refused as refused:
        session.refused = refused
        return _taken(session, given | {refused.field: getattr(session.document, refused.field)})


def _take_beside() -> None:
    """Put the document beside a changed one, or take one of the two away."""
    session, command = _session(), _session().stepper.take_beside()
    if session.good is None:
        return
    two = session.document, session.before
    try:
        session.document, session.before = COMPARING.commanded(command, session.document, session.good, session.before)
    except PlaygroundError as error:
        session.problems = (told(error),)
        return
    if two != (session.document, session.before):
        session.sequence += 1  # as in `_begin`
        session.problems, session.refused, session.place = (), None, None


def _open(chosen: Preset[StackDocument]) -> None:
    _begin(with_its_data(chosen.document))
    close_examples()


def _reopen() -> None:
    """Open what stood at the address that Back or Forward led to."""
    link = restore_stack(_session().stepper.take_address())
    if link.document is not None:
        _begin(link.document, link.problems, link.step or 0, link.before)


def _begin(
    document: StackDocument, problems: tuple[str, ...] = (), step: int = 0, before: StackDocument | None = None
) -> None:
    session = _session()
    session.document, session.before, session.problems = document, before, problems
    session.refused = session.place = session.drawn = session.good = None
    session.sequence += 1  # as in `StepperSession.begin`
    session.stepper.begin(step)


@st.fragment
@bounded
def _exports() -> None:
    session = _session()
    with st.popover("Export", key=EXPORT, on_change="rerun"), st.container(key="exports"):
        st.caption("Scripts print the loss and the gradient norms of this page.")
        # a pasted class has fewer
        export_buttons(
            STACK_EXPORTS,
            lambda: session.document,
            "stack-export-{}",
            lambda document: document.text,
            lambda document: document,
        )
        picture_exports("stack-pictures")
