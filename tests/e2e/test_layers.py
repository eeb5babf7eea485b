"""The layers page, used as a student would: stack, break, repair by button, step backward, share."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from playground.data.first_examples import is_ready
from tests import hostile_links

OpenPage = Callable[..., Page]
Ready = Callable[[Page], Page]


def settled(page: Page) -> Page:
    """Wait until Streamlit runs nothing: what it is about to put in place again takes no click."""
    page.locator('[data-test-script-state="notRunning"]').wait_for()
    return page


def listed(page: Page) -> Page:
    page.locator(".stack[data-listed]").wait_for()
    return settled(page)


def containing(part: str) -> re.Pattern[str]:
    return re.compile(re.escape(part))


def type_stack(page: Page, text: str) -> None:
    page.get_by_test_id("stack-text").fill(text)


def test_build_break_repair_step_and_share(open_page: OpenPage, ready: Ready) -> None:
    page = listed(open_page("/layers?v=1&stack=Flatten"))
    type_stack(page, "")
    expect(page.locator('[data-testid^="row-"]')).to_have_count(0)
    expect(page.get_by_test_id("stack-error")).to_contain_text("start with one of these")  # and nothing is scolded
    expect(page.get_by_test_id("stack-error").locator(".bad")).to_have_count(0)
    page.get_by_role("button", name="A convolution").click()
    expect(page.get_by_test_id("stack-text")).to_have_value(
        "Conv2d(8, 3, padding=1) ReLU MaxPool2d(2) Flatten Linear(10)"
    )
    page.get_by_test_id("stack-undo").click()
    expect(page.locator('[data-testid^="row-"]')).to_have_count(0)
    for kind in ("Conv2d", "ReLU", "Conv2d", "ReLU", "Flatten", "Linear"):
        count = page.locator('[data-testid^="row-"]').count()
        page.get_by_test_id("add-layer").select_option(kind)
        expect(page.locator('[data-testid^="row-"]')).to_have_count(count + 1)
    for place, argument, content, text in (
        ("0", "out_channels", "10", "Conv2d(10, 3, padding=1)"),
        ("0", "padding", "0", "Conv2d(10, 3)"),
        ("0", "kernel_size", "7", "Conv2d(10, 7)"),
        ("2", "padding", "0", "Conv2d(16, 3) ReLU Flatten Linear(10)"),  # as many outputs as there are classes
        ("2", "out_channels", "55", "Conv2d(55, 3)"),
        ("2", "kernel_size", "2", "Conv2d(55, 2)"),
    ):
        field = page.get_by_test_id(f"arg-{place}-{argument}")
        field.fill(content)
        field.press("Enter")
        expect(page.get_by_test_id("stack-text")).to_have_value(containing(text))
    expect(page.get_by_test_id("row-4")).to_contain_text("24255")
    expect(page.get_by_test_id("totals")).to_contain_text("245,315")
    pin = page.get_by_test_id("arg-5-in_features")
    pin.fill("4840")
    pin.press("Enter")
    expect(page.get_by_test_id("stack-error")).to_contain_text("in_features = 4840")
    expect(page.get_by_test_id("graph")).to_contain_text("conv2")  # what stands before the bad layer stays drawn
    page.get_by_test_id("cure").first.click()
    expect(page.get_by_test_id("stack-error")).to_be_empty()
    expect(page.get_by_test_id("loss")).to_contain_text("Loss on this batch")
    ready(page)
    page.get_by_test_id("step-last").click()
    expect(page.get_by_test_id("phase")).to_have_text("update")
    page.get_by_test_id("phase-back").click()
    for _ in range(3):
        page.get_by_test_id("step-back").click()
    expect(page.get_by_test_id("phase")).to_have_text("backward")
    expect(page.locator(".graph .item.active").first).to_be_visible()
    step = page.locator("[data-ready]").first.get_attribute("data-step")
    page.wait_for_function("step => location.search.includes(`step=${step}`)", arg=step)
    page.get_by_test_id("copy-link").click()
    page.wait_for_function(
        "step => navigator.clipboard.readText().then(text => text.includes(`step=${step}`))", arg=step
    )
    again = listed(open_page(page.evaluate("navigator.clipboard.readText()")))
    ready(again)
    expect(again.get_by_test_id("stack-text")).to_have_value("Conv2d(10, 7) ReLU Conv2d(55, 2) ReLU Flatten Linear(10)")
    expect(again.locator("[data-ready]").first).to_have_attribute("data-step", str(step))


@pytest.mark.slow
def test_a_warning_is_cured_by_its_button(open_page: OpenPage) -> None:
    page = listed(open_page("/layers?v=1&stack=Flatten%20Bias"))
    expect(page.get_by_test_id("cautions")).to_contain_text("784")
    page.get_by_test_id("cautions").get_by_test_id("cure").first.click()
    expect(page.get_by_test_id("stack-text")).to_have_value(containing("Linear(10)"))
    page.get_by_test_id("stack-undo").click()
    expect(page.get_by_test_id("stack-text")).to_have_value("Flatten Bias")


@pytest.mark.slow
def test_layers_move_by_keyboard(open_page: OpenPage) -> None:
    page = listed(open_page("/layers?v=1&stack=ReLU%20Flatten%20Linear(10)"))
    page.get_by_test_id("move-down-0").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("stack-text")).to_have_value("Flatten ReLU Linear(10)")
    expect(page.get_by_test_id("move-down-1")).to_be_focused()
    page.get_by_test_id("remove-1").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("stack-text")).to_have_value("Flatten Linear(10)")


@pytest.mark.slow
def test_a_mistake_in_the_text_is_marked_and_the_list_stays(open_page: OpenPage) -> None:
    page = listed(open_page("/layers?v=1&stack=Flatten%20Linear(10)"))
    type_stack(page, "Flatten Reluu Linear(10)")
    expect(page.get_by_test_id("stack-error")).to_contain_text("unknown layer")
    expect(page.get_by_test_id("row-1")).to_contain_text("Linear")
    page.get_by_test_id("cure").first.click()
    expect(page.get_by_test_id("stack-error")).to_be_empty()


BLOCKS = (
    "Conv2d(4, 3) Residual(Conv2d(4, 3, padding=1) ReLU) Parallel(Conv2d(2, 1), Conv2d(2, 3, padding=1)) "
    "Flatten Linear(10)"
)


def opened(open_page: OpenPage, text: str, **settings: object) -> Page:
    return listed(open_page(f"/layers?v=1&stack={text.replace(' ', '%20')}", **settings))


def enter(page: Page, field: str, text: str) -> None:
    page.get_by_test_id(field).fill(text)
    page.get_by_test_id(field).press("Enter")


LOOKS = [  # one by default: tests/e2e/test_elements.py looks at the page in light
    pytest.param({"width": 390, "dark": True}, id="390-dark"),
    pytest.param({"width": 1280, "dark": False}, id="1280-light", marks=pytest.mark.slow),
    pytest.param({"width": 1280, "dark": True}, id="1280-dark", marks=pytest.mark.slow),
    pytest.param({"width": 390, "dark": False}, id="390-light", marks=pytest.mark.slow),
]


@pytest.mark.parametrize("look", LOOKS, indirect=True)
def test_accessible(
    open_page: OpenPage, ready: Ready, accessibility: Callable[[Page], list[str]], look: dict[str, Any]
) -> None:
    page = opened(open_page, "Flatten Linear(100) Linear(10)", **look)
    ready(page)
    expect(page.get_by_test_id("one-map")).to_be_visible()
    assert accessibility(page) == []
    type_stack(page, BLOCKS)
    expect(page.get_by_test_id("row-2.1.0")).to_be_visible()
    enter(page, "set-batch", "100,000")
    enter(page, "arg-0-kernel_size", "wide")
    expect(page.get_by_test_id("arg-0-kernel_size-refused")).to_be_visible()
    page.get_by_test_id("add-below-1.0.0").click()
    assert accessibility(page) == []
    page.get_by_test_id("fold-all").click()
    expect(page.get_by_test_id("row-2.1.0")).to_have_count(0)
    assert accessibility(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= look["width"]


@pytest.mark.slow
def test_blocks_fold_by_keyboard_and_stay_folded(open_page: OpenPage) -> None:
    page = opened(open_page, BLOCKS)
    totals = page.get_by_test_id("row-1").locator("td.number").first.inner_text()
    page.get_by_test_id("fold-1").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("fold-1")).to_be_focused()
    expect(page.get_by_test_id("fold-1")).to_have_attribute("aria-expanded", "false")
    expect(page.get_by_test_id("row-1")).to_contain_text("2 layers folded")
    expect(page.get_by_test_id("row-1")).to_contain_text("(64, 4, 26, 26)")
    expect(page.get_by_test_id("row-1").locator("td.number").first).to_have_text(totals)
    expect(page.get_by_test_id("row-1.0.0")).to_have_count(0)
    expect(page.get_by_test_id("row-2.0.0")).to_be_visible()
    page.get_by_test_id("duplicate-0").click()  # the block moves one down
    expect(page.get_by_test_id("fold-2")).to_have_attribute("aria-expanded", "false")
    expect(page.get_by_test_id("fold-3")).to_have_attribute("aria-expanded", "true")
    page.get_by_test_id("unfold-all").click()
    expect(page.get_by_test_id("row-2.0.0")).to_be_visible()
    page.get_by_test_id("fold-all").click()
    expect(page.get_by_test_id("row-3.0.0")).to_have_count(0)
    page.get_by_test_id("stack-undo").click()
    expect(page.get_by_test_id("stack-text")).to_have_value(BLOCKS)
    expect(page.get_by_test_id("fold-1")).to_have_attribute("aria-expanded", "false")


@pytest.mark.slow
def test_a_problem_in_a_folded_block_is_marked_on_it(open_page: OpenPage) -> None:
    page = opened(open_page, "Residual(Flatten Linear(10) Conv2d(4, 3)) Flatten Linear(10)")
    page.get_by_test_id("fold-all").click()
    expect(page.get_by_test_id("row-0")).to_contain_text("does not fit")


@pytest.mark.slow
def test_blocks_and_branches_are_added_anywhere_and_undone(open_page: OpenPage) -> None:
    page = opened(open_page, "Flatten Linear(8) ReLU Linear(10)")
    text = page.get_by_test_id("stack-text")
    page.get_by_test_id("add-below-1").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("add-here")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("add-below-1")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_test_id("add-here").select_option("Residual")
    expect(text).to_have_value("Flatten Linear(8) Residual(Linear(8) ReLU) ReLU Linear(10)")
    expect(page.get_by_test_id("add-below-2")).to_be_focused()
    page.get_by_test_id("add-below-2").click()
    page.get_by_test_id("add-here").select_option("Parallel")
    expect(text).to_have_value(containing("Parallel(Linear(4) ReLU, Linear(4))"))
    expect(page.get_by_test_id("stack-error")).to_be_empty()
    page.get_by_test_id("add-branch-3").click()
    expect(text).to_have_value(containing("Parallel(Linear(4) ReLU, Linear(4), Linear(4))"))
    expect(page.get_by_test_id("remove-branch-3.2")).to_be_focused()
    page.get_by_test_id("add-first-3.2").click()
    page.get_by_test_id("add-here").select_option("Tanh")
    expect(text).to_have_value(containing("Linear(4), Tanh Linear(4))"))
    page.get_by_test_id("remove-branch-3.0").click()
    expect(text).to_have_value(containing("Parallel(Linear(4), Tanh Linear(4))"))
    page.get_by_test_id("add-first").click()
    page.get_by_test_id("add-here").select_option("Identity")
    expect(text).to_have_value(containing("Identity Flatten"))
    for _ in range(6):
        page.get_by_test_id("stack-undo").click()
    expect(text).to_have_value("Flatten Linear(8) ReLU Linear(10)")
    page.get_by_test_id("stack-redo").click()
    expect(text).to_have_value("Flatten Linear(8) Residual(Linear(8) ReLU) ReLU Linear(10)")


@pytest.mark.slow
def test_a_layer_is_moved_into_a_block_and_out_by_keyboard(open_page: OpenPage) -> None:
    page = opened(open_page, "Flatten Tanh Residual(ReLU) Linear(10)")
    text = page.get_by_test_id("stack-text")
    page.get_by_test_id("move-down-1").focus()
    for after, place in (
        ("Flatten Residual(Tanh ReLU) Linear(10)", "1.0.0"),
        ("Flatten Residual(ReLU Tanh) Linear(10)", "1.0.1"),
        ("Flatten Residual(ReLU) Tanh Linear(10)", "2"),
    ):
        page.keyboard.press("Enter")
        expect(text).to_have_value(after)
        expect(page.get_by_test_id(f"move-down-{place}")).to_be_focused()
    page.get_by_test_id("fold-1").click()
    page.get_by_test_id("move-up-2").click()
    expect(text).to_have_value("Flatten Tanh Residual(ReLU) Linear(10)")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("field", "typed", "allowed"),
    [
        ("set-batch", "100000", "from 1 to 512"),
        ("set-classes", "-1", "from 0 to 1,000"),
        ("set-learning_rate", "fast", "a number above 0"),
        ("set-input_shape", "1, 0", "one to four whole numbers"),
        ("arg-1-out_features", "many", "a whole number from 1 to"),
        ("arg-1-in_features", "0", "inferred"),
    ],
)
def test_a_refused_field_is_marked_where_it_stands(open_page: OpenPage, field: str, typed: str, allowed: str) -> None:
    page = opened(open_page, "Flatten Linear(10)")
    before = page.get_by_test_id(field).input_value()
    enter(page, field, typed)
    input_field, words = page.get_by_test_id(field), page.get_by_test_id(f"{field}-refused")
    expect(words).to_contain_text(allowed)
    expect(input_field).to_have_attribute("aria-invalid", "true")
    expect(input_field).to_have_attribute("aria-describedby", words.get_attribute("id") or "")
    expect(input_field).to_have_value(typed)
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    expect(page.get_by_test_id("stack-error")).to_be_empty()
    expect(page.get_by_test_id("stack-undo")).to_be_disabled()
    page.get_by_test_id("set-optimizer").select_option("Adam")  # another edit leaves it standing
    expect(page.get_by_test_id("stack-undo")).to_be_enabled()
    expect(input_field).to_have_value(typed)
    enter(page, field, before)
    expect(words).to_have_count(0)
    expect(input_field).not_to_have_attribute("aria-invalid", "true")


@pytest.mark.slow
def test_a_setting_that_does_not_fit_the_stack_is_said_at_its_field(open_page: OpenPage) -> None:
    page = opened(open_page, "Flatten Linear(10)")
    enter(page, "set-input_shape", "3, 8, 8")
    data = page.get_by_test_id("set-data")
    words = page.get_by_test_id("set-data-refused")
    expect(words).to_contain_text("digits do not fit")
    expect(data).to_have_attribute("aria-invalid", "true")
    expect(data).to_have_attribute("aria-describedby", words.get_attribute("id") or "")
    expect(page.get_by_test_id("stack-error")).to_be_empty()
    data.select_option("random")
    expect(words).to_have_count(0)
    expect(data).not_to_have_attribute("aria-invalid", "true")
    expect(page.get_by_test_id("loss")).to_contain_text("Loss on this batch")


PASTED = """import torch
from torch import nn

class Scale(nn.Module):
    def __init__(self, n: int):
        super().__init__()
        self.w = nn.Parameter(torch.ones(n))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.w

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Flatten(), nn.Linear(784, 10), Scale(10))

    def forward(self, x):
        return self.body(x)
"""


@pytest.mark.slow
def test_a_pasted_class_has_its_rows_and_its_exports(open_page: OpenPage) -> None:
    page = opened(open_page, "Flatten Linear(10)")
    export = page.get_by_role("button", name="Export")
    ways = page.locator('[class*="st-key-exports"]')
    export.click()
    expect(ways).to_contain_text("From scratch")
    settled(page)  # a popover that is still being filled opens again
    with page.expect_download() as saved:
        ways.get_by_role("button", name="From scratch").click()
    assert "def log_softmax" in Path(saved.value.path()).read_text(encoding="utf-8")
    page.keyboard.press("Escape")
    expect(ways).to_have_count(0)
    expect(page.get_by_test_id("list-note")).to_be_empty()
    type_stack(page, f"{PASTED}\n\ndef train(net):\n    net.train()\n")
    expect(page.get_by_test_id("row-0.0.2")).to_contain_text("Scale(10)")
    expect(page.get_by_test_id("list-note")).to_have_text("This is Net(). Not used: function train.")
    expect(page.get_by_test_id("row-0.0.1")).to_contain_text("784·10 + 10")
    expect(page.locator('[data-testid^="branch-"]')).to_have_count(0)
    export.click()
    expect(ways).not_to_contain_text("From scratch")
    expect(ways).not_to_contain_text("nn.Sequential")
    expect(ways).to_contain_text("Own module")


@pytest.mark.slow
def test_tab_goes_on_after_an_argument(open_page: OpenPage) -> None:
    page = opened(open_page, "Conv2d(4, 3) Flatten Linear(10)")
    page.get_by_test_id("arg-0-out_channels").fill("5")
    page.keyboard.press("Tab")
    expect(page.get_by_test_id("stack-text")).to_have_value(containing("Conv2d(5, 3)"))
    expect(page.get_by_test_id("arg-0-kernel_size")).to_be_focused()


@pytest.mark.slow
def test_two_linear_maps_show_their_one_matrix(open_page: OpenPage) -> None:
    page = opened(open_page, "Flatten Linear(6) ReLU Linear(4) Linear(3)&classes=3")
    shown = page.get_by_test_id("one-map")
    expect(shown).to_contain_text("One Linear(3) with the matrix W₂·W₁ and the bias b₂ + W₂·b₁ does the same")
    expect(shown.get_by_role("table").first.locator("td")).to_have_count(3 * 6)
    type_stack(page, "Flatten Linear(20) Linear(3)")
    expect(shown.get_by_role("img").first).to_have_attribute("alt", "heat map of W₂·W₁, shape (3, 784)")
    expect(shown).to_contain_text("…")


@pytest.mark.slow
def test_a_broken_text_leaves_a_list_to_read(open_page: OpenPage) -> None:
    page = opened(open_page, "Flatten Linear(10)")
    type_stack(page, "Flatten Linear(10")
    expect(page.get_by_test_id("stack-error")).not_to_be_empty()
    expect(page.get_by_test_id("row-1")).to_contain_text("out_features 10")
    expect(page.get_by_test_id("arg-1-out_features")).to_have_count(0)


@pytest.mark.slow  # tests/pages opens them by default, without a browser
def test_hostile_links_show_a_page(open_page: OpenPage) -> None:
    for query in hostile_links.LAYERS:
        page = listed(open_page(f"/layers?{query}"))
        expect(page.get_by_test_id("stack-text")).to_be_visible()
        page.close()


@pytest.mark.slow
def test_a_pasted_class_is_read_and_stepped(open_page: OpenPage, ready: Ready) -> None:
    page = listed(open_page("/layers"))
    page.get_by_role("button", name="Examples").click()
    page.get_by_role("button", name="Your own class").click()
    expect(page.get_by_test_id("stack-text")).to_have_value(re.compile("class MLP"))
    expect(page.get_by_test_id("loss")).to_contain_text("Loss on this batch")
    ready(page)
    page.get_by_test_id("step-forward").click()
    page.get_by_test_id("stack-text").fill("class A(nn.Module):\n    def forward(self, x):\n        return x.__class__")
    expect(page.get_by_test_id("stack-error")).not_to_be_empty()


def in_view(page: Page, *ids: str) -> bool:
    """Whether these parts lie in the window as a whole, at once."""
    height = page.evaluate("innerHeight")
    boxes = [page.get_by_test_id(id).bounding_box() for id in ids]
    return all(box is not None and box["y"] >= 0 and box["y"] + box["height"] <= height for box in boxes)


def test_sizes_and_steps_are_on_one_screen(open_page: OpenPage, ready: Ready) -> None:
    page = ready(opened(open_page, "Conv2d(10, 7) ReLU Flatten Linear(10)"))
    assert in_view(page, "row-0", "row-3", "totals", "graph", "scrub", "step-play"), "at 1280 x 800"
    pane, graph = (page.get_by_test_id(id).bounding_box() for id in ("row-0", "graph"))
    assert pane and graph and pane["x"] + pane["width"] <= graph["x"] and graph["y"] < 300
    page.get_by_test_id("step-forward").click()
    assert in_view(page, "row-0", "step-forward")
    page.set_viewport_size({"width": 880, "height": 800})
    pane, graph = (page.get_by_test_id(id).bounding_box() for id in ("totals", "graph"))
    assert pane and graph and pane["y"] + pane["height"] <= graph["y"], "one above the other"


@pytest.mark.slow
@pytest.mark.parametrize("width", [1000, 780])
@pytest.mark.parametrize("path", ["/layers?v=1&stack=Flatten%20Linear(10)", "/?v=1&text=f%20=%20sin(a*b)%20%2B%20c"])
def test_an_embed_of_600_pixels_shows_the_play_bar(open_page: OpenPage, ready: Ready, path: str, width: int) -> None:
    page = ready(open_page(f"{path}&embed=true", width=width, height=600))
    assert in_view(page, "graph", "scrub", "step-play")


@pytest.mark.slow
def test_the_border_between_both_is_moved_by_keys_and_by_dragging_and_stays(open_page: OpenPage, ready: Ready) -> None:
    page = ready(opened(open_page, "Flatten Linear(10)"))
    border = page.get_by_test_id("split")
    start = int(border.get_attribute("aria-valuenow") or 0)
    width = page.get_by_test_id("graph").bounding_box()["width"]  # type: ignore[index]
    border.focus()
    for key in ("ArrowLeft", "ArrowLeft", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
    expect(border).to_have_attribute("aria-valuenow", str(start - 4))
    assert page.get_by_test_id("graph").bounding_box()["width"] > width  # type: ignore[index]
    page.keyboard.press("Enter")
    expect(border).to_have_attribute("aria-valuenow", border.get_attribute("aria-valuemin") or "")
    page.keyboard.press("Enter")
    expect(border).to_have_attribute("aria-valuenow", str(start - 4))
    box = border.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 5, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 105, box["y"] + 220, steps=3)
    page.mouse.up()
    dragged = border.get_attribute("aria-valuenow")
    assert dragged is not None and int(dragged) > start
    page.reload()
    ready(page)
    expect(border).to_have_attribute("aria-valuenow", dragged)


@pytest.mark.slow
def test_number_fields_are_live_and_say_what_they_take(open_page: OpenPage) -> None:
    page = opened(open_page, "Flatten Linear(10)")
    text, outputs, batch = (page.get_by_test_id(id) for id in ("stack-text", "arg-1-out_features", "set-batch"))
    outputs.click()
    outputs.press("End")
    page.keyboard.type("0")
    expect(text).to_have_value("Flatten Linear(100)")
    expect(outputs).to_be_focused()
    page.keyboard.type("2")
    expect(text).to_have_value("Flatten Linear(1002)")
    expect(outputs).to_have_value("1002")
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    page.keyboard.press("Home")
    page.keyboard.type("-")
    expect(page.get_by_test_id("arg-1-out_features-refused")).to_contain_text("a whole number from 1 to")
    expect(outputs).to_be_focused()
    expect(outputs).to_have_value("-10")
    batch.fill("8")
    expect(page.get_by_test_id("row-0")).to_contain_text("(8, 784)")
    batch.press("End")
    page.keyboard.type("888")
    expect(page.get_by_test_id("set-batch-refused")).to_contain_text("a whole number from 1 to 512")


def test_one_undo_for_all_that_is_edited(open_page: OpenPage) -> None:
    page = opened(open_page, "Flatten Linear(10)")
    text, outputs = page.get_by_test_id("stack-text"), page.get_by_test_id("arg-1-out_features")
    text.press("ControlOrMeta+End")
    page.keyboard.type(" Tanh")
    expect(page.get_by_test_id("row-2")).to_contain_text("Tanh")
    outputs.fill("12")
    expect(text).to_have_value("Flatten Linear(12) Tanh")
    page.get_by_test_id("set-batch").fill("32")
    expect(page.get_by_test_id("row-0")).to_contain_text("(32, 784)")
    page.get_by_test_id("move-up-2").click()
    expect(text).to_have_value("Flatten Tanh Linear(12)")
    page.get_by_test_id("remove-0").click()
    expect(text).to_have_value("Tanh Linear(12)")
    page.get_by_test_id("arg-1-out_features").fill("0")
    expect(page.get_by_test_id("arg-1-out_features-refused")).to_be_visible()
    undo, redo = "ControlOrMeta+z", "ControlOrMeta+Shift+z"
    page.keyboard.press(undo)  # first what could not be taken, then one thing after the other, all within one field
    expect(page.get_by_test_id("arg-1-out_features")).to_have_value("12")
    expect(page.get_by_test_id("arg-1-out_features-refused")).to_have_count(0)
    for after in ("Flatten Tanh Linear(12)", "Flatten Linear(12) Tanh"):
        page.keyboard.press(undo)
        expect(text).to_have_value(after)
    expect(page.get_by_test_id("set-batch")).to_have_value("32")
    page.keyboard.press(undo)
    expect(page.get_by_test_id("set-batch")).to_have_value("64")
    page.keyboard.press(undo)
    expect(text).to_have_value("Flatten Linear(10) Tanh")
    text.press(undo)
    expect(text).to_have_value("Flatten Linear(10)")
    expect(page.get_by_test_id("stack-undo")).to_be_disabled()
    text.press(undo)
    expect(text).to_have_value("Flatten Linear(10)")
    for after in ("Flatten Linear(10) Tanh", "Flatten Linear(12) Tanh"):
        text.press(redo)
        expect(text).to_have_value(after)


@pytest.mark.slow
@pytest.mark.skipif(not is_ready("MNIST"), reason="PLAYGROUND_DATA names no folder with the files of MNIST")
def test_a_batch_of_mnist_is_shown_and_trained_on(open_page: OpenPage, ready: Ready) -> None:
    page = ready(opened(open_page, "Flatten Linear(10) LogSoftmax&loss=NLLLoss&optimizer=Adam"))
    loss = page.get_by_test_id("loss").inner_text()
    page.get_by_test_id("set-data").select_option("MNIST")
    expect(page.get_by_test_id("loss")).not_to_have_text(loss)
    expect(page.get_by_test_id("set-trains_on")).to_have_value("MNIST")
    page.get_by_role("button", name="Train this").click()
    page.wait_for_url("**/train?*")
    for part in ("data=MNIST", "loss=NLLLoss", "optimizer=Adam"):
        page.wait_for_function("part => location.search.includes(part)", arg=part)
