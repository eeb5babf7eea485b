"""The layers page, used as a student would: stack, break, repair by button, step backward, share."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

OpenPage = Callable[..., Page]
Ready = Callable[[Page], Page]

HOSTILE_QUERIES = [
    "v=1&stack=" + quote("Linear(10); __import__('os')"),
    "v=1&stack=" + quote("<img src=x onerror=alert(1)>"),
    "v=1&stack=" + quote("Residual(" * 3000),
    "v=1&stack=" + quote("Flatten Linear(60000) Linear(60000)"),
    "v=1&stack=ReLU&batch=100000",
    "v=1&stack=ReLU&input_shape=9x9x9x9x9x9",
    "v=1&stack=ReLU&input_shape=1000000x1000000",
    "v=1&stack=ReLU&loss=__class__&graph=../..&learning_rate=nan&rng_seed=-1",
    "v=9&step=-5",
    "v=1&stack=",
]


def listed(page: Page) -> Page:
    page.locator(".stack[data-listed]").wait_for(timeout=60_000)
    return page


def containing(part: str) -> re.Pattern[str]:
    return re.compile(re.escape(part))


def type_stack(page: Page, text: str) -> None:
    page.get_by_test_id("stack-text").fill(text)


def test_build_break_repair_step_and_share(open_page: OpenPage, ready: Ready) -> None:
    page = listed(open_page("/layers?v=1&stack=Flatten"))
    type_stack(page, "")
    expect(page.locator('[data-testid^="row-"]')).to_have_count(0)
    for kind in ("Conv2d", "ReLU", "Conv2d", "ReLU", "Flatten", "Linear"):
        count = page.locator('[data-testid^="row-"]').count()
        page.get_by_test_id("add-layer").select_option(kind)
        expect(page.locator('[data-testid^="row-"]')).to_have_count(count + 1)
    for place, argument, content, text in (
        ("0", "out_channels", "10", "Conv2d(10, 2)"),
        ("0", "kernel_size", "7", "Conv2d(10, 7)"),
        ("2", "out_channels", "55", "Conv2d(55, 2)"),
        ("5", "out_features", "10", "Linear(10)"),
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
    expect(page.get_by_test_id("phase")).to_have_text("backward")
    page.get_by_test_id("step-back").click()
    page.wait_for_url("**step=*")
    step = page.locator("[data-ready]").first.get_attribute("data-step")
    page.wait_for_function("step => location.search.includes(`step=${step}`)", arg=step)
    again = listed(open_page(page.url))
    ready(again)
    expect(again.get_by_test_id("stack-text")).to_have_value("Conv2d(10, 7) ReLU Conv2d(55, 2) ReLU Flatten Linear(10)")
    expect(again.locator("[data-ready]").first).to_have_attribute("data-step", str(step))


def test_a_warning_is_cured_by_its_button(open_page: OpenPage) -> None:
    page = listed(open_page("/layers?v=1&stack=Flatten%20Bias"))
    expect(page.get_by_test_id("cautions")).to_contain_text("784")
    page.get_by_test_id("cautions").get_by_test_id("cure").first.click()
    expect(page.get_by_test_id("stack-text")).to_have_value(containing("Linear(10)"))
    page.get_by_test_id("stack-undo").click()
    expect(page.get_by_test_id("stack-text")).to_have_value("Flatten Bias")


def test_layers_move_by_keyboard(open_page: OpenPage) -> None:
    page = listed(open_page("/layers?v=1&stack=ReLU%20Flatten%20Linear(10)"))
    page.get_by_test_id("move-down-0").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("stack-text")).to_have_value("Flatten ReLU Linear(10)")
    expect(page.get_by_test_id("move-down-1")).to_be_focused()
    page.get_by_test_id("remove-1").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("stack-text")).to_have_value("Flatten Linear(10)")


def test_a_mistake_in_the_text_is_marked_and_the_list_stays(open_page: OpenPage) -> None:
    page = listed(open_page("/layers?v=1&stack=Flatten%20Linear(10)"))
    type_stack(page, "Flatten Relu6 Linear(10)")
    expect(page.get_by_test_id("stack-error")).to_contain_text("unknown layer")
    expect(page.get_by_test_id("row-1")).to_contain_text("Linear")
    page.get_by_test_id("cure").first.click()
    expect(page.get_by_test_id("stack-error")).to_be_empty()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_accessible(
    open_page: OpenPage, ready: Ready, accessibility: Callable[[Page], list[str]], dark: bool, width: int
) -> None:
    page = listed(open_page("/layers?v=1&stack=Flatten%20Linear(100)%20Linear(10)", dark=dark, width=width))
    ready(page)
    assert accessibility(page) == []


def test_hostile_links_show_a_page(open_page: OpenPage) -> None:
    for query in HOSTILE_QUERIES:
        page = listed(open_page(f"/layers?{query}"))
        expect(page.get_by_test_id("stack-text")).to_be_visible()
        page.close()


def test_an_own_class_is_read_and_stepped(open_page: OpenPage, ready: Ready) -> None:
    page = listed(open_page("/layers"))
    page.get_by_role("button", name="Examples").click()
    page.get_by_role("button", name="Your own class").click()
    expect(page.get_by_test_id("stack-text")).to_have_value(re.compile("class MLP"))
    expect(page.get_by_test_id("loss")).to_contain_text("Loss on this batch")
    ready(page)
    page.get_by_test_id("step-forward").click()
    page.get_by_test_id("stack-text").fill("class A(nn.Module):\n    def forward(self, x):\n        return x.__class__")
    expect(page.get_by_test_id("stack-error")).not_to_be_empty()


def test_a_setting_out_of_range_is_refused_in_words(open_page: OpenPage) -> None:
    page = listed(open_page("/layers?v=1&stack=Flatten%20Linear(10)"))
    page.get_by_test_id("set-batch").fill("100000")
    page.get_by_test_id("set-batch").press("Enter")
    expect(page.get_by_test_id("stAlert")).to_contain_text("batch")
    expect(page.get_by_test_id("totals")).to_contain_text("(64, 10)")
