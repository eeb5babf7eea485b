"""Costs of a stack in all: numbers to learn and to compute, and memory kept for the backward pass."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from playground.errors import Repair
from playground.language.limits import spell
from playground.layers.catalogue import shape_rules
from playground.layers.catalogue.kind import Given, Kind, LayerRule
from playground.layers.catalogue.kinds.activations import ACTIVATIONS
from playground.layers.catalogue.spec import LayerSpec, Path, Shape, Stack
from playground.layers.limits import LIMITS
from playground.layers.stack.problems import Problem, ProblemFound
from playground.layers.stack.repairs import Counted, narrower
from playground.layers.stack.text import layer_text, to_text

BYTES = 4  # of one float32
VIEWS = {"Flatten", "Reshape", "Identity"}  # what they give lies in the memory of what they take
STATISTICS = 2  # a mean and the inverse of a deviation
_BY_STEPS = {"GRU", "RNN", "LSTM", "MultiheadAttention"}  # what they give lies step by step
_ONE_BY_ONE = {row.name for row in ACTIVATIONS} - {"Softmax", "LogSoftmax"} | {"Dropout", "Bias"}  # lies as it did
_REORDERS = {"Linear", "InstanceNorm2d"}  # what it takes has to lie example by example
POSITION_BYTES = 8  # of one position that a pooling layer remembers, or of a row's number


class StackCosts:
    """The totals of the layers counted so far; ProblemFound where one of them passes its limit."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.counted: list[Counted] = []
        self.parameters = self.activations = self.multiplications = self.steps = 0

    def count(self, path: Path, layer: LayerSpec, rule: LayerRule) -> None:
        """Refuse what is too large, by name, before anybody allocates it."""
        self.counted.append(Counted(path, layer, rule.parameters))
        self.parameters += rule.parameters
        self.activations += rule.made
        self.multiplications += rule.multiplications
        self.steps += rule.steps
        for what, number, limit in (
            ("parameters", self.parameters, LIMITS.parameters),
            ("outputs for one example", self.activations, LIMITS.activations),
            ("multiplications for one example", self.multiplications, LIMITS.multiplications),
            ("steps, one after the other", self.steps, LIMITS.steps),
        ):
            if number > limit:
                message = f"{layer_text(layer)} brings the stack to {spell(number)} {what}"
                repairs = self._narrower(limit) if what == "parameters" else ()
                raise ProblemFound(Problem(path, message, f"the limit is {spell(limit)} {what}", repairs))

    def _narrower(self, limit: int) -> tuple[Repair, ...]:
        """Half of what is allowed leaves room for the layers that are not counted yet."""
        found = narrower(self.stack, self.counted, limit // 2) or narrower(self.stack, self.counted, limit)
        return () if found is None else (Repair(found[0], to_text(found[1].layers)),)


@dataclass(frozen=True, slots=True)
class Lying:
    """Which memory holds some numbers (views share it), and whether it holds the first steps of all examples first, as
    recurrent layers and attention read and give them."""

    storage: int
    by_steps: bool = False


class Memory:
    """The storages that PyTorch keeps for the backward pass."""

    def __init__(self) -> None:
        self.now = Lying(0)
        self.newest = 0
        self.kept: set[int] = set()

    def fresh(self, *, by_steps: bool = False) -> None:
        """Begin memory of its own for what goes on."""
        self.newest += 1
        self.now = Lying(self.newest, by_steps)

    def saved(self, kind: Kind, given: Given, takes: Shape, rule: LayerRule) -> tuple[int | None, int]:
        """Bytes that PyTorch newly keeps for each example, None where it does not tell, and once for the batch; what an
        earlier layer keeps already costs nothing more."""
        if kind.saves == "unknown":
            self.fresh()
            return None, 0
        once = STATISTICS * takes[0] * BYTES if kind.saves == "input and statistics of the batch" else 0
        return rule.kept * BYTES + self._of_each(kind, given, takes, rule.shape), once

    def _of_each(self, kind: Kind, given: Given, takes: Shape, gives: Shape) -> int:
        source = self.now
        self._go_on(kind, takes, gives)
        if kind.name == "AdaptiveAvgPool2d" and gives[1:] == (1, 1):
            return 0  # PyTorch takes the mean, which needs none of the numbers
        size = 0
        if "kernel_size" in given and any(start != end for start, end in shape_rules.borders(given)):
            return _evened(given, takes) * BYTES  # the input with what makes its border even, in memory of its own
        reads_by_steps = "its own" in kind.saves and takes[0] > 1 and not given.get("norm_first")
        if "input" in kind.saves and source.by_steps != reads_by_steps and (reads_by_steps or kind.name in _REORDERS):
            # copies that lie as they are read, which nobody else has: one for each direction
            size += (2 if given.get("bidirectional") else 1) * math.prod(takes) * BYTES
        elif "input" in kind.saves and source.storage not in self.kept:
            self.kept.add(source.storage)
            size += math.prod(takes) * BYTES
        if kind.saves == "indices":
            size += math.prod(takes) * POSITION_BYTES
        if kind.saves == "output":
            self.kept.add(self.now.storage)
            size += math.prod(gives) * BYTES
        if kind.saves == "mask":
            size += (gives[0] if kind.name == "Dropout2d" else math.prod(gives)) * BYTES
        if "positions" in kind.saves:
            size += math.prod(gives) * POSITION_BYTES
        if kind.saves == "input and statistics":
            groups = takes[0] if kind.name == "InstanceNorm2d" else given.get("num_groups", 0)
            groups = groups or math.prod(takes[: -given["dims"]])
            size += STATISTICS * groups * BYTES
        return size

    def _go_on(self, kind: Kind, takes: Shape, gives: Shape) -> None:
        """Tell where the numbers lie that a layer gives."""
        if kind.name in VIEWS:
            if self.now.by_steps and takes != gives and not _is_a_view(takes, gives):
                self.fresh()
        elif kind.name in _BY_STEPS:
            self.fresh(by_steps=gives[0] > 1)
        else:
            self.fresh(by_steps=self.now.by_steps and kind.name in _ONE_BY_ONE)


def _is_a_view(takes: Shape, gives: Shape) -> bool:
    """Ask PyTorch whether numbers that lie step by step can be seen in another shape where they lie."""
    lying = torch.empty(takes[0], 2, *takes[1:], device="meta").transpose(0, 1)
    try:
        lying.view(2, *gives)
    except RuntimeError:
        return False
    return True


def _evened(given: Given, takes: Shape) -> int:
    """Count the numbers of an example with the zeros by which its border is wider at the end of an axis."""
    borders = shape_rules.borders(given)
    return takes[0] * math.prod(n + end - start for n, (start, end) in zip(takes[1:], borders, strict=False))
