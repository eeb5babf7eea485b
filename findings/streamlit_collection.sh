#!/usr/bin/env bash
# Streamlit ends every rerun with a full garbage collection: with PyTorch imported, a page of one line holds the lock for 0.2 s.
#
# A surprise against: a rerun costs what the script costs, and the collector runs when Python thinks it is time.
# Versions: Streamlit 1.67.0, torch 2.13.0.
# Expected: a rerun of `st.write("one line")` takes a few milliseconds, whatever else the process has imported.
# Seen: `gc.collect(2)` follows each rerun, of a fragment too. Its time goes with all objects of the process, hundreds of thousands
# with PyTorch once an optimizer was made, and the interpreter's lock is held: ten visitors wait for each other while nothing is
# computed. The switch `runner.postScriptGC` is in no list of options, but config.toml takes it. AppTest collects nothing, so a
# test or a benchmark by AppTest does not see it.
#
# Output seen:
#   as it comes: 10 reruns, 10 full collections, 190 ms each
#   postScriptGC = false: 10 reruns, 0 full collections, 0 ms each
set -euo pipefail
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check streamlit==1.67.0 torch==2.13.0 websockets==17.4
cd "$dir"
mkdir .streamlit
cat >seen.py <<'END'
"""Imported once for a server: counts the full collections and their processor time."""

import gc
import time

import torch

torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
seconds = []


def note(phase, info, since=[0.0]):
    if info["generation"] == 2 and phase == "start":
        since[0] = time.thread_time()
    elif info["generation"] == 2:
        seconds.append(time.thread_time() - since[0])


gc.collect()
gc.callbacks.append(note)
END
cat >page.py <<'END'
import seen
import streamlit as st

st.write("one line")
st.write(f"collections {len(seen.seconds)}, seconds {sum(seen.seconds)}")
END
cat >visitor.py <<'END'
"""Ask for reruns over the page's websocket; the last one says what the ones before it collected."""

import asyncio
import re
import sys

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

RERUNS = 10


async def visit(port):
    told = []
    address = f"ws://localhost:{port}/_stcore/stream"
    async with websockets.connect(address, subprotocols=["streamlit"], max_size=None, proxy=None) as socket:
        for _ in range(RERUNS + 2):  # the first one imports PyTorch
            ask = BackMsg()
            ask.rerun_script.query_string = ""
            await socket.send(ask.SerializeToString())
            message = ForwardMsg()
            while message.WhichOneof("type") != "script_finished":
                message.ParseFromString(await socket.recv())
                found = re.search(r"collections (\d+), seconds ([\d.]+)", message.delta.new_element.markdown.body)
                if found:
                    told.append((int(found[1]), float(found[2])))
            await asyncio.sleep(0.1)
    return told[-1][0] - told[1][0], told[-1][1] - told[1][1]


count, seconds = asyncio.run(visit(sys.argv[1]))
print(f"{sys.argv[2]}: {RERUNS} reruns, {count} full collections, {1000 * seconds / max(count, 1):.0f} ms each")
if sys.argv[2] == "as it comes":
    assert count >= RERUNS, "changed: a rerun is not followed by a full collection"
    assert seconds / count > 0.02, "changed: a full collection costs next to nothing"
else:
    assert count < RERUNS / 2, "changed: the hidden option does nothing"
END
port=$(venv/bin/python -c 'import socket; s = socket.socket(); s.bind(("localhost", 0)); print(s.getsockname()[1])')
for setting in "as it comes" "postScriptGC = false"; do
  printf '[browser]\ngatherUsageStats = false\n' >.streamlit/config.toml
  if [ "$setting" != "as it comes" ]; then printf '[runner]\n%s\n' "$setting" >>.streamlit/config.toml; fi
  venv/bin/streamlit run page.py --server.address localhost --server.port "$port" --server.headless true >server.log 2>&1 &
  server=$!
  until venv/bin/python -c "import socket; socket.create_connection(('localhost', $port)).close()" 2>/dev/null; do
    kill -0 "$server" 2>/dev/null || { cat server.log; exit 1; }
    sleep 0.5
  done
  venv/bin/python visitor.py "$port" "$setting"
  kill "$server"
  wait "$server" || true
  server=
done
