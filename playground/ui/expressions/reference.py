"""The reference of functions: a component of its own, as a click on a row writes into the workbench's text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypedDict

import streamlit as st

from playground.language.function import Function


class FunctionRowData(TypedDict):
    """One function; `derivative` is LaTeX, or empty."""

    name: str
    signature: str
    meaning: str
    derivative: str


class FunctionsFrameData(TypedDict):
    """The functions that were found."""

    rows: list[FunctionRowData]


@cache
def _component() -> Callable[..., Any]:
    """Registered on first use, not on import: the component's files are only found under a running server."""
    return st.components.v2.component(
        "playground.functions", js="functions/functions.js", css="functions/functions.css"
    )


def function_table(found: Sequence[Function]) -> None:
    """Show functions, each with a button that writes it into the text."""
    _component()(data={"frame": functions_frame(found)}, key="function-table", width="stretch", height="content")


def functions_frame(found: Sequence[Function]) -> FunctionsFrameData:
    """The rows of these functions."""
    return {
        "rows": [
            {"name": row.name, "signature": row.signature, "meaning": row.meaning, "derivative": row.derivative}
            for row in found
        ]
    }
