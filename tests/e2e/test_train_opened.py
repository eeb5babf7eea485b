"""What the train page shows before anything is trained: links of any kind, the data."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

OpenPage = Callable[..., Page]
PATIENCE = 45_000

HOSTILE = [
    "v=1&run=" + quote("<img src=x onerror=alert(1)>"),
    "v=1&run=abcdef123456",
    "v=7&text=ReLU&epochs=1e9",
    "v=1&text=" + quote("<script>alert(1)</script>"),
    "v=1&text=" + quote("Residual(" * 2000),
    "v=1&text=" + quote("Flatten Linear(100000) Linear(100000)") + "&data=MNIST&batch=4096",
    "run=../../etc/passwd",
    "run=" + "&run=".join(f"{number:012x}" for number in range(30)),
    "frozen=abcdef123456",
    "frozen=" + quote("'; DROP TABLE runs; --"),
    "text=Flatten&epochs=-1",
    "text=Flatten&batch=0",
    "text=Flatten&learning_rate=nan",
    "text=Flatten&learning_rate=1e400",
    "text=Flatten&data=" + quote("own-../../x"),
    "text=Flatten&data=" + quote("<svg onload=alert(1)>"),
    "text=Flatten&optimizer=__import__",
    "text=Flatten&folds=5&fold=9",
    "<b>=<i>&text=ReLU",
    "text=" + quote("Linear(" + "9" * 400 + ")"),
    "text=" + quote("class Net(nn.Module):\n    def __init__(self):\n        open('x')"),
]


def opened(open_page: OpenPage, query: str) -> Page:
    page = open_page(f"/train?{query}")
    page.locator(".setup[data-answered]").wait_for(timeout=PATIENCE)
    page.locator(".runs[data-shown]").wait_for(timeout=PATIENCE)
    return page


@pytest.mark.parametrize(
    "query", [pytest.param(query, marks=pytest.mark.slow if number % 2 else ()) for number, query in enumerate(HOSTILE)]
)
def test_hostile_links_open(open_page: OpenPage, query: str) -> None:
    page = opened(open_page, query)
    expect(page.get_by_test_id("train-go")).to_be_visible()
    told = page.locator("[data-testid=stAlert], [data-testid=train-problem] p, .refused:not(:empty)").first
    expect(told).to_be_visible(timeout=PATIENCE)
    assert "Error" not in told.inner_text()
    assert page.get_by_text("Traceback").count() == 0
    assert page.locator("img[src=x], svg[onload], .training script").count() == 0


def test_look_at_the_data_first(open_page: OpenPage) -> None:
    page = opened(open_page, "v=1&batch=20")
    page.get_by_role("button", name="Look at the data").click()
    expect(page.locator(".look tbody tr")).to_have_count(10, timeout=PATIENCE)
    expect(page.locator(".look")).to_contain_text("(20, 1, 28, 28)")
