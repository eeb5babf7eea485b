"""The tables of docs/links.md are what the tables of settings say; PLAYGROUND_RENEW=1 writes them anew."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from playground.document_settings import DocumentSetting, SettingsDocument
from playground.language.document import Document
from playground.layers.document import StackDocument
from playground.training.config import TrainConfig

PAGE = Path(__file__).parents[2] / "docs" / "links.md"
MAIN: dict[type[SettingsDocument], str] = {Document: "text", StackDocument: "stack", TrainConfig: "text"}


def allowed(setting: DocumentSetting) -> str:
    """What a link may say for it, in words."""
    kind = type(setting.default)
    if setting.choices:
        return ", ".join(setting.choices) + (f", or `{setting.pattern}`" if setting.pattern else "")
    if kind is int or (kind is float and not setting.words):
        return f"{setting.least:,.12g} to {setting.most:,.12g}"
    if kind is tuple:
        return f"1 to {setting.sizes} whole numbers from {setting.least} to {setting.most:,}, `x` between"
    return setting.words or {bool: "0 or 1"}.get(kind, "a text")


def default(setting: DocumentSetting) -> str:
    text = "" if setting.default is None else setting.text(setting.default)
    return f"`{text}`" if text else "none"


def table(document: type[SettingsDocument]) -> str:
    """One row a setting, in the order of the fields."""
    head = "| key | meaning | allowed | default |\n|---|---|---|---|\n"
    rows = [
        (f"`{MAIN[document] if name == 'text' else name}`", setting.meaning, allowed(setting), default(setting))
        for name, setting in document.settings().items()
    ]
    return head + "".join(f"| {' | '.join(row)} |\n" for row in rows)


@pytest.mark.parametrize("document", MAIN, ids=lambda document: document.__name__)
def test_the_page_has_the_table_of_settings(document: Any) -> None:
    page = PAGE.read_text(encoding="utf-8")
    found = re.search(rf"(?<=`{document.__name__}`\n\n)(\|.*\n)+", page)
    assert found is not None, f"no table below the heading of {document.__name__}"
    if os.environ.get("PLAYGROUND_RENEW"):
        PAGE.write_text(page[: found.start()] + table(document) + page[found.end() :], encoding="utf-8")
    else:
        assert found[0] == table(document), "if rightly: PLAYGROUND_RENEW=1"


@pytest.mark.parametrize("document", MAIN, ids=lambda document: document.__name__)
def test_every_setting_says_what_it_means(document: Any) -> None:
    assert [name for name, setting in document.settings().items() if not setting.meaning] == []
