"""A figure that a lecture reports of a run, and the same figure of one's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from playground.training.records import TrainRecord

METRICS: dict[str, Callable[[TrainRecord], float | None]] = {
    "test accuracy": lambda record: record.test_accuracy,
    "test error": lambda record: None if record.test_accuracy is None else 1 - record.test_accuracy,
    "training error": lambda record: None if record.accuracy is None else 1 - record.accuracy,
    "training loss": lambda record: record.loss,
}


@dataclass(frozen=True, slots=True)
class Reported:
    """One figure. `metric`: one of METRICS; it was read after so many `epochs`, or else `steps`; parts of 1, no %."""

    metric: str
    value: float
    epochs: int = 0
    steps: int = 0

    @property
    def when(self) -> str:
        """The time of the figure in words.

        >>> Reported("training error", 0.36, steps=100).when
        'after 100 steps'
        """
        count, unit = (self.epochs, "epoch") if self.epochs else (self.steps, "step")
        return f"after {count:,} {unit}{'' if count == 1 else 's'}"

    def of(self, records: Iterable[TrainRecord]) -> float | None:
        """The same figure of a run with these records; None where it has not come so far."""
        for record in records:
            if (record.epoch if self.epochs else record.step) == (self.epochs or self.steps):
                return METRICS[self.metric](record)
        return None

    def shown(self, value: float | None) -> str:
        """A figure of this kind as text.

        >>> Reported("test error", 0.047, epochs=5).shown(0.047), Reported("training loss", 2.4, epochs=1).shown(2.4)
        ('4.7 %', '2.4')
        """
        if value is None:
            return ""
        return f"{value:.3g}" if self.metric == "training loss" else f"{100 * value:.3g} %"
