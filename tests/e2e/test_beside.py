"""Two traces side by side: stepped and selected together, what differs marked and listed, both in the link."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect

OpenPage = Callable[..., Page]
Ready = Callable[[Page], Page]

NET = "h = relu(W @ x)\nf = (h * h).sum()"
LINK = "/?v=1&text=" + quote(NET) + "&leaf.W=[[0.1,0.2],[0.3,-0.7]]&leaf.x=[1.1,0.9]"
DIFFERS, ALONE = "≠", "only here"


def compare(page: Page, what: str) -> None:
    page.get_by_test_id("compare").click()
    page.get_by_test_id(f"compare-{what}").click()
    expect(page.locator(".workbench.two")).to_have_count(1)


def before(page: Page) -> Locator:
    return page.locator(".stage.was")


def now(page: Page) -> Locator:
    return page.locator(".stage:not(.was)")


def box(stage: Locator, title: str) -> Locator:
    """The box with this title."""
    return stage.locator(".item:not(.edge)").filter(
        has=stage.page.locator("text.title", has_text=re.compile(f"^{title}"))
    )


def captions(page: Page) -> tuple[Locator, Locator]:
    return page.locator(".caption.was b"), page.locator(".caption:not(.was) b")


def test_two_precisions_side_by_side(
    open_page: OpenPage, ready: Ready, accessibility: Callable[..., list[str]], look: dict[str, Any]
) -> None:
    page = ready(open_page("/", **look))
    compare(page, "float64")
    told = page.get_by_test_id("differences-told")
    expect(told).to_have_text("4 of 7 values and 1 of 7 gradients differ.")
    expect(page.get_by_test_id("results").first).to_contain_text("f = 11.652")
    expect(page.get_by_test_id("results").last).to_contain_text("f = 11.652")
    # stepped together
    page.get_by_test_id("step-forward").click()
    for caption in captions(page):
        expect(caption).to_have_text("v₁ = log(x1)")
    page.get_by_test_id("step-last").click()
    for stage in (before(page), now(page)):
        expect(box(stage, "x2").locator(".slot.grad")).to_have_text("1.716")
        expect(box(stage, "f").locator(".sign")).to_have_text(DIFFERS)
        expect(box(stage, "v₂").locator(".sign")).to_have_count(0)
    # selected together, from either side and from the list
    box(before(page), "v₄").click()
    expect(box(now(page), "v₄")).to_have_class(re.compile("selected"))
    expect(page.get_by_test_id("about-before")).to_have_attribute("aria-pressed", "true")
    page.get_by_test_id("about-differences").click()
    row = page.get_by_test_id("differences").get_by_role("button").filter(has_text=re.compile("^v₃"))
    expect(row).to_contain_text("apart by 4.8e−07, relative 4.5e−08")
    row.click()
    for stage in (before(page), now(page)):
        expect(box(stage, "v₃")).to_have_class(re.compile("selected"))
    assert accessibility(page) == []
    # in the link
    expect(page).to_have_url(re.compile("before.text=.*step=13"))
    page.reload()
    expect(told).to_have_text("4 of 7 values and 1 of 7 gradients differ.")
    for caption in captions(page):
        expect(caption).to_have_text("x1.grad")
    page.get_by_test_id("close-before").click()
    expect(page.locator(".workbench.two")).to_have_count(0)
    expect(page.locator(".sign")).to_have_count(0)
    expect(page.get_by_test_id("leaf-x1").locator("..").locator("select")).to_have_value("float64")
    expect(page).not_to_have_url(re.compile("before"))


@pytest.mark.slow
def test_without_relu_the_other_one_waits_at_the_last_common_step(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page(LINK))
    compare(page, "no-activation")
    expect(page.get_by_test_id("editor").last).to_have_value(NET.replace("relu(W @ x)", "(W @ x)"))
    expect(page.get_by_test_id("differences-told")).to_contain_text("relu only before.")
    expect(box(before(page), "h").locator(".sign")).to_have_text(ALONE)
    was, is_ = captions(page)
    page.get_by_test_id("step-forward").click()
    expect(was).to_have_text("v₁ = W @ x")
    expect(is_).to_have_text("h = W @ x")
    page.get_by_test_id("step-forward").click()
    expect(is_).to_have_text("v₂ = h * h")
    expect(was).to_have_text("v₃ = h * h")
    page.get_by_test_id("step-back").click()
    expect(was).to_have_text("v₁ = W @ x")


@pytest.mark.slow
def test_by_keyboard_alone(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page(LINK))
    page.keyboard.press("b")
    told = page.get_by_test_id("differences-told")
    expect(told).to_have_text("Every value and every gradient is the same.")
    expect(told).to_have_attribute("role", "status")
    page.keyboard.press("End")
    for caption in captions(page):
        expect(caption).to_have_text("x.grad")
    item = box(before(page), "h")
    item.focus()
    page.keyboard.press("Enter")
    expect(box(now(page), "h")).to_have_class(re.compile("selected"))
    page.keyboard.press("ArrowLeft")
    for caption in captions(page):
        expect(caption).to_have_text("W.grad")
    page.keyboard.press("Escape")
    expect(page.locator(".item.selected")).to_have_count(0)
    page.keyboard.press("b")
    expect(page.locator(".workbench.two")).to_have_count(0)
    page.keyboard.press("?")
    expect(page.get_by_test_id("help")).to_contain_text("compare with it what you change")


@pytest.mark.slow
def test_what_is_edited_is_compared_with_what_was_kept(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page(LINK))
    compare(page, "now")
    told, editor = page.get_by_test_id("differences-told"), page.get_by_test_id("editor").last
    editor.fill(NET.replace("relu", "tanh"))
    expect(told).to_contain_text("differ.")
    expect(box(before(page), "h").locator(".sign")).to_have_text(DIFFERS)
    expect(page.get_by_test_id("editor").first).to_have_value(NET)
    editor.fill("h = tanh(")
    expect(page.locator(".stage.stale")).to_have_count(1)
    expect(told).to_contain_text("differ.")
    editor.fill(NET)
    expect(told).to_have_text("Every value and every gradient is the same.")
    expect(page.locator(".sign")).to_have_count(0)
    editor.fill("f = (W @ x).sum()")
    expect(page).to_have_url(re.compile(f"before.text={re.escape(quote(NET, safe='*()'))}"))
    page.get_by_test_id("close-now").click()
    expect(page.locator(".workbench.two")).to_have_count(0)
    expect(page.get_by_test_id("editor")).to_have_value(NET)


@pytest.mark.slow
def test_the_drawing_is_chosen_and_zoomed_for_both(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page(LINK))
    compare(page, "float64")
    page.get_by_test_id("graph-backward").click()
    for stage in (before(page), now(page)):
        expect(stage.locator("svg.graph")).to_have_attribute("aria-label", re.compile("^Backward"))
        expect(stage.locator(".item.node .sign").first).to_have_text(DIFFERS)
    widths = [
        stage.locator("svg.graph").evaluate("svg => svg.getBoundingClientRect().width")
        for stage in (before(page), now(page))
    ]
    page.get_by_test_id("zoom-in").click()
    for stage, width in zip((before(page), now(page)), widths, strict=True):
        page.wait_for_function(
            "([svg, width]) => svg.getBoundingClientRect().width > width",
            arg=[stage.locator("svg.graph").element_handle(), width],
        )


@pytest.mark.slow
def test_a_document_before_that_does_not_run_is_told(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page(LINK + "&before.text=" + quote("f = W @ (")))
    expect(page.get_by_test_id("differences-told")).to_contain_text("What was before does not run")
    page.get_by_test_id("step-forward").click()
    expect(page.locator("[data-ready]").first).to_have_attribute("data-step", "1")


@pytest.mark.slow
def test_on_a_phone_one_stands_under_the_other(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page(LINK, width=390, height=844, touch=True))
    compare(page, "no-activation")
    boxes = [stage.bounding_box() for stage in (before(page), now(page))]
    assert boxes[0] and boxes[1] and boxes[0]["y"] + boxes[0]["height"] <= boxes[1]["y"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.slow
def test_the_two_change_places(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page(LINK))
    compare(page, "no-activation")
    told, (was, is_) = page.get_by_test_id("differences-told"), (page.get_by_test_id("editor").nth(i) for i in (0, 1))
    expect(told).to_contain_text("relu only before.")
    compare(page, "swap")
    expect(told).to_contain_text("relu only now.")
    expect(is_).to_have_value(NET)
    expect(was).to_have_value(NET.replace("relu(W @ x)", "(W @ x)"))


@pytest.mark.slow
def test_two_nets_side_by_side(
    open_page: OpenPage, ready: Ready, accessibility: Callable[..., list[str]], look: dict[str, Any]
) -> None:
    page = ready(open_page("/layers?v=1&stack=Flatten Linear(6) ReLU Linear(10)&batch=4", **look))
    compare(page, "no-activation")
    told = page.get_by_test_id("differences-told")
    expect(told).to_contain_text("relu only before.")
    expect(page.get_by_test_id("stack-text")).to_have_value("Flatten Linear(6) Linear(10)")
    page.get_by_test_id("step-last").click()
    for stage in (before(page), now(page)):
        expect(box(stage, "linear1.weight").locator(".sign")).to_have_text(DIFFERS)
    assert accessibility(page) == []
    expect(page).to_have_url(re.compile("before.stack=Flatten.*step="))
    page.reload()
    expect(told).to_contain_text("relu only before.")
    # an edit of the list is compared; what does not run is not
    text = page.get_by_test_id("stack-text")
    text.fill("Flatten Linear(6) Tanh Linear(10)")
    expect(told).to_contain_text("relu only before. tanh only now.")
    text.fill("Linear(6) Conv2d(2, 90)")
    expect(told).to_contain_text("mend the one that is marked")
    page.get_by_test_id("close-now").click()
    expect(page.locator(".workbench.two")).to_have_count(0)
    expect(text).to_have_value("Flatten Linear(6) ReLU Linear(10)")


@pytest.mark.slow
def test_two_nets_by_keyboard_alone(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/layers?v=1&stack=Flatten Linear(6) ReLU Linear(10)&batch=4"))
    page.locator(".workbench").focus()
    page.keyboard.press("b")
    expect(page.get_by_test_id("differences-told")).to_have_text("Every value and every gradient is the same.")
    page.keyboard.press("b")
    expect(page.locator(".workbench.two")).to_have_count(0)
