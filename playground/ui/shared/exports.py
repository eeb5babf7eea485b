"""The buttons of an export popover; a file is made when its button is pressed, from what is shown then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import streamlit as st

from playground.computing.turns import COMPUTING
from playground.errors import PlaygroundError
from playground.language.document import Document
from playground.layers.document import StackDocument
from playground.ui.shared.apart import Apart, apart, kind_of, small_turn, takes_process
from playground.unforeseen import tried
from playground.views.export import Export, exports_of, named_after

S = TypeVar("S")  # what is exported
Source = Callable[[S], Document | StackDocument] | None  # the document that it is of, where a process can make the file


def export_buttons(
    table: Sequence[Export[S]],
    shown: Callable[[], S | None],
    key: str,
    called: Callable[[S], str],
    source: Source[S] = None,
) -> None:
    """A button for each export that there is of what is shown now.

    `key`: of a button, by the file's name or kind; `called`: the words that its file is named after.
    """
    now = shown()
    for export in table if now is None else exports_of(table, now):
        about, name = (export.about, export.file_name) if now is None else (export.about_for(now), export.name_for(now))
        st.download_button(
            f"**{export.label}** {about}",
            data=partial(_made, shown, export, source),
            file_name=str(name) if now is None else named_after(called(now), str(name)),
            mime=export.mime,
            key=key.format(export.kind or name),
            on_click="ignore",
            type="tertiary",
            width="stretch",
        )


def _made(shown: Callable[[], S | None], export: Export[S], source: Source[S]) -> bytes:
    """The file, or what there is to say in its place."""
    now = shown()
    made = b"Nothing has been drawn yet." if now is None else tried(lambda: _content(export, now, source))
    return made.marked().encode(errors="replace") if isinstance(made, PlaygroundError) else made


def _content(export: Export[S], now: S, source: Source[S]) -> bytes:
    document = None if source is None else source(now)
    if document is None:
        with COMPUTING.turn():
            return export.content(now)
    if takes_process(document):
        return _made_apart(document, export)
    try:
        with small_turn():
            return export.content(now)
    except Apart:
        return _made_apart(document, export)


def _made_apart(document: Document | StackDocument, export: Export[S]) -> bytes:
    made: str = apart("export", document, kind=kind_of(document), label=export.label)["text"]
    return made.encode()
