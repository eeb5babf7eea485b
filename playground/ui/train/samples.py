"""The test examples whose probabilities a run shows while it goes on: small pictures and labels."""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import Any

from playground.data.datasets import DATA_NAMES
from playground.data.preview import pixels
from playground.errors import PlaygroundError
from playground.explain.numbers import format_number
from playground.runs.reporter import SAMPLES
from playground.training.config import TrainConfig
from playground.training.examples import data_of
from playground.ui.train.frame_data import SampleData
from playground.views.png import photo_uri

_DECIDES = ("data", "train_size", "test_size", "folds", "fold", "rng_seed")
_one_at_a_time = threading.Lock()  # of two pages that ask at once, one begins


def samples(config: TrainConfig) -> list[SampleData] | None:
    """The examples; None while they are read."""
    with _one_at_a_time:
        found = _examples(*(getattr(config, name) for name in _DECIDES))
    return found.rows if found.done.is_set() else None


class _Examples:
    """The examples of one data set, read by a thread: a large one takes seconds."""

    def __init__(self, config: TrainConfig) -> None:
        self.rows: list[SampleData] = []
        self.done = threading.Event()
        threading.Thread(target=self._read, args=(config,), name="samples", daemon=True).start()

    def _read(self, config: TrainConfig) -> None:
        try:
            data = data_of(config)
            x, labels = data.test.x[:SAMPLES], data.test.labels[:SAMPLES].tolist()
            mean, deviation = data.label_scale
            is_ink = config.data in DATA_NAMES
            self.rows = [
                {
                    "src": photo_uri(pixels(one), is_ink=is_ink, scale=1) if data.is_pictures else None,
                    "label": data.classes[label] if data.classes else format_number(mean + deviation * label, 4),
                    "index": label if data.classes else -1,
                    "classes": list(data.classes),
                }
                for one, label in zip(x, labels, strict=True)
            ]
        except PlaygroundError:
            self.rows = []  # the run itself says what is wrong with its data
        finally:
            self.done.set()


@lru_cache(maxsize=64)  # asked at every poll: Streamlit's own takes a millisecond
def _examples(*decided: Any) -> _Examples:
    return _Examples(TrainConfig.from_fields(dict(zip(_DECIDES, decided, strict=True))))
