"""“Own data”: a file of labelled pictures or a table becomes a data set of its own, chosen at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from playground.errors import PlaygroundError
from playground.training.own_apart import Kind, read_apart
from playground.training.own_images import SIDES
from playground.training.own_store import OwnRow
from playground.ui.popovers import plain

_ABOUT = (
    "A **zip of pictures**, a folder for each class (`cat/1.png`, `dog/1.png`), or a **CSV table**, a row for each "
    "example: numbers and a label. A fifth of each class is kept for the test. A file is used as soon as it is chosen. "
    "Whoever has the link to a run can use its data."
)
_NAMED = 6  # classes that are named
_FILE, _READ = "own-file", "own-read"


@st.fragment  # reading takes seconds: the rest of the page is not paled meanwhile
def own_data(said: str, on_data: Callable[[OwnRow], None]) -> None:
    """Choose a file and how it is read: it is used at once, and the page runs again. `said`: of the last one used."""
    with st.container(key="own"):
        st.markdown(_ABOUT)
        file = st.file_uploader("Zip or CSV", type=["zip", "csv"], key=_FILE)
        waiting, place = st.empty(), st.empty()  # above the settings: a phone shows no more
        options = _options()
        kind: Kind = "table" if file is not None and file.name.lower().endswith(".csv") else "pictures"
        asked = None if file is None else (file.file_id, options[kind])
        read, problem = st.session_state.get(_READ, (None, ""))
        if asked is None or asked == read:
            if problem and asked is not None:
                place.error(problem)
            elif said:
                place.success(plain(said))
            return
        try:
            with waiting, st.spinner("Reading the file …", show_time=True):
                on_data(_read(file, kind, options[kind], place))
        except Exception as error:  # what ends a run of the page is no Exception: then the file is read in the next
            st.session_state[_READ] = asked, ""
            if not isinstance(error, PlaygroundError):
                raise
            problem = plain(f"{error.message}. {error.hint}".replace("`", ""))
            st.session_state[_READ] = asked, problem
            place.error(problem)
        else:
            st.session_state[_READ] = asked, ""
            st.rerun()


def described(data: OwnRow) -> str:
    """What a data set of one's own holds, in a sentence."""
    count = len(data.classes)
    names = ", ".join(data.classes[:_NAMED]) + (", …" if count > _NAMED else "")
    kind = (
        f"pictures of shape {data.input_shape}"
        if len(data.input_shape) == 3
        else f"rows of {data.input_shape[0]:,} numbers"
    )
    sizes = f"{data.train_size:,} to train on, {data.test_size:,} to test with"
    return f"{data.name} is chosen: {kind}, {sizes}; {count} classes: {names}."


def _options() -> dict[Kind, dict[str, Any]]:
    """How pictures are read, and how a table is: which of the two it will be is not known before the file is there."""
    least, most = SIDES
    first, second = st.columns(2, vertical_alignment="bottom")
    side = first.number_input("Pictures: side in pixels", least, most, 28, key="own-side")
    colour = second.checkbox("Pictures: in colour", key="own-colour")
    label = st.text_input("Table: column of the label (empty: found by itself)", key="own-label")
    return {"pictures": {"side": int(side), "colour": colour}, "table": {"label": label.strip()}}


def _read(file: Any, kind: Kind, options: dict[str, Any], place: Any) -> OwnRow:
    return read_apart(file.getvalue(), kind, options, lambda count: place.caption(f"{count:,} pictures so far"))


__all__ = ["described", "own_data"]
