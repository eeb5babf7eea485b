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
from playground.training.symptoms import Course, Symptom
from playground.ui.train.frame_data import RunNewsData
from playground.ui.train.notes import upload_row
from playground.views.charts.console import Console
from playground.views.charts.curves import columns, layers_of, thinned

SOON = 0.3  # seconds after the first points in which a page that has waited for them goes on to poll often
DIVERGED = "first not finite: "  # in every such reason: of the loss, of the test loss, of a weight
_SIZES = {row.name: row.train_size for row in DATASETS}
_CLASSES = {row.name: len(row.classes) for row in DATASETS}


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
        self.course = Course(self.run.config, classes(self.run.config))

    def news(self, store: Store) -> RunNewsData:
        """The records that the browser has not got yet; one that has another last step than `after` says so."""
        after = self.read
        records = store.records(self.run.id, after=after)
        lines_from = self.console.add(records)
        self.course.add(records)
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

    @property
    def symptom(self) -> Symptom | None:
        """Why the run does not learn, with what may mend it; None where its records do not show it."""
        return self.course.symptom(rate_of(self.run), has_diverged=has_diverged(self.run))


def has_diverged(run: Run) -> bool:
    """Tell whether a run failed because its loss, its test loss or a weight was no longer finite."""
    return run.status == "failed" and DIVERGED in run.reason


def rate_of(run: Run) -> float:
    """The learning rate that the run was last told."""
    return run.config.learning_rate if run.learning_rate is None else run.learning_rate


def classes(config: TrainConfig) -> int:
    """The number of classes of a run's data; 0 where numbers are predicted, or nobody here knows."""
    if config.data in _CLASSES:
        return _CLASSES[config.data]
    row = upload_row(config.data)
    return 0 if row is None else len(row.classes)


def train_size(config: TrainConfig) -> int | None:
    """The number of examples that a run trains on, where it is known beforehand."""
    return None if config.folds > 1 else config.train_size or _SIZES.get(config.data)
