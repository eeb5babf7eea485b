"""What opens above the workbench: the gallery of examples, the reference of functions, the exports."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import streamlit as st

from playground.language.function import Function
from playground.language.functions.table import search
from playground.lessons.gallery import Preset
from playground.lessons.presets import ExpressionPreset, presets
from playground.ui.expressions.exports import EXPORTS, Export
from playground.ui.expressions.frame import Shown

D = TypeVar("D")  # the document of a preset
CLOSED = "examples-closed"  # how often, in this session
MOST_FOUND = 40  # rows of the reference shown at once
GROUPS = {"L0": "L0 · Back-propagation", "L1": "L1 · From scratch", "": "More ideas"}


def examples() -> st.delta_generator.DeltaGenerator:
    """The button of a gallery, and what opens under it.

    Once `close_examples` was called it is another popover, which is closed. Its state would not close it always: the
    browser is told of a change only, and somebody may choose before the server has heard that it was opened.
    """
    return st.popover("Examples", key=f"examples-{st.session_state.get(CLOSED, 0)}", on_change="rerun")


def close_examples() -> None:
    """To be called when one was chosen, before the page runs again."""
    st.session_state[CLOSED] = st.session_state.get(CLOSED, 0) + 1


def gallery(on_choose: Callable[[ExpressionPreset], None]) -> None:
    """Every preset as a button, a column for each lecture."""
    with st.container(key="gallery"):
        for column, (lecture, title) in zip(st.columns(len(GROUPS)), GROUPS.items(), strict=True):
            column.markdown(f"**{title}**")
            for shown in presets():
                if shown.lecture[:2] == lecture:
                    choice(column, shown, f"preset-{shown.id}", on_choose)


def choice(
    column: st.delta_generator.DeltaGenerator, shown: Preset[D], key: str, on_choose: Callable[[Preset[D]], None]
) -> None:
    """A preset as a button of a gallery: its title in bold, what it is about beside it."""
    column.button(
        f"**{plain(shown.title)}** {plain(shown.about)}",
        key=key,
        on_click=on_choose,
        args=(shown,),
        type="tertiary",
        width="stretch",
    )


@st.fragment
def reference() -> None:
    """The functions of the language, searched as one types."""
    with st.container(key="functions"):
        query = st.text_input("Search functions", key="reference", placeholder="softmax, matrix, mean …", live="300ms")
        found = search(query or "")
        st.caption(f"{len(found)} functions" + (f", the first {MOST_FOUND} shown" if len(found) > MOST_FOUND else ""))
        rows = [_row(function) for function in found[:MOST_FOUND]]
        st.markdown("\n".join(["| function | meaning | derivative |", "|---|---|---|", *rows]))


def _row(function: Function) -> str:
    """One row of the table as Markdown."""
    call = f"{function.name}({function.signature})".replace("|", "\\|")
    derivative = f"${function.derivative}$".replace("|", r"\vert ") if function.derivative else ""
    return f"| `{call}` | {plain(function.meaning)} | {derivative} |"


@st.fragment
def exports(good: Callable[[], Shown | None]) -> None:
    """Every way out as a button; a file is made when its button is pressed, from what is shown then."""
    with st.container(key="exports"):
        st.caption("Each holds the numbers that are shown. “Save picture” above the graph saves the step you stand at.")
        for export in EXPORTS:
            st.download_button(
                f"**{export.label}** {export.about}",
                data=partial(_made, good, export),
                file_name=export.file_name,
                mime=export.mime,
                key=f"export-{export.file_name}",
                on_click="ignore",
                type="tertiary",
                width="stretch",
            )


def _made(good: Callable[[], Shown | None], export: Export) -> str:
    shown = good()
    return "Nothing has been drawn yet." if shown is None else export.make(shown)


def plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    return re.sub(r"([*_$\[\]~`:|<])", r"\\\1", text)
