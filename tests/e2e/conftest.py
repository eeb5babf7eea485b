"""The served app and a real Chromium for the browser tests.

`open_page(path)` opens a page in a fresh browser context, `ready(page)` waits until its stepper can be used, and
`accessibility(page)` is what axe-core finds wrong. A test fails, too, when a page that it opened asked for an outside
address or when one of our scripts threw an error; the server's log and a screenshot stand beside a failure.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Generator, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request, expect, sync_playwright

from benchmarks.server import ROOT, Server, serve

HERE = Path(__file__).parent
AXE = ROOT / "tests" / "frontend" / "vendor" / "axe.min.js"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# While a script runs, Streamlit pales what it may be about to replace.
AT_REST = """() => document.querySelector('[data-test-script-state="notRunning"]')
    && !document.querySelector('[data-stale="true"]')"""

# Our parts come on one after the other, and the list of layers moves the graph below it: a click in between is lost.
ALL_DRAWN = """() => !document.querySelector('[data-testid="stSkeleton"]')
    && [...document.querySelectorAll('.stBidiComponent *')].every((one) => one.shadowRoot?.childElementCount !== 1)"""

OpenPage = Callable[..., Page]
Look = dict[str, Any]

# A busy machine is slow, not red: what is waited for comes in a second where nothing else runs.
PATIENCE = 90_000
expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    files = {path for path in {item.path for item in items} if HERE in path.parents}
    for item in items:
        if item.path in files:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.timeout(600))  # of many waits that each may take their time
    items.sort(key=lambda item: item.path in files)  # last: Playwright keeps an event loop running


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed and HERE in item.path.parents:
        arguments = getattr(item, "funcargs", {})
        if isinstance(server := arguments.get("server"), Server) and server.log_file.exists():  # it may have ended
            report.sections.append(("server log", server.log()[-4000:]))
        for number, page in enumerate(getattr(item, "opened_pages", [])):
            picture = ROOT / "test-results" / f"{item.name}-{report.when}-{number}.png".replace("/", "_")
            try:
                page.screenshot(path=picture)
            except Error:  # the page is gone: there is nothing to show
                continue
            report.sections.append(("screenshot", str(picture)))
    return report


@pytest.fixture(
    params=[
        pytest.param({"width": 1280, "dark": False}, id="1280-light"),
        pytest.param({"width": 390, "dark": True}, id="390-dark", marks=pytest.mark.slow),
        pytest.param({"width": 1280, "dark": True}, id="1280-dark", marks=pytest.mark.slow),
        pytest.param({"width": 390, "dark": False}, id="390-light", marks=pytest.mark.slow),
    ]
)
def look(request: pytest.FixtureRequest) -> Look:
    """On what a page is looked at: for `open_page(path, **look)`."""
    chosen: Look = request.param
    return chosen


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with serve() as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    named = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=named, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(server: Server, browser: Browser, request: pytest.FixtureRequest) -> Iterator[OpenPage]:
    """Open `path` of the served app (or a whole URL) in a browser context of its own."""
    pages: list[Page] = []
    complaints: list[str] = []
    request.node.opened_pages = pages

    def note_request(sent: Request) -> None:
        address = urlsplit(sent.url)
        if address.scheme in {"http", "https", "ws", "wss"} and address.hostname not in {"127.0.0.1", "localhost"}:
            complaints.append(f"asked for an outside address: {sent.url}")

    def complain(page: Page, what: str) -> None:
        complaints.append(what)
        page.context.close()  # what the test waits for ends at once, and not after a minute in vain

    def note_error(page: Page, error: Error) -> None:
        if "playground" in (error.stack or "") or "file:" in (error.stack or ""):
            complain(page, f"one of our scripts threw: {error.stack}")

    def note_message(page: Page, message: ConsoleMessage) -> None:
        # Streamlit catches what a component throws while it is mounted: its own script writes it to the console.
        if message.type == "error" and "/playground." in f"{message.location} {message.text}":
            complain(page, f"one of our scripts complained: {message.text}")

    def open_page(
        path: str = "/",
        *,
        dark: bool = False,
        width: int = 1280,
        height: int = 800,
        touch: bool = False,
        reduced_motion: bool = False,
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce" if reduced_motion else "no-preference",
            has_touch=touch,
        )
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.url)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("request", note_request)
        page.on("pageerror", partial(note_error, page))
        page.on("console", partial(note_message, page))
        pages.append(page)
        page.goto(path if "://" in path else server.url + path)
        page.locator("#first-page").wait_for(state="detached")  # Streamlit takes it over: what has the focus is moved
        return page

    yield open_page
    for page in pages:
        page.context.close()  # once more is no error
    assert not complaints, "\n".join(complaints)


@pytest.fixture(scope="session")
def ready() -> Callable[[Page], Page]:
    """Wait until all of a page is drawn, its stepper can be used, and the page's script has come to its end."""

    def ready(page: Page) -> Page:
        page.locator('[data-ready="true"]').first.wait_for()
        page.locator("#first-page").wait_for(state="detached")  # taken over by Streamlit
        # What Streamlit is about to put in place again takes no click.
        page.locator('[data-test-script-state="notRunning"]').wait_for()
        page.wait_for_function(ALL_DRAWN)
        return page

    return ready


@pytest.fixture(scope="session")
def accessibility() -> Callable[[Page], list[str]]:
    """What axe-core finds wrong with a page: one line for each rule and element; an empty list is a pass."""
    source = AXE.read_text(encoding="utf-8")

    def accessibility(page: Page, rules_off: tuple[str, ...] = (), waits: bool = True) -> list[str]:
        page.evaluate(source)
        if waits:
            page.wait_for_function(AT_REST)
        options = {"resultTypes": ["violations"], "rules": {rule: {"enabled": False} for rule in rules_off}}
        found = page.evaluate("options => axe.run(document, options)", options)
        return [
            f"{violation['id']} ({violation['impact']}): {node['target']} {node['failureSummary']}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]

    return accessibility
