"""What the train page shows before anything is trained: links of any kind, the data."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests import hostile_links

OpenPage = Callable[..., Page]
PATIENCE = 120_000


def opened(open_page: OpenPage, query: str) -> Page:
    page = open_page(f"/train?{query}")
    page.locator(".setup[data-answered]").wait_for(timeout=PATIENCE)
    page.locator(".runs[data-shown]").wait_for(timeout=PATIENCE)
    return page


@pytest.mark.slow  # tests/pages opens them by default, without a browser
@pytest.mark.parametrize("query", hostile_links.TRAIN)
def test_hostile_links_open(open_page: OpenPage, query: str) -> None:
    page = opened(open_page, query)
    expect(page.get_by_test_id("train-go")).to_be_visible()
    told = page.locator("[data-testid=stAlert], [data-testid=train-problem] p, .refused:not(:empty)").first
    expect(told).to_be_visible(timeout=PATIENCE)
    assert "Error" not in told.inner_text()
    assert page.get_by_text("Traceback").count() == 0
    assert page.locator("img[src=x], svg[onload], .training script").count() == 0


@pytest.mark.slow
def test_look_at_the_data_first(open_page: OpenPage) -> None:
    page = opened(open_page, "v=1&batch=20")
    page.get_by_role("button", name="Look at the data").click()
    expect(page.locator(".look tbody tr")).to_have_count(10, timeout=PATIENCE)
    expect(page.locator(".look")).to_contain_text("(20, 1, 28, 28)")
