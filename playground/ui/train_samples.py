"""The test examples whose probabilities a run shows while it goes on: small pictures and labels."""

from __future__ import annotations

import base64
import threading
from typing import Any

import streamlit as st
from torch import Tensor

from playground.errors import PlaygroundError
from playground.runs.reporter import SAMPLES
from playground.training.chosen import data_of
from playground.training.config import TrainConfig
from playground.views.png import png

_DECIDES = ("data", "train_size", "test_size", "folds", "fold", "rng_seed")


def samples(config: TrainConfig) -> list[dict[str, Any]] | None:
    """`{src, label, index, classes}` of each, `src` null for a row of a table; None while they are read."""
    found = _examples(tuple((name, getattr(config, name)) for name in _DECIDES))
    return found.rows if found.done.is_set() else None


class _Examples:
    """Read by a thread: a large data set takes seconds."""

    def __init__(self, config: TrainConfig) -> None:
        self.rows: list[dict[str, Any]] = []
        self.done = threading.Event()
        threading.Thread(target=self._read, args=(config,), name="samples", daemon=True).start()

    def _read(self, config: TrainConfig) -> None:
        try:
            data = data_of(config)
            x, labels = data.test.x[:SAMPLES], data.test.labels[:SAMPLES].tolist()
            self.rows = [
                {"src": _picture(one) if data.is_pictures else None, "label": data.classes[label], "index": label}
                for one, label in zip(x, labels, strict=True)
            ]
            self.rows = [row | {"classes": list(data.classes)} for row in self.rows]
        except PlaygroundError:
            self.rows = []  # the run itself says what is wrong with its data
        finally:
            self.done.set()


@st.cache_resource(show_spinner=False, max_entries=64)
def _examples(decided: tuple[tuple[str, Any], ...]) -> _Examples:
    return _Examples(TrainConfig.from_fields(dict(decided)))


def _picture(x: Tensor) -> str:
    """(C, H, W) within [0, 1] as a PNG: grey pictures dark on light, as on paper."""
    levels = (x.clamp(0, 1) * 255).round().int().tolist()
    if len(levels) < 3:
        levels = [[[255 - level for level in row] for row in levels[0]]] * 3
    red, green, blue = levels[:3]
    rows = [[(r, g, b, 255) for r, g, b in zip(*three, strict=True)] for three in zip(red, green, blue, strict=True)]
    return f"data:image/png;base64,{base64.b64encode(png(rows)).decode('ascii')}"


__all__ = ["samples"]
