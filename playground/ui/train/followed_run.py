"""`Followed`: a run that a page shows: what the browser has of it, and what has happened since."""

from __future__ import annotations

import math
from time import monotonic

from playground.data.datasets import DATASETS
from playground.lessons.reported import Reported
from playground.lessons.runs import reported
from playground.runs.run import Run
from playground.runs.store import Store
from playground.training.config import TrainConfig
from playground.training.records import TrainRecord
from playground.ui.train.frame_data import RunNewsData
from playground.views.charts.console import Console
from playground.views.charts.curves import columns, layers_of, thinned

SOON = 0.3  # seconds after the first points in which a page that has waited for them goes on to poll often
_SIZES = {row.name: row.train_size for row in DATASETS}


class Followed:
    """A run without its records: the lines of the console, the layers' names, the latest record, what it has reached
    of the figures that a lecture reports, and how far it has read."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.ahead = 0  # runs before it in the queue
        self.soon_until = -math.inf  # of `monotonic`: as long somebody waits for the first points, or sees them come
        self.latest: TrainRecord | None = None
        self.tested: TrainRecord | None = None
        self.layers: list[str] = []
        self.again()

    def again(self) -> None:
        """Begin anew: the browser has nothing, or lost a part."""
        self.read = -1  # the last step that was sent
        self.figures: dict[Reported, float] = {}
        self.console = Console(self.run.config.batch, train_size(self.run.config))

    def news(self, store: Store) -> RunNewsData:
        """The records that the browser has not got yet; one that has another last step than `after` says so."""
        after = self.read
        records = store.records(self.run.id, after=after)
        lines_from = self.console.add(records)
        if records:
            self.soon_until = min(self.soon_until, monotonic() + SOON)
            self.read = records[-1].step
            self.latest = records[-1]
            self.tested = next((record for record in reversed(records) if record.test_loss is not None), self.tested)
            self.layers = layers_of(records)
            for figure in reported(self.run.config):
                if figure not in self.figures and (reached := figure.of(records)) is not None:
                    self.figures[figure] = reached
        return {
            "after": after,
            "last": self.read,
            "columns": columns(thinned(records)),
            "lines_from": lines_from,
            "lines": [list(line) for line in self.console.lines[lines_from:]],
        }


def train_size(config: TrainConfig) -> int | None:
    """The number of examples that a run trains on, where it is known beforehand."""
    return None if config.folds > 1 else config.train_size or _SIZES.get(config.data)
