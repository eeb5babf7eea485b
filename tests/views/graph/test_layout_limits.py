"""Graphviz is limited by the time that it computes, and a graph that takes too long gets a layout of our own."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from playground.explain.explanation import explain
from playground.language.run import run
from playground.views.graph import dot_process, layout
from playground.views.graph.build import build_graph
from playground.views.graph.geometry import Layout
from playground.views.graph.graph import Graph, GraphKind
from playground.views.graph.layered.layout import layered
from playground.views.graph.layout import lay_out
from playground.views.graph.scene import scene

COMPUTES = "while True: pass"
WAITS = "import time; time.sleep(1.5)"
PROGRAM = """#!{python}
import os, sys
text = sys.stdin.buffer.read()
with open({log!r}, "a") as log:
    log.write("called\\n")
{job}
with open({text!r}, "wb") as file:
    file.write(text)
os.execv({dot!r}, [{dot!r}, *sys.argv[1:], {text!r}])
"""

Substitute = Callable[..., Path]


@pytest.fixture
def substitute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Substitute:
    """Put a program in the place of Graphviz that first computes or waits; it gives the file of its calls."""
    real = shutil.which(dot_process.binary())
    assert real is not None

    def put(job: str) -> Path:
        log, program = tmp_path / "calls", tmp_path / "dot"
        program.write_text(
            PROGRAM.format(python=sys.executable, log=str(log), job=job, text=str(tmp_path / "text"), dot=real)
        )
        program.chmod(0o755)
        monkeypatch.setattr(dot_process, "binary", lambda: str(program))
        monkeypatch.setattr(dot_process, "SECONDS", 1.0)
        layout._run.cache_clear()
        return log

    return put


def graph_of(text: str, kind: GraphKind = "forward") -> Graph:
    return build_graph(explain(run(text, {"x": 1.0})), kind, limit=1000)


def check_is_whole(graph: Graph, found: Layout) -> None:
    """Every box and link has its place in the picture, and no box lies on another."""
    assert set(found.boxes) == {box.key for box in graph.boxes}
    assert set(found.links) == {link.key for link in graph.links}
    frames = list(found.boxes.values())
    for number, one in enumerate(frames):
        assert one.x >= -0.1 and one.x + one.width <= found.width + 0.1
        assert one.y >= -0.1 and one.y + one.height <= found.height + 0.1
        for other in frames[:number]:
            assert (
                one.x + one.width <= other.x + 0.2
                or other.x + other.width <= one.x + 0.2
                or one.y + one.height <= other.y + 0.2
                or other.y + other.height <= one.y + 0.2
            )


KINDS = [*(pytest.param(kind, marks=pytest.mark.slow) for kind in ("forward", "backward")), "both"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_graph_that_takes_too_long_is_laid_out_by_ourselves(substitute: Substitute, kind: GraphKind) -> None:
    log = substitute(COMPUTES)
    graph = graph_of("y = sin(x)\nz = y * y + y\nz.backward()\nz * 2", kind)
    found = lay_out(graph)
    assert log.read_text().split() == ["called"]
    check_is_whole(graph, found)
    assert len(scene(graph, found)["links"]) == len(graph.links)
    assert lay_out(graph) == found
    assert log.read_text().split() == ["called"]  # that it takes too long is remembered


def test_a_graph_that_would_take_too_long_is_not_tried(substitute: Substitute, monkeypatch: pytest.MonkeyPatch) -> None:
    log = substitute(COMPUTES)
    monkeypatch.setattr(layout, "MOST_BOXES", 60)
    many = graph_of("y = x\n" + "y = sin(y)\n" * 31, "both")
    wide = graph_of("y = sin(x)\nz = y\n" + "z = z*y + y\n" * 35)
    for graph in (many, wide):
        check_is_whole(graph, lay_out(graph))
    assert not log.exists()


def test_who_only_waits_is_not_refused(substitute: Substitute) -> None:
    """Others' load makes a layout last longer, and not compute more."""
    log = substitute(WAITS)
    graph = graph_of("sin(x) * x")
    begin = time.monotonic()
    found = lay_out(graph)
    assert time.monotonic() - begin > dot_process.SECONDS  # longer by the clock than it may compute
    assert log.read_text().split() == ["called"]
    check_is_whole(graph, found)


def test_rows_go_downwards() -> None:
    for kind in ("forward", "backward", "both"):
        graph = graph_of("y = sin(x)\nz = y * x + y\nz * z", kind)
        found = layered(graph)
        check_is_whole(graph, found)
        for link in graph.links:
            upper, lower = (link.head, link.tail) if link.kind == "backward" else (link.tail, link.head)
            if link.kind != "match":
                assert found.boxes[upper].y + found.boxes[upper].height < found.boxes[lower].y


def test_only_so_many_run_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    running = most = 0
    lock = threading.Lock()

    def counted(command: list[str], **_: object) -> object:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1
        return subprocess.CompletedProcess(command, 0, b"{}", b"")

    monkeypatch.setattr(dot_process.subprocess, "run", counted)
    monkeypatch.setattr(dot_process, "_small_places", threading.Semaphore(2))
    monkeypatch.setattr(dot_process, "_large_places", threading.Semaphore(1))
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(dot_process.laid_out, ["digraph {}"] * 16))
    assert most == 2
    most = 0
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(dot_process.laid_out, ["x" * (dot_process.LARGE + 1)] * 8))
    assert most == 1
