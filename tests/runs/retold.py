"""A run trained once more in this process, with a record after the very steps that have one.

Which steps have one beside the planned ones is a matter of time, and of when somebody wanted something; what a record
says follows from the settings and from the step of the record before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from playground.training.config import TrainConfig
from playground.training.examples import data_of
from playground.training.learner import Learner
from playground.training.loop import train
from playground.training.records import TrainRecord


class Retelling(Learner):
    """Records these steps, and no others."""

    def __init__(self, config: TrainConfig, steps: Iterable[int]) -> None:
        super().__init__(config, data_of(config))
        self.recorded = frozenset(steps)

    def is_due(self, step: int) -> bool:
        return step in self.recorded


def told(records: Iterable[TrainRecord]) -> list[tuple[int, float]]:
    """Step and loss of each."""
    return [(record.step, record.loss) for record in records]


def retold(config: TrainConfig, records: Sequence[TrainRecord]) -> list[TrainRecord]:
    """The records as a loop without interruption gives them."""
    learner = Retelling(config, (record.step for record in records))
    return list(islice(train(config, data_of(config), learner=learner), len(records)))


def planned(config: TrainConfig) -> set[int]:
    """The steps that have a record whatever happens."""
    return {record.step for record in train(config, data_of(config))}


def assert_whole(config: TrainConfig, records: Sequence[TrainRecord]) -> None:
    """These are records of such a run to its end, and say what they say of any."""
    assert planned(config) <= {record.step for record in records}
    assert told(records) == told(retold(config, records))
