"""The expressions page: gallery, reference and exports above, the workbench below."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import streamlit as st

from playground.errors import PlaygroundError
from playground.language.document import Document
from playground.language.functions.table import search
from playground.language.variants import variants
from playground.lessons.gallery import Preset
from playground.lessons.presets import EXPRESSIONS
from playground.ui.expressions.exports import EXPORTS
from playground.ui.expressions.frame import Shown, frame, show
from playground.ui.expressions.links import restore_expression
from playground.ui.expressions.reference import function_table
from playground.ui.shared.beside import Comparing, drawn_before
from playground.ui.shared.boundary import bounded, plain
from playground.ui.shared.drawn import Drawn
from playground.ui.shared.exports import export_buttons
from playground.ui.shared.opened_element import answered
from playground.ui.shared.page import STYLE, page_session
from playground.ui.shared.picture_exports import picture_exports
from playground.ui.shared.popovers import close_examples, examples, gallery
from playground.ui.shared.stepper import WORKBENCH, last_edit, stepper
from playground.ui.shared.stepper_session import StepperSession
from playground.ui.shared.told import told_answer
from playground.views.graph.unfolding import Unfolding

MOST_FOUND = 40  # functions of the reference that are shown at once
EXPORT = "expression-exports"
MOST_LEAVES = 40  # remembered per session, names that are not in the text now included


def _drawn(document: Document, unfolding: Unfolding) -> Drawn | PlaygroundError:
    outcome = show(document, unfolding)
    return outcome if isinstance(outcome, PlaygroundError) else outcome.drawn


COMPARING = Comparing(variants, _drawn)


@dataclass
class ExpressionSession:
    """The document that one visitor has open; lives in `st.session_state`."""

    document: Document
    before: Document | None = None  # stands beside it
    problems: tuple[str, ...] = ()
    refused: PlaygroundError | None = None  # why the last edit was not taken
    good: Shown | None = None  # the last picture, which a broken text keeps
    stepper: StepperSession = field(default_factory=lambda: StepperSession(WORKBENCH))


@bounded
def expressions_page() -> None:
    """The whole page."""
    session = _session()
    st.html(STYLE)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        with examples():
            gallery(EXPRESSIONS, "preset", _open)
        with st.popover("Functions"):
            _reference()
        _exports(lambda: session.good)  # a file is made outside the script, so it is given the session
    if session.problems:
        st.warning("  \n".join(map(plain, session.problems)))
    _workbench()


def _session() -> ExpressionSession:
    return page_session("expressions", _restored)


def _restored() -> ExpressionSession:
    """A session with what the link says, else with the first preset."""
    link = restore_expression(st.query_params.to_dict())
    document = link.document or EXPRESSIONS.presets[0].document
    return ExpressionSession(document, link.before, link.problems, stepper=StepperSession(WORKBENCH, step=link.step))


@st.fragment
@bounded
def _exports(good: Callable[[], Shown | None]) -> None:
    # drawn anew when it is opened: files are named after the text of then
    with st.popover("Export", key=EXPORT, on_change="rerun"), st.container(key="exports"):
        st.caption("Each holds the numbers that are shown.")
        export_buttons(EXPORTS, good, "export-{}", lambda shown: shown.document.text, lambda shown: shown.document)
        picture_exports("expression-pictures")


@st.fragment
@bounded
def _workbench() -> None:
    session = _session()
    at = session.stepper
    data, session.good = frame(
        session.document,
        session.good,
        sequence=at.sequence,
        have=at.have,
        step=at.step,
        unfolding=at.unfolded.unfolding,
        refused=session.refused,
        before=session.before,
    )
    at.step = None
    shown = _shown()
    data = COMPARING.frame(data, shown, session.before, at.unfolded.unfolding, at.has_beside, at.wanted_before)
    frame_now = at.completed(data, answered(at.asked, shown), told_answer(at.wanted, shown))
    stepper(
        frame_now,
        key=WORKBENCH,
        on_edit=take_edit,
        on_open=at.take_opened,
        on_element=lambda: at.take_asked(_shown()),
        on_told=lambda: at.take_wanted(_shown()),
        on_told_before=lambda: at.take_wanted_before(drawn_before(_session().before, _shown())),
        on_address=_reopen,
        on_beside=_take_beside,
    )


def _shown() -> Document | None:
    """The document whose picture stands there: the last good one."""
    good = _session().good
    return None if good is None else good.document


def take_edit() -> None:
    """Take an edit as the document."""
    session, edit = _session(), last_edit(WORKBENCH)
    try:
        sent = Document.from_fields({**edit, "rng_seed": session.document.rng_seed})
    except PlaygroundError as error:  # it is not answered, so that the browser keeps what was typed
        session.refused = error
        return
    document = replace(sent, leaves=session.document.leaves).with_leaves({leaf.name: leaf for leaf in sent.leaves})
    session.document = replace(document, leaves=document.leaves[-MOST_LEAVES:])
    session.stepper.take_edit(edit)
    session.problems, session.refused = (), None


def _take_beside() -> None:
    """Put the document beside a changed one, or take one of the two away."""
    session, command = _session(), _session().stepper.take_beside()
    shown = _shown()
    if shown is None:
        return
    two = session.document, session.before
    try:
        session.document, session.before = COMPARING.commanded(command, session.document, shown, session.before)
    except PlaygroundError as error:
        session.refused = error
        return
    if two != (session.document, session.before):
        session.stepper.answer()
        session.problems, session.refused = (), None


def _open(chosen: Preset[Document]) -> None:
    _begin(chosen.document)
    close_examples()


def _reopen() -> None:
    """Open what stood at the address that Back or Forward led to."""
    link = restore_expression(_session().stepper.take_address())
    if link.document is not None:
        _begin(link.document, link.problems, link.step or 0, link.before)


def _begin(document: Document, problems: tuple[str, ...] = (), step: int = 0, before: Document | None = None) -> None:
    session = _session()
    session.document, session.before, session.problems, session.refused = document, before, problems, None
    session.good = None  # another document: what stands there is not its last good picture
    session.stepper.begin(step)


@st.fragment
@bounded
def _reference() -> None:
    """The functions of the language, searched as one types."""
    with st.container(key="functions"):
        query = st.text_input("Search functions", key="reference", placeholder="softmax, matrix, mean …", live="300ms")
        found = search(query or "")
        st.caption(f"{len(found)} functions" + (f", the first {MOST_FOUND} shown" if len(found) > MOST_FOUND else ""))
        function_table(found[:MOST_FOUND])
