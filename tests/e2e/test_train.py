"""The train page, used as a student would: train, watch, pause, change, compare, share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from urllib.parse import quote, urlsplit

import psutil
import pytest
from playwright.sync_api import Locator, Page, expect
from safetensors.torch import load

from benchmarks.server import Server, serve
from playground.runs.store import Store

pytestmark = pytest.mark.xdist_group("training")  # one after another: what trains takes a core

OpenPage = Callable[..., Page]
PATIENCE = 120_000
# Wide enough to go on for half a minute on an idle machine; points come every few polls on a slow one too.
WIDE = "Flatten Linear(600) ReLU Linear(600) ReLU Linear(10)"
LONG = "v=1&text=" + quote(WIDE) + "&epochs=200&batch=20&record_every=20"
SHORT = "v=1&text=" + quote("Flatten Linear(20) ReLU Linear(10)") + "&epochs=2&batch=20&train_size=400"
OTHER = "Flatten Linear(590) Tanh Linear(590) Tanh Linear(10)"  # as long


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Runs of these tests alone; the host that works on them, and its workers, end with the tests."""
    url = f"sqlite:///{tmp_path_factory.mktemp('runs') / 'runs.db'}"
    yield url
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if url in process.cmdline():
                process.kill()


@pytest.fixture(scope="module")
def server(database: str) -> Iterator[Server]:
    """In place of the other tests' server: one with a database of its own."""
    with serve(PLAYGROUND_DB=database, PLAYGROUND_RUNS_UNFINISHED="100") as running:
        yield running


def opened(open_page: OpenPage, query: str = SHORT, **settings: object) -> Page:
    page = open_page(f"/train?{query}", **settings)
    page.locator(".setup[data-answered]").wait_for(timeout=PATIENCE)
    page.locator(".runs[data-shown]").wait_for(timeout=PATIENCE)
    return page


def points(page: Page, chart: str = "loss") -> int:
    return int(page.get_by_test_id(f"chart-{chart}").get_attribute("data-points") or 0)


def first_points(page: Page) -> str:
    plot = page.get_by_test_id("chart-loss").locator(".plot")  # waited for: a page that is run anew may take it off
    return str(plot.evaluate("plot => plot.data[0].y.slice(0, 5).join()"))


def until_points(page: Page, more_than: int) -> None:
    page.wait_for_function(
        "n => Number(document.querySelector('[data-testid=chart-loss]')?.dataset.points ?? 0) > n",
        arg=more_than,
        timeout=PATIENCE,
    )


def until(page: Page, status: str) -> None:
    page.locator(f'.runs[data-shown*=":{status}"]').wait_for(timeout=PATIENCE)


def train(page: Page) -> Page:
    page.get_by_test_id("train-go").click()
    until_points(page, 0)
    return page


def stop(page: Page) -> None:
    page.get_by_test_id("run-stop").first.click()
    until(page, "stopped")


def percentages(page: Page) -> list[float]:
    """Every accuracy and error that stands on the page: in the console, in the charts, in words, and on the cards."""
    cells = page.locator("[data-testid=console] tbody td:nth-child(4), [data-testid=console] tbody td:nth-child(5)")
    expect(page.get_by_test_id("spoken")).to_contain_text("accuracy", timeout=PATIENCE)  # said now and then only
    words = [*page.get_by_test_id("run-card").all_inner_texts(), page.get_by_test_id("spoken").inner_text()]
    drawn: list[float] = page.evaluate(
        "() => (document.querySelector('[data-testid=chart-accuracy] .plot').data ?? [])"
        ".flatMap(({ y }) => y.filter((percent) => percent !== null))"
    )
    assert drawn
    told = [float(number) for text in words for number in re.findall(r"([\d.]+) %", text)]
    return [*drawn, *told, *(float(cell) for cell in cells.all_inner_texts() if cell)]


def test_from_a_button_to_the_end(open_page: OpenPage) -> None:
    page = train(opened(open_page))
    until(page, "finished")
    expect(page.get_by_test_id("run-far")).to_contain_text("step 40 of 40")
    page.wait_for_function("() => document.querySelector('[data-testid=chart-loss]')?.dataset.points === '40'")
    expect(page.locator("[data-testid=console] tbody tr")).to_have_count(20)
    expect(page.locator("[data-testid=console] tbody tr.tested")).to_have_count(2)
    assert all(0 <= percent <= 100 for percent in percentages(page))
    expect(page.locator("[data-testid=samples] .sample")).to_have_count(10, timeout=PATIENCE)
    expect(page.get_by_test_id("spoken")).to_contain_text("test accuracy")
    expect(page.locator("[data-testid=chart-accuracy] .plot")).to_have_attribute("aria-label", re.compile("Accuracy"))
    assert re.search(r"[?&]run=[0-9a-f]{12}$", page.url)


@pytest.mark.slow
def test_zoom_is_kept_while_it_trains(open_page: OpenPage) -> None:
    page = train(opened(open_page, LONG))
    chart = page.get_by_test_id("chart-loss")
    until_points(page, 5)
    box = chart.locator(".nsewdrag").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 120, steps=5)
    page.mouse.up()
    # A page that is run anew may take the charts off for a moment.
    range_of = "plot => plot.layout.xaxis.range.map(x => x.toFixed(6)).join()"
    zoomed = chart.locator(".plot").evaluate(range_of)
    chart.locator(".plot").evaluate("plot => { plot.dataset.marked = 'same'; }")
    before = points(page)
    until_points(page, before + 5)
    assert chart.locator(".plot").evaluate(range_of) == zoomed
    expect(chart.locator(".plot")).to_have_attribute("data-marked", "same")
    page.get_by_test_id("curves-whole").click()
    plots = "[...document.querySelectorAll('[data-testid=chart-loss] .plot')]"
    page.wait_for_function(f"zoomed => {plots}.map({range_of}).some(range => range !== zoomed)", arg=zoomed)
    stop(page)


@pytest.mark.slow
@pytest.mark.timed
def test_charts_grow_about_twice_a_second(open_page: OpenPage) -> None:
    page = train(opened(open_page, LONG.replace("epochs=200", "epochs=198")))
    until(page, "running")
    until_points(page, 20)  # at first it polls more often
    page.evaluate(
        """() => {
          const chart = document.querySelector('[data-testid=chart-loss]');
          const last = () => chart.querySelector('.plot').data[0].x.at(-1);
          let before = last();
          window.grown = [];
          new MutationObserver(() => {
            if (last() !== before) grown.push(performance.now());
            before = last();
          }).observe(chart, {attributeFilter: ['data-points']});
        }"""
    )
    page.wait_for_function("() => grown.length > 10", timeout=PATIENCE)
    times = page.evaluate("() => grown.slice(0, 11)")
    seconds = (times[-1] - times[0]) / 10 / 1000
    assert 0.25 < seconds < 2.0, f"every {seconds:.2f} s"  # a busy machine waits up to 1.5 s between two drawings
    stop(page)


def test_pause_resume_rate_epoch_stop_and_a_second_tab(open_page: OpenPage) -> None:
    page = train(opened(open_page, LONG.replace("epochs=200", "epochs=199")))
    page.get_by_test_id("run-pause").click()
    until(page, "paused")
    page.get_by_test_id("run-rate").first.fill("0.0125")
    page.get_by_test_id("run-rate").first.press("Enter")
    expect(page.get_by_test_id("run-rate-said").first).to_have_text("set to 0.0125, from the next step on")
    other = page.context.new_page()  # the same browser: it holds the token, so it may control the run
    other.goto(page.url)
    other.get_by_test_id("run-resume").click(timeout=PATIENCE)
    until(page, "running")
    expect(page.get_by_test_id("run-rate").first).to_have_value("0.0125")
    expect(page.get_by_test_id("run-rate-said").first).to_have_text("set to 0.0125")
    page.get_by_test_id("run-epoch").click()
    expect(page.get_by_test_id("run-far")).to_contain_text("of 14,400", timeout=PATIENCE)
    page.get_by_test_id("run-epoch").click()
    expect(page.get_by_text("no run may take more than 200 epochs")).to_be_visible(timeout=PATIENCE)
    other.close()
    page.reload()
    until_points(page, 0)
    stop(page)
    expect(page.get_by_test_id("run-retry")).to_be_visible()


@pytest.mark.slow  # tests/ui says the same of the page's functions
def test_others_may_look_but_not_control(open_page: OpenPage) -> None:
    page = train(opened(open_page, LONG))
    guest = open_page(page.url)
    until_points(guest, 0)
    expect(guest.get_by_test_id("run-pause")).to_be_hidden()
    expect(guest.get_by_test_id("run-settings")).to_be_visible()
    stop(page)
    until(guest, "stopped")


@pytest.mark.slow  # the next one does it to a server that is killed
def test_a_server_that_starts_anew_loses_nothing(open_page: OpenPage, database: str) -> None:
    with serve(PLAYGROUND_DB=database, PLAYGROUND_RUNS_UNFINISHED="100") as first:
        page = open_page(f"{first.url}/train?{LONG}")
        page.locator(".setup[data-answered]").wait_for(timeout=PATIENCE)
        train(page)
        query = page.url.partition("?")[2]
    again = opened(open_page, query)
    until(again, "running")
    until_points(again, points(again))
    Store(database).stop(str(again.get_by_test_id("run-card").get_attribute("data-run")))  # it is its owner's alone
    until(again, "stopped")


@pytest.mark.slow  # tests/runs kills the host and its workers under a page without a browser
def test_a_page_outlives_its_server(open_page: OpenPage, database: str) -> None:
    with serve(PLAYGROUND_DB=database, PLAYGROUND_RUNS_UNFINISHED="100") as first:
        page = open_page(f"{first.url}/train?{LONG}")
        page.locator(".setup[data-answered]").wait_for(timeout=PATIENCE)
        train(page)
        until_points(page, 5)
        before = first_points(page)
        psutil.Process(first.pid).kill()
    run = page.get_by_test_id("run-card").get_attribute("data-run")
    with serve(port=urlsplit(first.url).port, PLAYGROUND_DB=database, PLAYGROUND_RUNS_UNFINISHED="100"):
        expect(page.get_by_test_id("run-far")).to_contain_text(re.compile(r"step [\d,]+ of 14,400"), timeout=PATIENCE)
        page.reload()
        until(page, "running")
        until_points(page, 5)
        assert page.get_by_test_id("run-card").get_attribute("data-run") == run
        assert first_points(page) == before
        stop(page)


@pytest.mark.slow
def test_a_reload_in_the_middle_keeps_the_run_and_its_curves(open_page: OpenPage) -> None:
    page = train(opened(open_page, LONG))
    until_points(page, 5)
    before, run = first_points(page), page.get_by_test_id("run-card").get_attribute("data-run")
    page.reload()
    until_points(page, 5)
    assert first_points(page) == before
    assert page.get_by_test_id("run-card").get_attribute("data-run") == run
    stop(page)


@pytest.mark.slow
def test_another_net_while_one_trains(open_page: OpenPage) -> None:
    page = train(opened(open_page, LONG))
    first = page.get_by_test_id("run-card").get_attribute("data-run")
    page.get_by_test_id("train-text").fill(OTHER)
    expect(page.get_by_test_id("train-shapes")).to_contain_text("(N, 590)")
    until_points(page, points(page))  # it goes on
    page.get_by_test_id("train-go").click()
    page.wait_for_function(f"() => document.querySelector('[data-testid=run-card]')?.dataset.run !== '{first}'")
    second = page.get_by_test_id("run-card").first.get_attribute("data-run")
    old = opened(open_page, f"run={first}")
    expect(old.get_by_test_id("train-text")).to_have_value(WIDE)
    until_points(old, points(old) + 1)  # two records of the old run later …
    assert old.locator('.runs[data-shown*=":failed"]').count() == 0
    until_points(page, points(page))  # … and one of the new one, which stands before it, as its settings are
    expect(page.get_by_test_id("run-card")).to_have_count(2)
    expect(page.get_by_test_id("run-card").first).to_contain_text("Linear(590) Tanh")
    expect(page.get_by_test_id("run-card").first).to_have_attribute("data-run", str(second))
    expect(page.get_by_test_id("train-text")).to_have_value(OTHER)
    assert re.findall(r"[?&]run=([0-9a-f]+)", page.url) == [second, first]
    assert "text=" not in page.url  # what is typed is what the shown run trains
    for shown in (page, old):
        found = percentages(shown)
        assert found and all(0 <= percent <= 100 for percent in found)
    stop(page)
    page.get_by_test_id("only-run").nth(1).click()
    page.wait_for_function(f"() => document.querySelector('[data-testid=run-card]')?.dataset.run === '{first}'")
    stop(page)


@pytest.mark.slow
def test_freeze_step_through_and_go_on(
    open_page: OpenPage, ready: Callable[[Page], Page], accessibility: Callable[[Page], list[str]]
) -> None:
    page = train(opened(open_page, LONG))  # so long that no machine ends it before it is frozen
    page.get_by_test_id("run-freeze").click()
    ready(page)
    until(page, "paused")
    step = int(re.findall(r"step ([\d,]+) of", page.get_by_test_id("run-far").inner_text())[0].replace(",", ""))
    expect(page.locator(".st-key-frozen h3").first).to_contain_text(f"Step {step + 1:,} of run")
    expect(page.locator(".st-key-frozen h3").first).to_be_in_viewport(timeout=PATIENCE)
    bench = page.locator(".workbench")
    page.keyboard.press("ArrowRight")
    expect(bench).to_have_attribute("data-step", "1")
    page.keyboard.press("End")
    expect(bench).to_have_attribute("data-phase", "update")
    page.keyboard.press("ArrowLeft")
    page.get_by_role("button", name="Close all").click()
    expect(page.locator(".graph [data-opens]").first).to_be_visible(timeout=PATIENCE)
    page.wait_for_function("() => /[?&]frozen=[0-9a-f]{12}/.test(location.search)")
    assert accessibility(page) == []
    again = ready(opened(open_page, urlsplit(page.url).query))
    expect(again.locator(".st-key-frozen h3").first).to_contain_text(f"Step {step + 1:,} of run")
    seen = points(page)
    page.get_by_test_id("run-resume").click()
    until_points(page, seen + 1)
    stop(page)
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.locator(".st-key-frozen")).to_have_count(0)
    page.wait_for_function("() => !location.search.includes('frozen')")


def test_a_finished_run_opens_the_step_that_would_come_next(open_page: OpenPage) -> None:
    page = train(opened(open_page))
    until(page, "finished")
    page.get_by_test_id("run-open").click()
    expect(page.locator(".st-key-frozen h3").first).to_contain_text("Step 41 of run", timeout=PATIENCE)
    for part in ("graph", "step-play"):  # brought into the window as a whole
        expect(page.get_by_test_id(part)).to_be_in_viewport(ratio=1, timeout=PATIENCE)
    page.keyboard.press("b")
    expect(page.get_by_test_id("compare")).to_be_hidden()  # there is nothing that it could be compared with
    expect(page.locator(".workbench.two")).to_have_count(0)


@pytest.mark.slow  # the one before opens a step, too
def test_any_step_after_a_pause_opens(
    open_page: OpenPage, ready: Callable[[Page], Page], accessibility: Callable[[Page], list[str]]
) -> None:
    page = train(opened(open_page, LONG.replace("record_every=20", "record_every=100")))
    page.get_by_test_id("run-freeze").click()
    ready(page)
    title, bench = page.locator(".st-key-frozen h3").first, page.locator(".workbench")
    first = int(re.findall(r"Step ([\d,]+) of run", title.inner_text(timeout=PATIENCE))[0].replace(",", ""))
    expect(page.get_by_test_id("run-far")).to_contain_text(f"step {first - 1:,} of")
    far = page.get_by_test_id("run-far").inner_text()
    bench.press("End")  # the focus may still be on the button that is about to go
    expect(bench).to_have_attribute("data-phase", "update")
    graph = bench.locator("svg.graph")
    numbers = [graph.text_content() or ""]

    def comes(number: int) -> None:
        expect(title).to_contain_text(f"Step {number:,} of run", timeout=PATIENCE)
        expect(page.get_by_label("Training step")).to_have_value(str(number))
        expect(graph).not_to_have_text(numbers[-1])
        numbers.append(graph.text_content() or "")
        expect(bench).to_have_attribute("data-phase", "update")  # where the student stood in the step before

    page.get_by_role("button", name="Next batch").press("Enter")
    comes(first + 1)
    page.get_by_label("Training step").fill(str(first + 37))
    page.get_by_label("Training step").press("Enter")
    comes(first + 37)
    page.get_by_test_id("zoom-out").click(click_count=12)  # whole boxes: of one that is cut, axe does not see all words
    assert accessibility(page) == []
    page.get_by_label("Training step").fill(str(first + 500))
    page.get_by_label("Training step").press("Enter")
    expect(page.locator(".st-key-frozen [data-testid=stAlert]")).to_contain_text(
        f"step {first + 500:,} cannot be opened. from where the run stands, steps {first:,} to {first + 499:,} can be"
    )
    expect(page.get_by_label("Training step")).to_have_value(str(first + 37))
    assert page.get_by_test_id("run-far").inner_text() == far
    page.get_by_test_id("run-resume").click()
    until(page, "running")
    stop(page)


def test_everything_is_exported(open_page: OpenPage) -> None:
    page = train(opened(open_page))
    until(page, "finished")
    with page.expect_download() as saved:
        page.get_by_test_id("save-loss").click()
    assert saved.value.suggested_filename == "loss.png"
    assert saved.value.path().read_bytes().startswith(b"\x89PNG")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Records CSV").click(timeout=PATIENCE)
    assert len(saved.value.path().read_text().splitlines()) == 41  # with its head
    expect(page.locator(".st-key-exports")).to_contain_text("take the weights")
    codes = page.locator(".st-key-exports code")  # they come one after the other
    run = page.get_by_test_id("run-card").get_attribute("data-run")
    expect(codes.nth(1)).to_have_text(re.compile(rf"/train\?run={run}$"))
    links = codes.all_inner_texts()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Weights").click()
    guest = open_page(links[1])  # another visitor
    until(guest, "finished")
    guest.wait_for_function("() => document.querySelector('[data-testid=chart-loss]')?.dataset.points === '40'")
    curves = "() => document.querySelector('[data-testid=chart-loss] .plot').data.map(({ x, y }) => [x, y])"
    assert guest.evaluate(curves) == page.evaluate(curves)
    guest.get_by_role("button", name="Export").click()
    with guest.expect_download() as theirs:
        guest.get_by_role("button", name="Weights").click(timeout=PATIENCE)
    content = theirs.value.path().read_bytes()
    assert content == saved.value.path().read_bytes()
    shapes = {name: tuple(tensor.shape) for name, tensor in load(content).items()}
    assert sorted(shapes.values()) == [(10,), (10, 20), (20,), (20, 784)]
    other = opened(open_page, urlsplit(links[0]).query)
    expect(other.get_by_test_id("train-text")).to_have_value("Flatten Linear(20) ReLU Linear(10)")
    expect(other.get_by_test_id("train-train_size")).to_have_value("400")


@pytest.mark.slow
def test_changed_settings_mark_the_old_numbers(open_page: OpenPage) -> None:
    page = train(opened(open_page))
    until(page, "finished")
    expect(page.get_by_test_id("stale")).to_be_empty()
    page.get_by_test_id("train-learning_rate").fill("0.5")
    expect(page.get_by_test_id("stale")).to_contain_text("Learning rate: 0.1 0.5")
    page.get_by_test_id("train-text").fill("Flatten Linear(50) Conv2d(4, 3)")
    expect(page.get_by_test_id("train-problem")).to_contain_text("Conv2d")
    page.get_by_test_id("train-go").click()
    expect(page.get_by_test_id("train-said")).to_contain_text("not started")
    page.get_by_test_id("train-text").fill("Flatten Linear(10)")
    expect(page.get_by_test_id("train-problem")).to_be_empty()
    page.get_by_test_id("train-epochs").fill("many")
    expect(page.locator("#train-epochs-why")).to_contain_text("whole number")
    expect(page.get_by_test_id("train-epochs")).to_have_attribute("aria-invalid", "true")
    page.get_by_test_id("train-epochs").fill("1")
    expect(page.locator("#train-epochs-why")).to_be_empty()
    page.get_by_test_id("back-to-old").click()
    expect(page.get_by_test_id("train-text")).to_have_value("Flatten Linear(20) ReLU Linear(10)")
    expect(page.get_by_test_id("stale")).to_be_empty()


def test_runs_are_compared(open_page: OpenPage) -> None:
    page = train(opened(open_page))
    until(page, "finished")
    page.get_by_test_id("train-learning_rate").fill("0.01")
    page.get_by_test_id("train-go").click()
    expect(page.get_by_test_id("run-card")).to_have_count(2)  # the new one joins the one before it
    expect(page.get_by_test_id("run-name")).to_have_text(["lr 0.01", "lr 0.1"])
    expect(page.get_by_test_id("differences")).to_contain_text("Learning rate")
    page.wait_for_function(  # charts are drawn when they are seen, and what is above this one still grows
        """() => {
          const chart = document.querySelector('[data-testid=chart-loss]');
          chart.scrollIntoView({block: 'center'});
          return chart.querySelectorAll('.legendtext').length === 4;
        }""",
        timeout=PATIENCE,
    )
    page.wait_for_function("() => location.search.split('run=').length === 3")
    page.get_by_test_id("curves-layers").select_option("weight_norm")
    layers = (
        "() => [...document.querySelectorAll('[data-testid=chart-weight_norm] .legendtext')].map(t => t.textContent)"
    )
    page.get_by_test_id("chart-weight_norm").scroll_into_view_if_needed()
    page.wait_for_function(f"() => ({layers})().includes('B linear2') && ({layers})().includes('A linear1')")
    again = opened(open_page, page.url.partition("?")[2])
    expect(again.get_by_test_id("run-card")).to_have_count(2)
    page.get_by_test_id("run-rename").first.click()
    page.keyboard.type("<b>slower</b>")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("run-rename").first).to_be_focused()
    expect(page.locator(".others")).to_contain_text("<b>slower</b>")
    page.wait_for_function(
        "() => document.querySelector('[data-testid=chart-loss] .legendtext').textContent === 'A <b>slower</b>'"
    )
    page.get_by_test_id("run-hide").last.click()
    expect(page.get_by_test_id("run-name")).to_have_text(["<b>slower</b>"])


@pytest.mark.slow
@pytest.mark.parametrize("dark", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_anybodys_run_is_added_by_its_link_from_the_keyboard_on_a_phone(
    open_page: OpenPage, accessibility: Callable[[Page], list[str]], dark: bool
) -> None:
    theirs = train(opened(open_page))
    until(theirs, "finished")
    page = opened(open_page, width=390, height=800, dark=dark)
    page.get_by_test_id("add-run-open").focus()
    page.keyboard.press("Enter")
    field = page.get_by_label("Its link or id")
    field.fill("my best run")
    field.press("Enter")
    expect(page.get_by_test_id("add-run-why")).to_contain_text("neither a link to a run nor the id of one")
    expect(page.get_by_test_id("add-run-why")).to_be_in_viewport()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_value("my best run")
    assert accessibility(page) == []
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    field.fill(theirs.url)
    field.press("Enter")
    until(page, "finished")
    expect(field).to_have_value("")
    expect(page.get_by_test_id("add-run-why")).to_be_empty()
    run = theirs.get_by_test_id("run-card").get_attribute("data-run")
    expect(page.get_by_test_id("run-card")).to_have_attribute("data-run", str(run))
    expect(page.get_by_test_id("run-epoch")).to_be_hidden()  # somebody else's
    train(page)
    expect(page.get_by_test_id("run-card")).to_have_count(2)  # a new run joins what is shown
    page.get_by_test_id("run-hide").last.click()
    expect(page.get_by_test_id("run-card")).to_have_count(1)
    field.fill(str(run))
    field.press("Enter")
    expect(page.get_by_test_id("run-card")).to_have_count(2)


@pytest.mark.slow
def test_a_loss_that_is_not_finite_says_where(open_page: OpenPage) -> None:
    page = opened(open_page, SHORT + "&loss=MSELoss&learning_rate=1000")
    page.get_by_test_id("train-go").click()
    until(page, "failed")
    expect(page.get_by_test_id("run-state")).to_contain_text("first not finite")
    expect(page.get_by_test_id("run-retry")).to_be_visible()
    expect(page.get_by_test_id("run-symptom")).to_contain_text("then it was no number")
    expect(page.get_by_test_id("run-tenth")).to_have_text("Train again with lr 100")
    page.get_by_test_id("run-tenth").click()
    expect(page.get_by_test_id("train-learning_rate")).to_have_value("100")
    expect(page.get_by_test_id("show-run")).not_to_have_count(1)


@pytest.mark.slow
def test_a_run_that_only_guesses_says_why(open_page: OpenPage, accessibility: Callable[[Page], list[str]]) -> None:
    page = opened(open_page, SHORT.replace("train_size=400", "train_size=0") + "&learning_rate=5")
    page.get_by_test_id("train-go").click()
    until(page, "finished")
    expect(page.get_by_test_id("run-symptom")).to_contain_text("guessing gives 10 %")
    assert accessibility(page) == []
    page.get_by_test_id("run-cure").click()
    expect(page.get_by_test_id("train-learning_rate")).to_have_value("0.5", timeout=PATIENCE)
    expect(page.get_by_test_id("run-name")).to_have_text(["lr 0.5", "lr 5"])


@pytest.mark.slow
def test_the_layers_page_hands_over(open_page: OpenPage) -> None:
    page = open_page("/layers?v=1&stack=" + quote("Flatten Linear(30) ReLU Linear(10)") + "&optimizer=Adam&batch=50")
    page.locator(".stack[data-listed]").wait_for(timeout=PATIENCE)
    page.get_by_role("button", name="Train this").click()
    expect(page.get_by_test_id("train-text")).to_have_value("Flatten Linear(30) ReLU Linear(10)", timeout=PATIENCE)
    expect(page.get_by_test_id("train-optimizer")).to_have_value("Adam")
    expect(page.get_by_test_id("train-batch")).to_have_value("50")
    page.wait_for_function("() => location.search.includes('optimizer=Adam')")


@pytest.mark.slow
@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing(open_page: OpenPage, accessibility: Callable[[Page], list[str]], dark: bool) -> None:
    page = train(opened(open_page, dark=dark))
    until(page, "finished")
    page.get_by_test_id("train-epochs").fill("many")
    expect(page.locator("#train-epochs-why")).to_contain_text("whole number")
    expect(page.locator("[data-testid=samples] .sample")).to_have_count(10, timeout=PATIENCE)
    page.locator(".setup details summary").first.click()
    assert accessibility(page) == []


def swipe_up(page: Page, over: Locator) -> None:
    """One finger, 60 px up from the middle."""
    box = over.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch = page.context.new_cdp_session(page)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for moved in range(6, 61, 6):
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y - moved}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


@pytest.mark.slow
def test_on_a_phone(open_page: OpenPage, accessibility: Callable[[Page], list[str]]) -> None:
    page = train(opened(open_page, dark=True, width=390, height=800, touch=True, reduced_motion=True))
    until(page, "finished")
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("() => document.querySelector('.training.runs').getBoundingClientRect().right <= innerWidth")
    expect(page.get_by_test_id("run-card")).to_be_in_viewport()
    expect(page.locator("[data-testid=chart-loss] .legendtext").first).to_be_visible()
    expect(page.locator(".modebar-btn")).to_have_count(0)  # it would lie over the legend
    plot = page.locator("[data-testid=chart-loss] .plot")
    before = plot.evaluate("plot => plot.getBoundingClientRect().top")
    swipe_up(page, plot)
    page.wait_for_function(
        "before => document.querySelector('[data-testid=chart-loss] .plot').getBoundingClientRect().top < before - 20",
        arg=before,
    )
    assert plot.evaluate("plot => plot.layout.yaxis.autorange"), "the swipe zoomed"
    assert accessibility(page) == []


def test_by_keyboard_alone(open_page: OpenPage) -> None:
    page = opened(open_page)
    page.get_by_test_id("train-text").focus()
    page.keyboard.press("Control+Enter")
    until_points(page, 0)
    page.get_by_test_id("curves-x").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-testid=chart-loss] .xtitle")).to_have_text("epochs")
    page.get_by_test_id("curves-log").focus()
    page.keyboard.press("Space")
    page.wait_for_function("() => document.querySelector('[data-testid=chart-loss] .plot').layout.yaxis.type === 'log'")


@pytest.mark.slow
@pytest.mark.timed
def test_a_page_on_a_running_run_costs_little(open_page: OpenPage, server: Server) -> None:
    text = quote("Flatten Linear(1500) ReLU Linear(800) ReLU Linear(10)")
    page = train(opened(open_page, f"text={text}&epochs=30&batch=20&record_every=5"))
    process = psutil.Process(server.pid)
    before, polls = sum(process.cpu_times()[:2]), points(page)
    page.wait_for_timeout(10_000)  # the time over which the cost is measured
    used = (sum(process.cpu_times()[:2]) - before) / 10
    until_points(page, polls)
    assert used < 0.05, f"{100 * used:.1f} % of a core"
    stop(page)
