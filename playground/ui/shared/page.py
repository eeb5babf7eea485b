"""Parts of every page: its styles, and the session of one visitor, which lasts as long as the browser's tab."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import streamlit as st

STYLE = Path(__file__).with_name("page.css")
S = TypeVar("S")  # a page's own record of it


def page_session(key: str, begin: Callable[[], S]) -> S:
    """This visitor's session of a page; `begin` makes it at their first visit."""
    if key not in st.session_state:
        st.session_state[key] = begin()
    session: S = st.session_state[key]
    return session
