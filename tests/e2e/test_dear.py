"""Texts that are dear to compute: a process of their own answers them or is ended, and the page is as before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import quote

import psutil
import pytest
from playwright.sync_api import Page, expect

from benchmarks.server import Server, serve

OpenPage = Callable[..., Page]
Ready = Callable[[Page], Page]

pytestmark = pytest.mark.slow
SECONDS = "0.3"  # of CPU for one picture
DEAR = "a = ones(300, 300) / 300\nfor i in range(5):\n    a = a @ a\ny = a.mean() * x1 * 300"
DEARER = "y = ones(180, 180) * x1\nfor i in range(450):\n    y = sin(y)"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serve(PLAYGROUND_COMPUTING_SECONDS=SECONDS, PLAYGROUND_COMPUTING_PROCESSES="2") as running:
        yield running


def processes(server: Server) -> set[int]:
    """Those that compute: children of the server's one host, which serves as many as wait for them."""
    return {process.pid for process in psutil.Process(server.pid).children(recursive=True)}


def shown(page: Page, number: str) -> None:
    page.locator("[data-ready]").first.press("End")
    expect(page.locator("svg text", has_text=number).first).to_be_visible()


def test_a_dear_text_is_answered_by_another_process(open_page: OpenPage, ready: Ready, server: Server) -> None:
    page, neighbour = ready(open_page("/")), ready(open_page("/"))
    assert processes(server), "nothing but the server computes"
    page.get_by_test_id("editor").fill(DEAR)
    neighbour.get_by_test_id("editor").fill("y = x1 * 7")
    shown(neighbour, "14")
    expect(page.get_by_test_id("leaf-x1")).to_be_visible()
    shown(page, "2")


def test_what_takes_too_long_is_said_and_the_page_goes_on(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/?v=1&text=" + quote("y = x1 * 3") + "&leaf.x1=5"))
    shown(page, "15")
    page.get_by_test_id("editor").fill(DEARER)
    expect(page.get_by_text(f"this took more than {SECONDS} seconds to compute")).to_be_visible()
    expect(page.get_by_test_id("editor")).to_have_value(DEARER)
    expect(page.locator("svg text", has_text="15").first).to_be_visible()
    page.get_by_test_id("editor").fill("y = x1 * 5")
    shown(page, "25")
    expect(page.get_by_text("seconds to compute")).to_have_count(0)
