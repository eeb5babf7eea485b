"""Print the path of a Chromium that starts; with the argument `light`, of one without windows if there is one.

$CHROMIUM, one on PATH, Playwright's own; else Playwright downloads one; else, as root, apt-get installs the system's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

# Debian's package of the same browser without its windows, in which a page costs half the processor time.
SHELL = "chromium-headless-shell"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", SHELL)
BUNDLES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
CURE = "install Chromium (Debian: sudo apt-get install chromium) or name one: make test CHROMIUM=/path/to/chromium"


def say(message: str) -> None:
    print(f"==> {message}", file=sys.stderr)


def succeeds(command: list[str], seconds: float) -> bool:
    """Whether `command` ends well in time; what it prints goes to standard error."""
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, timeout=seconds).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def starts(path: str | None) -> bool:
    """Whether `path` is a browser that can at least say its version (a stub or one with missing libraries cannot)."""
    try:
        return bool(path) and not subprocess.run([str(path), "--version"], capture_output=True, timeout=60).returncode
    except (OSError, subprocess.TimeoutExpired):
        return False


def installed() -> str | None:
    names = (SHELL, *NAMES) if "light" in sys.argv else NAMES
    candidates = [shutil.which(name) for name in names] + list(BUNDLES)
    return next((path for path in candidates if path and starts(path)), None)


def playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() and starts(path) else None


def is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def download_playwrights() -> str | None:
    say("no Chromium found: downloading Playwright's own")
    if not succeeds([sys.executable, "-m", "playwright", "install", "chromium"], 600):
        return None
    path = playwrights_own()
    if path is None and is_root():
        say("Playwright's Chromium does not start: installing the libraries it needs")
        succeeds([sys.executable, "-m", "playwright", "install-deps", "chromium"], 600)
        path = playwrights_own()
    return path


def install_package() -> str | None:
    if not (is_root() and shutil.which("apt-get")):
        return None
    say("Playwright's download did not work: installing the system's Chromium")
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    succeeds(["apt-get", "update", "-q"], 300)
    for package in (SHELL, "chromium") if "light" in sys.argv else ("chromium",):
        succeeds(["apt-get", "install", "-q", "-y", "--no-install-recommends", package, "fonts-dejavu-core"], 900)
        if path := installed():
            return path
    return None


def main() -> str:
    """The answer, or an exit with the cure."""
    named = os.environ.get("CHROMIUM")
    if named:
        if starts(named):
            return named
        sys.exit(f"error: CHROMIUM={named} does not start\n  cure: {CURE}")
    for attempt in (installed, playwrights_own, download_playwrights, install_package):
        path = attempt()
        if path:
            return path
    sys.exit(f"error: no Chromium to test with\n  cure: {CURE}")


if __name__ == "__main__":
    print(main())
