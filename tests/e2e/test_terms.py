"""What a term means: for a pointer, for the keyboard and for a finger, on each page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

OpenPage = Callable[..., Page]
Ready = Callable[[Page], Page]
DRAWN = {"/": "[data-ready]", "/layers": "[data-ready]", "/train": ".setup[data-answered]"}


def tooltip(page: Page) -> Locator:
    return page.get_by_role("tooltip")


@pytest.mark.parametrize(
    ("path", "reached", "says"),
    [
        ("/", ".legend .term", "The value itself"),
        pytest.param("/", "[data-testid=grad-x1]", "requires_grad: PyTorch records", marks=pytest.mark.slow),
        pytest.param("/layers", "th .term", "One step of the net", marks=pytest.mark.slow),
        pytest.param("/train", "#train-batch", "The examples of one step", marks=pytest.mark.slow),
    ],
)
def test_a_term_says_what_it_means_to_the_keyboard(
    open_page: OpenPage, accessibility: Callable[[Page], list[str]], path: str, reached: str, says: str
) -> None:
    page = open_page(path)
    page.locator(DRAWN[path]).first.wait_for()
    term = page.locator(reached).first
    term.focus()
    expect(tooltip(page)).to_contain_text(says)
    name = tooltip(page).get_attribute("id") or "?"
    assert name in (term.get_attribute("aria-describedby") or "").split()
    assert not accessibility(page)
    page.keyboard.press("Escape")
    expect(tooltip(page)).to_have_count(0)
    expect(term).to_be_focused()
    assert name not in (term.get_attribute("aria-describedby") or "")


@pytest.mark.slow
def test_a_pointer_rests_on_a_term_and_on_what_is_said(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/"))
    page.locator(".legend .term").first.hover()
    expect(tooltip(page)).to_contain_text("The value itself")
    tooltip(page).hover()
    expect(tooltip(page)).to_be_visible()
    page.get_by_test_id("editor").hover()
    expect(tooltip(page)).to_have_count(0)


@pytest.mark.slow
def test_a_finger_taps_a_term(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/layers", touch=True))
    page.locator("th .term", has_text="Products").tap()
    expect(tooltip(page)).to_contain_text("Multiplications of one forward pass")
    box = tooltip(page).bounding_box()
    assert box and box["x"] >= 0 and box["x"] + box["width"] <= 1280
    page.get_by_test_id("stack-text").tap()
    expect(tooltip(page)).to_have_count(0)
