"""Start of a process, once: import PyTorch, run a trace, freeze the heap, keep the first picture for the next start."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import sys
import threading
from contextlib import suppress
from functools import cache
from importlib import metadata
from pathlib import Path

import streamlit as st

from playground.computing.garbage import settle
from playground.computing.processes import PROCESSES
from playground.ui.shared.frame_data import FrameData

_PACKAGE = Path(__file__).parents[2]
_done = threading.Event()
_made: list[FrameData] = []  # at most one


@st.cache_resource(show_spinner=False)
def warm() -> threading.Thread:
    """Start warming up in the background; every later call returns the same thread."""
    thread = threading.Thread(target=_warm, name="warm", daemon=True)
    thread.start()
    return thread


def is_warm() -> bool:
    """Tell whether warming up has ended; where it failed, the page itself will say why."""
    return _done.is_set()


def first_frame() -> FrameData | None:
    """The frame of the default page; until this process has made it, as the last one did, if nothing that it depends on
    has changed since."""
    if _made:
        return _made[-1]
    with suppress(OSError, ValueError):
        kept: FrameData = json.loads(_kept().read_text(encoding="utf-8"))
        return kept
    return None


def _warm() -> None:
    try:
        import torch

        torch.set_num_threads(1)  # sessions share the cores; more threads per call only make them wait for each other
        from playground.lessons.presets import EXPRESSIONS
        from playground.ui.expressions.frame import frame

        data, good = frame(EXPRESSIONS.presets[0].document, None)
        if good is not None:
            _made.append(data)
            _keep(data)
        settle()
        PROCESSES.start("playground.ui.start.jobs")
    finally:
        _done.set()


def _keep(data: FrameData) -> None:
    """Write the first frame beside the compiled modules, under the same rules; where that cannot be, do without."""
    kept = _kept()
    if sys.dont_write_bytecode or kept.exists():
        return
    with suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        for old in kept.parent.glob("first-*.json"):
            old.unlink()
        new = kept.with_suffix(f".{os.getpid()}")
        new.write_text(json.dumps(data), encoding="utf-8")
        new.replace(kept)


@cache
def _kept() -> Path:
    """A file named after all that the first frame depends on: our code, PyTorch and Graphviz, our settings."""
    parts = [sys.version, *(f"{name}={value}" for name, value in sorted(os.environ.items()) if "PLAYGROUND_" in name)]
    for path in sorted((*_PACKAGE.rglob("*.py"), *_PACKAGE.rglob("*.toml"))):
        status = path.stat()
        parts.append(f"{path} {status.st_size} {status.st_mtime_ns}")
    for name in ("torch", "graphviz", "graphviz-pure"):
        with suppress(metadata.PackageNotFoundError):
            parts.append(f"{name} {metadata.version(name)}")
    digest = hashlib.blake2b("\n".join(parts).encode(), digest_size=8).hexdigest()
    return Path(importlib.util.cache_from_source(__file__)).with_name(f"first-{digest}.json")
