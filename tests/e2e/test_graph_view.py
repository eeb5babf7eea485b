"""The view of a graph: what stands still while one steps, what fits, the overview map, the search."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect

OpenPage = Callable[..., Page]
Ready = Callable[[Page], Page]

LOOP = "/?v=1&text=" + quote("f = x\n" + "f = f*s + s\n" * 20)
LONG = "/?v=1&graph=forward&passes=3&text=" + quote("f = x\nfor i in range(150):\n    f = sin(f)*s + s")
LEAST_LETTERS = 9  # px on the screen
STILL = 2.0  # px; the line around the box of the step is wider than that of others


def top_left(item: Locator) -> tuple[float, float]:
    box = item.bounding_box()
    assert box is not None
    return box["x"], box["y"]


def step(page: Page) -> None:
    """One step on, without a pointer that would bring a button into view."""
    position = page.get_by_test_id("position")
    before = position.inner_text()
    page.get_by_test_id("step-forward").evaluate("button => button.click()")
    expect(position).not_to_have_text(before)


@pytest.mark.slow
@pytest.mark.parametrize("size", [(1280, 800), (1440, 900), (390, 844)], ids=str)
def test_nothing_moves_while_one_steps_through_a_graph_that_fits(
    open_page: OpenPage, ready: Ready, size: tuple[int, int]
) -> None:
    page = ready(open_page("/", width=size[0], height=size[1]))
    parts = [page.locator('svg.graph [data-key="value-0"]'), page.get_by_test_id("graph")]
    parts += [page.get_by_test_id(name) for name in ("step-forward", "step-play", "scrub")]
    before = list(map(top_left, parts))
    for _ in range(int(page.get_by_test_id("position").inner_text().split("/")[1])):
        step(page)
        for (x, y), (was_x, was_y) in zip(map(top_left, parts), before, strict=True):
            assert abs(x - was_x) <= STILL and abs(y - was_y) <= STILL


@pytest.mark.slow
def test_letters_can_be_read_where_a_large_graph_is_fitted(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page(LOOP))
    page.get_by_test_id("zoom-out").click(click_count=8)
    page.get_by_test_id("zoom-fit").click()
    scale = float(page.get_by_test_id("graph").get_attribute("data-scale") or 0)
    smallest = page.locator("svg.graph text").evaluate_all(
        "texts => Math.min(...texts.map(text => parseFloat(getComputedStyle(text).fontSize)))"
    )
    assert smallest * scale >= LEAST_LETTERS
    expect(page.locator('svg.graph [data-key="value-0"]:not(.copy)')).to_be_in_viewport()


@pytest.mark.slow
def test_the_map_shows_what_is_in_view_and_goes_there(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page(LOOP))
    overview = page.get_by_test_id("overview")
    expect(overview).to_be_visible()
    last = page.locator("svg.graph .item.op").last
    expect(last).not_to_be_in_viewport()
    box = overview.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] - 3)
    expect(last).to_be_in_viewport()
    page.get_by_test_id("step-forward").click()  # the map shows where the step is
    expect(overview.locator(".op.active")).to_have_count(1)
    page.get_by_test_id("editor").fill("sin(x)")
    expect(page.locator("svg.graph .item.op")).to_have_count(1)
    expect(overview).to_be_hidden()


def test_search_moves_marks_and_selects_by_keyboard(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page(LOOP))
    page.locator("[data-ready]").first.focus()
    page.keyboard.press("/")
    field = page.get_by_test_id("graph-search")
    expect(field).to_be_focused()
    page.keyboard.type("F20")
    found = page.locator("svg.graph .item.found-now")
    expect(page.get_by_test_id("graph-found")).to_have_text("1 of 1")
    expect(found).to_be_in_viewport()
    expect(found).to_contain_text("f₂₀ =")
    page.keyboard.press("Enter")
    expect(found).to_have_attribute("aria-pressed", "true")
    field.fill("nowhere")
    expect(page.get_by_test_id("graph-found")).to_have_text("nothing drawn has that in it")
    field.fill("+ S")
    expect(page.get_by_test_id("graph-found")).to_have_text("1 of 20")
    page.keyboard.press("Shift+Enter")
    expect(page.get_by_test_id("graph-found")).to_have_text("20 of 20")
    page.keyboard.press("Escape")
    expect(field).to_be_hidden()
    expect(page.locator("svg.graph .found")).to_have_count(0)
    expect(page.locator("svg.graph .item[aria-pressed=true]")).to_be_focused()
    page.keyboard.press("Control+F")
    expect(field).to_be_focused()


@pytest.mark.slow
def test_the_wheel_alone_says_how_to_zoom(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page(LOOP))
    stage = page.get_by_test_id("graph")
    scale = stage.get_attribute("data-scale")
    stage.hover()
    page.mouse.wheel(0, 60)
    expect(stage.locator(".hint")).to_have_text("Ctrl and the wheel zoom; drag to move")
    expect(stage.locator(".hint")).to_have_count(0)
    assert stage.get_attribute("data-scale") == scale


@pytest.mark.slow
def test_accessible_while_one_searches(
    open_page: OpenPage, ready: Ready, accessibility: Callable[[Page], list[str]]
) -> None:
    page = ready(open_page(LOOP, dark=True))
    page.get_by_test_id("search").click()
    page.keyboard.type("s")
    expect(page.get_by_test_id("graph-found")).to_contain_text("of")
    assert accessibility(page) == []


@pytest.mark.slow
def test_from_left_to_right_and_back(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/"))
    first, last = (page.locator(f'svg.graph [data-key="{key}"]') for key in ("value-0", "op-3"))
    turn = page.get_by_test_id("turn")
    turn.click()
    expect(turn).to_have_attribute("aria-pressed", "true")
    (x, y), (last_x, last_y) = top_left(first), top_left(last)
    assert last_x - x > 300 and abs(last_y - y) < 300
    page.get_by_test_id("editor").fill("y = sin(x) * x")  # it stays so while one edits
    expect(page.locator("svg.graph .item.op")).to_have_count(2)
    expect(turn).to_have_attribute("aria-pressed", "true")
    turn.click()
    expect(turn).to_have_attribute("aria-pressed", "false")
    (x, y), (last_x, last_y) = top_left(first), top_left(page.locator("svg.graph .item.op").last)
    assert last_y - y > 100


@pytest.mark.slow
def test_the_words_of_a_very_long_trace_come_when_one_gets_there(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page(LONG))
    assert int(page.get_by_test_id("position").inner_text().split("/")[1]) > 1_500
    page.get_by_test_id("step-last").click()
    explanation = page.get_by_test_id("explanation")
    expect(explanation).to_contain_text("x.grad")
    page.get_by_test_id("scrub").evaluate("bar => { bar.value = 1200; bar.dispatchEvent(new Event('input')); }")
    expect(explanation).not_to_contain_text("on their way")
    expect(explanation).to_contain_text("Backward0")
