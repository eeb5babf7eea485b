"""The gallery of the train page: examples by lecture, and groups of them that are trained by one click."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from playground.lessons.runs import RunGroup, RunPreset, run_groups, run_presets
from playground.ui.shared.popovers import choice, plain

LECTURES = {"L0": "L0 and L1", "L2": "L2 · Convolutions", "L3": "L3 and L4", "": "Classics"}


def gallery(on_choose: Callable[[RunPreset], None], on_together: Callable[[RunGroup], None]) -> None:
    """Every example as a button, a column for each lecture; a group of them below its members."""
    with st.container(key="gallery"):
        for column, (lecture, title) in zip(st.columns(len(LECTURES)), LECTURES.items(), strict=True):
            column.markdown(f"**{title}**")
            for preset in run_presets():
                if _column(preset) == lecture:
                    choice(column, preset, f"run-{preset.id}", on_choose)
            for group in run_groups():
                if _column(group) == lecture:
                    _together(column, group, on_together)


def _column(entry: RunPreset | RunGroup) -> str:
    return {"L1": "L0", "L4": "L3"}.get(entry.lecture[:2], entry.lecture[:2])


def _together(
    column: st.delta_generator.DeltaGenerator, group: RunGroup, on_together: Callable[[RunGroup], None]
) -> None:
    column.button(
        f"**Train all {len(group.presets)}: {plain(group.title)}** {plain(group.about)}",
        key=f"together-{group.id}",
        on_click=on_together,
        args=(group,),
        width="stretch",
    )


__all__ = ["gallery"]
