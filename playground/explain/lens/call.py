"""One recorded call for a lens: its arguments by name, its result, and what the engine sent through it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from playground.errors import PlaygroundError
from playground.explain.element.places import tape_of
from playground.explain.element.repeated_call import RepeatedCall
from playground.explain.names import DisplayNames
from playground.recorder.replay import as_float64
from playground.trace.trace import Trace


@contextmanager
def differentiated() -> Iterator[None]:
    """Say what PyTorch says where it cannot differentiate a call."""
    try:
        yield
    except (RuntimeError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise PlaygroundError(
            f"PyTorch cannot differentiate it again: {reason}", hint="open an element of it"
        ) from error


class Call:
    """A call of a trace with its arguments bound to the names of a signature: 'input, weight, bias=None, stride=1'.

    Raises PlaygroundError for a trace that was read from a document, and for a call that cannot be repeated.
    """

    def __init__(self, trace: Trace, op: int, signature: str) -> None:
        tape = tape_of(trace)
        self.trace = trace
        self.id = op
        self.op = tape.ops[op]
        self.name = self.op.name
        self.names = DisplayNames(trace)
        self.repeated = RepeatedCall(tape, self.op)
        if not self.op.outputs:
            raise PlaygroundError("this call has no result that was recorded", hint="open another one")
        if obstacle := self.repeated.obstacle():
            raise PlaygroundError(f"this call cannot be opened: {obstacle}", hint="open another one")
        self._values = tape.values
        self._names = [part.strip().partition("=")[0] for part in signature.split(",") if part.strip()]
        self._paths = dict(self.op.inputs)

    @property
    def output(self) -> int:
        """The value that a lens shows: the call's first."""
        return self.op.outputs[0]

    def parameter(self, path: str) -> str:
        """The name of the argument at a path: '0' is the first one, '1.2' one of a list that is the second."""
        first, _, rest = path.partition(".")
        name = self._names[int(first)] if first.isdecimal() and int(first) < len(self._names) else first
        return f"{name}.{rest}" if rest else name

    @cached_property
    def tensors(self) -> dict[str, int]:
        """The tensors among the arguments: name -> value."""
        return {self.parameter(path): value for path, value in self.op.inputs}

    def path(self, name: str) -> str:
        """Where an argument stands in the call."""
        return next(path for path in self._paths if self.parameter(path) == name)

    def number(self, value: int) -> Tensor:
        """A recorded tensor, as it was recorded: what is shown of it is made float64."""
        return self._values[value].data

    def tensor(self, value: int) -> Tensor:
        """The tensor itself, of whatever layout and strides; what it holds may have been overwritten since."""
        return self._values[value].tensor

    def shape(self, value: int) -> tuple[int, ...]:
        """The shape of a recorded tensor."""
        return self.trace.values[value].shape

    def setting(self, name: str, default: Any = None) -> Any:
        """An argument that is not a tensor, as it was given."""
        given = dict(zip(self._names, self.op.args, strict=False)) | self.op.kwargs
        found = given.get(name, default)
        return default if isinstance(found, Tensor) else found

    def show(self, value: int) -> str:
        """The name of a value, as the page writes it."""
        return self.names.show(value)

    @cached_property
    def title(self) -> str:
        """The call as it is written: 'v3 = x @ w'."""
        return f"{self.show(self.output)} = {self.names.expression(self.trace.ops[self.id])}"

    @cached_property
    def adjoint(self) -> Tensor | None:
        """The adjoint of the result; None where no backward pass reached it."""
        found = self._values[self.output].adjoint
        return None if found is None or found.is_complex() else found

    def sent(self, name: str) -> Tensor | None:
        """What this call sends back to an argument: the vector-Jacobian product that the engine sent along this use;
        where it is not recorded by itself, that of the call in float64."""
        path = self.path(name)
        if self.adjoint is None or not self.repeated.is_real(path):
            return None
        recorded = self._contribution(path)
        return self._vjp(path) if recorded is None else recorded

    def _contribution(self, path: str) -> Tensor | None:
        shape = self.shape(dict(self.op.inputs)[path])
        for step in reversed(self.trace.steps):
            if step.node is None or step.backward_pass != self._values[self.output].reached:
                continue
            edges = self.trace.nodes[step.node].edges
            for part in step.contributions:
                if edges[part.edge].use == (self.id, path) and part.data.shape == shape:
                    return part.data.dense()
        return None

    def _vjp(self, path: str) -> Tensor | None:
        moved = self.repeated.number(path).detach().clone().requires_grad_()
        results = self.repeated.results({path: moved})
        reached = {
            output: as_float64(adjoint)
            for output in results
            if (adjoint := self._values[output].adjoint) is not None and results[output].requires_grad
        }
        if not reached:
            return None
        with differentiated():
            (found,) = torch.autograd.grad(
                [results[output] for output in reached], moved, list(reached.values()), allow_unused=True
            )
        return torch.zeros_like(moved) if found is None else found

    def with_arguments(self, given: dict[str, Tensor]) -> Tensor:
        """The call's first result with other tensors in place of some arguments, in float64."""
        results = self.repeated.results({self.path(name): tensor for name, tensor in given.items()})
        return results[self.output]
