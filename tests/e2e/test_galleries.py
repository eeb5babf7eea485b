"""The galleries of examples: one that is chosen is opened, and what it was chosen from closes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

OpenPage = Callable[..., Page]
# As fast as a hand can: the second click comes before the server has answered the first.
OPEN_AND_CHOOSE = """
async key => {
  const buttons = [...document.querySelectorAll("[data-testid=stPopoverButton]")];
  buttons.find(({ innerText }) => innerText.includes("Examples")).click();
  const choice = () => document.querySelector(`.st-key-${key} button`);
  while (!choice()) await new Promise(requestAnimationFrame);
  choice().click();
}
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "ready", "key"),
    [
        ("/", "[data-ready]", "preset-L0-5"),
        ("/layers", "[data-ready]", "stack-L2-4"),
        ("/train", ".setup[data-answered]", "run-L1-1"),
    ],
)
def test_a_gallery_closes_however_fast_one_chooses(open_page: OpenPage, path: str, ready: str, key: str) -> None:
    page = open_page(path)
    page.locator(ready).first.wait_for()
    for _ in range(4):
        page.evaluate(OPEN_AND_CHOOSE, key)
        expect(page.locator(f".st-key-{key}")).to_have_count(0)
