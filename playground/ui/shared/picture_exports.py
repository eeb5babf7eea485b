"""The picture that stands on a page, in its export menu: the browser makes it, at the step where the reader stands."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import streamlit as st


@cache
def _component() -> Callable[..., Any]:
    """Registered on first use, not on import: the component's files are only found under a running server."""
    return st.components.v2.component("playground.pictures", js="pictures/pictures.js", css="pictures/pictures.css")


def picture_exports(key: str) -> None:
    """Show the buttons; `key`: of the component, one a page."""
    _component()(data={"frame": {}}, key=key, width="stretch", height="content")
