"""The reference of the language's functions."""

from __future__ import annotations

import streamlit as st

from playground.language.function import Function
from playground.language.functions.table import search
from playground.ui.shared.popovers import plain

MOST_FOUND = 40  # rows shown at once


@st.fragment
def reference() -> None:
    """The functions of the language, searched as one types."""
    with st.container(key="functions"):
        query = st.text_input("Search functions", key="reference", placeholder="softmax, matrix, mean …", live="300ms")
        found = search(query or "")
        st.caption(f"{len(found)} functions" + (f", the first {MOST_FOUND} shown" if len(found) > MOST_FOUND else ""))
        rows = [_row(function) for function in found[:MOST_FOUND]]
        st.markdown("\n".join(["| function | meaning | derivative |", "|---|---|---|", *rows]))


def _row(function: Function) -> str:
    """One row of the table as Markdown."""
    call = f"{function.name}({function.signature})".replace("|", "\\|")
    derivative = f"${function.derivative}$".replace("|", r"\vert ") if function.derivative else ""
    return f"| `{call}` | {plain(function.meaning)} | {derivative} |"
