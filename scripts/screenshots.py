"""Take the screenshots of the README from the real page: python -m scripts.screenshots"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.server import ROOT, serve
from playground.runs.lock import HostLock
from scripts.find_chromium import main as find_chromium

FOLDER = ROOT / "docs" / "screenshots"
LINK = "/?v=1&text=f%20%3D%20log(x1)%20%2B%20x1*x2%20-%20sin(x2)&leaf.x1=2.0&leaf.x2=5.0&step=10"
NET = "h%20%3D%20{}%0Af%20%3D%20(h*h).sum()&{}leaf.W=[[0.1,0.2],[0.3,-0.7]]&{}leaf.x=[1.1,0.9]"
COMPARE = f"/?v=1&step=9&text={NET.format('W%20@%20x', '', '')}&before.text="
COMPARE += NET.format("relu(W%20@%20x)", "before.", "before.")
LAYERS = "/layers?v=1&stack=Conv2d(10,%207)%20ReLU%20Conv2d(55,%202)%20ReLU%20Flatten%20Linear(10,%20in_features=4840)"
TRAIN = "/train?v=1&text=Flatten%20Linear(100)%20ReLU%20Linear(10)&epochs=10&batch=20"
PHONE = 700  # pixels; below, the page stands in one column


def take(
    browser: Browser,
    url: str,
    file: Path,
    *,
    width: int,
    height: int,
    dark: bool = False,
    shown: str = "[data-ready=true][data-step='10']",
) -> None:
    """A page once `shown` is on it; on a phone the whole page, sharper."""
    phone = width < PHONE
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        device_scale_factor=2 if phone else 1,
        reduced_motion="reduce",
        has_touch=phone,
        is_mobile=phone,
    )
    page = context.new_page()
    page.goto(url)
    page.locator(shown).wait_for()
    page.wait_for_timeout(500)  # the fonts settle
    page.screenshot(path=file, animations="disabled")
    context.close()
    print(f"{file.relative_to(ROOT)}: {file.stat().st_size // 1024} kB")


def take_training(browser: Browser, url: str, file: Path) -> None:
    """A run that has just finished, with its curves."""
    page = browser.new_page(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    page.goto(url)
    page.locator(".setup[data-answered]").wait_for()
    page.get_by_test_id("train-go").click()
    page.locator('.runs[data-shown*=":finished"]').wait_for(timeout=120_000)
    page.locator("[data-testid=samples] .sample").first.wait_for(timeout=60_000)
    page.wait_for_timeout(2000)  # the last points are drawn, and the fonts settle
    page.screenshot(path=file, animations="disabled")
    page.close()
    print(f"{file.relative_to(ROOT)}: {file.stat().st_size // 1024} kB")


def main() -> None:
    """All of them. Runs go into a database that is thrown away, and whose host ends by itself soon after."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="playground-runs-") as folder:
        url = f"sqlite:///{Path(folder) / 'runs.db'}"
        take_all(url)
        deadline = time.monotonic() + 30
        while HostLock(url).is_held() and time.monotonic() < deadline:
            time.sleep(0.2)


def take_all(database: str) -> None:
    """With the page served on this database."""
    with serve(PLAYGROUND_DB=database, PLAYGROUND_RUNS_IDLE="5") as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox", "--disable-gpu"])
        take(browser, server.url + LINK, FOLDER / "light.png", width=1280, height=800)
        take(browser, server.url + LINK, FOLDER / "dark.png", width=1280, height=800, dark=True)
        take(browser, server.url + LINK, FOLDER / "phone.png", width=390, height=1300)
        both = "[data-ready=true][data-step='9'].two"
        take(browser, server.url + COMPARE, FOLDER / "compare.png", width=1280, height=800, shown=both)
        layers = server.url + LAYERS
        take(browser, layers, FOLDER / "layers.png", width=1280, height=800, shown="[data-testid=row-5].bad")
        take_training(browser, server.url + TRAIN, FOLDER / "train.png")
        browser.close()


if __name__ == "__main__":
    main()
