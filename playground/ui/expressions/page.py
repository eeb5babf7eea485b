"""The expressions page: gallery, reference and exports above, the workbench below."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from playground.language.document import Document
from playground.language.functions.table import search
from playground.lessons.gallery import Preset
from playground.lessons.presets import EXPRESSIONS
from playground.ui.expressions.exports import EXPORTS
from playground.ui.expressions.frame import Shown
from playground.ui.expressions.links import restore_expression
from playground.ui.expressions.reference import function_table
from playground.ui.expressions.session import ExpressionSession
from playground.ui.shared.boundary import bounded, plain
from playground.ui.shared.exports import export_buttons
from playground.ui.shared.page import STYLE, page_session
from playground.ui.shared.picture_exports import picture_exports
from playground.ui.shared.popovers import close_examples, examples, gallery
from playground.ui.shared.stepper import WORKBENCH, last_edit, stepper
from playground.ui.shared.stepper_session import StepperSession

MOST_FOUND = 40  # functions of the reference that are shown at once
EXPORT = "expression-exports"


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
    stepper(
        session.frame(),
        key=WORKBENCH,
        on_edit=take_edit,
        on_open=at.take_opened,
        on_element=lambda: at.take_asked(_session().shown),
        on_told=lambda: at.take_wanted(_session().shown),
        on_told_before=lambda: at.take_wanted_before(_session().shown_before),
        on_address=_reopen,
        on_beside=lambda: session.take_beside(at.take_beside()),
    )


def take_edit() -> None:
    """Take an edit that came through Streamlit's socket."""
    _session().take(last_edit(WORKBENCH))


def _open(chosen: Preset[Document]) -> None:
    _session().begin(chosen.document)
    close_examples()


def _reopen() -> None:
    """Open what stood at the address that Back or Forward led to."""
    link = restore_expression(_session().stepper.take_address())
    if link.document is not None:
        _session().begin(link.document, link.problems, link.step or 0, link.before)


@st.fragment
@bounded
def _reference() -> None:
    """The functions of the language, searched as one types."""
    with st.container(key="functions"):
        query = st.text_input("Search functions", key="reference", placeholder="softmax, matrix, mean …", live="300ms")
        found = search(query or "")
        st.caption(f"{len(found)} functions" + (f", the first {MOST_FOUND} shown" if len(found) > MOST_FOUND else ""))
        function_table(found[:MOST_FOUND])
