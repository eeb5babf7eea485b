"""Popovers above a page: its gallery of examples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from playground.lessons.gallery import Gallery, Preset, PresetGroup
from playground.ui.shared.boundary import guarded, plain

D = TypeVar("D")  # the document of a preset
T = TypeVar("T")
CLOSED = "examples-closed"  # how often, in this session


def examples() -> DeltaGenerator:
    """The button of a gallery, and what opens under it.

    Once `close_examples` was called it is another popover, which is closed. Its state would not close it always: the
    browser is told of a change only, and somebody may choose before the server has heard that it was opened.
    """
    return st.popover("Examples", key=f"examples-{st.session_state.get(CLOSED, 0)}", on_change="rerun")


def close_examples() -> None:
    """Close the gallery; called when a preset was chosen, before the page runs again."""
    st.session_state[CLOSED] = st.session_state.get(CLOSED, 0) + 1


def gallery(
    shown: Gallery[D],
    key: str,
    on_choose: Callable[[Preset[D]], None],
    on_together: Callable[[PresetGroup[D]], None] | None = None,
) -> None:
    """Every preset as a button, a column for each lecture; below its members a group that is chosen by one click.

    `key`: what the keys of the buttons begin with.
    """
    with st.container(key="gallery"):
        for column, (title, lectures) in zip(st.columns(len(shown.columns)), shown.columns.items(), strict=True):
            column.markdown(f"**{title}**")
            for preset in shown.presets:
                if preset.lecture[:2] in lectures:
                    text = f"**{plain(preset.title)}** {plain(preset.about)}"
                    _choice(column, text, f"{key}-{preset.id}", on_choose, preset, type="tertiary")
            for group in shown.groups:
                if on_together is not None and group.id[:2] in lectures:
                    text = f"**Train all {len(group.presets)}: {plain(group.title)}** {plain(group.about)}"
                    _choice(column, text, f"together-{group.id}", on_together, group)


def _choice(
    column: DeltaGenerator, text: str, key: str, on_choose: Callable[[T], None], chosen: T, **look: Any
) -> None:
    column.button(text, key=key, on_click=guarded(on_choose), args=(chosen,), width="stretch", **look)
