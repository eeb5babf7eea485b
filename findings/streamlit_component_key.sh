#!/usr/bin/env bash
# The `key` that Streamlit hands to a component's JavaScript is not the key of its Python call, but a new one at each mount.
#
# A surprise against: the `key` among the arguments of a component's default function is the `key=` that the script gave, as the CSS
# class `st-key-...` around the same component is; so what is kept in the browser under it is found again.
# Versions: Streamlit 1.67.0, components v2; Chromium driven by Playwright 1.59.0.
# Expected: a component called with key="mine" is given "mine" on each visit.
# Seen: it is given "st-bidi-component-" and a random id. Runs of the script keep it while the component stays mounted; a new visit has
# another one. The class around it says "mine" all the while.
#
# Output seen (the ids differ each time):
#   first visit: 1 key for 3 runs, the Python key: False, class st-key-mine: True
#   second visit: 1 key for 3 runs, the Python key: False, class st-key-mine: True
#   the same key on both visits: False
set -euo pipefail
chromium=${CHROMIUM:-$(command -v chromium-headless-shell || command -v chromium || true)}
if [ -z "$chromium" ]; then
  echo "skipped: this needs a Chromium, on PATH as chromium-headless-shell or chromium, or named by CHROMIUM"
  exit 0
fi
dir=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet streamlit==1.67.0 playwright==1.59.0
cat >app.py <<'END'
import streamlit as st

JS = """export default ({ key, data }) => {
  (window.seen ??= []).push([key, data.runs]);
};
"""
st.session_state.runs = st.session_state.get("runs", 0) + 1
st.components.v2.component("shown", js=JS, html="<p>shown</p>")(key="mine", data={"runs": st.session_state.runs})
if st.session_state.runs < 3:
    st.rerun()
END
cat >look.py <<'END'
"""Visit the app twice, and say which keys its component was given."""

import sys

from playwright.sync_api import sync_playwright

with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=sys.argv[1], args=["--no-sandbox"])
    visits = []
    for name in ("first", "second"):
        page = browser.new_page()
        page.goto(sys.argv[2])
        page.wait_for_function("(window.seen ?? []).some(([, runs]) => runs === 3)")
        keys = {key for key, _ in page.evaluate("window.seen")}
        has_class = page.locator(".st-key-mine").count() == 1
        print(f"{name} visit: {len(keys)} key for 3 runs, the Python key: {'mine' in keys}, class st-key-mine: {has_class}")
        assert len(keys) == 1 and has_class, "changed: the key is another one within a visit, or the class is gone"
        assert "mine" not in keys, "changed: JavaScript is given the key of the Python call"
        visits.append(keys)
    browser.close()
same = visits[0] == visits[1]
print(f"the same key on both visits: {same}")
assert not same, "changed: the key is the same on both visits"
END
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
env/bin/streamlit run app.py --server.port "$port" --server.address 127.0.0.1 --server.headless true \
  --browser.gatherUsageStats false >server.log 2>&1 &
server=$!
for _ in $(seq 240); do
  curl -fsS "http://127.0.0.1:$port/_stcore/health" >/dev/null 2>&1 && break
  kill -0 "$server" || { cat server.log; exit 1; }
  python3 -c 'import time; time.sleep(0.25)'
done
env/bin/python look.py "$chromium" "http://127.0.0.1:$port"
