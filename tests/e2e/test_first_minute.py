"""What a first visit meets: a page that stands still while it loads, and a word of what this is and how to begin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from benchmarks.server import Server

OpenPage = Callable[..., Page]
Ready = Callable[[Page], Page]
DRAWN = {"/": "[data-ready]", "/layers": "[data-ready]", "/train": ".runs[data-shown]"}
MOST_SHIFT = 0.05  # of the window, moved by its whole height; 0.1 is what web.dev calls good
MEASURE = """
  window.shift = 0;
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry.hadRecentInput) continue;
      window.shift += entry.value;
      window.shifts.push([entry.value, ...entry.sources.map(({ node }) => node?.className ?? "")]);
    }
  }).observe({ type: "layout-shift", buffered: true });
"""


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_jumps_while_a_page_loads(server: Server, browser: Browser, ready: Ready, width: int) -> None:
    for path, drawn in DRAWN.items():
        context = browser.new_context(viewport={"width": width, "height": 800})
        page = context.new_page()
        page.add_init_script(MEASURE)
        page.goto(server.url + path)
        page.locator(drawn).first.wait_for()
        page.locator('[data-test-script-state="notRunning"]').wait_for()
        assert page.evaluate("window.shift") < MOST_SHIFT, (path, page.evaluate("window.shifts"))
        context.close()


def test_the_page_is_used_before_streamlit_is_there_and_taken_over_as_it_stands(
    server: Server, browser: Browser, ready: Ready, look: dict[str, Any], accessibility: Callable[[Page], list[str]]
) -> None:
    scheme = "dark" if look["dark"] else "light"
    context = browser.new_context(viewport={"width": look["width"], "height": 800}, color_scheme=scheme)
    page = context.new_page()
    page.goto(server.url)
    ready(page)  # who comes first waits for PyTorch
    page = context.new_page()
    page.add_init_script(MEASURE)
    held: list[Route] = []
    released: list[Route] = []

    def hold(route: Route) -> None:
        if released:
            route.continue_()
        else:
            held.append(route)

    page.route("**/static/js/index.*.js", hold)
    page.goto(server.url, wait_until="commit")
    bench = page.locator('#first-page [data-ready="true"]')
    bench.wait_for()
    assert page.locator(".stApp").count() == 0 and held
    assert accessibility(page, waits=False) == []
    page.keyboard.press("ArrowRight")
    expect(bench).to_have_attribute("data-step", "1")
    editor = page.get_by_test_id("editor")
    editor.fill("f = log(x1) + x1*x2*x3")
    bench.evaluate("root => root.classList.add('the-same')")
    before = bench.bounding_box()
    released += held
    for route in released:
        route.continue_()
    ready(page)
    expect(page.get_by_test_id("leaf-x3")).to_be_visible()
    expect(editor).to_have_value("f = log(x1) + x1*x2*x3")
    expect(editor).to_be_focused()
    taken = page.locator("[data-ready].the-same")
    expect(taken).to_have_attribute("data-step", "1")
    after = taken.bounding_box()
    assert (
        before
        and after
        and [before[side] for side in ("x", "y", "width")] == [after[side] for side in ("x", "y", "width")]
    )
    assert page.evaluate("window.shift") < MOST_SHIFT, page.evaluate("window.shifts")
    context.close()


def test_a_component_comes_as_one_script(open_page: OpenPage, ready: Ready) -> None:
    """As this very browser asks for it: which headers it sends changes from one version to the next."""
    page = ready(open_page("/"))
    ours = page.evaluate(
        "() => performance.getEntriesByType('resource').map(({ name }) => name)"
        ".filter((name) => name.includes('/bidi-components/') && new URL(name).pathname.endsWith('.js'))"
    )
    begun = [name for name in ours if "/shared/functions.js" not in name]  # the editor's table, once the page stands
    assert len(begun) == 1, ours


def test_a_first_visit_is_told_what_this_is_until_it_steps(
    open_page: OpenPage, ready: Ready, accessibility: Callable[[Page], list[str]], look: dict[str, Any]
) -> None:
    page = ready(open_page("/", **look))
    welcome = page.get_by_test_id("welcome")
    expect(welcome).to_contain_text("Back-propagation playground")
    expect(welcome).to_contain_text("Press → or the play button")
    assert accessibility(page) == []
    before = page.get_by_test_id("step-forward").bounding_box()
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-ready]")).to_have_attribute("data-step", "1")
    expect(welcome).to_have_count(0)
    after = page.get_by_test_id("step-forward").bounding_box()
    assert before and after and (before["x"], before["width"]) == (after["x"], after["width"])
    page.goto(page.url.split("?")[0])
    ready(page)
    expect(welcome).to_have_count(0)


@pytest.mark.slow
def test_the_welcome_is_closed_by_keyboard_on_each_page(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/layers"))
    welcome = page.get_by_test_id("welcome")
    expect(welcome).to_contain_text("the loss being computed")
    page.keyboard.press("Tab")
    expect(page.get_by_test_id("welcome-close")).to_be_focused()
    page.keyboard.press("Enter")
    expect(welcome).to_have_count(0)
    page.get_by_role("link", name="Train", exact=True).click()
    expect(welcome).to_contain_text("Press Train")
    page.get_by_test_id("welcome-close").click()
    page.reload()
    page.locator(DRAWN["/train"]).wait_for()
    expect(welcome).to_have_count(0)


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/?embed=true", "/?v=1&text=f%20%3D%20a*b&step=2"])
def test_who_was_given_what_a_page_shows_is_not_welcomed(open_page: OpenPage, ready: Ready, path: str) -> None:
    expect(ready(open_page(path)).get_by_test_id("welcome")).to_have_count(0)


@pytest.mark.slow
def test_a_browser_that_keeps_nothing_is_welcomed_once_while_the_page_is_open(
    server: Server, browser: Browser, ready: Ready
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new Error('refused'); } })")
    page.goto(server.url)
    ready(page)
    page.get_by_test_id("welcome-close").click()
    expect(page.get_by_test_id("welcome")).to_have_count(0)
    page.get_by_test_id("editor").fill("y = x*x")
    expect(page.get_by_test_id("leaf-x")).to_be_visible()
    expect(page.get_by_test_id("welcome")).to_have_count(0)
    context.close()
