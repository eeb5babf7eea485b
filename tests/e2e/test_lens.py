"""A call that is looked into: opened from its box, read cell by cell both ways, by pointer and by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import torch
from playwright.sync_api import Page, expect

from playground import record

OpenPage = Callable[..., Page]
Ready = Callable[[Page], Page]
PRODUCT = (
    f"/?v=1&text={quote('y = A @ B')}&leaf.A={quote('[[1, 2], [3, 4]]')}&leaf.B={quote('[[10, 20], [30, 40]]')}&step=1"
)
CONVOLUTION = (
    f"/?v=1&text={quote('y = conv2d(image, kernel, padding=1)' + chr(10) + 'f = (y**2).sum()')}"
    f"&leaf.image={quote('randn(1, 1, 4, 4, seed=3)')}&leaf.kernel={quote('randn(2, 1, 3, 3, seed=4)')}"
)


def cell(page: Page, board: str, number: int) -> Any:
    return page.locator(f".lens [data-board={board}] rect[data-cell='{number}']:not(.copy)")


def test_a_product_is_read_cell_by_cell_forward_and_backward(
    open_page: OpenPage, ready: Ready, accessibility: Callable[[Page], list[str]], look: dict[str, Any]
) -> None:
    page = ready(open_page(PRODUCT, **look))
    page.locator(".graph .item[data-key=op-0]").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("looking")).to_have_count(0)  # the first selects
    page.keyboard.press("Enter")
    sentence, check = page.get_by_test_id("lens-sentence"), page.get_by_test_id("lens-check")
    expect(sentence).to_have_text("y[0, 0] is the sum of 2 products: 70.")
    assert accessibility(page) == []
    page.keyboard.press("ArrowRight")
    expect(sentence).to_have_text("y[0, 1] is the sum of 2 products: 100.")
    page.keyboard.press("ArrowDown")
    expect(sentence).to_have_text("y[1, 1] is the sum of 2 products: 220.")
    expect(page.get_by_test_id("lens-position")).to_have_text("4 / 4")
    expect(check).to_have_text("Summed: 220. PyTorch's: 220.")
    expect(page.locator(".lens tbody tr").last).to_contain_text("A[1, 1] = 4")
    cell(page, "input", 1).hover()  # what it feeds, and what it meets there
    for number, marked in enumerate([True, True, False, False]):
        classes = cell(page, "result", number).get_attribute("class") or ""
        assert ("involved" in classes) is marked, number
    cell(page, "input", 1).click()
    expect(sentence).to_contain_text("The gradient of A[0, 1] through this call is the sum of 2 terms")
    expect(check).to_have_text("Summed: 70. PyTorch's: 70.")
    expect(page.locator(".lens [data-board=result]")).to_have_attribute("data-role", "adjoint")
    assert accessibility(page) == []
    page.wait_for_function("location.search.endsWith('&lens=0.input.1')")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("looking")).not_to_be_visible()
    page.wait_for_function("!location.search.includes('lens')")
    expect(page.locator(".graph .item[data-key=op-0]")).to_be_focused()
    expect(page.locator("[data-ready]")).to_have_attribute("data-step", "1")


def test_a_link_opens_a_call_at_a_cell(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page(f"{PRODUCT}&lens=0.other.2"))
    expect(page.get_by_test_id("lens-sentence")).to_contain_text("The gradient of B[1, 0] through this call")
    page.get_by_test_id("lens-on").click()
    page.get_by_test_id("lens-link").click()
    expect(page.get_by_test_id("lens-link")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").endswith("&step=1&lens=0.other.3")
    page.get_by_test_id("lens-close").click()
    expect(page.locator("[data-ready]")).to_have_attribute("data-step", "1")


@pytest.mark.slow
def test_a_convolution_shows_its_padding_and_another_filter(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page(CONVOLUTION))
    page.locator(".graph .item[data-key=op-0]").dblclick()
    sentence = page.get_by_test_id("lens-sentence")
    expect(sentence).to_contain_text("y[0, 0, 0, 0] is the sum of 9 products")
    expect(page.locator(".lens [data-board=input] rect.padding")).to_have_count(36 - 16)
    page.get_by_test_id("lens-play").click()
    expect(page.get_by_test_id("lens-position")).not_to_have_text("1 / 16")
    page.get_by_test_id("pick-C").fill("1")
    page.get_by_test_id("pick-C").press("Enter")
    expect(sentence).to_contain_text("y[0, 1, ")
    page.locator("[data-direction=weight]").click()
    expect(sentence).to_contain_text("The gradient of kernel[1, 0, 0, 0] through this call is the sum of 16 terms")


@pytest.mark.slow
def test_a_stretched_tensor_is_drawn_with_its_copies(open_page: OpenPage, ready: Ready) -> None:
    text = "m = arange(9.).reshape(3, 3)\ny = m + c"
    page = ready(open_page(f"/?v=1&text={quote(text)}&leaf.c={quote('[10, 20, 30]')}&step=3"))
    page.locator(".graph .item[data-key^=op-]").last.dblclick()
    expect(page.get_by_test_id("lens-sentence")).to_have_text("y[0, 0] = 0 + 10 = 10.")
    expect(page.locator(".lens [data-board=other] rect.copy")).to_have_count(6)
    expect(page.locator(".lens .notes")).to_contain_text("Axis 0: 3 and nothing → 3: the second is stretched.")
    page.locator("[data-direction=other]").click()
    expect(page.get_by_test_id("lens-sentence")).to_contain_text("the sum of 3 terms")


@pytest.mark.slow
def test_what_has_no_lens_says_so(open_page: OpenPage, ready: Ready) -> None:
    text = "n = argmax(M)\ny = M.sum() * n"
    page = ready(open_page(f"/?v=1&text={quote(text)}&leaf.M={quote('[[1, 2], [3, 4]]')}"))
    page.locator(".graph .item[data-key=op-0]").dblclick()
    expect(page.get_by_test_id("lens-refusal")).to_contain_text("no cell of its result moves")
    page.get_by_test_id("lens-close").click()
    expect(page.get_by_test_id("looking")).not_to_be_visible()


@pytest.mark.slow
def test_a_layer_opens_from_the_details(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/layers"))
    page.locator(".graph .item[data-key^=op-]").first.focus()
    page.keyboard.press("Enter")
    page.get_by_test_id("look-inside").click()
    expect(page.get_by_test_id("lens-sentence")).to_contain_text("is the sum of 49 products and conv1.bias[0]")


@pytest.mark.slow
def test_a_notebook_opens_a_call_in_a_page_of_its_own(
    open_page: OpenPage, tmp_path: Path, look: dict[str, Any], accessibility: Callable[..., list[str]]
) -> None:
    trace = record(lambda x, w: (x @ w).sum(), torch.ones(2, 3), torch.ones(3, 2, requires_grad=True))
    file = tmp_path / "lens.html"
    file.write_text(trace.lens("v1").html, encoding="utf-8")
    page = open_page(file.as_uri(), **look)
    expect(page.get_by_test_id("lens-sentence")).to_have_text("v₁[0, 0] is the sum of 3 products: 3.")
    page.get_by_test_id("lens-on").click()
    expect(page.get_by_test_id("lens-position")).to_have_text("2 / 4")
    assert accessibility(page, waits=False) == []
