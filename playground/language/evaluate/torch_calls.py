"""`TorchCalls`: the one place that calls PyTorch. It charges the budget first, tells the recorder, explains errors."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

import torch
from torch import Tensor

from playground.errors import PlaygroundError, Span
from playground.language.bounds.bound import tensors_in
from playground.language.bounds.budget import Budget, paced
from playground.language.evaluate.arithmetic import describe
from playground.language.evaluate.call_site import CallSite
from playground.language.evaluate.torch_errors import explained
from playground.language.function import Cost, Value
from playground.language.functions.literals import depth, flat, is_numeric, plain_tensor
from playground.language.syntax.program import Program
from playground.recorder.recorder import current

ERRORS = (
    RuntimeError,
    TypeError,
    ValueError,
    LookupError,
    ArithmeticError,
    AttributeError,
    MemoryError,
    AssertionError,
    Warning,
)
MOST_HELD = 5  # times as many items as one list may have, in all lists within it


def is_container(value: Value) -> bool:
    """Tell whether there may be tuples and lists in it."""
    return isinstance(value, (tuple, list))  # twice as fast as a union, and asked of every item


class TorchCalls:
    """The calls of one run: its budget, its random numbers, the recorder that watches."""

    def __init__(self, program: Program, rng_seed: int) -> None:
        self.program = program
        self.budget = Budget()
        self._recorder = current()
        self._rng_seed = rng_seed
        self._generator: torch.Generator | None = None

    def call(
        self,
        site: CallSite,
        cost: Cost,
        function: Callable[..., Any],
        *positional: Value,
        itemsize: int = 8,
        **named: Value,
    ) -> Value:
        """Calls PyTorch, if the budget allows it; PlaygroundError at `site.span` for whatever goes wrong."""
        cost = paced(cost, site.operands)
        try:  # PyTorch may also refuse to tell what a tensor came from, which the budget asks
            made = self.at(site.span, self.budget.charge, cost, itemsize)
            self.tell(site.span)
            result = self.at(site.span, partial(function, *positional, **named))
        except ERRORS as error:
            raise explained(error, site) from None
        self.at(site.span, self.budget.note, result, made)
        return result

    def tell(self, span: Span) -> None:
        """The next call that the recorder sees stands here."""
        if self._recorder is not None:
            self._recorder.span = span

    def label(self, value: Value, name: str, span: Span) -> None:
        """The user calls this value `name`."""
        if self._recorder is not None and isinstance(value, Tensor):
            self._recorder.label(value, name, span)

    def generator(self) -> torch.Generator:
        """The source of this run's random numbers."""
        if self._generator is None:
            self._generator = torch.Generator().manual_seed(self._rng_seed)
        return self._generator

    def seed(self, seed: int) -> None:
        """Draw random numbers from this seed from now on."""
        self._generator = torch.Generator().manual_seed(seed)

    def as_value(self, value: Value, span: Span) -> Value:
        """A list as a tensor: stacked where it holds tensors, so that gradients flow; anything else as it is."""
        return self.as_tensor(value, span) if isinstance(value, list) else value

    def as_tensor(self, value: Value, span: Span, dtype: torch.dtype | None = None) -> Tensor:
        """A number, or nested lists of numbers or tensors, as a tensor."""
        if isinstance(value, Tensor):
            return value
        if isinstance(value, list) and tensors_in(value):
            return self._stacked([self.as_tensor(item, span) for item in value], span)
        if not isinstance(value, int | float | list) or not is_numeric(value):
            what = "a list holds" if isinstance(value, list) else f"{describe(value)} is not a tensor; that is made of"
            self.refuse(f"{what} numbers, tensors or lists of them", span)
        site = CallSite("tensor", self.program, span, (value,), (span,))
        made = self.call(site, Cost(len(flat(value)), 1, depth(value)), plain_tensor, value, dtype)
        assert isinstance(made, Tensor)
        return made

    def _stacked(self, parts: list[Tensor], span: Span) -> Tensor:
        elements = sum(part.numel() for part in parts)
        site = CallSite("stack", self.program, span, (parts,), (span,))
        made = self.call(site, Cost(elements, elements, parts[0].dim() + 1), torch.stack, parts)
        assert isinstance(made, Tensor)
        return made

    def nested(self, value: Value, span: Span) -> Value:
        """A tuple or list, unless it holds too much: tuples of tuples may grow without end."""
        limits, waiting, count = self.budget.limits, [(value, 0)], 0
        while waiting:
            item, level = waiting.pop()
            if isinstance(item, tuple | list):
                count += 1 + len(item)
                if level >= limits.dimensions or count > MOST_HELD * limits.items:
                    self.refuse(
                        "tuples and lists nested too deeply, or too many", span, "join tensors with stack or cat"
                    )
                waiting += [(part, level + 1) for part in filter(is_container, item)]
        return value

    def at(self, span: Span, check: Callable[..., Any], *arguments: Any) -> Any:
        """Calls a check that knows no places; its error gets this one."""
        try:
            return check(*arguments)
        except PlaygroundError as error:
            raise PlaygroundError(
                error.message, span=error.span or span, hint=error.hint, repair=error.repair, text=self.program.text
            ) from None

    def refuse(self, message: str, span: Span, hint: str = "") -> NoReturn:
        """Raises the one error of this run."""
        raise PlaygroundError(message, span=span, hint=hint, text=self.program.text)
