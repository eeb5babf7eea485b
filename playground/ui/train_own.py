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
    "example: numbers and a label. A fifth of each class is kept for the test. "
    "Whoever has the link to a run can use its data."
)
_NAMED = 6  # classes that are named
_FILE, _WANTED = "own-file", "own-wanted"


@st.fragment  # reading takes seconds: the rest of the page is not paled meanwhile
def own_data(said: str, on_data: Callable[[OwnRow], None]) -> None:
    """Choose a file, say how it is read, use it; then the page runs again. `said`: of the file that was used last."""
    with st.container(key="own"):
        st.markdown(_ABOUT)
        if _FILE not in st.session_state:
            st.session_state[_WANTED] = False  # the page was left meanwhile
        file = st.file_uploader("Zip or CSV", type=["zip", "csv"], key=_FILE)
        if file is None:
            if said:
                st.success(plain(said))
            return
        is_table = file.name.lower().endswith(".csv")
        options = _table_options() if is_table else _picture_options()
        place = st.empty()
        st.button("Use this file", key="own-use", on_click=_want)
        if not st.session_state[_WANTED]:
            if said:
                place.success(plain(said))
            return
        try:
            with st.spinner("Reading the file …", show_time=True):
                data = _read(file, is_table, options, place)
            on_data(data)
        except Exception as error:  # what ends a run of the page is no Exception: then it is read in the next
            st.session_state[_WANTED] = False
            if not isinstance(error, PlaygroundError):
                raise
            place.error(plain(f"{error.message}. {error.hint}".replace("`", "")))
        else:
            st.session_state[_WANTED] = False
            st.rerun()


def _want() -> None:
    """Kept until the file is read: a click may come before the whole of the file, or the page run again meanwhile."""
    st.session_state[_WANTED] = True


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


def _picture_options() -> dict[str, Any]:
    least, most = SIDES
    side = st.number_input("Resize to a side of … pixels", least, most, 28, key="own-side")
    return {"side": int(side), "colour": st.checkbox("In colour", key="own-colour")}


def _table_options() -> dict[str, Any]:
    label = st.text_input("Column of the label (empty: found by itself)", key="own-label")
    return {"label": label.strip()}


def _read(file: Any, is_table: bool, options: dict[str, Any], place: Any) -> OwnRow:
    kind: Kind = "table" if is_table else "pictures"
    return read_apart(file.getvalue(), kind, options, lambda count: place.caption(f"{count:,} pictures so far"))


__all__ = ["described", "own_data"]
