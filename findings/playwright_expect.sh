#!/usr/bin/env bash
# From 1.60 on, Playwright's `expect` for an element that is not there yet reads the whole page for screen readers at each look.
#
# A surprise against: a wait costs its selector, however large the page; and a newer release waits no longer than an older one.
# Versions: Playwright 1.59.0 against 1.65.2, on one Chromium; 1.60.0 and 1.62.0 are as 1.65.2, 1.58.0 as 1.59.0.
# Expected: on a page of 5,000 buttons `expect(page.locator("#missing")).to_be_visible()` looks a few times and then says that
# nothing was found, as it does on an empty page.
# Seen: each look also writes the accessibility tree of the whole page, which goes into the error. The page's own thread is busy with
# it all the while, so that what the test waits for comes later; on 10,000 buttons a timeout of 3 s took 5.9 to 8.7 s to come.
# A locator that finds its element, with another text than expected, stays cheap: only that element is read.
#
# Output seen:
#   Playwright 1.59.0, wrong text:  page busy for 0.1 s, 0 buttons in the error
#   Playwright 1.59.0, not there:   page busy for 0.1 s, 0 buttons in the error
#   Playwright 1.65.2, wrong text:  page busy for 0.3 s, 0 buttons in the error
#   Playwright 1.65.2, not there:   page busy for 2.3 s, 5000 buttons in the error
set -euo pipefail
chromium=${CHROMIUM:-$(command -v chromium-headless-shell || command -v chromium || true)}
if [ -z "$chromium" ]; then
  echo "skipped: this needs a Chromium, on PATH as chromium-headless-shell or chromium, or named by CHROMIUM"
  exit 0
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat >"$dir/look.py" <<'END'
"""Print a line, and then the busy seconds and the buttons named in the error, for a wait that fails."""

import sys
from importlib.metadata import version

from playwright.sync_api import expect, sync_playwright

BUTTONS, TIMEOUT = 5000, 2000
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=sys.argv[1], args=["--no-sandbox"])
    page = browser.new_page()
    page.set_content("<p id=there>here</p>" + "<button>one</button>" * BUTTONS)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def busy():
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")

    def fails(name, check):
        before, message = busy(), ""
        try:
            check()
        except AssertionError as error:
            message = str(error)
        seconds, named = busy() - before, message.count('button "one"')
        print(f"Playwright {version('playwright')}, {name:12} page busy for {seconds:.1f} s, {named} buttons in the error")
        return seconds, named

    wrong = fails("wrong text:", lambda: expect(page.locator("#there")).to_have_text("gone", timeout=TIMEOUT))
    missing = fails("not there:", lambda: expect(page.locator("#missing")).to_be_visible(timeout=TIMEOUT))
    browser.close()
if sys.argv[2] == "reads":
    assert missing[1] == BUTTONS, "changed: the error does not hold the whole page"
    assert missing[0] > 3 * wrong[0], "changed: waiting for a missing element costs no more than for a wrong text"
else:
    assert missing[1] == 0, "changed: 1.59 reads the whole page, too"
assert wrong[1] == 0, "changed: a wrong text reads the whole page"
END
for release in "1.59.0 looks" "1.65.2 reads"; do
  read -r version kind <<<"$release"
  "${PYTHON:-python3}" -m venv "$dir/$version"
  "$dir/$version/bin/pip" install --quiet --disable-pip-version-check "playwright==$version"
  "$dir/$version/bin/python" -I "$dir/look.py" "$chromium" "$kind"
done
