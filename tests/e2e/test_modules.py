"""Modules on the layers page: boxes that open into what they hold by click and by key, and close again."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from benchmarks.server import serve

OpenPage = Callable[..., Page]
Ready = Callable[[Page], Page]
PATIENCE = 90_000

BLOCK = "Residual(Conv2d(4, 3, padding=1) BatchNorm2d ReLU Conv2d(4, 3, padding=1) BatchNorm2d) ReLU "
DEEP = "Conv2d(4, 3, padding=1) ReLU " + BLOCK * 24 + "AdaptiveAvgPool2d Flatten Linear(10)"
SMALL = "Flatten Linear(20) ReLU Linear(10)"


def opened(open_page: OpenPage, ready: Ready, stack: str, more: str = "", **options: object) -> Page:
    page = open_page(f"/layers?v=1&stack={quote(stack)}&input_shape=1x28x28&batch=4{more}", **options)
    return ready(page)


def box(page: Page, key: str) -> Locator:
    return page.locator(f'.graph .item[data-key="{key}"]')


def badge(page: Page, mark: str) -> Locator:
    return page.locator(f'.graph [data-toggle="{mark}"]').first


def press_badge(page: Page, mark: str) -> None:
    badge(page, mark).dispatch_event("click")


@pytest.mark.slow
def test_a_block_of_a_deep_net_opens_by_click_down_to_its_ops_and_closes(open_page: OpenPage, ready: Ready) -> None:
    page = opened(open_page, ready, DEEP, "&step=9")
    expect(box(page, "module-residual2")).to_be_visible()
    page.get_by_test_id("zoom-out").click()
    scale = page.get_by_test_id("graph").get_attribute("data-scale")
    step = page.locator("[data-ready]").first.get_attribute("data-step")
    for path in ("residual2", "residual2.body", "residual2.body.conv1"):
        press_badge(page, f"+{path}")
        expect(badge(page, f"-{path}")).to_be_attached()
        expect(box(page, f"module-{path}")).to_have_count(0)
    ops = page.locator('.graph .op[data-within="residual2.body.conv1"]')
    expect(ops).to_have_count(1)
    assert page.get_by_test_id("graph").get_attribute("data-scale") == scale
    assert page.locator("[data-ready]").first.get_attribute("data-step") == step
    expect(badge(page, "-residual2.body.conv1")).to_be_in_viewport()
    page.get_by_test_id("step-forward").click()
    expect(page.locator(".graph .item.active").first).to_be_attached()
    press_badge(page, "-residual2")
    expect(box(page, "module-residual2")).to_be_in_viewport()
    expect(ops).to_have_count(0)


@pytest.mark.slow
def test_a_click_on_the_badge_itself_opens(open_page: OpenPage, ready: Ready) -> None:
    page = opened(open_page, ready, SMALL)
    page.get_by_test_id("close-all").click()
    expect(box(page, "module-linear1")).to_be_visible()
    badge(page, "+linear1").click()
    expect(badge(page, "-linear1")).to_be_visible()
    badge(page, "-linear1").click()
    expect(box(page, "module-linear1")).to_be_visible()


def test_keys_open_and_close_and_the_focus_stays(open_page: OpenPage, ready: Ready) -> None:
    page = opened(open_page, ready, SMALL)
    page.get_by_test_id("close-all").click()
    linear = box(page, "module-linear1")
    linear.focus()
    expect(linear).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("o")
    close = badge(page, "-linear1")
    expect(close).to_be_focused()
    expect(close).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Enter")
    expect(linear).to_be_focused()
    page.keyboard.press("Enter")
    expect(linear).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Enter")
    expect(close).to_be_focused()
    page.locator('.graph .op[data-within="linear1"]').focus()
    page.keyboard.press("Shift+O")
    expect(linear).to_be_focused()


@pytest.mark.slow
def test_open_all_is_bounded_and_says_so(browser: Browser, ready: Ready) -> None:
    with serve(PLAYGROUND_OPENED_BOXES="300") as server:
        page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        page.set_default_timeout(PATIENCE)
        opened(lambda path: page.goto(server.url + path) and page, ready, DEEP)
        expect(page.get_by_test_id("opening-note")).to_be_hidden()
        page.get_by_test_id("open-all").click()
        expect(page.get_by_test_id("opening-note")).to_contain_text("modules are open")
        page.get_by_test_id("close-all").click()
        expect(page.get_by_test_id("opening-note")).to_be_hidden()
        expect(box(page, "module-residual24")).to_be_attached()
        page.context.close()


@pytest.mark.slow
def test_boxes_of_both_passes_open_together(open_page: OpenPage, ready: Ready) -> None:
    page = opened(open_page, ready, SMALL, "&graph=both")
    page.get_by_test_id("close-all").click()
    expect(box(page, "module-linear2-backward")).to_be_visible()
    box(page, "module-linear2-backward").focus()
    page.keyboard.press("o")
    expect(page.locator('.graph .node[data-within="linear2"]').first).to_be_visible()
    expect(page.locator('.graph .op[data-within="linear2"]').first).to_be_visible()


@pytest.mark.slow
def test_the_box_of_a_module_says_what_it_gives_saves_and_learns(open_page: OpenPage, ready: Ready) -> None:
    page = opened(open_page, ready, SMALL)
    page.get_by_test_id("close-all").click()
    linear = box(page, "module-linear1")
    expect(linear).to_contain_text("gives (4, 20)")
    expect(linear).to_contain_text("for backward")
    expect(box(page, "module-relu1")).to_contain_text("dead")
    gradient = linear.locator('[data-slot="module-linear1.gradient"]')
    expect(gradient).to_be_empty()
    page.get_by_test_id("step-last").click()
    expect(gradient).not_to_be_empty()


def chosen(page: Page, key: str) -> None:
    page.locator(".workbench").evaluate("(root, key) => root.workbench.select(key)", key)
    expect(box(page, key)).to_have_class(re.compile(r"\bselected\b"))


@pytest.mark.slow
def test_the_selection_goes_into_what_opens_and_out_of_what_closes(open_page: OpenPage, ready: Ready) -> None:
    page = opened(open_page, ready, "Conv2d(4, 3, padding=1) ReLU " + BLOCK * 3 + "Flatten Linear(10)", "&graph=both")
    for key, kind in (("module-residual2", "op"), ("module-residual2-backward", "node")):
        page.get_by_test_id("close-all").click()
        expect(box(page, key)).to_be_attached()
        chosen(page, key)
        press_badge(page, "+residual2")
        inside = page.locator('.graph .item.selected[aria-pressed="true"]')
        expect(inside).to_have_attribute("data-within", re.compile(r"^residual2\b"))
        side = re.compile(r"\b(backward|node)\b")
        expectation = expect(inside)
        (expectation.to_have_class if kind == "node" else expectation.not_to_have_class)(side)
        expect(page.locator(".page-details")).not_to_be_empty()
        press_badge(page, "-residual2")
        expect(box(page, key)).to_have_attribute("aria-pressed", "true")


@pytest.mark.slow
def test_a_saved_picture_has_nothing_to_click(open_page: OpenPage, ready: Ready) -> None:
    page = opened(open_page, ready, SMALL)
    press_badge(page, "-linear1")
    expect(badge(page, "+linear1")).to_be_attached()
    expect(badge(page, "-linear2")).to_be_attached()
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as saved:
        page.get_by_test_id("export-svg").click()
    text = Path(saved.value.path()).read_text(encoding="utf-8")
    assert "linear1" in text
    assert not re.search("toggle|data-opens|data-within|aria-expanded", text)


@pytest.mark.slow
def test_the_middle_of_a_long_text_opens_part_by_part(open_page: OpenPage, ready: Ready) -> None:
    text = "y = x\nfor i in range(200):\n    y = sin(y) + 0.1"
    page = ready(open_page(f"/?v=1&text={quote(text)}&leaf.x=1.0"))
    for mark in ("more-0", "more-0.3"):
        press_badge(page, f"+{mark}")
        expect(badge(page, f"-{mark}")).to_be_attached()
    expect(page.locator('.graph .op[data-within="more-0.3"]').first).to_be_attached()
    expect(page.get_by_test_id("opening-note")).to_be_empty()
    press_badge(page, "-more-0")
    expect(badge(page, "+more-0")).to_be_attached()


@pytest.mark.slow
def test_the_drawing_travels_once(open_page: OpenPage, ready: Ready) -> None:
    """A badge brings another drawing, an element's answer does not; after both the picture can still be stepped."""
    page = opened(open_page, ready, SMALL)
    drawings: list[int] = []
    page.on("websocket", lambda ws: ws.on("framereceived", lambda data: drawings.append(_drawings(data))))
    page.reload()  # the page connects after the listener is there
    ready(page)
    assert sum(drawings) > 0
    press_badge(page, "-linear1")
    expect(badge(page, "+linear1")).to_be_attached()
    before = sum(drawings)
    page.get_by_test_id("tab-why").click()
    page.locator(".workbench").evaluate(
        "root => root.workbench.select(root.querySelector('.graph .leaf[data-within=linear2]').dataset.key)"
    )
    page.get_by_test_id("element-index").fill("0, 0")
    page.get_by_test_id("element-index").press("Enter")
    expect(page.get_by_test_id("element-title")).to_be_visible()
    assert sum(drawings) == before


def _drawings(data: str | bytes) -> int:
    return (data.encode() if isinstance(data, str) else data).count(b'\\"forms\\":')


@pytest.mark.slow
def test_accessible(
    open_page: OpenPage, ready: Ready, accessibility: Callable[[Page], list[str]], look: dict[str, Any]
) -> None:
    page = opened(open_page, ready, SMALL, **look)
    page.get_by_test_id("close-all").click()
    press_badge(page, "+linear1")
    expect(badge(page, "-linear1")).to_be_attached()
    assert accessibility(page) == []


@pytest.mark.slow
def test_all_of_a_deep_net_opens_at_once(open_page: OpenPage, ready: Ready) -> None:
    page = opened(open_page, ready, "Conv2d(4, 3, padding=1) " + BLOCK * 28 + "Flatten Linear(10)", "&graph=both")
    page.get_by_test_id("open-all").click()
    expect(page.locator(".graph .item[data-opens]")).to_have_count(0)
    expect(page.get_by_test_id("opening-note")).to_be_empty()
    shown = page.locator(".graph .item").count()
    assert 0 < shown < 2_000
    page.get_by_test_id("step-last").click()
    expect(page.locator(".graph .item.active").first).to_be_in_viewport()
    page.locator("[data-ready]").first.focus()
    page.keyboard.press("/")
    page.keyboard.type("residual28.body.conv2.weight")
    expect(page.get_by_test_id("graph-found")).to_contain_text("1 of")
    expect(page.locator(".graph .found-now")).to_be_in_viewport()
    page.get_by_test_id("close-all").click()
    expect(page.locator(".graph .item[data-opens]").first).to_be_attached()
