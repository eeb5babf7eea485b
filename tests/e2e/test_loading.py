"""The first page of a new process: drawn before PyTorch is there, taken over without losing what was typed."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, Route, expect

from benchmarks.server import Server, serve
from playground.ui.start import warm

pytestmark = pytest.mark.xdist_group("loading")  # one after another: a server that starts takes a core

OpenPage = Callable[..., Page]
Ready = Callable[[Page], Page]
COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}  # the first frame is kept only where compiled modules are


@pytest.fixture(scope="module")
def kept(browser_page: Callable[[Server], Page]) -> None:
    """A first frame, kept by an earlier process."""
    if not warm._kept().exists():
        with serve(**COMPILED) as server:
            browser_page(server)
    if not warm._kept().exists():
        pytest.skip("compiled modules cannot be written beside the sources")


@pytest.fixture(scope="module")
def browser_page(browser, ready: Ready) -> Callable[[Server], Page]:  # type: ignore[no-untyped-def]
    def browser_page(server: Server, path: str = "/") -> Page:
        page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        page.set_default_timeout(90_000)
        page.goto(server.url + path)
        return ready(page)

    return browser_page


def test_what_is_typed_before_pytorch_is_there_is_answered(kept: None, browser_page: Callable[..., Page]) -> None:
    with serve(**COMPILED) as server:
        page = browser_page(server)
        root = page.locator("[data-ready]").first
        root.evaluate("root => root.classList.add('the-same')")
        page.get_by_test_id("editor").fill("y = x*x + x")
        page.get_by_test_id("step-forward").click()
        expect(page.get_by_test_id("leaf-x")).to_be_visible()
        expect(page.get_by_test_id("editor")).to_have_value("y = x*x + x")
        expect(page.get_by_role("button", name="Examples")).to_be_enabled()
        expect(page.locator("[data-ready].the-same")).to_have_count(1)
        page.context.close()


@pytest.mark.slow
def test_a_link_to_another_text_waits_for_pytorch(browser_page: Callable[..., Page]) -> None:
    with serve(**COMPILED) as server:
        page = browser_page(server, "/?v=1&text=y%20%3D%20tanh(x)&leaf.x=0.5")
        expect(page.get_by_test_id("editor")).to_have_value("y = tanh(x)")
        expect(page.get_by_text("Loading PyTorch")).to_have_count(0)
        page.context.close()


# Two frames after the module of the stepper has run, which Streamlit imported before.
HAS_RUN = """async () => {
  await import("/_stcore/bidi-components/playground.stepper/stepper/stepper.js");
  for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
}"""


@pytest.mark.slow
def test_a_part_is_made_once_its_styles_are_there(browser, server: Server, ready: Ready) -> None:  # type: ignore[no-untyped-def]
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.set_default_timeout(90_000)
    held: list[Route] = []
    page.route("**/stepper/stepper.css", lambda route: held.append(route))
    with page.expect_response("**/stepper/stepper.js"):
        page.goto(f"{server.url}/?v=1&text={quote('f = x' + chr(10) + 'f = f*s + s' + (chr(10) + 'f = f*s + s') * 19)}")
    page.evaluate(HAS_RUN)
    expect(page.locator(".workbench")).to_have_count(0)
    [route] = held
    route.continue_()
    box = ready(page).get_by_test_id("overview").bounding_box()
    assert box is not None and box["height"] > 100, "as the stage is, which it was not before its styles"
    page.context.close()
