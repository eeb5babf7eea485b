"""Going away and coming back: to another page, and by the browser's Back and Forward."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

OpenPage = Callable[..., Page]
Ready = Callable[[Page], Page]
LEFT_FOR = 6_000  # ms: longer than a part of the page is kept that may come back (shared/mounting.js)


def at_step(page: Page, step: int) -> None:
    expect(page.locator("[data-ready]").first).to_have_attribute("data-step", str(step))
    page.wait_for_function("step => location.search.endsWith(`step=${step}`)", arg=step)


def choose(page: Page, example: str) -> None:
    page.get_by_role("button", name="Examples").click()
    page.get_by_role("button", name=example).first.click()


@pytest.mark.parametrize(
    ("path", "name"), [pytest.param("/layers", "Layers", marks=pytest.mark.slow), ("/", "Expressions")]
)
def test_who_comes_back_to_a_page_stands_where_they_stood(
    open_page: OpenPage, ready: Ready, path: str, name: str
) -> None:
    page = ready(open_page(path))
    for _ in range(3):
        page.get_by_test_id("step-forward").click()
    page.get_by_role("tab", name="Table").click()
    at_step(page, 3)
    page.clock.install()
    page.get_by_role("link", name="Train", exact=True).click()
    expect(
        page.get_by_test_id("run-start").or_(page.get_by_role("button", name="Train", exact=True)).first
    ).to_be_visible()
    page.clock.run_for(LEFT_FOR)
    page.get_by_role("link", name=name, exact=True).click()
    ready(page)
    at_step(page, 3)
    expect(page.get_by_role("tab", name="Table")).to_have_attribute("aria-selected", "true")


@pytest.mark.slow
def test_back_returns_to_the_layers_that_stood_before_an_example(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/layers?v=1&stack=Flatten%20Linear(10)"))
    text = page.get_by_test_id("stack-text")
    text.fill("Flatten Linear(20) Linear(10)")
    expect(page.get_by_test_id("row-2")).to_contain_text("Linear")
    page.get_by_test_id("step-forward").click()
    at_step(page, 1)
    choose(page, "XOR")
    expect(text).to_have_value("Linear(4) Tanh Linear(2)")
    page.wait_for_function("() => location.search.includes('Tanh')")
    page.go_back()
    expect(text).to_have_value("Flatten Linear(20) Linear(10)")
    at_step(page, 1)
    page.go_forward()
    expect(text).to_have_value("Linear(4) Tanh Linear(2)")
    at_step(page, 0)
    page.go_back()
    expect(text).to_have_value("Flatten Linear(20) Linear(10)")
    page.get_by_test_id("stack-undo").click()
    expect(text).to_have_value("Linear(4) Tanh Linear(2)")


@pytest.mark.slow
def test_back_returns_to_the_text_that_stood_before_an_example(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/?v=1&text=f%20=%20a*b"))
    text = page.locator("textarea.area")
    expect(text).to_have_value("f = a*b")
    page.get_by_test_id("step-forward").click()
    at_step(page, 1)
    page.get_by_role("button", name="Examples").click()
    page.locator(".st-key-gallery button").nth(1).click()
    expect(text).not_to_have_value("f = a*b")
    page.wait_for_function("() => !location.search.includes('a*b')")
    page.go_back()
    expect(text).to_have_value("f = a*b")
    at_step(page, 1)


@pytest.mark.slow
def test_back_returns_to_the_settings_that_stood_before_an_example(open_page: OpenPage) -> None:
    page = open_page("/train?v=1&text=Flatten%20Linear(10)&epochs=2")
    text = page.get_by_test_id("train-text")
    expect(text).to_have_value("Flatten Linear(10)")
    page.wait_for_function("() => location.search.includes('epochs=2')")
    choose(page, "XOR")
    expect(text).not_to_have_value("Flatten Linear(10)")
    page.wait_for_function("() => !location.search.includes('Flatten')")
    example = text.input_value()
    page.go_back()
    expect(text).to_have_value("Flatten Linear(10)")
    expect(page.get_by_test_id("train-epochs")).to_have_value("2")
    page.wait_for_function("() => location.search.includes('epochs=2')")
    page.go_forward()
    expect(text).to_have_value(example)
