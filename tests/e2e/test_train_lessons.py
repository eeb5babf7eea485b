"""The lectures beside one's own runs, folds, uploads, and a computer without network, in a browser."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import psutil
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from benchmarks.server import Server, serve
from playground.lessons.runs import RUNS

pytestmark = pytest.mark.xdist_group("training")  # one after another: what trains takes a core

OpenPage = Callable[..., Page]
Accessibility = Callable[[Page], list[str]]
PATIENCE = 300_000  # four runs of MNIST, one after the other, beside whatever else the machine does
FOLDS = "v=1&text=" + quote("Flatten Linear(10)") + "&epochs=1&batch=50&train_size=300&folds=3"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """In place of the other tests' server: one with a database of its own, no data sets and no network."""
    folder = tmp_path_factory.mktemp("lessons")
    url = f"sqlite:///{folder / 'runs.db'}"
    with serve(
        PLAYGROUND_DB=url,
        PLAYGROUND_RUNS_UNFINISHED="100",
        XDG_CACHE_HOME=str(folder / "cache"),
        PLAYGROUND_DATA=str(folder / "data"),
        https_proxy="http://127.0.0.1:9",  # nobody listens there
    ) as running:
        yield running
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if url in process.cmdline():
                process.kill()


def opened(open_page: OpenPage, query: str = "v=1", **settings: object) -> Page:
    """By a link: a first visit without any would find the example's run."""
    page = open_page(f"/train?{query}", **settings)
    page.locator(".setup[data-answered]").wait_for(timeout=PATIENCE)
    page.locator(".runs[data-shown]").wait_for(timeout=PATIENCE)
    return page


def until(page: Page, status: str, count: int = 1) -> None:
    page.wait_for_function(
        "([status, count]) => document.querySelector('.runs')?.dataset.shown.split(`:${status}`).length > count",
        arg=[status, count],
        timeout=PATIENCE,
    )


def chosen(page: Page, name: str) -> Page:
    """Press a button of the gallery."""
    page.get_by_role("button", name="Examples", exact=True).click()
    page.locator(f".st-key-{name} button").click()
    expect(page.locator(".st-key-gallery")).to_be_hidden(timeout=PATIENCE)
    return page


def pictures(folder: Path) -> Path:
    path = folder / "shapes.zip"
    rng = np.random.default_rng(0)
    with zipfile.ZipFile(path, "w") as packed:
        for level, name in ((40, "dark"), (200, "light")):
            for number in range(20):
                picture = io.BytesIO()
                pixels = rng.integers(level - 40, level + 40, (12, 12), dtype=np.uint8)
                Image.fromarray(pixels).save(picture, "PNG")
                packed.writestr(f"{name}/{number}.png", picture.getvalue())
    return path


def until_reading(page: Page) -> None:
    """A file is read, and the runs are not paled meanwhile; a run of the page that came before may end in it."""
    page.wait_for_function(
        """() => !document.querySelector('[data-stale="true"] .runs')
            && document.querySelector('.st-key-own')?.textContent.includes('Reading the file')""",
        timeout=PATIENCE,
    )


def bring(page: Page, path: Path) -> None:
    page.get_by_role("button", name="Own data", exact=True).click()
    page.locator(".st-key-own input[type=file]").set_input_files(path)
    until_reading(page)
    expect(page.locator(".st-key-own")).to_contain_text("is chosen:", timeout=PATIENCE)


@pytest.mark.slow
def test_a_group_is_trained_by_one_click_and_without_network_by_another(open_page: OpenPage) -> None:
    group = next(group for group in RUNS.groups if group.id == "L2.5")
    page = chosen(opened(open_page), "together-L2-5")
    expect(page.get_by_test_id("run-card")).to_have_count(len(group.presets), timeout=PATIENCE)
    expect(page.get_by_test_id("run-figures").first).to_contain_text("lecture 80 %, yours: not yet")
    until(page, "failed", len(group.presets))
    expect(page.get_by_test_id("run-state").first).to_contain_text("MNIST is not on this computer")
    page.get_by_test_id("run-digits").first.click()
    until(page, "finished", len(group.presets))
    expect(page.get_by_test_id("table-results").locator("tbody tr")).to_have_count(len(group.presets))
    expect(page.get_by_test_id("table-results")).to_contain_text(re.compile(r"\d\d\.\d\d %"))
    expect(page.locator("[data-testid=chart-loss] .legendtext")).to_have_count(2 * len(group.presets), timeout=PATIENCE)


@pytest.mark.slow
def test_an_example_whose_data_is_not_here_says_so_before_it_is_trained(open_page: OpenPage) -> None:
    page = chosen(opened(open_page), "run-L1-1")
    expect(page.get_by_test_id("train-notes")).to_contain_text("MNIST is not on this computer")
    expect(page.get_by_test_id("train-notes")).to_contain_text("The lecture reports: test accuracy 91.5 %")
    page.get_by_role("button", name="Look at the data").click()
    expect(page.locator(".st-key-look")).to_contain_text("is not on this computer", timeout=PATIENCE)
    page.locator(".st-key-look-digits button").click()
    expect(page.locator(".look tbody tr")).to_have_count(10, timeout=PATIENCE)
    expect(page.get_by_test_id("train-data")).to_have_value("digits")
    expect(page.get_by_test_id("train-text")).to_have_value("Flatten Linear(10) LogSoftmax")


@pytest.mark.slow
def test_the_button_beside_the_settings_takes_the_digits(open_page: OpenPage) -> None:
    page = chosen(opened(open_page), "run-L1-3a")
    page.get_by_test_id("train-notes").get_by_role("button", name="Use the bundled digits").click()
    expect(page.get_by_test_id("train-data")).to_have_value("digits")
    expect(page.get_by_test_id("train-notes")).to_be_empty()


@pytest.mark.slow
def test_all_folds_by_one_click(open_page: OpenPage) -> None:
    page = opened(open_page, FOLDS)
    page.get_by_test_id("train-all-folds").click()
    until(page, "finished", 3)
    folds = page.get_by_test_id("table-folds")
    expect(folds.locator("tbody tr.own")).to_have_count(3)
    expect(folds.locator("tbody tr.sum")).to_contain_text(re.compile(r"3 of 3 finished.*\d % ± \d"))


@pytest.mark.slow
def test_uploaded_pictures_from_a_zip_to_a_trained_net(open_page: OpenPage, tmp_path: Path) -> None:
    page = opened(open_page, "v=1&text=" + quote("Flatten Linear(10)") + "&epochs=5&batch=8")
    page.get_by_role("button", name="Own data", exact=True).click()
    page.locator(".st-key-own input[type=file]").set_input_files(pictures(tmp_path))
    page.get_by_text("Reading the file").wait_for(timeout=PATIENCE)
    page.keyboard.press("Escape")  # who does not wait beside it goes on, and finds it read
    page.get_by_test_id("train-epochs").fill("4")
    page.wait_for_function("() => location.search.includes('epochs=4')")
    expect(page.get_by_test_id("train-data")).to_have_value(re.compile(r"own-[0-9a-f]{16}"), timeout=PATIENCE)
    expect(page.get_by_test_id("train-epochs")).to_have_value("4")
    expect(page.get_by_test_id("train-shapes")).to_contain_text("dark, light")
    expect(page.get_by_test_id("train-text")).to_have_value("Flatten Linear(2)")  # fitted to the two classes
    page.get_by_test_id("train-go").click()
    until(page, "finished")
    expect(page.locator("[data-testid=samples] .sample").first).to_contain_text(re.compile("dark|light"))
    page.get_by_role("button", name="Look at the data").click()
    expect(page.locator(".look tbody tr")).to_have_count(2, timeout=PATIENCE)


def choose(page: Page, label: str, option: str) -> None:
    """Choose in one of Streamlit's select boxes."""
    page.get_by_label(label).click()
    page.get_by_role("option", name=option, exact=True).click()


@pytest.mark.slow
def test_an_uploaded_table_and_a_bad_one(open_page: OpenPage, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("x,y,label\n" + "".join(f"{n},{100 * n},{'ab'[n % 2]}\n" for n in range(30)))
    bad.write_text("x,y,label\n1,2,a\n1,two,b\n")
    page = opened(open_page, "v=1&text=" + quote("Linear(2)"))
    page.get_by_role("button", name="Own data", exact=True).click()
    page.locator(".st-key-own input[type=file]").set_input_files(bad)
    until_reading(page)
    expect(page.locator(".st-key-own")).to_contain_text("line 3, column 2 (y): 'two' is not a number", timeout=PATIENCE)
    page.locator(".st-key-own input[type=file]").set_input_files(good)
    expect(page.locator(".st-key-own")).to_contain_text("rows of 2 numbers", timeout=PATIENCE)
    expect(page.locator(".st-key-own")).to_contain_text("The label is column 3 (label): by its name.")
    expect(page.locator(".st-key-own table th")).to_contain_text(["x · numbers", "y · numbers", "label · the label"])
    choose(page, "Table: column of the label", "y")
    expect(page.locator(".st-key-own")).to_contain_text("a number to predict for each", timeout=PATIENCE)
    expect(page.locator(".st-key-own")).not_to_contain_text("rows of 2 numbers")
    choose(page, "Table: column of the label", "label")
    expect(page.locator(".st-key-own")).to_contain_text("rows of 2 numbers", timeout=PATIENCE)
    page.keyboard.press("Escape")
    page.wait_for_function("() => location.search.includes('normalise=1')")  # as a table is to be


@pytest.mark.slow
def test_axe_finds_nothing(
    open_page: OpenPage, accessibility: Accessibility, tmp_path: Path, look: dict[str, Any]
) -> None:
    page = opened(open_page, FOLDS, **look)
    page.get_by_test_id("train-all-folds").click()
    until(page, "finished", 3)
    expect(page.get_by_test_id("table-folds").locator("tbody tr.sum")).to_have_count(1)
    assert accessibility(page) == []
    bring(page, pictures(tmp_path))
    found = accessibility(page)  # one of Streamlit's uploader is not ours to mend
    assert [one for one in found if "presentation-role-conflict (minor)" not in one] == []
    page.keyboard.press("Escape")
    chosen(page, "together-L4-4")
    until(page, "failed", 5)
    expect(page.get_by_test_id("table-lecun")).to_have_attribute("open", "")
    assert accessibility(page) == []
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
