"""The first page of a new process, shown before PyTorch is there: the default picture, ready to step."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from playground.ui.shared.page import STYLE
from playground.ui.shared.stepper import WORKBENCH, stepper
from playground.ui.start.warm import first_frame, is_warm, warm


def load() -> None:
    """Return when PyTorch is there: at once, but for the first visitors of a process."""
    if is_warm():
        return
    st.html(STYLE)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        for name in ("Examples", "Functions", "Export"):
            st.popover(name, disabled=True)
    first = None if set(st.query_params) - {"embed", "embed_options"} else first_frame()
    if first is None:
        st.caption("Loading PyTorch …")
    else:
        with st.container():  # as deep as on the page that takes over, so that the browser keeps what it has
            stepper(first, key=WORKBENCH, on_edit=_take_edit)
    warm().join()
    st.rerun()


def wait() -> None:
    """Wait for PyTorch on the other pages, which say that it is loading."""
    if PagesManager.uses_pages_directory:  # the process's first visit, by a link: the router has not run yet, and
        PagesManager.uses_pages_directory = False  # Streamlit took the folder's name for its older kind of app
        st.rerun()
    if not is_warm():
        with st.spinner("Loading PyTorch …"):
            warm().join()


def _take_edit() -> None:
    """Hand what the visitor typed meanwhile to the page that takes over, which can be imported by now."""
    from playground.ui.expressions.page import take_edit

    warm().join()
    take_edit()
