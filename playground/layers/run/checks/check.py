"""`Check`: one kind of mistake; `Case`: the stack that it is looked for in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from typing import Literal, NamedTuple

from playground.layers.catalogue.spec import Path, Stack
from playground.layers.run.record_batch import Recorded
from playground.layers.stack.analysis import Analysis, StackRow

Level = Literal["warning", "note"]

SHAPES = {"Identity", "Flatten", "Reshape"}  # hand on the same numbers
SOFTMAXES = {"Softmax", "LogSoftmax"}
WEIGHTS = {"Linear", "Conv1d", "Conv2d", "ConvTranspose2d"}
BATCH_NORMS = {"BatchNorm1d", "BatchNorm2d"}


@dataclass(frozen=True, slots=True)
class Case:
    """A stack to look at, and what one batch did in it where it ran."""

    analysis: Analysis
    recorded: Recorded | None

    @property
    def stack(self) -> Stack:
        """The stack itself."""
        return self.analysis.stack

    @property
    def scored(self) -> bool:
        """Tell whether one number per class comes out, or the number to predict."""
        return self.analysis.output == (self.stack.wanted,)

    def last(self, skip: Set[str] = SHAPES) -> StackRow | None:
        """The layer that the outputs come from; None where a layer does not fit."""
        top = [row for row in self.analysis.rows if len(row.path) == 1 and row.layer.kind not in skip]
        return top[-1] if top and self.analysis.output is not None else None

    def ends_with(self, *kinds: str) -> StackRow | None:
        """The last layer if it is one of these."""
        last = self.last()
        return last if last is not None and last.layer.kind in kinds else None

    def sequences(self) -> list[list[StackRow]]:
        """Rows that stand one after the other: the stack's own, and those of each branch."""
        found: dict[Path, list[StackRow]] = {}
        for row in self.analysis.rows:
            found.setdefault(row.path[:-1], []).append(row)
        return list(found.values())


class Mistake(NamedTuple):
    """One mistake in one place."""

    path: Path
    message: str
    repaired: tuple[tuple[str, Stack], ...] = ()  # label, stack after it


Find = Callable[[Case], Iterator[Mistake]]


@dataclass(frozen=True, slots=True)
class Check:
    """One kind of caution: how bad it is, where the lectures speak of it, why it matters, and what finds it."""

    id: str
    level: Level
    lecture: str
    reason: str
    find: Find
    of_numbers: str = ""  # the reason where numbers are predicted and there are no classes, if it is another

    def reason_for(self, classes: int) -> str:
        """The reason where there are so many classes, 0 where numbers are predicted."""
        return self.reason if classes or not self.of_numbers else self.of_numbers
