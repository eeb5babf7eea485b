"""The stepper component: mounts the workbench of frontend/stepper on a page. The contract is docs/stepper.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import streamlit as st

from playground.views.graph.unfolding import UNTOUCHED, Opening


@cache
def _component() -> Callable[..., Any]:
    """Registered on first use, not on import: the component's files are only found under a running server."""
    return st.components.v2.component("playground.stepper", js="stepper/stepper.js", css="stepper/stepper.css")


def stepper(
    data: dict[str, Any],
    *,
    key: str,
    on_edit: Callable[[], None] | None = None,
    on_open: Callable[[], None] | None = None,
    on_element: Callable[[], None] | None = None,
) -> None:
    """Show a frame; `on_edit` is called when the user changed something, `on_open` when modules were opened or closed,
    `on_element` when one element of a value was picked, before the page runs again."""
    # One level down: Streamlit would import pandas to look whether a None in `data` is a table.
    _component()(
        data={"frame": data},
        key=key,
        on_edit_change=on_edit or _nothing,
        on_open_change=on_open or _nothing,
        on_element_change=on_element or _nothing,
        width="stretch",
        height="content",
    )


def last_edit(key: str, name: str = "edit") -> dict[str, Any]:
    """What the browser last sent as this state of the component with this key; empty before the first time."""
    state = st.session_state.get(key)
    edit = None if state is None else state.get(name)
    return dict(edit) if isinstance(edit, Mapping) else {}


@dataclass(frozen=True, slots=True)
class Opened:
    """The modules that a visitor opened and closed, and the number of the browser's event that said so."""

    opening: Opening = UNTOUCHED
    sequence: int = 0
    have: str | None = None  # the key of the drawing that the browser holds

    @classmethod
    def last(cls, key: str) -> Opened:
        """What the browser last sent for the component with this key."""
        sent = last_edit(key, "open")
        sequence, have = sent.get("sequence"), sent.get("have")
        return cls(
            Opening.of(sent.get("marks")),
            sequence if isinstance(sequence, int) else 0,
            have if isinstance(have, str) else None,
        )

    def fields(self) -> dict[str, Any]:
        """As it stands in a frame."""
        return {"marks": self.opening.listed(), "sequence": self.sequence}


def _nothing() -> None:
    """Streamlit keeps a state key only if its change has a callback."""
