"""“Own data”: a file of labelled pictures or a table becomes a data set of its own, chosen at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from playground.data.uploads.images import SIDES
from playground.data.uploads.reader import Kind, Reading
from playground.data.uploads.store import UploadRow
from playground.ui.shared.boundary import bounded, plain, sentence_of

_ABOUT = (
    "A **zip of pictures**, a folder for each class (`cat/1.png`, `dog/1.png`), or a **CSV table**, a row for each "
    "example: numbers and a label. A fifth of each class is kept for the test. A file is used as soon as it is chosen. "
    "Whoever has the link to a run can use its data."
)
_NAMED = 6  # classes that are named
_FILE, _READING, _READ = "own-file", "own-reading", "own-read"
_POLL = 0.5  # seconds between two polls of whether a file has been read


@st.fragment
@bounded
def upload_form(said: str, on_data: Callable[[UploadRow], None]) -> None:
    """Choose a file and how it is read: it is used at once, and the page runs again. `said`: of the last one used."""
    with st.container(key="own"):
        st.markdown(_ABOUT)
        file = st.file_uploader("Zip or CSV", type=["zip", "csv"], key=_FILE)
        place = st.container()  # above the settings: a phone shows no more
        options = _options()
    kind: Kind = "table" if file is not None and file.name.lower().endswith(".csv") else "pictures"
    asked = None if file is None else (file.file_id, options[kind])
    read, problem = st.session_state.get(_READ, (None, ""))
    wanted, _ = st.session_state.get(_READING, (None, None))
    if file is None or asked == read:
        st.session_state.pop(_READING, None)
    elif asked != wanted:  # the one before, which nobody wants now, is given up
        st.session_state[_READING] = asked, Reading(file.getvalue(), kind, options[kind])
    with place:
        if file is not None and asked != read:
            st.fragment(_waiting, run_every=_POLL)(on_data)  # meanwhile the rest of the page goes on
        elif file is not None and problem:
            st.error(problem)
        elif said:
            st.success(plain(said))


@bounded
def _waiting(on_data: Callable[[UploadRow], None]) -> None:
    asked, reading = st.session_state.get(_READING, (None, None))
    if reading is not None and not reading.is_over:
        st.caption(_progress(reading))
        return
    if reading is not None:
        problem = ""
        try:
            on_data(reading.data())
        except Exception as error:
            problem = sentence_of(error).replace("\\`", "")
        finally:  # whatever went wrong, it is not tried again at the next poll
            del st.session_state[_READING]
            st.session_state[_READ] = asked, problem
    st.rerun()


def _progress(reading: Reading) -> str:
    if reading.pictures is None:
        return "Another file is read first …"
    pictures = f", {reading.pictures:,} pictures so far" if reading.pictures else ""
    return f"Reading the file … ({reading.seconds:.0f} s{pictures})"


def described(data: UploadRow) -> str:
    """Describe a data set of one's own in a sentence."""
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
    """Return how pictures and tables are read: which of the two it will be is not known before the file is there."""
    least, most = SIDES
    first, second = st.columns(2, vertical_alignment="bottom")
    side = first.number_input("Pictures: side in pixels", least, most, 28, key="own-side")
    colour = second.checkbox("Pictures: in colour", key="own-colour")
    label = st.text_input("Table: column of the label (empty: found by itself)", key="own-label")
    return {"pictures": {"side": int(side), "colour": colour}, "table": {"label": label.strip()}}
