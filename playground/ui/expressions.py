"""The expressions page: gallery, reference and exports above, the workbench below."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import streamlit as st

from playground.errors import PlaygroundError
from playground.language.document import Document
from playground.language.function import Function
from playground.language.table import search
from playground.lessons.presets import Preset, preset, presets
from playground.ui.exports import EXPORTS, Export
from playground.ui.frames import Shown, frame
from playground.ui.links import from_query
from playground.ui.stepper import last_edit, stepper

KEY = "stepper"
DEFAULT = "L0.4"
MOST_LEAVES = 40  # remembered per session, names that are not in the text now included
MOST_FOUND = 30  # rows of the reference shown at once
_STYLE = Path(__file__).with_name("page.css")


@dataclass
class Session:
    """What one visitor has open; lives in `st.session_state`."""

    document: Document
    problems: tuple[str, ...] = ()
    step: int | None = None  # to open at, once
    sequence: int = 0
    have: str | None = None
    good: Shown | None = None


def expressions_page() -> None:
    """The whole page."""
    session = _session()
    st.html(_STYLE)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        with st.popover("Examples"):
            _gallery()
        with st.popover("Functions"):
            _reference()
        with st.popover("Export"):
            _exports()
    for problem in session.problems:
        st.warning(problem)
    _workbench()


def _session() -> Session:
    """This visitor's session; a new one opens the link's document, else the first preset."""
    if "expressions" not in st.session_state:
        opened = from_query(st.query_params.to_dict())
        document = opened.document or preset(DEFAULT).document
        st.session_state["expressions"] = Session(document, opened.problems, opened.step)
    session: Session = st.session_state["expressions"]
    return session


@st.fragment
def _workbench() -> None:
    session = _session()
    data, session.good = frame(
        session.document, session.good, sequence=session.sequence, have=session.have, step=session.step
    )
    session.step = None
    stepper(data, key=KEY, on_edit=_edited)


def _edited() -> None:
    """The browser sent an edit: it becomes the document."""
    session, edit = _session(), last_edit(KEY)
    try:
        sent = Document.from_fields({**edit, "rng_seed": session.document.rng_seed})
    except PlaygroundError as error:  # no browser of ours sends this
        session.problems = (f"An edit could not be read: {error.message}",)
        return
    document = replace(sent, leaves=session.document.leaves).with_leaves({leaf.name: leaf for leaf in sent.leaves})
    session.document = replace(document, leaves=document.leaves[-MOST_LEAVES:])
    session.sequence = int(edit.get("sequence", 0))
    session.have = edit.get("have")
    session.problems = ()


def _gallery() -> None:
    for index, shown in enumerate(presets()):
        st.button(
            f"**{shown.id}** · {shown.title}",
            key=f"preset-{index}",
            help=shown.about,
            on_click=_open,
            args=(shown,),
            width="stretch",
        )


def _open(chosen: Preset) -> None:
    session = _session()
    session.document, session.problems, session.step = chosen.document, (), 0


@st.fragment
def _reference() -> None:
    query = st.text_input("Search functions", key="reference", placeholder="softmax, matrix, mean …", live="300ms")
    found = search(query or "")
    st.caption(f"{len(found)} functions" + (f", the first {MOST_FOUND} shown" if len(found) > MOST_FOUND else ""))
    st.markdown("\n\n".join(_described(function) for function in found[:MOST_FOUND]))


def _described(function: Function) -> str:
    """One row of the table as Markdown."""
    derivative = f"  \nderivative: ${function.derivative}$" if function.derivative else ""
    meaning = re.sub(r"([*_$\[\]~`:])", r"\\\1", function.meaning)
    return f"`{function.name}({function.signature})`  \n{meaning}{derivative}"


@st.fragment
def _exports() -> None:
    session = _session()
    st.caption("SVG and PNG of the picture are in its own menu. All of these hold the numbers shown.")
    for export in EXPORTS:
        st.download_button(
            export.label,
            data=partial(_exported, session, export),
            file_name=export.file_name,
            mime=export.mime,
            key=f"export-{export.file_name}",
            on_click="ignore",
            width="stretch",
        )


def _exported(session: Session, export: Export) -> str:
    """Made when the button is pressed, from what is shown then. Outside the script: hence the argument."""
    return "Nothing has been drawn yet." if session.good is None else export.make(session.good)
