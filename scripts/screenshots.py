"""Take the screenshots of the README from the real page: python -m scripts.screenshots"""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.server import ROOT, serve
from scripts.find_chromium import main as find_chromium

FOLDER = ROOT / "docs" / "screenshots"
LINK = "/?v=1&text=f%20%3D%20log(x1)%20%2B%20x1*x2%20-%20sin(x2)&leaf.x1=2.0&leaf.x2=5.0&step=10"
LAYERS = "/layers?v=1&stack=Conv2d(10,%207)%20ReLU%20Conv2d(55,%202)%20ReLU%20Flatten%20Linear(10,%20in_features=4840)"
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


def main() -> None:
    """All of them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with serve() as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox", "--disable-gpu"])
        take(browser, server.url + LINK, FOLDER / "light.png", width=1280, height=800)
        take(browser, server.url + LINK, FOLDER / "dark.png", width=1280, height=800, dark=True)
        take(browser, server.url + LINK, FOLDER / "phone.png", width=390, height=1300)
        layers = server.url + LAYERS
        take(browser, layers, FOLDER / "layers.png", width=1280, height=800, shown="[data-testid=row-5].bad")
        browser.close()


if __name__ == "__main__":
    main()
