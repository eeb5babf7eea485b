"""The boundary of a page: whatever goes wrong inside is one sentence in its place, and the session stays as it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import streamlit as st

from playground.errors import PlaygroundError
from playground.unforeseen import unforeseen

P = ParamSpec("P")
_SAID = "went-wrong"  # what a callback left to say


def bounded(part: Callable[P, None]) -> Callable[P, None]:
    """A page or a fragment with its boundary. (Streamlit's own signals to stop and to run again pass: they are no
    `Exception`.)"""

    @wraps(part)
    def inside(*args: P.args, **kwargs: P.kwargs) -> None:
        said = st.session_state.pop(_SAID, "")
        if said:
            st.error(said)
        try:
            part(*args, **kwargs)
        except Exception as error:
            st.error(sentence_of(error))

    return inside


def guarded(callback: Callable[P, None]) -> Callable[P, None]:
    """A callback with the same boundary; it runs before the page, which then shows what went wrong."""

    @wraps(callback)
    def inside(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            callback(*args, **kwargs)
        except Exception as error:
            st.session_state[_SAID] = sentence_of(error)

    return inside


def plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    return re.sub(r"([*_$\[\]~`:|<])", r"\\\1", text)


def told(error: PlaygroundError) -> str:
    """An error in one line."""
    return f"{error.message}. {error.hint}".rstrip(". ") + "."


def sentence_of(error: Exception) -> str:
    """Any error in one line of Markdown."""
    return plain(told(error if isinstance(error, PlaygroundError) else unforeseen(error)))
