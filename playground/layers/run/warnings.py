"""Warnings of what PyTorch accepts in silence: one row a kind of mistake, with the reason and one-click repairs."""

from __future__ import annotations

from dataclasses import dataclass, replace

from playground.layers.catalogue.spec import Path, Stack
from playground.layers.document import StackDocument
from playground.layers.limits import LIMITS
from playground.layers.run.checks.check import Case, Check, Level
from playground.layers.run.checks.counts import COUNTS
from playground.layers.run.checks.neighbours import NEIGHBOURS
from playground.layers.run.checks.scores import SCORES
from playground.layers.run.checks.windows import WINDOW_STEPS
from playground.layers.run.record_batch import Recorded
from playground.layers.stack.analysis import Analysis, analyse
from playground.layers.stack.text import to_text

CAUTIONS: tuple[Check, ...] = SCORES + NEIGHBOURS + WINDOW_STEPS + COUNTS


@dataclass(frozen=True, slots=True)
class Cure:
    """A one-click repair: the text and the loss of the stack after it."""

    label: str
    text: str
    loss: str

    def applied(self, document: StackDocument) -> StackDocument:
        """The document after the click."""
        return replace(document, text=self.text, loss=self.loss)


@dataclass(frozen=True, slots=True)
class Caution:
    """One mistake in one place. `path` is () for the whole stack."""

    id: str
    level: Level
    path: Path
    message: str
    reason: str
    lecture: str
    repairs: tuple[Cure, ...]


def cautions(analysis: Analysis, recorded: Recorded | None = None) -> tuple[Caution, ...]:
    """Every caution about a stack, up to its first problem.

    >>> [(c.message, c.repairs[0].text) for c in cautions(StackDocument("Flatten Bias").analysis())]
    [('784 outputs for 10 classes', 'Flatten Bias Linear(10)')]
    """
    case, classes = Case(analysis, recorded), analysis.stack.classes
    return tuple(
        Caution(
            check.id, check.level, path, message, check.reason_for(classes), check.lecture, _cures(analysis, repaired)
        )
        for check in CAUTIONS
        for path, message, repaired in check.find(case)
    )


def _cures(analysis: Analysis, repaired: tuple[tuple[str, Stack], ...]) -> tuple[Cure, ...]:
    """Only repairs after which no earlier layer stops fitting: a new shape may not suit what follows."""
    cures = []
    for label, stack in repaired:
        after, text = analyse(stack), to_text(stack.layers)
        further = analysis.problem is not None and len(after.rows) >= len(analysis.rows)
        if (after.problem is None or further) and len(text) <= LIMITS.stack_length:
            cures.append(Cure(label, text, stack.loss))
    return tuple(cures)
