"""The stepper component: mounts the workbench of frontend/stepper on a page. The contract is docs/stepper.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from typing import Any

import streamlit as st
from streamlit.runtime import exists

from playground.texts import plain_data
from playground.ui.shared.boundary import guarded
from playground.ui.shared.frame_data import FrameData

WORKBENCH = "stepper"  # the key of the expressions page's, and of the one that stands there while PyTorch is loaded


@cache
def _component() -> Callable[..., Any]:
    """Registered on first use, not on import: the component's files are only found under a running server."""
    return st.components.v2.component("playground.stepper", js="stepper/stepper.js", css="stepper/stepper.css")


def register() -> bool:
    """Have a running server serve the component's files; whether one runs. A page does so when it shows it."""
    return exists() and bool(_component())


def stepper(
    data: FrameData,
    *,
    key: str,
    on_edit: Callable[[], None] | None = None,
    on_open: Callable[[], None] | None = None,
    on_element: Callable[[], None] | None = None,
    on_told: Callable[[], None] | None = None,
    on_told_before: Callable[[], None] | None = None,
    on_address: Callable[[], None] | None = None,
    on_beside: Callable[[], None] | None = None,
) -> None:
    """Show a frame, and call before the page runs again: `on_edit` when the user changed something, `on_open` when
    modules were opened or closed, `on_element` when one element of a value was picked, `on_told` when words of a long
    trace are missing, `on_told_before` when they are of the picture beside, `on_address` when Back or Forward led to
    another document, `on_beside` when two traces are to stand side by side or no more."""
    # One level down: Streamlit would import pandas to look whether a None in `data` is a table.
    _component()(
        data={"frame": data},
        key=key,
        on_edit_change=guarded(on_edit or _nothing),
        on_open_change=guarded(on_open or _nothing),
        on_element_change=guarded(on_element or _nothing),
        on_told_change=guarded(on_told or _nothing),
        on_told_before_change=guarded(on_told_before or _nothing),
        on_address_change=guarded(on_address or _nothing),
        on_beside_change=guarded(on_beside or _nothing),
        width="stretch",
        height="content",
    )


def last_edit(key: str, name: str = "edit") -> dict[str, Any]:
    """Return what the browser last sent as this state of the component with this key; empty before the first time.

    Anybody may write to the server's socket: a message that is nested deeper than any of ours says nothing.
    """
    state = st.session_state.get(key)
    edit = None if state is None else state.get(name)
    with suppress(ValueError):
        return plain_data(dict(edit)) if isinstance(edit, Mapping) else {}
    return {}


def _nothing() -> None:
    """Streamlit keeps a state key only if its change has a callback."""
