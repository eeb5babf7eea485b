"""What the process does once, before its first visitor waits for it: import PyTorch, run one trace, freeze the heap."""

from __future__ import annotations

import gc
import threading

import streamlit as st


@st.cache_resource(show_spinner=False)
def warm() -> threading.Thread:
    """Start warming up in the background; every later call returns the same thread."""
    thread = threading.Thread(target=_warm, name="warm", daemon=True)
    thread.start()
    return thread


def _warm() -> None:
    import torch

    torch.set_num_threads(1)  # sessions share the cores; more threads per call only make them wait for each other
    from playground.lessons.presets import preset
    from playground.ui.frames import show

    show(preset("L0.4").document)
    gc.collect()
    gc.freeze()  # what is alive now stays: later collections need not look at it
