"""The session of one visitor on a page; it lasts as long as the browser's tab."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

S = TypeVar("S")  # a page's own record of it


def page_session(key: str, begin: Callable[[], S]) -> S:
    """This visitor's session of a page; `begin` makes it at their first visit."""
    if key not in st.session_state:
        st.session_state[key] = begin()
    session: S = st.session_state[key]
    return session
