"""“Own data”: a file of labelled pictures or a table becomes a data set of its own, chosen at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from playground.data.uploads.features import Missing, Predict, Words
from playground.data.uploads.images import SIDES
from playground.data.uploads.picture_files import ARCHIVES
from playground.data.uploads.reader import Kind, Reading
from playground.data.uploads.store import UploadRow
from playground.data.uploads.table import ENDINGS, is_table
from playground.ui.shared.boundary import bounded, plain, sentence_of

_ABOUT = (
    "A **zip or tar of pictures**, a folder for each class (`cat/1.png`, `dog/1.png`), or a **table**, a row for each "
    "example: numbers and a label (`.csv`, `.tsv`, `.txt`, `.data`, `.xlsx`, `.parquet`, `.npz`). A fifth of each "
    "class is kept for the test. A file is used as soon as it is chosen. Whoever has the link to a run can use its "
    "data."
)
_TYPES = [*(ending.rpartition(".")[2] for ending in ARCHIVES), *(ending.rpartition(".")[2] for ending in ENDINGS)]
_GUESSED = "found by itself"
_MISSING: dict[str, Missing] = {"leave the row out": "leave out", "the mean of the column": "mean"}
_WORDS: dict[str, Words] = {"a column of 0 and 1 for each word": "one-hot", "leave the column out": "leave out"}
_PREDICT: dict[str, Predict] = {_GUESSED: "", "a class": "classes", "a number to predict": "numbers"}
_ROLES = {"label": "the label", "numbers": "numbers", "words": "words", "left out": "left out"}
_WIDE = 12  # columns of a table that are shown
_NAMED = 6  # classes that are named
_FILE, _READING, _READ, _ROW = "own-file", "own-reading", "own-read", "own-row"
_PATIENCE = 0.3  # seconds that the page waits for a file, after which it says how far it is
_POLL = 0.3  # seconds between two polls of whether a file has been read


@st.fragment
@bounded
def upload_form(said: str, on_data: Callable[[UploadRow], None], on_problem: Callable[[], None]) -> None:
    """Choose a file and how it is read: it is used at once, and the page runs again. `said`: of the last one used;
    `on_problem` is called where it cannot be read."""
    with st.container(key="own"):
        st.markdown(_ABOUT)
        file = st.file_uploader("Zip of pictures, or a table", type=_TYPES, key=_FILE)
        place = st.container()  # above the settings: a phone shows no more
        kind: Kind = "table" if file is not None and is_table(file.name) else "pictures"
        row: UploadRow | None = st.session_state.get(_ROW)
        known = row.told.columns if file is not None and row is not None and row.told.title == file.name else ()
        options = _options(file is None or kind == "table", file is None or kind == "pictures", known)
        if kind == "table" and row is not None and known:
            _preview(row)
    if file is not None:
        options[kind]["file_name"] = file.name
    asked = None if file is None else (file.file_id, options[kind])
    read, problem = st.session_state.get(_READ, (None, ""))
    wanted, _ = st.session_state.get(_READING, (None, None))
    if file is None or asked == read:
        st.session_state.pop(_READING, None)
    elif asked != wanted:  # the one before, which nobody wants now, is given up
        st.session_state[_READING] = asked, Reading(file.getvalue(), kind, options[kind])
    with place:
        if file is not None and asked != read:
            st.fragment(_waiting, run_every=_POLL)(on_data, on_problem)  # meanwhile the rest of the page goes on
        elif file is not None and problem:
            st.error(problem)
        elif said:
            st.success(plain(said))


def is_reading() -> bool:
    """Tell whether a file of this visitor is being read, or is about to be used."""
    return _READING in st.session_state


@bounded
def _waiting(on_data: Callable[[UploadRow], None], on_problem: Callable[[], None]) -> None:
    asked, reading = st.session_state.get(_READING, (None, None))
    if reading is not None and not reading.is_over(_PATIENCE):
        st.caption(_progress(reading))
        return
    if reading is not None:
        problem = ""
        try:
            row = reading.data()
            st.session_state[_ROW] = row
            on_data(row)
        except Exception as error:
            problem = sentence_of(error).replace("\\`", "")
            on_problem()
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
    labels = f"{count} classes: {names}" if count else "a number to predict for each"
    kind = (
        f"pictures of shape {data.input_shape}"
        if len(data.input_shape) == 3
        else f"rows of {data.input_shape[0]:,} numbers"
    )
    sizes = f"{data.train_size:,} to train on, {data.test_size:,} to test with"
    title = f"{data.told.title} ({data.name})" if data.told.title else data.name
    said = [sentence.replace("`", "") for sentence in data.told.said]
    return " ".join([f"{title} is chosen: {kind}, {sizes}; {labels}.", *said])


def _preview(row: UploadRow) -> None:
    """The first rows of a table under what each column is taken for."""
    with st.expander("The first rows, and what each column is taken for", expanded=True):
        cells: dict[str, list[str]] = {}
        for place, one in enumerate(row.told.columns[:_WIDE]):
            name = f"{one['name']} · {_ROLES[one['role']]}"
            name += f" ({place + 1})" if plain(name) in cells else ""  # a table may call two columns the same
            cells[plain(name)] = [plain(line[place]) for line in row.told.rows]
        st.table(cells)
        if len(row.told.columns) > _WIDE:
            st.caption(f"The first {_WIDE} of its columns.")


def _options(
    is_table_shown: bool, are_pictures_shown: bool, columns: Sequence[Mapping[str, str]]
) -> dict[Kind, dict[str, Any]]:
    """Return how pictures and tables are read: which of the two it will be is not known before the file is there.

    `columns`: of the table that was read, or the classes of the pictures.
    """
    found: dict[Kind, dict[str, Any]] = {"pictures": {}, "table": {}}
    if are_pictures_shown:
        least, most = SIDES
        first, second = st.columns(2, vertical_alignment="bottom")
        side = first.number_input("Pictures: side in pixels", least, most, 28, key="own-side")
        found["pictures"] = {"side": int(side), "colour": second.checkbox("Pictures: in colour", key="own-colour")}
        if columns and not is_table_shown:
            counts = {one["name"]: one["why"] for one in columns}
            left_out = st.multiselect(
                "Pictures: classes that are left out",
                list(counts),
                format_func=lambda name: f"{name} ({counts[name]})",
                key="own-without",
            )
            found["pictures"]["without"] = left_out
    if is_table_shown:
        names = [_GUESSED, *(one["name"] for one in columns)]
        label = st.selectbox("Table: column of the label", names, key="own-label")
        first, second = st.columns(2)
        missing = first.selectbox("Table: an empty cell", list(_MISSING), key="own-missing")
        words = second.selectbox("Table: a column of words", list(_WORDS), key="own-words")
        predict = st.selectbox("Table: the label is", list(_PREDICT), key="own-predict")
        found["table"] = {
            "label": "" if label == _GUESSED else label,
            "missing": _MISSING[missing],
            "words": _WORDS[words],
            "predict": _PREDICT[predict],
        }
    return found
