"""The expressions page: gallery, reference and exports above, the workbench below."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import streamlit as st

from playground.errors import PlaygroundError
from playground.language.document import Document
from playground.lessons.presets import ExpressionPreset, preset
from playground.ui.expressions.frame import Shown, frame
from playground.ui.expressions.links import from_query
from playground.ui.shared.loading import KEY
from playground.ui.shared.opened_element import Asked, answered, asked
from playground.ui.shared.popovers import close_examples, examples, exports, gallery, plain, reference
from playground.ui.shared.stepper import Opened, last_edit, stepper
from playground.ui.shared.style import STYLE
from playground.ui.shared.warm import FIRST

MOST_LEAVES = 40  # remembered per session, names that are not in the text now included


@dataclass
class Session:
    """What one visitor has open; lives in `st.session_state`."""

    document: Document
    problems: tuple[str, ...] = ()
    step: int | None = None  # to open at, once
    sequence: int = 0
    have: str | None = None
    good: Shown | None = None
    opened: Opened = field(default_factory=Opened)
    asked: Asked | None = None  # which element of a value is picked


def expressions_page() -> None:
    """The whole page."""
    session = _session()
    st.html(STYLE)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        with examples():
            gallery(_open)
        with st.popover("Functions"):
            reference()
        with st.popover("Export"):
            exports(lambda: session.good)  # runs outside the script, so it is given the session
    if session.problems:
        st.warning("  \n".join(map(plain, session.problems)))
    _workbench()


def _session() -> Session:
    """This visitor's session; a new one opens the link's document, else the first preset."""
    if "expressions" not in st.session_state:
        opened = from_query(st.query_params.to_dict())
        document = opened.document or preset(FIRST).document
        st.session_state["expressions"] = Session(document, opened.problems, opened.step)
    session: Session = st.session_state["expressions"]
    return session


@st.fragment
def _workbench() -> None:
    session = _session()
    data, session.good = frame(
        session.document,
        session.good,
        sequence=session.sequence,
        have=session.have,
        step=session.step,
        opening=session.opened.opening,
    )
    session.step = None
    told = {"opened": session.opened.fields(), "element": answered(session.asked, _shown(session))}
    stepper(data | told, key=KEY, on_edit=take_edit, on_open=take_opened, on_element=take_asked)


def _shown(session: Session) -> Document | None:
    """The document whose picture stands there: the last good one."""
    return None if session.good is None else session.good.document


def take_asked() -> None:
    """The visitor picked one element of a value."""
    session, shown = _session(), _shown(_session())
    sent = last_edit(KEY, "element")
    session.asked = None if shown is None else asked(sent, shown)
    session.have = sent["have"] if isinstance(sent.get("have"), str) else None


def take_opened() -> None:
    """The visitor opened or closed part of a long run."""
    session = _session()
    session.opened = Opened.last(KEY)
    session.have = session.opened.have


def take_edit() -> None:
    """The browser sent an edit: it becomes the document."""
    session, edit = _session(), last_edit(KEY)
    try:
        sent = Document.from_fields({**edit, "rng_seed": session.document.rng_seed})
    except PlaygroundError as error:  # no browser of ours sends this
        session.problems = (f"An edit could not be read: {error.message}",)
        return
    document = replace(sent, leaves=session.document.leaves).with_leaves({leaf.name: leaf for leaf in sent.leaves})
    session.document = replace(document, leaves=document.leaves[-MOST_LEAVES:])
    sequence, have = edit.get("sequence"), edit.get("have")
    session.sequence = sequence if isinstance(sequence, int) else 0
    session.have = have if isinstance(have, str) else None
    session.problems = ()


def _open(chosen: ExpressionPreset) -> None:
    session = _session()
    session.document, session.problems, session.step = chosen.document, (), 0
    session.good = None  # another document: what stands there is not its last good picture
    session.opened = Opened(sequence=session.opened.sequence)
    close_examples()
