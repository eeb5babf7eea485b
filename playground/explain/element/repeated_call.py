"""One recorded call again, in float64: how one element of a result depends on its inputs, and the other way round."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor
from torch.autograd import forward_ad

from playground.recorder.replay import as_float64, is_random, repeat_call, work_of
from playground.recorder.tape import Tape, TapeOp
from playground.recorder.tensor_paths import substitute

MOST_ELEMENTS = int(os.environ.get("PLAYGROUND_ELEMENT_SIZE", "8000000"))  # that one call reads and writes
MOST_WORK = int(os.environ.get("PLAYGROUND_ELEMENT_WORK", "400000000"))  # as `work_of` counts it: some seconds

# Calls that are a sum of products of their first two tensors (in the order of `_ORDER`), and perhaps a bias.
_PRODUCTS = frozenset(
    {
        *("linear", "matmul", "rmatmul", "mm", "bmm", "mv", "dot", "inner", "outer", "mul", "rmul", "multiply"),
        *("conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"),
    }
)
_ORDER = {"input": 0, "weight": 1, "other": 1, "mat2": 1, "vec": 1, "vec2": 1, "tensor": 1, "bias": 2}


class RepeatedCall:
    """A call of a tape, to be repeated. Nothing of the tape is written to."""

    def __init__(self, tape: Tape, op: TapeOp) -> None:
        self._tape = tape
        self.op = op
        self._inputs = dict(op.inputs)

    def obstacle(self) -> str:
        """The reason why it cannot be repeated; empty if it can."""
        op, values = self.op, self._tape.values
        everything = [values[index] for index in (*self._inputs.values(), *op.outputs)]
        size = sum(value.data.numel() for value in everything)
        if op.func is None:
            return "it was computed out of sight, and cannot be repeated"
        if is_random(op):
            return "it draws random numbers: a second call would draw others"
        if op.overwrites_others:
            return "it overwrote memory that other values share, and cannot be repeated"
        if any(value.data.is_complex() for value in everything):
            return "terms are written out for real numbers only"
        if size > MOST_ELEMENTS:
            return f"the call reads and writes {size:,} elements; the limit is {MOST_ELEMENTS:,}"
        if work_of(op, values) > MOST_WORK:
            return f"a second call would take too long; the limit is {MOST_WORK:,} elements of work"
        return ""

    def is_real(self, path: str) -> bool:
        """Tell whether the argument there is a tensor that has derivatives."""
        return self._tape.values[self._inputs[path]].data.is_floating_point()

    def paths(self) -> list[str]:
        """The tensors of the call that have derivatives."""
        return [path for path in self._inputs if self.is_real(path)]

    def number(self, path: str) -> Tensor:
        """The recorded argument, in float64."""
        return as_float64(self._tape.values[self._inputs[path]].data)

    def factors(self) -> tuple[str, str] | None:
        """The paths of the two factors of a sum of products. The first has derivatives."""
        ordered = sorted(self._inputs, key=lambda path: _ORDER.get(path, int(path) if path.isdecimal() else 3))
        if self.op.name not in _PRODUCTS or len(ordered) < 2 or "bias" in ordered[:2]:
            return None
        first, second = ordered[:2]
        if not self.is_real(first):
            first, second = second, first
        return (first, second) if self.is_real(first) else None

    def partner(self, path: str) -> str | None:
        """The other factor of a product."""
        pair = self.factors()
        if pair is None or path not in pair:
            return None
        return pair[1] if path == pair[0] else pair[0]

    def numbered(self, path: str) -> dict[str, Tensor]:
        """In place of an argument: 1, 2, 3, ... in row-major order, so that a derivative says which element it is."""
        shape = self.number(path).shape
        return {path: torch.arange(1, shape.numel() + 1, dtype=torch.float64).reshape(shape)}

    def results(self, given: Mapping[str, Tensor]) -> dict[int, Tensor]:
        """The call's outputs by value id, with `given` in place of some arguments."""

        def fill(path: str, _: Tensor) -> Tensor:
            value = self._tape.values[self._inputs[path]]
            tensor = given.get(path)
            if tensor is None:
                tensor = as_float64(value.data.detach())
            return tensor.clone() if self.op.in_place or value.kind == "buffer" else tensor

        with torch.enable_grad():
            args, kwargs = substitute(self.op.args, fill), substitute(self.op.kwargs, fill)
            return dict(zip(self.op.outputs, repeat_call(self.op, args, kwargs), strict=False))

    def row(
        self, output: int, index: tuple[int, ...], paths: Iterable[str], given: Mapping[str, Tensor] | None = None
    ) -> dict[str, Tensor]:
        """The derivatives of one element of an output with respect to whole inputs, where there are any."""
        paths = list(paths)
        moved = {path: self.number(path).detach().clone().requires_grad_() for path in paths}
        result = self.results({**(given or {}), **moved})[output]
        if not result.requires_grad:
            return {}
        found = torch.autograd.grad(result[index], list(moved.values()), allow_unused=True)
        return {path: row for path, row in zip(paths, found, strict=True) if row is not None}

    def column(
        self,
        path: str,
        index: tuple[int, ...],
        outputs: Mapping[int, Tensor],
        given: Mapping[str, Tensor] | None = None,
    ) -> dict[int, Tensor]:
        """The derivatives of outputs (given with a tensor of their shape) with respect to one element of an input.

        A vector-Jacobian product is linear in the vector, so its own derivative with respect to the vector is the
        column that is asked for. Unlike forward mode this may run in several threads; forward mode is the second way.
        """
        moved = self.number(path).detach().clone().requires_grad_()
        results = self.results({**(given or {}), path: moved})
        wanted = {output: results[output] for output in outputs if results[output].requires_grad}
        if not wanted:
            return {}
        vectors = [as_float64(outputs[output]).detach().clone().requires_grad_() for output in wanted]
        try:
            (product,) = torch.autograd.grad(
                list(wanted.values()), moved, vectors, create_graph=True, allow_unused=True
            )
            if product is None:
                return {}
            found = torch.autograd.grad(product[index], vectors, allow_unused=True) if product.requires_grad else []
        except (RuntimeError, NotImplementedError):
            return self._forward(path, index, list(wanted), given or {})
        return {output: column for output, column in zip(wanted, found, strict=False) if column is not None}

    def _forward(
        self, path: str, index: tuple[int, ...], outputs: list[int], given: Mapping[str, Tensor]
    ) -> dict[int, Tensor]:
        direction = torch.zeros_like(self.number(path))
        direction[index] = 1.0
        with forward_ad.dual_level():
            dual = forward_ad.make_dual(self.number(path).detach().clone(), direction)  # type: ignore[no-untyped-call]
            results = self.results({**given, path: dual})
            tangents = {o: forward_ad.unpack_dual(results[o]).tangent for o in outputs}  # type: ignore[no-untyped-call]
        return {output: tangent.detach() for output, tangent in tangents.items() if tangent is not None}
