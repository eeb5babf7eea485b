"""Gradients that are finite beside an infinity or a NaN: the terms that the last sums of a program add, one by one.

`log(x).sum()` at [2, 0] is -infinity, however far x[0] is moved; its term log(2) has a slope of its own. What follows
the terms is affine there, so that terms that are not finite can be left out, where they do not depend on what is moved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial, reduce

import torch
from torch import Tensor

from playground.recorder.recorded_gradients import RunStep, inputs_of, outputs_of
from playground.recorder.replay import Masks, Replay, as_float64
from playground.recorder.tape import Tape, TapeOp

NAN_PROOF = frozenset({"nansum", "nanmean", "nanmedian", "nanquantile", "nan_to_num", "nan_to_num_", "fmax", "fmin"})
SUMS_OF_TERMS = frozenset(
    {
        *("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "soft_margin_loss", "kl_div", "poisson_nll_loss"),
        *("binary_cross_entropy", "binary_cross_entropy_with_logits"),
    }
)


@dataclass(frozen=True)
class Beside:
    """The terms of one objective, and which of their elements are left out."""

    replay: Replay
    weights: Mapping[int, Tensor]  # root -> seed
    masks: Masks
    finite: Mapping[int, Tensor]  # of the roots that are terms themselves: where they are finite

    def objective(self, moved: dict[int, Tensor]) -> Tensor:
        """The sum of the terms that are finite."""
        values = self.replay.run({}, moved, self.weights, self.masks)
        terms = []
        for root, weight in self.weights.items():
            term = (values[root] * as_float64(weight)).real
            terms.append(torch.where(self.finite[root], term, 0) if root in self.finite else term)
        return torch.stack([term.sum() for term in terms]).sum()

    def nans(self, moved: dict[int, Tensor], given: Mapping[int, Tensor]) -> Tensor:
        """Tell of each element that is left out whether it is a NaN."""
        values = self.replay.run(given, moved, self.weights)
        places = {**self.masks.finite, **self.finite}
        return torch.cat([(values[index].isnan() & ~kept).reshape(-1) for index, kept in places.items()])

    def depends(self, spoilt: dict[int, Tensor], elsewhere: Mapping[int, Tensor]) -> list[bool]:
        """Tell of each row of displacements (the last moves nothing) whether what is left out depends on it.

        A row has a NaN where something is moved, and the NaN is looked for: at the recorded point, where it shows in an
        infinity, and elsewhere, where what was a NaN may be a number. What is a NaN at both may depend on anything.
        """
        here, there = (torch.vmap(partial(self.nans, given=given))(spoilt) for given in ({}, elsewhere))
        spoils = (here & ~here[-1]) | (there & ~there[-1]) | (here[-1] & there[-1])
        found: list[bool] = spoils.any(1)[:-1].tolist()
        return found


def beside(tape: Tape, replay: Replay, weights: Mapping[int, Tensor]) -> Beside | None:
    """The terms of an objective with elements that are not finite; None where there are none to leave out."""
    if any(isinstance(step, TapeOp) and step.name in NAN_PROOF for step in replay.steps):
        return None  # a NaN would not show what depends on what
    tail = _affine_end(tape, replay.steps, weights)
    read = {index for op in tail for _, index in op.inputs if tape.values[index].node is not None}
    broken = _broken(tape, read | weights.keys())
    for op in tail:
        if op.name in SUMS_OF_TERMS:
            _leave_out_whole_terms(tape, op, broken)
    spread = {  # what a call of the end makes of terms that are left out
        index
        for op in tail
        if any(source in broken and source in read for _, source in op.inputs)
        for index in op.outputs
    }
    masks = Masks(frozenset(op.id for op in tail), {i: kept for i, kept in broken.items() if i in read - spread})
    finite = {index: kept for index, kept in broken.items() if index in weights.keys() - spread}
    return Beside(replay, weights, masks, finite) if masks.finite or finite else None


def _broken(tape: Tape, among: Iterable[int]) -> dict[int, Tensor]:
    """Where the values that have elements that are not finite are finite."""
    data = {index: tape.values[index].data for index in among}
    kept = {index: numbers.isfinite() for index, numbers in data.items() if numbers.layout is torch.strided}
    return {index: finite for index, finite in kept.items() if not finite.all()}


def _leave_out_whole_terms(tape: Tape, op: TapeOp, broken: dict[int, Tensor]) -> None:
    """A term with one element that is not finite is left out with all its elements."""
    data = {index: tape.values[index].data for _, index in op.inputs}
    kept = {index: numbers.isfinite() for index, numbers in data.items() if numbers.is_floating_point()}
    whole = reduce(torch.logical_and, kept.values())
    if not whole.all():
        broken.update({i: whole if whole.shape == own.shape else own & whole.all() for i, own in kept.items()})


def _affine_end(tape: Tape, steps: list[RunStep], roots: Iterable[int]) -> list[TapeOp]:
    """The calls at the end of a program whose results are affine in what they read, and are read by such calls only.

    Before those, a sum of terms each of which reads elements of its own.
    """
    readers: dict[int, list[RunStep]] = {}
    for step in steps:
        for index in inputs_of(step):
            readers.setdefault(index, []).append(step)
    found: list[TapeOp] = []
    affine: list[RunStep] = []
    wanted = set(roots)
    for step in reversed(steps):
        outputs = list(outputs_of(step))
        own = [reader for index in outputs for reader in readers.get(index, ())]
        if not own and wanted.isdisjoint(outputs):
            continue
        if isinstance(step, TapeOp) and all(reader in affine for reader in own):
            if _is_affine(tape, step):
                affine.append(step)
                found.append(step)
            elif step.name in SUMS_OF_TERMS:
                found.append(step)
    return found


def _is_affine(tape: Tape, op: TapeOp) -> bool:
    """Tell whether a call's backward nodes saved only constants that it was given: its slope is a constant, too."""
    if op.name == "nll_loss":  # it keeps its input for the shape only
        return True
    inputs = {index for _, index in op.inputs}
    for node in op.nodes:
        for name, content in tape.saved.get(node, ()):
            if isinstance(content, Tensor):
                if name in ("self", "other") and content.dim() == 0 and not content.requires_grad:  # a number
                    continue
                value = tape.find_saved(node, content)
                if value is None or value.node is not None or value.id not in inputs:
                    return False
    return not op.in_place
