"""Links that somebody has kept, opened in the browser: a page, and no complaint but its own (ui/old_links.toml)."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

OpenPage = Callable[..., Page]
LINKS = tomllib.loads((Path(__file__).parents[1] / "ui" / "old_links.toml").read_text(encoding="utf-8"))["link"]
PATHS = {"expressions": "/", "layers": "/layers", "train": "/train"}
READY = {
    "expressions": ['[data-ready="true"]'],
    "layers": [".stack[data-listed]", '[data-ready="true"]'],
    "train": [".setup[data-answered]", ".runs[data-shown]"],
}
# All places in which a page says that something is wrong.
COMPLAINTS = (
    "[data-testid=stAlert], [data-testid=stException], [data-testid=error]:visible, [data-testid=stack-error]:visible, "
    "[data-testid=train-problem]:visible, .refused:visible"
)


@pytest.mark.slow
@pytest.mark.parametrize("link", LINKS, ids=lambda link: f"{link['page']}: {link['about']}")
def test_an_old_link_opens_its_page(open_page: OpenPage, link: dict[str, Any]) -> None:
    page = open_page(f"{PATHS[link['page']]}?{link['query']}")
    for part in READY[link["page"]]:
        page.locator(part).first.wait_for(timeout=45_000)
    page.locator('[data-test-script-state="notRunning"]').wait_for(timeout=30_000)
    told, expected = page.locator(COMPLAINTS), [*link.get("says", []), *link.get("shows", [])]
    for words in expected:
        expect(told.filter(has_text=words).first).to_be_visible()
    for words in told.all_inner_texts():
        assert any(part in words for part in expected), words
