"""One element of a gradient as a sum: over everything that used it, adjoint times local derivative."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from playground.errors import PlaygroundError
from playground.explain.element.index_pattern import pattern
from playground.explain.element.places import checked, same_values, tape_of, top
from playground.explain.element.records import ElementGradient, ElementUse, GradientTerm, Index, Place
from playground.explain.element.repeated_call import RepeatedCall
from playground.recorder.replay import as_float64
from playground.recorder.tape import Tape, TapeOp
from playground.trace.trace import Trace


def element_gradient(trace: Trace, value: int, index: Index) -> ElementGradient:
    """The sum whose result is the element at `index` of the value's adjoint, in the last pass that reached it.

    `trace` must come from `record`: the calls that used the value are repeated, one by one. Raises PlaygroundError
    where there is no gradient, for a wrong index, and for a trace that was read from a document.

    >>> from playground import record
    >>> trace = record(lambda x: (x * x).sum(), torch.tensor([1.0, 3.0], requires_grad=True))
    >>> found = element_gradient(trace, trace["x"].id, (1,))
    >>> [[term.product for term in use.terms] for use in found.uses], found.total, found.recorded
    ([[3.0], [3.0]], 6.0, 6.0)
    """
    tape = tape_of(trace)
    same = same_values(tape, value)
    value = min(same)
    name = trace.values[value].name
    checked(trace, value, index)
    adjoint, pass_id = tape.values[value].adjoint, tape.values[value].reached
    if adjoint is None:
        hint = "choose a value that the output depends on, and that requires grad"
        raise PlaygroundError(f"no gradient reaches `{name}`", hint=hint)
    if adjoint.is_complex():
        raise PlaygroundError("terms are written out for real numbers only", hint=f"`{name}` is complex")
    started = trace.passes[pass_id]
    seeds = [float(seed.tensor()[index]) for r, seed in zip(started.roots, started.seeds, strict=True) if r in same]
    uses: list[ElementUse] = []
    scale = sum(map(abs, seeds))
    for op in tape.ops:
        outputs = _outputs(tape, op, pass_id)
        for path in [path for path, used in op.inputs if used in same] if outputs else []:
            use, size = _Use(trace, tape, op, path, outputs).at(index, pass_id)
            if use is not None:
                uses.append(use)
                scale += size
    grad = trace.values[value].grad
    return ElementGradient(
        place=Place(value, index),
        recorded=float(adjoint[index]),
        uses=tuple(uses),
        root=started.roots[0],
        seed=sum(seeds) if seeds else None,
        accumulated=None if grad is None else float(grad.tensor()[index]),
        scale=scale,
        dtype=trace.values[value].dtype,
    )


def _outputs(tape: Tape, op: TapeOp, pass_id: int) -> dict[int, Tensor]:
    """The outputs of a call that this pass reached, with their adjoints; not one that is an input handed on."""
    values = [tape.values[output] for output in op.outputs]
    return {v.id: v.adjoint for v in values if v.adjoint is not None and v.reached == pass_id and v.alias_of is None}


class _Use:
    """One use of a value by a call."""

    def __init__(self, trace: Trace, tape: Tape, op: TapeOp, path: str, outputs: dict[int, Tensor]) -> None:
        self._trace = trace
        self._call = RepeatedCall(tape, op)
        self._op, self._path, self._outputs = op, path, outputs

    def at(self, index: Index, pass_id: int) -> tuple[ElementUse | None, float]:
        """The gradient that comes back from it to this element, and the size of the parts; None where there is none."""
        share = self._share(index, pass_id)
        obstacle = self._call.obstacle()
        columns: dict[int, Tensor] = {}
        if not obstacle:
            try:
                columns = self._call.column(self._path, index, self._outputs)
            except (RuntimeError, NotImplementedError, TypeError, ValueError) as error:
                obstacle = f"PyTorch cannot differentiate it again: {str(error).splitlines()[0]}"
        if obstacle:
            if share is None:
                obstacle += "; what it sent is not recorded"
            return ElementUse(self._op.id, self._path, share or 0.0, obstacle=obstacle), abs(share or 0.0)
        if not columns:
            return None, 0.0
        return self._split(index, columns)

    def _split(self, index: Index, columns: dict[int, Tensor]) -> tuple[ElementUse, float]:
        partner = self._call.partner(self._path)
        numbers: dict[int, Tensor] = {}
        if partner is not None:
            numbers = self._call.column(self._path, index, self._outputs, self._call.numbered(partner))
        terms: list[GradientTerm] = []
        count, zeros, total, scale = 0, 0, 0.0, 0.0
        places: list[Tensor] = []
        for output, column in columns.items():
            adjoint = as_float64(self._outputs[output])
            number = numbers.get(output)
            involved = (column if number is None else number) != 0
            products = (adjoint * column)[involved]
            found = involved.nonzero()
            count += len(found)
            zeros += int((adjoint[involved] == 0).sum())
            total += float(products.sum())
            scale += float(products.abs().sum())
            places = [found]
            partners = None
            if number is not None and partner is not None:
                flat = number[involved].round().long() - 1
                shape = self._call.number(partner).shape
                partners = torch.stack(torch.unravel_index(flat, shape), 1) if shape else flat.new_zeros(len(flat), 0)
                places.append(partners)
            for position in top(products):
                place = tuple(found[position].tolist())
                other = None
                if partners is not None and partner is not None:
                    other = Place(dict(self._op.inputs)[partner], tuple(partners[position].tolist()))
                terms.append(GradientTerm(Place(output, place), float(adjoint[place]), float(column[place]), other))
        shown = sorted(terms, key=lambda term: -_size(term.product))[: len(top(torch.zeros(count)))]
        rest = total - math.fsum(term.product for term in shown) if count > len(shown) else 0.0
        use = ElementUse(
            op=self._op.id,
            path=self._path,
            total=total,
            terms=tuple(shown),
            count=count,
            zeros=zeros,
            rest=rest,
            pattern=pattern(places) if count > 1 and len(columns) == 1 else (),
        )
        return use, scale

    def _share(self, index: Index, pass_id: int) -> float | None:
        """The vector-Jacobian product that the engine sent along this use, at this element."""
        shape = self._trace.values[dict(self._op.inputs)[self._path]].shape
        for step in self._trace.steps:
            if step.node is None or step.backward_pass != pass_id:
                continue
            edges = self._trace.nodes[step.node].edges
            for part in step.contributions:
                if edges[part.edge].use == (self._op.id, self._path) and part.data.shape == shape:
                    return float(part.data.tensor()[index].real)
        return None


def _size(number: float) -> float:
    return math.inf if math.isnan(number) else abs(number)
