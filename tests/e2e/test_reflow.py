"""No control is lost where there is little room: on the smallest phone, and at a zoom of 200 % on any other screen."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from playwright.sync_api import Page, TimeoutError

OpenPage = Callable[..., Page]

# The names of the controls that can be seen, or brought into view by scrolling the page or a part that scrolls; those
# of the graph itself, which is panned, are not among them.
CONTROLS = """() => {
  const all = function* (root) {
    for (const one of root.querySelectorAll("*")) {
      yield one;
      if (one.shadowRoot) yield* all(one.shadowRoot);
    }
  };
  const parentOf = (one) => one.parentElement ?? one.getRootNode().host ?? null;
  const isReached = (one) => {
    let { left, right } = one.getBoundingClientRect();
    for (let at = parentOf(one); at; at = parentOf(at)) {
      const { overflowX } = getComputedStyle(at);
      if (overflowX === "visible") continue;
      const box = at.getBoundingClientRect();
      const scrolls = ["auto", "scroll"].includes(overflowX);
      if (!scrolls && (left >= box.right - 4 || right <= box.left + 4)) return false;
      [left, right] = scrolls ? [box.left, box.right] : [Math.max(left, box.left), Math.min(right, box.right)];
    }
    return left < innerWidth - 4 && right > 4;
  };
  const found = [...all(document)]
    .filter((one) => one.matches("button, input, select, textarea, a[href], summary, [role=tab]"))
    .filter((one) => one.checkVisibility({ visibilityProperty: true }) && one.getBoundingClientRect().width > 1)
    .filter((one) => !one.closest(".graph, .stDeployButton, [data-testid=stSidebarHeader]"))
    .filter(isReached)
    .map((one) => one.dataset.testid || one.getAttribute("aria-label") || one.textContent.trim());
  return [...new Set(found.filter(Boolean))].sort();
}"""
NAVIGATION = {"stTopNavLink"}  # on a small screen the pages stand in a sidebar, whose button stays: test_phone.py


READY = {"/": "[data-ready=true]", "/layers": "[data-ready=true]", "/train": ".runs[data-shown]"}


@pytest.mark.slow
@pytest.mark.parametrize("path", READY)
@pytest.mark.parametrize(("width", "height"), [(320, 640), (640, 400)])
def test_no_control_is_lost_where_there_is_little_room(open_page: OpenPage, path: str, width: int, height: int) -> None:
    page = open_page(path)
    page.locator(READY[path]).first.wait_for()
    page.locator('[data-test-script-state="notRunning"]').wait_for()
    before = set(page.evaluate(CONTROLS)) - NAVIGATION
    assert len(before) > 15
    page.set_viewport_size({"width": width, "height": height})
    there = f"names => {{ const now = new Set(({CONTROLS})()); return names.every(one => now.has(one)); }}"
    with suppress(TimeoutError):  # what is missing then is named below
        page.wait_for_function(there, arg=sorted(before), timeout=10_000)
    assert before - set(page.evaluate(CONTROLS)) == set()
