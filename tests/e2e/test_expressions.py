"""The expressions page, used as a student would: type, step, click, share, take away."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests import hostile_links

OpenPage = Callable[..., Page]
Ready = Callable[[Page], Page]


def wait_for_value(page: Page, key: str, slot: str, text: str) -> None:
    expect(page.locator(f'svg [data-slot="{key}.{slot}"]').first).to_have_text(text)


def at_step(page: Page, step: int) -> None:
    expect(page.locator("[data-ready]").first).to_have_attribute("data-step", str(step))


@pytest.mark.slow
def test_opens_on_the_lecture_example_ready_to_step(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/"))
    expect(page.get_by_test_id("editor")).to_have_value("f = log(x1) + x1*x2 - sin(x2)")
    at_step(page, 0)
    for name in ("editor", "leaf-x1", "graph", "scrub", "step-forward", "tab-explanation"):
        box = page.get_by_test_id(name).bounding_box()
        assert box is not None and box["y"] + min(box["height"], 20) <= 800, f"{name} is not on the first screen"


def test_typing_redraws_and_shows_the_number(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/"))
    page.get_by_test_id("editor").fill("y = x*x + x")
    expect(page.get_by_test_id("leaf-x")).to_be_visible()
    page.get_by_test_id("leaf-x").fill("3")
    page.locator("[data-ready]").first.focus()
    expect(page.locator("svg [data-slot$='.primal']", has_text="3").first).to_be_visible()
    page.get_by_test_id("step-last").click()
    expect(page.locator("svg text", has_text=re.compile("^12$")).first).to_be_visible()
    expect(page.locator("svg text", has_text=re.compile("^7$")).first).to_be_visible()


@pytest.mark.slow
def test_a_slider_writes_into_the_text_that_says_the_value(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/"))
    page.get_by_test_id("editor").fill("x = 3\nf = x*x")
    slider, field = page.get_by_test_id("slider-x"), page.get_by_test_id("leaf-x")
    expect(field).to_have_value("3")
    for position in ("2.8", "2.5"):
        slider.fill(position)
    expect(page.get_by_test_id("editor")).to_have_value("x = 2.5\nf = x*x")
    expect(page.get_by_test_id("results")).to_have_text("f = 6.25∂f/∂x = 5")  # at step 0
    page.get_by_test_id("results").get_by_role("button", name="f = 6.25", exact=True).click()
    expect(page.locator('[data-key="op-0"][aria-pressed="true"]')).to_be_visible()
    page.get_by_test_id("results").get_by_role("button", name="∂f/∂x = 5", exact=True).click()
    expect(page.get_by_role("tab", name="Why")).to_have_attribute("aria-selected", "true")
    expect(page.locator(".page-why")).to_contain_text("finite difference")  # at the step that knows it
    page.get_by_test_id("step-last").click()
    expect(page.locator("svg text", has_text=re.compile("^6.25$")).first).to_be_visible()
    expect(page.locator("svg text", has_text=re.compile("^5$")).first).to_be_visible()
    field.fill("abc")
    expect(page.get_by_text("it is written into the text")).to_be_visible()
    field.fill("-4")
    expect(page.get_by_test_id("editor")).to_have_value("x = -4\nf = x*x")
    page.get_by_test_id("editor").fill("x = 1.5\nf = x*x")
    expect(field).to_have_value("1.5")


@pytest.mark.slow
def test_a_sliders_range_is_chosen_kept_and_shared(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/?v=1&text=f%20%3D%20x*k&leaf.x=0.5&leaf.k=2.0"))
    slider = page.get_by_test_id("slider-x")
    page.get_by_role("button", name="Range of the slider of x: −10 … 10").click()
    page.get_by_test_id("least-x").fill("0")
    page.get_by_test_id("most-x").fill("1")
    expect(slider).to_have_attribute("max", "1")
    page.get_by_test_id("editor").fill("f = x*k + x")
    page.wait_for_url(re.compile(r"leaf\.x\.range=0\.\.1&"))
    other = ready(open_page(page.url))
    slider = other.get_by_test_id("slider-x")
    expect(slider).to_have_attribute("min", "0")
    expect(slider).to_have_attribute("step", "0.01")
    other.get_by_test_id("leaf-x").fill("3")
    expect(slider).to_have_attribute("max", "3")
    other.get_by_test_id("leaf-x").fill("0.2")  # a range that was widened stays so: it does not shrink under the thumb
    other.wait_for_url(re.compile(r"leaf\.x=0\.2&leaf\.x\.range=0\.\.3&"))
    other.get_by_test_id("range-x").click()
    other.get_by_role("button", name="By the value").click()
    expect(slider).to_have_attribute("max", "10")


def test_stepping_by_keyboard_there_and_back_sends_nothing(open_page: OpenPage, ready: Ready) -> None:
    page = open_page("/")
    sent: list[object] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    page.reload()
    ready(page)
    page.locator("[data-ready]").first.focus()
    steps = int(page.locator("[data-ready]").first.get_attribute("data-steps") or 0)
    assert steps == 13
    before = len(sent)
    for step in range(1, steps + 1):
        page.keyboard.press("ArrowRight")
        at_step(page, step)
    wait_for_value(page, "value-0", "adjoint", "5.5")
    expect(page.get_by_test_id("arithmetic")).to_contain_text("5.5")
    for step in reversed(range(steps)):
        page.keyboard.press("ArrowLeft")
        at_step(page, step)
    page.keyboard.press("End")
    at_step(page, steps)
    page.keyboard.press("Home")
    at_step(page, 0)
    assert len(sent) == before, "stepping asked the server"


@pytest.mark.slow
def test_clicking_a_node_selects_its_row_and_text(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/"))
    page.locator('svg [data-key="op-1"]').first.click()
    page.get_by_test_id("tab-table").click()
    expect(page.get_by_test_id("table").locator("tr.selected, tr[aria-selected=true]")).to_have_count(1)
    expect(page.get_by_test_id("table").locator("tr.selected, tr[aria-selected=true]")).to_contain_text("x1 * x2")


@pytest.mark.slow
def test_no_cell_of_the_table_is_cut_without_a_hint(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/", width=340))
    page.get_by_test_id("tab-table").click()
    scroller = page.get_by_role("region", name="Trace table, scrollable")
    hint = page.get_by_role("tabpanel").filter(visible=True).locator(".scroll-hint")
    more = "box => box.scrollWidth - box.clientWidth - box.scrollLeft"
    assert scroller.evaluate(more) > 1, "the table is wider than a phone"
    expect(hint).to_be_visible()
    inside = "cells => cells.every((cell) => cell.scrollWidth <= cell.clientWidth + 1)"
    assert page.get_by_test_id("table").locator("td").evaluate_all(inside)
    scroller.evaluate("box => (box.scrollLeft = box.scrollWidth)")
    expect(hint).to_be_hidden()


def test_why_writes_the_chain_rule_with_numbers(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/"))
    page.get_by_test_id("step-last").click()
    page.locator('svg [data-key="value-1"]').first.click()
    page.get_by_test_id("tab-why").click()
    panel = page.get_by_role("tabpanel").filter(visible=True)
    expect(panel.locator("math").first).to_be_visible()
    expect(panel).to_contain_text("1.716")
    expect(panel).to_contain_text("inite difference")


def test_a_link_opens_at_its_step_in_a_new_context(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/"))
    page.get_by_test_id("editor").fill("y = sin(a) * a")
    expect(page.get_by_test_id("leaf-a")).to_be_visible()
    page.get_by_test_id("leaf-a").fill("0.5")
    page.locator("[data-ready]").first.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    at_step(page, 5)
    page.wait_for_url(re.compile(r"leaf\.a=0\.5.*step=5"))
    other = ready(open_page(page.url))
    expect(other.get_by_test_id("editor")).to_have_value("y = sin(a) * a")
    expect(other.get_by_test_id("leaf-a")).to_have_value("0.5")
    at_step(other, 5)


def test_a_mistake_is_marked_and_repaired_by_its_button(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/"))
    page.get_by_test_id("editor").fill("f = sine(x1)")
    expect(page.get_by_test_id("error")).to_contain_text("sine")
    expect(page.get_by_text("The last text that ran.")).to_be_visible()
    expect(page.locator("svg.graph")).to_be_visible()
    page.get_by_test_id("repair").click()
    expect(page.get_by_test_id("editor")).to_have_value("f = sin(x1)")
    expect(page.get_by_test_id("error")).to_be_hidden()
    expect(page.get_by_text("The last text that ran.")).to_be_hidden()


@pytest.mark.slow
def test_the_caret_selects_and_leaves_the_explanation_open(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/"))
    explanation, details = page.get_by_test_id("tab-explanation"), page.get_by_test_id("tab-details")
    page.get_by_test_id("editor").click()
    page.keyboard.press("Home")
    for _ in range(len("f = lo")):
        page.keyboard.press("ArrowRight")
    expect(page.locator("svg.graph .item.selected").first).to_be_visible()
    expect(explanation).to_have_attribute("aria-selected", "true")
    page.locator('svg.graph [data-key="op-1"]').click()
    expect(details).to_have_attribute("aria-selected", "true")
    explanation.click()
    page.get_by_test_id("slider-x1").press("ArrowRight")
    expect(page.get_by_test_id("results")).to_contain_text("f = 12.201")
    expect(explanation).to_have_attribute("aria-selected", "true")


@pytest.mark.slow
def test_undo_and_redo_over_text_and_values(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/"))
    page.get_by_test_id("leaf-x1").fill("4")
    page.get_by_test_id("leaf-x1").press("Tab")
    page.get_by_test_id("editor").fill("f = x1 * 2")
    page.get_by_test_id("undo").click()
    expect(page.get_by_test_id("editor")).to_have_value("f = log(x1) + x1*x2 - sin(x2)")
    page.get_by_test_id("undo").click()
    expect(page.get_by_test_id("leaf-x1")).to_have_value("2.0")
    page.get_by_test_id("redo").click()
    expect(page.get_by_test_id("leaf-x1")).to_have_value("4")


@pytest.mark.slow
def test_the_three_graphs(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/"))
    page.get_by_test_id("graph-backward").click()
    expect(page.locator("svg text", has_text="AccumulateGrad").first).to_be_visible()
    page.get_by_test_id("graph-both").click()
    expect(page.locator("svg .match").first).to_be_attached()
    page.get_by_test_id("graph-forward").click()
    expect(page.locator("svg text", has_text="AccumulateGrad")).to_have_count(0)


@pytest.mark.slow
def test_an_example_replaces_the_text(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/"))
    page.get_by_role("button", name="Examples").click()
    page.get_by_role("button", name="Softmax by hand").click()
    expect(page.get_by_test_id("editor")).to_have_value(re.compile(r"^e = exp\(scores\)"))
    expect(page.get_by_test_id("leaf-scores")).to_have_value("[1.0, 2.0, 3.0, 0.5, -1.0]")


@pytest.mark.slow
def test_the_gallery_closes_and_its_example_can_be_stepped_at_once(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/"))
    page.get_by_role("button", name="Examples").click()
    chosen = page.get_by_role("button", name="Fan-out")
    expect(chosen).to_be_visible()
    chosen.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("editor")).to_have_value("y = x*x + x")
    expect(page.get_by_role("button", name="One hidden layer")).to_have_count(0)
    page.keyboard.press("ArrowRight")
    at_step(page, 1)


@pytest.mark.slow
def test_keys_step_while_nothing_is_focused(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/"))
    assert page.evaluate("document.activeElement === document.body")
    page.keyboard.press("ArrowRight")
    at_step(page, 1)
    page.keyboard.press("End")
    at_step(page, 13)
    page.keyboard.press("?")
    expect(page.get_by_test_id("help")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Home")
    at_step(page, 0)
    page.get_by_role("button", name="Functions").click()
    search = page.get_by_label("Search functions")
    search.fill("sin")
    search.press("Home")
    search.press("ArrowRight")
    at_step(page, 0)  # what is open over the page keeps its keys


@pytest.mark.slow
@pytest.mark.timed
def test_an_error_waits_until_the_typing_has_paused(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/"))
    editor = page.get_by_test_id("editor")
    editor.evaluate(
        """(area, error) => {
          let typed = 0;
          window.waited = []; // ms from the last letter to each error that appears
          area.addEventListener("input", () => { typed = performance.now(); }, { capture: true });
          new MutationObserver(() => { if (!error.hidden) waited.push(performance.now() - typed); })
            .observe(error, { attributeFilter: ["hidden"] });
        }""",
        page.get_by_test_id("error").element_handle(),
    )
    editor.fill("")
    for character in "y = sin(x) * x":
        editor.press_sequentially(character)
        page.wait_for_timeout(40)  # as somebody types; on a busy machine it may take longer than a pause
    editor.press_sequentially(" +")
    expect(page.get_by_test_id("error")).to_be_visible()
    waits = page.evaluate("() => waited")
    assert waits and min(waits) > 590
    editor.press_sequentially(" 1")
    expect(page.get_by_test_id("error")).to_be_hidden()
    page.wait_for_url(re.compile(r"%2B%201&leaf\.x=1\.0&step"))  # and not `y`, a free name while it was being typed


@pytest.mark.slow
def test_the_first_nan_is_marked_once_it_is_there(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/?v=1&text=y%20%3D%20log(x)%20*%20x&leaf.x=-1.0&step=1"))
    node = page.locator('svg [data-key="op-0"]')
    expect(node).to_have_class(re.compile(r"\bnoted\b.*\bvisited\b|\bvisited\b.*\bnoted\b"))
    expect(page.get_by_test_id("explanation")).to_contain_text("Here is the first NaN")
    expect(page.locator('svg [data-key="op-1"].noted')).to_have_count(0)


@pytest.mark.slow
def test_a_tensors_gradient_is_explained(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/"))
    page.get_by_role("button", name="Examples").click()
    page.get_by_role("button", name="A broadcast sum").click()
    expect(page.get_by_test_id("leaf-row")).to_be_visible()
    page.get_by_test_id("step-last").click()
    for _ in range(2):
        page.get_by_test_id("step-back").click()
    expect(page.get_by_test_id("explanation")).to_contain_text("row was stretched from (3,) to (2, 3)")
    page.locator('svg [data-key="value-1"]').first.click()
    page.get_by_test_id("tab-why").click()
    panel = page.get_by_role("tabpanel").filter(visible=True)
    expect(panel).to_contain_text("summed over axis 0")
    expect(panel.locator("math")).to_have_count(3)
    page.get_by_test_id("tab-details").click()
    expect(panel).to_contain_text("14.8")


@pytest.mark.slow
@pytest.mark.parametrize(("text", "leaf", "fence"), [("pow(a, b)", "0", "{"), ("a * b", "[[1, 2], [3, 4]]", "[")])
def test_cases_have_a_brace_and_the_brackets_of_a_matrix_are_drawn(
    open_page: OpenPage, ready: Ready, text: str, leaf: str, fence: str
) -> None:
    page = ready(open_page(f"/?v=1&text={quote('y = ' + text)}&leaf.a={quote(leaf)}&leaf.b=0"))
    page.get_by_test_id("step-last").click()
    page.locator('svg [data-key="value-0"]').first.click()
    page.get_by_test_id("tab-why").click()
    table = page.get_by_role("tabpanel").filter(visible=True).locator("mtable").first
    expect(table).to_be_visible()
    is_matrix = fence == "["
    expect(table).to_have_css("border-left-width", re.compile(r"1(\.\d+)?px") if is_matrix else "0px")
    before = table.locator("xpath=preceding-sibling::*[1]")
    expect(before).to_have_text(fence)
    expect(before).to_be_visible(visible=not is_matrix)


@pytest.mark.slow
def test_embedded_without_a_header(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/?v=1&text=y%20%3D%20x*x&leaf.x=3.0&step=2&embed=true"))
    at_step(page, 2)
    box = page.get_by_test_id("editor").bounding_box()
    assert box is not None and box["y"] < 80
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile("step=3&embed=true"))
    page.get_by_test_id("copy-link").click()
    assert "step=3&embed=true" in page.evaluate("navigator.clipboard.readText()")


@pytest.mark.slow
def test_the_reference_can_be_searched(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/"))
    page.get_by_role("button", name="Functions").click()
    page.get_by_label("Search functions").fill("softmax")
    expect(page.get_by_text("log_softmax").first).to_be_visible()


def test_completion_is_offered_and_never_in_the_way(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/"))
    editor, offered = page.get_by_test_id("editor"), page.get_by_test_id("suggestions")
    editor.fill("scale = 2.0\n")
    editor.press_sequentially("y = s")
    expect(offered.get_by_role("option").first).to_contain_text("scale")
    page.keyboard.press("Enter")  # nothing is chosen: a new line
    expect(editor).to_have_value("scale = 2.0\ny = s\n")
    expect(offered).to_be_hidden()
    page.keyboard.press("Backspace")
    page.keyboard.type("i")
    expect(offered.get_by_role("option").first).to_contain_text("Sine, in radians.")
    page.keyboard.press("ArrowDown")
    expect(editor).to_have_attribute(
        "aria-activedescendant", str(offered.locator("[aria-selected=true]").get_attribute("id"))
    )
    page.keyboard.press("Tab")
    expect(editor).to_have_value("scale = 2.0\ny = sin()")
    page.keyboard.type("sc")  # between the brackets
    page.keyboard.press("Escape")
    expect(offered).to_be_hidden()
    page.keyboard.press("Control+Space")
    offered.get_by_text("scale", exact=True).click()
    expect(editor).to_have_value("scale = 2.0\ny = sin(scale)")
    expect(editor).to_be_focused()
    page.keyboard.press("Control+z")
    expect(editor).to_have_value("scale = 2.0\ny = sin(sc)")


@pytest.mark.slow
def test_a_function_of_the_reference_is_written_at_the_caret(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/"))
    editor = page.get_by_test_id("editor")
    editor.fill("y = x + 1")
    editor.evaluate("area => area.setSelectionRange(4, 9)")
    page.get_by_role("button", name="Functions").click()
    page.get_by_label("Search functions").fill("hyperbolic tangent")
    page.get_by_role("button", name="tanh(input)", exact=True).click()
    expect(editor).to_have_value("y = tanh(x + 1)")
    expect(editor).to_be_focused()


@pytest.mark.slow
@pytest.mark.parametrize(("switch", "value", "seen"), [("switch-passes", "2", "11"), ("switch-mode", "forward", "5.5")])
def test_switches(open_page: OpenPage, ready: Ready, switch: str, value: str, seen: str) -> None:
    page = ready(open_page("/"))
    page.get_by_test_id("switches").click()
    page.get_by_test_id(switch).select_option(value)
    expect(page.locator("[data-ready]").first).not_to_have_attribute("data-sequence", "0")
    page.get_by_test_id("step-last").click()
    expect(page.locator("svg text", has_text=re.compile(f"^{re.escape(seen)}$")).first).to_be_visible()


def test_the_exported_stepper_runs_from_a_file_and_the_script_prints_the_numbers_of_the_page(
    open_page: OpenPage, ready: Ready, tmp_path: Path
) -> None:
    page = ready(open_page("/"))
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name=re.compile("Stepper")).click()
    file = tmp_path / "stepper.html"
    waiting.value.save_as(file)
    alone = open_page(file.as_uri())
    alone.locator("[data-ready]").first.focus()
    alone.keyboard.press("End")
    at_step(alone, 13)
    wait_for_value(alone, "value-0", "adjoint", "5.5")
    alone.keyboard.press("Home")
    at_step(alone, 0)
    alone.get_by_test_id("graph-both").click()
    expect(alone.locator("svg .match").first).to_be_attached()

    with page.expect_download() as waiting:
        page.get_by_role("button", name="PyTorch script").click()
    file = tmp_path / "graph.py"
    waiting.value.save_as(file)
    printed = subprocess.run([sys.executable, file], capture_output=True, text=True, check=True).stdout
    assert "x1.grad = 5.5" in printed and "11.652071952819824" in printed
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Trace JSON").click()
    assert waiting.value.suggested_filename == "f-log-x1-x1-x2-sin-x2-trace.json"
    trace = json.loads(Path(waiting.value.path()).read_text(encoding="utf-8"))
    assert {value["name"]: value["adjoint"] for value in trace["values"]}["x1"] == 5.5


def test_accessible(
    open_page: OpenPage, ready: Ready, accessibility: Callable[..., list[str]], look: dict[str, Any]
) -> None:
    page = ready(open_page("/?v=1&text=y%20%3D%20sin(x)*x&leaf.x=2.0&step=4", **look))
    assert accessibility(page) == []
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, "the page scrolls sideways"


def test_a_whole_visit_by_keyboard_alone(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/"))
    for _ in range(40):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "() => { let e = document.activeElement; while (e && e.shadowRoot) e = e.shadowRoot.activeElement;"
            " return e ? e.dataset.testid || '' : '' }"
        )
        if focused == "editor":
            break
    assert focused == "editor"
    page.keyboard.press("Control+A")
    page.keyboard.type("y = tanh(x)")
    expect(page.get_by_test_id("leaf-x")).to_be_visible()
    page.keyboard.press("Tab")  # leaves the editor: no trap
    page.locator("[data-ready]").first.focus()
    page.keyboard.press("End")
    expect(page.get_by_test_id("arithmetic")).to_contain_text("x.grad")


@pytest.mark.slow  # tests/pages opens them by default, without a browser
def test_hostile_links_show_a_page_and_the_server_keeps_serving(open_page: OpenPage) -> None:
    page = open_page("/")
    for query in hostile_links.EXPRESSIONS:
        page.goto(page.url.split("?")[0] + "?" + query)
        shown = page.locator('[data-ready="true"], [data-testid="stAlert"], [data-testid="error"]').first
        shown.wait_for()
        assert page.locator("text=Traceback").count() == 0
        assert page.evaluate("() => document.querySelectorAll('img[src=x]').length") == 0
    page.goto(page.url.split("?")[0])
    page.locator('[data-ready="true"]').first.wait_for()


@pytest.mark.slow
def test_the_picture_of_a_step_is_one_of_the_exports(
    open_page: OpenPage, ready: Ready, accessibility: Callable[[Page], list[str]]
) -> None:
    page = ready(open_page("/"))
    page.get_by_test_id("step-forward").click()
    expect(page.get_by_text("Save picture")).to_be_hidden()
    page.get_by_role("button", name="Export").click()
    save = page.get_by_test_id("export-svg")
    with page.expect_download() as saved:
        save.click()
    assert saved.value.suggested_filename == "f-log-x1-x1-x2-sin-x2-graph.svg"
    text = Path(saved.value.path()).read_text(encoding="utf-8")
    assert "0.6931" in text and "11.65" not in text  # log(2) is there, and f is not yet
    assert not accessibility(page)
