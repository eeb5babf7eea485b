"""What a student waits for, in a real Chromium: keys, steps, a run's first point, the first page, each by its limit.

Times are taken inside the page, from the browser's own time stamp of the input event to the first task after the frame
that shows the answer. The same run measures what Streamlit alone takes: its own chart for the same graph, an empty
page.

    python -m benchmarks.browser                # the table, about three minutes
    python -m benchmarks.browser --starts 1     # quicker: every first page once
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil
from playwright.sync_api import Browser, Page, WebSocket, sync_playwright

from benchmarks.load import percentile
from benchmarks.server import ROOT, scratch_runs, serve

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
TEXT = "f = log(x1) + x1*x2 - sin(x2)"
FUNCTIONS = ("cos", "tanh", "exp", "sigmoid", "atan", "relu", "softplus")
TYPING = 0.2  # seconds between two keys: a quick typist
NODES = 1000
BIG = {"PLAYGROUND_DRAWN_BOXES": "30000", "PLAYGROUND_LIMIT_OPS": "30000"}
BIG_TEXT = f"y = x\nfor i in range({NODES // 2}):\n    y = cos(y) + y\n"
HUGE_NODES = 10_000
HUGE = BIG | {
    "PLAYGROUND_LIMIT_STATEMENTS": "60000",
    "PLAYGROUND_COMPUTING_SECONDS": "60",
    "STREAMLIT_SERVER_MAX_MESSAGE_SIZE": "60",
}
HUGE_TEXT = f"y = x\nfor i in range({HUGE_NODES // 2}):\n    y = cos(y) + y\nz = y*1"
COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}  # as installed: modules are compiled once, not at every start

EMPTY_PAGE = "import streamlit as st\nst.text_input('text', key='text')\n"
CHART_PAGE = f"""
import streamlit as st
from playground import run
from playground.views.graph.static import dot_file

text = st.text_input("text", {TEXT + " + 1"!r}, live="0ms", key="text")
st.graphviz_chart(dot_file(run(text, default="1.0")))
"""

# Our workbench stands in the shadow root of its component, and before Streamlit is there in one of the document.
BENCH = (
    "[...document.querySelectorAll('[data-testid^=stBidiComponent], #first-page > div')]"
    ".map((e) => e.shadowRoot?.querySelector('{}'))"
)
READY = f"() => {BENCH.format('.workbench[data-ready=true] svg.graph')}.some(Boolean) && performance.now()"
INPUT_READY = "() => document.querySelector('input[type=text]') && performance.now()"
CHART_READY = "() => document.querySelector('.stGraphVizChart svg g.node') && performance.now()"

# Notes every input event, and when the frame with its answer had been painted.
WATCH_WORKBENCH = """(root) => {
  const seen = (window.seen = []);
  const waiting = [];
  let sequence = Number(root.dataset.sequence);
  let key = root.dataset.key;
  root.addEventListener("input", (event) => waiting.push({ at: event.timeStamp, sequence: ++sequence }), true);
  new MutationObserver(() => {
    const answered = Number(root.dataset.sequence);
    const error = root.querySelector("[data-testid=error]");
    const mistaken = error && error.checkVisibility() && error.textContent.trim() !== "";
    const what = mistaken ? "mistake" : root.dataset.key === key ? "same" : "new";
    key = root.dataset.key;
    const due = waiting.splice(0, waiting.filter((input) => input.sequence <= answered).length);
    afterPaint((now) => due.forEach(({ at }) => seen.push({ ms: now - at, what })));
  }).observe(root, { attributes: true, attributeFilter: ["data-sequence"] });
  function afterPaint(call) {
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => call(performance.now());
      channel.port2.postMessage(null);
    });
  }
}"""
WATCH_CHART = """() => {
  const seen = (window.seen = []);
  let waiting = [];
  document.addEventListener("input", (event) => waiting.push(event.timeStamp), true);
  new MutationObserver(() => {
    const due = waiting;
    waiting = [];
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => due.forEach((at) => seen.push({ ms: performance.now() - at, what: "new" }));
      channel.port2.postMessage(null);
    });
  }).observe(document.querySelector(".stGraphVizChart"), { subtree: true, childList: true, attributes: true });
}"""
# From the click on Train to the first task after the frame that shows a point, or a line, of the loss.
TRAIN_READY = "() => document.querySelector('.setup[data-answered]') && document.querySelector('.runs[data-shown]')"
WATCH_TRAIN = """() => document.querySelector("[data-testid=train-go]").addEventListener("click", (event) => {
  const drawn = "[data-testid=chart-loss] .scatterlayer :is(path.point, path.js-line)";
  const look = () => {
    if (!document.querySelector(drawn)) return requestAnimationFrame(look);
    const channel = new MessageChannel();
    channel.port1.onmessage = () => { window.waited = performance.now() - event.timeStamp; };
    channel.port2.postMessage(null);
  };
  requestAnimationFrame(look);
}, { capture: true, once: true })"""
LONG_RUN = f"text={quote('Flatten Linear(1500) ReLU Linear(800) ReLU Linear(10)')}&epochs=200&batch=20&record_every=5"
TEN_POINTS = "() => Number(document.querySelector('[data-testid=chart-loss]')?.dataset.points ?? 0) > 10"
WATCHED = 5  # seconds
# Script, style and layout of a step; then from the key to the frame after it.
STEPS = """async (root) => {
  const { goto } = root.workbench;
  const middle = Math.round(Number(root.dataset.steps) / 2) - 50; // through the turn from forward to backward
  const order = [...Array(100).keys()];
  goto(middle);
  const work = order.map((index) => {
    const start = performance.now();
    goto(middle + 1 + index);
    root.querySelector(".graph .active").getBoundingClientRect();
    document.body.getBoundingClientRect();
    return performance.now() - start;
  });
  return work;
}"""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `beside` holds the same measured on plain Streamlit, in the same run."""

    name: str
    values: Sequence[float]
    unit: str = "ms"
    limit: float | None = None
    beside: Sequence[float] = ()
    beside_name: str = ""

    def cells(self) -> tuple[str, ...]:
        middle = statistics.median(self.values)
        other = f"{statistics.median(self.beside):.0f} ({self.beside_name})" if self.beside else ""
        ratio = f"{middle / statistics.median(self.beside):.2f}" if self.beside else ""
        limit = "" if self.limit is None else f"{self.limit:g}"
        digits = 0 if middle >= 20 or self.unit == "frames" else 1
        high = percentile(self.values, 95)
        return (
            *(self.name, str(len(self.values)), f"{middle:.{digits}f}", f"{high:.{digits}f}"),
            *(self.unit, limit, other, ratio),
        )


HEADER = ("what", "times", "median", "p95", "unit", "limit of the median", "Streamlit alone", "ratio")


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown."""
    lines = [HEADER, tuple("---" if index in (0, 4, 6) else "---:" for index in range(len(HEADER)))]
    lines += [row.cells() for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


# The measurements.


@contextmanager
def scratch_app(text: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="playground-page-") as folder:
        page = Path(folder) / "page.py"
        page.write_text(text, encoding="utf-8")
        yield page


@contextmanager
def fresh_page(browser: Browser) -> Iterator[Page]:
    """A page in a context of its own: nothing is cached."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    try:
        yield context.new_page()
    finally:
        context.close()


def first_page(page: Page, url: str, ready: str) -> float:
    """Milliseconds from the start of the navigation until the page can be used."""
    page.goto(url, wait_until="commit")
    return float(page.wait_for_function(ready, polling="raf", timeout=60_000).json_value())


def warm_starts(browser: Browser, url: str, times: int, ready: str) -> list[float]:
    found = []
    for _ in range(times + 1):
        with fresh_page(browser) as page:
            found.append(first_page(page, url, ready))
    return found[1:]


@dataclass(slots=True)
class Cold:
    """A server process and the first page that it serves, from the start of the process on."""

    usable: list[float]
    answered: list[float]


def cold_starts(browser: Browser, app: Path, times: int, ready: str) -> Cold:
    """Start a server, open the page as soon as it answers, and on our page type at once."""
    cold = Cold([], [])
    for _ in range(times + 1):
        start = time.perf_counter()
        with serve(app, **COMPILED) as server, fresh_page(browser) as page:
            page.goto(server.url, wait_until="commit")
            page.wait_for_function(ready, polling="raf", timeout=60_000)
            cold.usable.append((time.perf_counter() - start) * 1000)
            if ready == READY:
                page.locator(".workbench").evaluate(WATCH_WORKBENCH)
                page.get_by_test_id("editor").press("End")
                page.keyboard.type("*2", delay=30)
                page.wait_for_function("window.seen.length === 2", timeout=60_000)
                cold.answered.append((time.perf_counter() - start) * 1000)
    return Cold(cold.usable[1:], cold.answered[1:])  # the first fills the disk's cache


def keystrokes(page: Page, rounds: int) -> list[dict[str, float | str]]:
    """Type a term to the end of L0.4, character by character, `rounds` times; every text is new to the server."""
    rng = random.Random(0)
    editor = page.get_by_test_id("editor")
    page.locator(".workbench").evaluate(WATCH_WORKBENCH)
    seen: list[dict[str, float | str]] = []
    for _ in range(rounds):
        editor.fill(f"{TEXT[:-1]}*{rng.randint(101, 999) / 100})")
        page.wait_for_function("window.seen.length === 1")
        page.evaluate("void (window.seen.length = 0)")
        editor.press("End")
        term = f" + {rng.choice(FUNCTIONS)}(x1*x2)"
        page.keyboard.type(term, delay=TYPING * 1000)
        page.wait_for_function(f"window.seen.length === {len(term)}")
        seen += page.evaluate("window.seen.splice(0)")
    return seen


def slider_moves(page: Page, times: int) -> list[float]:
    """One step of a slider after another: the same picture with other numbers."""
    page.evaluate("void (window.seen.length = 0)")
    slider = page.get_by_test_id("slider-x1")
    slider.focus()
    for _ in range(times):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(TYPING * 1000)
    page.wait_for_function(f"window.seen.length === {times}")
    return [float(one["ms"]) for one in page.evaluate("window.seen")]


def chart_keystrokes(page: Page, url: str, times: int) -> list[float]:
    """The same graph in Streamlit's own text field and chart."""
    first_page(page, url, CHART_READY)
    page.wait_for_timeout(2000)
    page.get_by_role("textbox").press("End")
    page.evaluate(WATCH_CHART)
    for index in range(times):  # every digit is a text that can be drawn
        page.keyboard.type(str(index % 10))
        page.wait_for_timeout(1500)
    return [float(one["ms"]) for one in page.evaluate("window.seen")]


def frames_while_stepping(page: Page, url: str) -> int:
    """Websocket messages, both ways, while a student steps to the end and back."""
    frames: list[object] = []

    def listen(socket: WebSocket) -> None:
        for name in ("framesent", "framereceived"):
            socket.on(name, lambda frame: frames.append(frame))

    page.on("websocket", listen)
    first_page(page, url, READY)
    page.wait_for_timeout(1500)
    before = len(frames)
    page.locator("[data-ready]").first.focus()
    for key in ("ArrowRight", "ArrowLeft"):
        for _ in range(13):
            page.keyboard.press(key)
            page.wait_for_timeout(20)
    page.keyboard.press("End")
    page.wait_for_timeout(1000)
    return len(frames) - before


def steps(page: Page, url: str) -> list[float]:
    """Steps of a graph with 1,000 nodes."""
    first_page(page, f"{url}/?v=1&text={quote(BIG_TEXT)}&leaf.x=0.5", READY)
    calls = page.locator("[data-ready]").evaluate("root => Number(root.dataset.steps)") // 2
    if calls < NODES:  # there is a step for each node, forward and backward; boxes are made where they are in view
        raise RuntimeError(f"{calls} nodes, not {NODES}")
    return list(page.locator(".workbench").evaluate(STEPS))


def large_pictures(page: Page, url: str, times: int) -> list[float]:
    """From the trace of 10,000 boxes to its picture painted: from the key that changes the text on, without its run.

    The run is timed here, in a process that does nothing else, as it is in the server's.
    """
    os.environ.update(HUGE)  # before the language is loaded here
    from playground.language.document import Document
    from playground.language.evaluate.leaves import Leaf

    ran = []
    for _ in range(times):
        start = time.perf_counter()
        trace = Document(HUGE_TEXT, (Leaf("x", "0.5"),)).run()
        _ = trace.steps, trace.notes
        ran.append((time.perf_counter() - start) * 1000)
        del trace
        gc.collect()
    first_page(page, f"{url}/?v=1&text={quote(HUGE_TEXT)}&leaf.x=0.5", READY)
    page.locator(".workbench").evaluate(WATCH_WORKBENCH)
    page.get_by_test_id("editor").press("End")
    seen = []
    for _ in range(times + 1):
        page.keyboard.type("0")
        page.wait_for_function("window.seen.length === 1", timeout=60_000)
        [one] = page.evaluate("window.seen.splice(0)")
        if one["what"] != "new":
            raise RuntimeError(f"{one['what']}, not a new picture")
        seen.append(float(one["ms"]) - statistics.median(ran))
    return seen[1:]


def first_points(browser: Browser, url: str, times: int) -> list[float]:
    """A new visitor's click on Train, until the loss has its first point; the run ends before the next is started."""
    found = []
    for _ in range(times + 1):
        with fresh_page(browser) as page:
            page.goto(f"{url}/train?v=1")
            page.wait_for_function(TRAIN_READY, timeout=60_000)
            page.wait_for_function("window.Plotly")  # fetched soon after the page is shown
            page.evaluate(WATCH_TRAIN)
            page.get_by_test_id("train-go").click()
            found.append(float(page.wait_for_function("window.waited", polling="raf").json_value()))
            page.locator('.runs[data-shown$=":finished"]').wait_for(timeout=120_000)
    return found[1:]  # the first warms the host


def watching(browser: Browser, url: str, pid: int, times: int) -> tuple[list[float], list[float]]:
    """What a page costs that is open on a running run, percent of a core: in the server, and in the page itself."""
    with fresh_page(browser) as page:
        page.goto(f"{url}/train?{LONG_RUN}")
        page.wait_for_function(TRAIN_READY, timeout=60_000)
        page.get_by_test_id("train-go").click()
        page.wait_for_function(TEN_POINTS, timeout=60_000)
        pages = [one for one in psutil.Process().children(recursive=True) if "--type=renderer" in one.cmdline()]
        used: tuple[list[float], list[float]] = ([], [])
        for _ in range(times):
            before = seconds([psutil.Process(pid)]), seconds(pages)
            page.wait_for_timeout(1000 * WATCHED)  # the time over which the cost is measured
            after = seconds([psutil.Process(pid)]), seconds(pages)
            for side, start, end in zip(used, before, after, strict=True):
                side.append(100 * (end - start) / WATCHED)
        page.locator('.runs[data-shown$=":running"]').wait_for(timeout=1000)  # to the end
        page.get_by_test_id("run-stop").click()
        page.locator('.runs[data-shown$=":stopped"]').wait_for(timeout=60_000)
    return used


def seconds(processes: Sequence[psutil.Process]) -> float:
    """Of a core, that these processes have used."""
    return float(sum(sum(process.cpu_times()[:2]) for process in processes))


def until_idle(pid: int) -> None:
    """Wait until the server and what it started have nothing to do: helpers of a new one are made ready for a while.

    Raises TimeoutError after a minute.
    """
    server = psutil.Process(pid)
    for _ in range(60):
        processes = [server, *server.children(recursive=True)]
        before = seconds(processes)
        time.sleep(1)
        if seconds(processes) - before < 0.1:
            return
    raise TimeoutError("the server does not come to rest")


def key_rows(browser: Browser, rounds: int) -> list[Row]:
    """Typing and sliding, and the same graph as Streamlit's own chart."""
    with scratch_app(CHART_PAGE) as chart, serve(chart) as server, fresh_page(browser) as page:
        charted = chart_keystrokes(page, server.url, 12)
    with serve() as server, fresh_page(browser) as page:
        first_page(page, server.url, READY)
        until_idle(server.pid)
        typed = keystrokes(page, rounds)
        moved = slider_moves(page, 40)
    times = {what: [float(one["ms"]) for one in typed if one["what"] == what] for what in ("new", "same", "mistake")}
    return [
        Row("keystroke to painted graph", times["new"], "ms", 150, charted, "st.graphviz_chart"),
        Row("keystroke to painted mark, text not finished", times["mistake"] + times["same"], "ms", 150),
        Row("slider to painted numbers", moved, "ms", 150),
    ]


def step_rows(browser: Browser) -> list[Row]:
    """Steps: what they cost in a large graph, and what they send in the ordinary one."""
    with serve(**BIG) as server:
        with fresh_page(browser) as page:
            stepped = steps(page, server.url)
        with fresh_page(browser) as page:
            frames = frames_while_stepping(page, server.url)
    with serve(**HUGE) as server, fresh_page(browser) as page:
        large = large_pictures(page, server.url, 5)
    return [
        Row(f"{HUGE_NODES:,} boxes, from the trace to the picture painted", large, "ms", 2000),
        Row(f"one step at {NODES:,} nodes: script, style, layout", stepped, "ms", 16),
        Row("messages during 27 steps there and back", [frames], "frames", 0),
    ]


def train_rows(browser: Browser) -> list[Row]:
    """What Train takes to show that it trains, where server and host are warm."""
    with scratch_runs() as runs, serve(PLAYGROUND_DB=runs) as server:
        points = first_points(browser, server.url, 9)
        served, drawn = watching(browser, server.url, server.pid, 9)
    return [
        Row("first point of the loss painted, from the click on Train", points, "ms", 1000),
        Row("page open on a running run: the server", served, "% of a core", 5),
        Row("page open on a running run: the page in the browser", drawn, "% of a core"),
    ]


def start_rows(browser: Browser, starts: int) -> list[Row]:
    """First pages, ours and an empty one of Streamlit."""
    with scratch_app(EMPTY_PAGE) as empty:
        with serve(empty) as server:
            empty_warm = warm_starts(browser, server.url, starts, INPUT_READY)
        empty_cold = cold_starts(browser, empty, starts, INPUT_READY)
    with serve() as server:
        warm = warm_starts(browser, server.url, starts, READY)
    cold = cold_starts(browser, ROOT / "app.py", starts, READY)
    return [
        Row("first page usable, server running", warm, "ms", 4000, empty_warm, "empty page"),
        Row(
            "first page usable, from the start of the server", cold.usable, "ms", 4000, empty_cold.usable, "empty page"
        ),
        Row("first edit painted, from the start of the server", cold.answered),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 1 where a median is above its limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.browser", description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=6, help="terms that are typed (about 12 keystrokes each)")
    parser.add_argument("--starts", type=int, default=5, help="first pages of each kind")
    parser.add_argument("--only", choices=("keys", "steps", "train", "starts"), help="one part of the table")
    given = parser.parse_args(arguments)
    named = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=named, args=FLAGS)
        print(f"Chromium {browser.version}, {os.cpu_count()} cores\n", flush=True)
        parts = {
            "keys": lambda: key_rows(browser, given.rounds),
            "steps": lambda: step_rows(browser),
            "train": lambda: train_rows(browser),
            "starts": lambda: start_rows(browser, given.starts),
        }
        rows = [row for name, part in parts.items() if given.only in (None, name) for row in part()]
        browser.close()
    print(table(rows))
    return int(any(row.limit is not None and statistics.median(row.values) > row.limit for row in rows))


if __name__ == "__main__":
    sys.exit(main())
