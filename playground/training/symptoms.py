"""Why a run does not learn, as far as its own records show it, with one change of the settings that may mend it."""

from __future__ import annotations

import math
import re
from array import array
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from playground.explain.numbers import format_number
from playground.training.config import SETTINGS, TrainConfig
from playground.training.records import LayerRecord, TrainRecord

LEAST_STEPS = 100  # before anything is said: every run begins by guessing
LEAST_EXAMPLES = 1_000  # of which the accuracy is a mean, or chance would look like learning
LEAST_BATCH = 10  # examples: fewer leave many a good unit at 0
ABOVE_CHANCE = 0.02  # an accuracy that is no better than guessing, beside three standard errors
GROWN = 2.0  # times the first loss
DEAD = 0.9  # of a layer's units
LONG_STEP = 0.01  # of the size of the weights; a thousandth is usual
SHORT_STEP = 1e-5  # of the size of the weights: a hundred thousand for all of it
FELL = 0.9  # of the first loss: where it is higher, it has hardly moved
VANISHED = 1e-3  # of the gradient of the last layer, at the first
FLAT = re.compile(r"\b(Sigmoid|Tanh)\b")  # layers that pass little of a gradient where they saturate
FACTOR = 10.0  # of the learning rate that is offered


@dataclass(frozen=True, slots=True)
class Symptom:
    """One sentence with the numbers that say it; `label`: of the cure, which makes these `changes` to the settings."""

    text: str
    label: str
    changes: Mapping[str, Any]


@dataclass
class Course:
    """What the records of a run say of how it learns, taken as they come; of each it keeps two numbers.

    After `steps[i]` steps `right[i]` of the examples were right, counted in batches.
    """

    config: TrainConfig
    classes: int  # 0 where numbers are predicted
    first: TrainRecord | None = None
    latest: TrainRecord | None = None
    steps: array[int] = field(default_factory=lambda: array("q"))
    right: array[float] = field(default_factory=lambda: array("d"))

    def add(self, records: Sequence[TrainRecord]) -> None:
        """Take the records that follow those before."""
        for record in records:
            step, right = (self.steps[-1], self.right[-1]) if self.steps else (0, 0.0)
            if record.accuracy is not None:
                self.steps.append(record.step)
                self.right.append(right + record.accuracy * (record.step - step))
            self.first, self.latest = self.first or record, record

    def symptom(self, rate: float, *, has_diverged: bool = False) -> Symptom | None:
        """What is wrong; None where the records do not show it. `rate`: the learning rate that was set last.

        `has_diverged`: the run ended because a number was no longer finite.
        """
        if self.first is None or self.latest is None:
            text = "There was no finite loss after the first step already."
            return _other_rate(text, rate, 1 / FACTOR) if has_diverged else None
        grown = f"The loss was {_written(self.first.loss)} in step {self.first.step:,}"
        if self.first.step < self.latest.step:
            grown += f" and {_written(self.latest.loss)} by step {self.latest.step:,}"
        if has_diverged:
            return _other_rate(f"{grown}, then it was no number: the steps are too long.", rate, 1 / FACTOR)
        if self.latest.step < LEAST_STEPS:
            return None
        if self.latest.loss > GROWN * self.first.loss:
            return _other_rate(f"{grown}: it has grown, because the steps are too long.", rate, 1 / FACTOR)
        chance = self._chance()
        if chance:
            return self._reason(chance, rate)
        return self._dead("", rate) or self._still(grown, rate)

    def _chance(self) -> str:
        """The accuracy of the second half of the steps, where it is that of guessing; '' where it is better."""
        if self.classes < 2 or not self.steps:
            return ""
        last, right = self.steps[-1], self.right[-1]
        place = bisect_right(self.steps, last / 2)
        half, before = (self.steps[place - 1], self.right[place - 1]) if place else (0, 0.0)
        examples = (last - half) * self.config.batch
        if examples < LEAST_EXAMPLES:
            return ""
        accuracy, guessed = (right - before) / (last - half), 1 / self.classes
        if accuracy > guessed + max(ABOVE_CHANCE, 3 * math.sqrt(guessed * (1 - guessed) / examples)):
            return ""
        shares = f"{100 * accuracy:.1f} % are right, and guessing gives {100 * guessed:.3g} %"
        return f"In steps {half + 1:,} to {last:,} {shares}"

    def _reason(self, chance: str, rate: float) -> Symptom:
        """Why it only guesses: what its layers show, the surest first."""
        if self.config.initial == "zeros":
            text = f"{chance}: all weights of a layer began at 0, and change alike."
            return Symptom(text, "Train again with PyTorch's first weights", {"initial": "PyTorch"})
        if found := self._dead(f"{chance}: ", rate) or self._vanished(chance):
            return found
        ratio, name = self._largest_step()
        is_long = ratio > LONG_STEP
        text = f"{chance}: {_changes(name, ratio)}, which is {'too much' if is_long else 'little'}."
        return _other_rate(text, rate, 1 / FACTOR if is_long else FACTOR)

    def _still(self, grown: str, rate: float) -> Symptom | None:
        """A loss that hardly moves, because no weight does."""
        ratio, name = self._largest_step()
        if self.first is None or self.latest is None or ratio >= SHORT_STEP:
            return None
        if self.latest.loss < FELL * self.first.loss:
            return None
        return _other_rate(f"{grown}: {_changes(name, ratio)}, which is little.", rate, FACTOR)

    def _largest_step(self) -> tuple[float, str]:
        """How much the last step changed the layer that it changed most, as a part of its weights, and its name."""
        ratios = [(layer.update_ratio, layer.name) for layer in self._layers() if layer.update_ratio is not None]
        return max(ratios, default=(math.inf, "the net"))

    def _dead(self, begin: str, rate: float) -> Symptom | None:
        """A layer whose units are 0 for every example of the batch."""
        if self.config.batch < LEAST_BATCH:
            return None
        dead = [layer for layer in self._layers() if layer.dead is not None and layer.dead >= DEAD]
        if not dead:
            return None
        share, name = _percent(dead[0].dead or 0.0), dead[0].name
        units = f"{share} of the units of {name} are 0 for the whole batch, and pass no gradient."
        return _other_rate(begin + units, rate, 1 / FACTOR)

    def _vanished(self, chance: str) -> Symptom | None:
        """A gradient that hardly reaches the first layer, through units that saturate."""
        if not FLAT.search(self.config.text):
            return None
        norms = [(layer.gradient_norm, layer.name) for layer in self._layers() if layer.gradient_norm is not None]
        if len(norms) < 2 or not norms[0][0] < VANISHED * norms[-1][0]:
            return None
        kind = FLAT.findall(self.config.text)[0]
        (first, name), (last, end) = norms[0], norms[-1]
        left = f"the gradient of {end} has the norm {_written(last)}, and that of {name} {_written(first)}"
        text = f"{chance}: {left}, for {kind} passes little on."
        changed = FLAT.sub("ReLU", self.config.text)
        return Symptom(text, f"Train again with ReLU in place of {kind}", {"text": changed})

    def _layers(self) -> Sequence[LayerRecord]:
        return self.latest.layers if self.latest is not None else ()


def _other_rate(text: str, rate: float, factor: float) -> Symptom:
    setting = SETTINGS["learning_rate"]
    other = min(max(float(f"{rate * factor:.6g}"), setting.least), setting.most)
    return Symptom(text, f"Train again with lr {other:g}", {"learning_rate": other})


def _changes(name: str, ratio: float) -> str:
    return f"a step changes the weights of {name} by {_percent(ratio)} of their size"


def _written(number: float) -> str:
    return format_number(number, 3)


def _percent(part: float) -> str:
    return f"{_written(100 * part)} %"
