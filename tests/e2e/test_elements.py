"""One element opened to its arithmetic, as a student would: pick a weight, read its sum, mistype, use the keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from playground.explain.numbers import format_number
from playground.layers.document import StackDocument
from playground.lessons.presets import STACKS
from playground.ui.shared.opened_element import run_source

OpenPage = Callable[..., Page]
Ready = Callable[[Page], Page]

WEIGHT = "linear1.weight"


def choose(page: Page, key: str) -> None:
    """Select a value and open the panel that says why."""
    page.get_by_test_id("tab-why").click()
    page.locator(".workbench").evaluate("(root, key) => root.workbench.select(key)", key)
    expect(page.get_by_test_id("element-index")).to_be_visible()


def pick(page: Page, index: str) -> None:
    page.get_by_test_id("element-index").fill(index)
    page.get_by_test_id("element-index").press("Enter")


def title(page: Page, text: str) -> None:
    expect(page.get_by_test_id("element-title")).to_contain_text(text)


@pytest.mark.parametrize("width", [1280, pytest.param(390, marks=pytest.mark.slow)])
def test_a_weight_says_why_its_gradient_is_this_number(
    open_page: OpenPage, ready: Ready, accessibility: Callable[[Page], list[str]], width: int
) -> None:
    trace = run_source(STACKS.presets[0].document)
    weight = trace[WEIGHT]
    assert weight.adjoint is not None
    index = (7, weight.shape[1] // 2)
    page = ready(open_page("/layers", width=width))
    choose(page, f"value-{weight.id}")
    pick(page, f"{index[0]},{index[1]}")
    title(page, f"{WEIGHT}[{index[0]}, {index[1]}] = {format_number(float(weight.data.tensor()[index]))}")

    answer = page.get_by_test_id("element-answer")
    expect(page.get_by_test_id("element-later")).to_contain_text("Its gradient is computed at step")
    expect(answer).not_to_contain_text("Its gradient, through linear")
    page.locator(".workbench").evaluate("(root) => root.workbench.goto(Number(root.dataset.steps))")
    expect(answer).to_contain_text("Its gradient, through linear")
    expect(page.get_by_test_id("element-later")).to_have_count(0)
    expect(answer.get_by_role("row", name=re.compile("^the other"))).to_have_count(1)
    gradient = format_number(float(weight.adjoint.tensor()[index]), 7)
    expect(answer.get_by_role("table", name="The check of this element")).to_contain_text(gradient)
    assert not accessibility(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.slow
def test_a_wrong_index_says_what_is_allowed(open_page: OpenPage, ready: Ready) -> None:
    weight = run_source(STACKS.presets[0].document)[WEIGHT]
    page = ready(open_page("/layers"))
    choose(page, f"value-{weight.id}")
    for wrong in ("10, 0", "3", "a, b", "-1, 0"):
        pick(page, wrong)
        message = page.get_by_test_id("element-message")
        expect(message).to_contain_text(wrong)
        expect(message).to_contain_text(f"0 to 9 and 0 to {weight.shape[1] - 1}")
        expect(page.get_by_test_id("element-index")).to_have_attribute("aria-invalid", "true")
        expect(page.get_by_test_id("element-title")).to_have_count(0)
    pick(page, "[9, 0]")
    title(page, f"{WEIGHT}[9, 0]")
    expect(message).to_be_empty()


@pytest.mark.slow
def test_arrow_keys_go_along_the_last_axis_and_keep_the_focus(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/?v=1&text=y%20%3D%20A%20%40%20x&leaf.A=[[1,2,3],[4,5,6]]&leaf.x=[1,0,2]"))
    choose(page, "value-0")
    index = page.get_by_test_id("element-index")
    index.focus()
    for key, place in (
        ("ArrowUp", "0, 0"),
        ("ArrowUp", "0, 1"),
        ("ArrowUp", "0, 2"),
        ("ArrowUp", "0, 2"),
        ("ArrowDown", "0, 1"),
    ):
        index.press(key)
        expect(index).to_have_value(place)
        title(page, f"A[{place}]")
        expect(index).to_be_focused()
    page.get_by_test_id("element-back").click()
    title(page, "A[0, 0]")


@pytest.mark.slow
def test_a_cell_of_the_values_opens_its_element(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/?v=1&text=y%20%3D%20A%20%40%20x&leaf.A=[[1,2,3],[4,5,6]]&leaf.x=[1,0,2]"))
    page.locator(".workbench").evaluate("(root) => root.workbench.select('value-0')")
    page.get_by_test_id("tab-details").click()
    page.locator('td[data-index="1, 2"]').first.click()
    title(page, "A[1, 2] = 6")


@pytest.mark.slow
def test_another_text_closes_it(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/?v=1&text=y%20%3D%20A%20%40%20x&leaf.A=[[1,2,3],[4,5,6]]&leaf.x=[1,0,2]"))
    choose(page, "value-0")
    pick(page, "1, 1")
    title(page, "A[1, 1]")
    page.get_by_test_id("editor").fill("y = (A @ x) * 2")
    expect(page.get_by_test_id("element-title")).to_have_count(0)


@pytest.mark.slow
def test_layers_that_do_not_fit_say_why_nothing_opens(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/layers?v=1&stack=Flatten%20Linear(10)&batch=4"))
    weight = run_source(StackDocument("Flatten Linear(10)", batch=4))["linear1.weight"]
    page.get_by_test_id("stack-text").fill("Flatten Linear(10) Conv2d(4, 3)")
    expect(page.get_by_test_id("cure").first).to_be_visible()
    choose(page, f"value-{weight.id}")
    pick(page, "0, 0")
    expect(page.get_by_test_id("element-message")).to_contain_text("mend the one that is marked")
