"""The default page's workbench in the document itself: it can be used before any file of Streamlit's has come.

Streamlit takes the workbench over as it stands, with what was stepped and typed meanwhile (`mounting.js`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import streamlit as st

from playground.frontend import FRONTEND
from playground.frontend.bundle import plain, read
from playground.ui.shared.stepper import register
from playground.ui.start.warm import first_frame

COMPONENT = "./_stcore/bidi-components/playground.stepper/stepper/"  # where Streamlit has it from, seen from this page
THEMED = {"--st-background-color": "backgroundColor", "--st-text-color": "textColor"}
_STYLE = Path(__file__).with_name("first_page.css")

_HEAD = """<link rel="modulepreload" href="{component}stepper.js">
<link rel="preload" as="style" href="{component}stepper.css">"""
_BODY = """<style>{style}</style>
<main id="first-page" data-component="{component}"><div></div></main>
<script type="application/json" id="first-frame">{frame}</script>
<script type="module" async>{script}</script>"""


@dataclass(frozen=True, slots=True)
class FirstPage:
    """What is written into a document: at the beginning of its head, and at the end of its body."""

    head: str
    body: str


def first_page() -> FirstPage | None:
    """The default page; None while no process has made its picture yet, or nobody serves the component."""
    frame = first_frame()
    if frame is None or not register():
        return None
    # No link: an address that said more than the reader typed would be taken for a link by Streamlit.
    return _written(json.dumps({**frame, "query": ""}, separators=(",", ":")))


@lru_cache(maxsize=1)
def _written(frame: str) -> FirstPage:
    script = plain(read(FRONTEND / "stepper/first_page.js"))
    body = _BODY.format(
        style=plain(read(_STYLE)) + _themes(),
        component=COMPONENT,
        frame=frame.replace("<", "\\u003c"),  # no text can end the element
        script=script,
    )
    return FirstPage(_HEAD.format(component=COMPONENT), body)


def _themes() -> str:
    """The colours of both themes, under the names that Streamlit gives them."""
    light, dark = (
        "".join(f"{name}:{st.get_option(f'theme.{theme}.{option}')};" for name, option in THEMED.items())
        for theme in ("light", "dark")
    )
    return f"#first-page{{{light}}}@media(prefers-color-scheme:dark){{#first-page{{{dark}}}}}"


def base_path() -> str:
    """The path below which the app is served: "" or "/course"."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}" if base else ""
