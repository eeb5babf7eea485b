"""Checks of counts: units that a batch leaves at 0, and parameters."""

from __future__ import annotations

from collections.abc import Iterator

from playground.language.limits import spell
from playground.layers.catalogue.spec import LayerSpec
from playground.layers.limits import LIMITS
from playground.layers.run.checks.check import Case, Check, Mistake
from playground.layers.stack.repairs import Counted, narrower

DEAD = 0.5  # so large a part of dead units is too large


def _dead(case: Case) -> Iterator[Mistake]:
    if case.recorded is None or case.recorded.rows != case.analysis.rows:
        return
    dead = {facts.name: facts.dead for facts in case.recorded.facts if facts.dead is not None}
    for row in case.analysis.rows:
        if dead.get(row.name, 0.0) > DEAD:
            leaky = case.stack.replace(row.path, LayerSpec("LeakyReLU"))
            yield Mistake(row.path, dead_message(row.name, dead[row.name]), (("take LeakyReLU", leaky),))


def dead_message(name: str, part: float) -> str:
    """Say how large a part of a layer's units is dead."""
    return f"{part:.0%} of the units of {name} are 0 for every example of this batch"


def _large(case: Case) -> Iterator[Mistake]:
    total, half = case.analysis.parameters, LIMITS.parameters // 2
    if total <= half:
        return
    counted = [Counted(row.path, row.layer, row.parameters) for row in case.analysis.rows if not row.layer.branches]
    found = narrower(case.stack, counted, half)
    repaired = () if found is None else (found,)
    yield Mistake((), f"{spell(total)} parameters, of at most {spell(LIMITS.parameters)}", repaired)


COUNTS: tuple[Check, ...] = (
    Check("dead", "warning", "L2.2", "A ReLU that is 0 passes no gradient: from this batch, the weights before it "
          "learn nothing.", _dead),
    Check("large", "note", "L3.1", "A parameter is kept several times while training: with its gradient, and with the "
          "optimizer's memory.", _large),
)  # fmt: skip
