"""The list of layers: mounts frontend/layers/layers.js on a page. The contract is docs/layers.md."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import streamlit as st


@cache
def _component() -> Callable[..., Any]:
    """Registered on first use, not on import: the component's files are only found under a running server."""
    return st.components.v2.component("playground.stack", js="layers/layers.js", css="layers/layers.css")


def stack_editor(data: dict[str, Any], *, key: str, on_edit: Callable[[], None]) -> None:
    """Show a frame; `on_edit` is called when the user changed something, before the page runs again."""
    _component()(data={"frame": data}, key=key, on_edit_change=on_edit, width="stretch", height="content")
