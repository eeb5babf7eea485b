"""“Own data”: a file of labelled pictures or a table becomes a data set of its own, chosen at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from playground.errors import PlaygroundError
from playground.training.data import Data
from playground.training.own_csv import from_csv
from playground.training.own_images import SIDES, from_images
from playground.ui.popovers import plain

_ABOUT = (
    "A **zip of pictures**, a folder for each class (`cat/1.png`, `dog/1.png`), or a **CSV table**, a row for each "
    "example: numbers and a label. A fifth of each class is kept for the test. "
    "Whoever has the link to a run can use its data."
)
_NAMED = 6  # classes that are named


def own_data(said: str, on_data: Callable[[Data], None]) -> None:
    """Choose a file, say how it is read, use it. `said`: of the file that was used last."""
    with st.container(key="own"):
        st.markdown(_ABOUT)
        file = st.file_uploader("Zip or CSV", type=["zip", "csv"], key="own-file")
        if file is None:
            if said:
                st.success(plain(said))
            return
        is_table = file.name.lower().endswith(".csv")
        options = _table_options() if is_table else _picture_options()
        place = st.empty()
        if st.button("Use this file", key="own-use"):
            try:
                with st.spinner("Reading the file …", show_time=True):
                    data = _read(file, is_table, options, place)
                on_data(data)
            except PlaygroundError as error:
                place.error(plain(f"{error.message}. {error.hint}".replace("`", "")))
                return
            place.success(plain(described(data)))
        elif said:
            place.success(plain(said))


def described(data: Data) -> str:
    """What a data set of one's own holds, in a sentence."""
    count = len(data.classes)
    names = ", ".join(data.classes[:_NAMED]) + (", …" if count > _NAMED else "")
    kind = f"pictures of shape {data.input_shape}" if data.is_pictures else f"rows of {data.input_shape[0]:,} numbers"
    sizes = f"{len(data.train):,} to train on, {len(data.test):,} to test with"
    return f"{data.name} is chosen: {kind}, {sizes}; {count} classes: {names}."


def _picture_options() -> dict[str, Any]:
    least, most = SIDES
    side = st.number_input("Resize to a side of … pixels", least, most, 28, key="own-side")
    return {"side": int(side), "colour": st.checkbox("In colour", key="own-colour")}


def _table_options() -> dict[str, Any]:
    label = st.text_input("Column of the label (empty: found by itself)", key="own-label")
    return {"label": label.strip()}


def _read(file: Any, is_table: bool, options: dict[str, Any], place: Any) -> Data:
    if is_table:
        return from_csv(file.getvalue(), **options)
    return from_images(file, on_progress=lambda count: place.caption(f"{count:,} pictures so far"), **options)


__all__ = ["described", "own_data"]
