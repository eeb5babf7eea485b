"""The pages on a phone: what leads to the others has a name, tables fit, and buttons stay where the thumb is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

OpenPage = Callable[..., Page]
Ready = Callable[[Page], Page]
STACK = "/layers?v=1&stack=Conv2d(10,%207)%20ReLU%20Flatten%20Linear(10)"
CUT = """root => [...root.querySelectorAll('tr > *, input, select, button')]
    .map(one => [one.outerHTML, one.getBoundingClientRect()])
    .filter(([, { left, right, width }]) => width > 1 && (right > innerWidth || left < 0))"""
WORDS_BROKEN = """button => [...button.childNodes].some(node => {
    const text = document.createRange(); text.selectNodeContents(node);
    return node.textContent.split(' ').length < text.getClientRects().length; })"""
BROKEN = """head => { const text = document.createRange(); text.selectNodeContents(head);
    return head.textContent.split(' ').length < text.getClientRects().length; }"""


@pytest.mark.parametrize("width", [390, pytest.param(320, marks=pytest.mark.slow)])
def test_layers_are_cards_and_the_steps_stay_under_the_thumb(open_page: OpenPage, ready: Ready, width: int) -> None:
    page = ready(open_page(STACK, width=width, height=844, touch=True))
    pages = page.get_by_test_id("stExpandSidebarButton")
    assert pages.evaluate("button => getComputedStyle(button, '::after').content") == '"Pages"'
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for part in (".settings", ".list"):
        assert page.locator(f".stack {part}").evaluate(CUT) == []
    row = page.get_by_test_id("row-0")
    assert row.locator(".shape").evaluate("cell => getComputedStyle(cell, '::before').content") == '"Output"'
    act = page.get_by_test_id("move-down-0").bounding_box()
    assert act and min(act["width"], act["height"]) >= 44
    forward = page.get_by_test_id("step-forward")
    forward.scroll_into_view_if_needed()
    places = set()
    for step in range(1, 9):
        forward.click()
        expect(page.locator("[data-ready]").first).to_have_attribute("data-step", str(step))
        box = forward.bounding_box()
        assert box
        places.add((round(box["x"]), round(box["y"])))
    assert len(places) == 1
    pages.click()
    page.get_by_role("link", name="Train", exact=True).click()
    expect(page.get_by_test_id("train-go")).to_be_visible()


@pytest.mark.slow
def test_no_heading_of_the_console_is_broken(open_page: OpenPage) -> None:
    page = open_page("/train?v=1&text=Flatten%20Linear(10)&epochs=1&steps=20", width=390, height=844, touch=True)
    page.get_by_test_id("train-go").click()
    heads = page.get_by_test_id("console").locator("th")
    expect(heads.first).to_have_text("epoch")
    assert [head.inner_text() for head in heads.all() if head.evaluate(BROKEN)] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 320])
def test_no_name_of_the_reference_is_broken(open_page: OpenPage, ready: Ready, width: int) -> None:
    page = ready(open_page("/", width=width, height=844, touch=True))
    page.get_by_role("button", name="Functions").click()
    for search in ("", "cross_entropy", "layer_norm"):
        page.get_by_label("Search functions").fill(search)
        page.get_by_label("Search functions").press("Enter")
        calls = page.get_by_test_id("functions").get_by_role("button")
        expect(calls.first).to_contain_text(search or "exp(")
        assert [call.inner_text() for call in calls.all() if call.evaluate(WORDS_BROKEN)] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
