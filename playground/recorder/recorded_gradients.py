"""Gradients that a recording goes on to compute with (`create_graph`): which passes made them, and from what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from operator import itemgetter

import torch
from torch import Tensor

from playground.recorder.nodes import accumulates
from playground.recorder.tape import NodeEvent, Tape, TapeOp, TapePass, ZeroGrad


@dataclass(frozen=True, eq=False)
class GradientStep:
    """One pass whose gradients are used again: results = the derivative of sum(seed * root) by the sources."""

    watched: TapePass
    results: dict[int, int]  # value of the gradient -> the value that it is the gradient of
    sources: tuple[int, ...]
    path: tuple[RunStep, ...]  # what leads from the sources to the roots, in order

    @property
    def inputs(self) -> Iterable[int]:
        """Every value that it reads."""
        inner = [index for step in self.path for index in inputs_of(step)]
        seeds = [index for index in self.watched.seed_values if index is not None]
        return (*self.sources, *self.watched.roots, *seeds, *inner)


@dataclass(frozen=True, eq=False)
class LeafGradientStep:
    """Reading `x.grad` after `backward(create_graph=True)`: a sum over the passes since it was cleared."""

    result: int
    source: int
    passes: tuple[GradientStep, ...]
    constant: Tensor | None  # what was there before, or came from passes without a graph

    @property
    def inputs(self) -> Iterable[int]:
        """Every value that it reads."""
        return [index for step in self.passes for index in step.inputs]


RunStep = TapeOp | GradientStep | LeafGradientStep


def inputs_of(step: RunStep) -> Iterable[int]:
    """The values that a step reads."""
    return map(itemgetter(1), step.inputs) if isinstance(step, TapeOp) else step.inputs


def outputs_of(step: RunStep) -> Iterable[int]:
    """The values that a step makes."""
    if isinstance(step, TapeOp):
        return step.outputs
    return step.results if isinstance(step, GradientStep) else (step.result,)


def parts_of(step: GradientStep | LeafGradientStep) -> tuple[GradientStep, ...]:
    """The single passes of a step that differentiates."""
    return (step,) if isinstance(step, GradientStep) else step.passes


def hands_on(op: TapeOp) -> bool:
    """Tell whether a call that is not recorded returns what it was given: the frame round a module that has hooks."""
    return op.func is None and op.name == "BackwardHookFunction"


class RunOrder:
    """What a second run of a tape has to do, in order: its differentiable calls, and the passes between them."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._values = tape.values
        self.steps: list[RunStep] = []
        for place, event in enumerate(tape.events):
            if isinstance(event, TapePass):
                self._pass(event)
            elif isinstance(event, TapeOp) and self._is_computed(event):
                if event.name == "grad":  # `x.grad`; `torch.autograd.grad` is a pass
                    self._read_gradient(event, place)
                else:
                    self.steps.append(event)

    def _is_computed(self, op: TapeOp) -> bool:
        outputs = [self._values[index] for index in op.outputs]
        return (op.func is not None or hands_on(op)) and any(
            v.node is not None and (v.alias_of is not None or not accumulates(v.node)) for v in outputs
        )

    def _pass(self, watched: TapePass) -> None:
        results = {
            result: self._original(source)
            for result, source in watched.results.items()
            if self._values[result].node is not None and self._is_engines(result)
        }
        if results:
            self.steps.append(self._gradients(watched, results))

    def _is_engines(self, index: int) -> bool:
        op = self._values[index].op
        return op is not None and self._tape.ops[op].func is None

    def _read_gradient(self, op: TapeOp, place: int) -> None:
        """`x.grad` is what it was, plus what each pass since it was cleared has added."""
        leaf = self._values[op.inputs[0][1]].node
        source = next((value.id for value in self._values if value.node == leaf), op.inputs[0][1])
        passes: list[GradientStep] = []
        constants: list[Tensor] = []
        for event in self._tape.events[:place]:
            if isinstance(event, ZeroGrad) and any(self._values[index].node == leaf for index, _ in event.leaves):
                passes, constants = [], []
            elif isinstance(event, TapePass):
                for added in event.events:
                    if not isinstance(added, NodeEvent) or added.node != leaf:
                        continue
                    if added.grad_before is not None and not (passes or constants):
                        constants.append(added.grad_before)
                    if event.create_graph:
                        passes.append(self._gradients(event, {op.outputs[0]: source}))
                    elif added.incoming[0] is not None:
                        constants.append(added.incoming[0])
        constant = torch.stack([part.detach() for part in constants]).sum(0) if constants else None
        self.steps.append(LeafGradientStep(op.outputs[0], source, tuple(passes), constant))

    def _gradients(self, watched: TapePass, results: dict[int, int]) -> GradientStep:
        sources = tuple(dict.fromkeys(results.values()))
        return GradientStep(watched, results, sources, self._path(sources, watched.roots))

    def _path(self, sources: Iterable[int], roots: Iterable[int]) -> tuple[RunStep, ...]:
        moved = set(sources)
        ahead = []
        for step in self.steps:
            if not moved.isdisjoint(inputs_of(step)):
                moved.update(outputs_of(step))
                ahead.append(step)
        wanted = set(roots)
        found = []
        for step in reversed(ahead):
            if not wanted.isdisjoint(outputs_of(step)):
                wanted.update(inputs_of(step))
                found.append(step)
        return tuple(reversed(found))

    def _original(self, index: int) -> int:
        """The value that an alias hands on."""
        alias = self._values[index].alias_of
        return index if alias is None else self._original(alias)
