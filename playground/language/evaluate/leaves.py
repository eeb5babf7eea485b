"""`Leaf`: a free name of a text with its value, its dtype, and whether gradients are wanted for it."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence as Items
from dataclasses import dataclass, replace
from typing import NoReturn

import torch
from torch import Tensor

from playground.errors import PlaygroundError, Span
from playground.language.evaluate.interpreter import Interpreter
from playground.language.function import Value
from playground.language.functions.table import PREFIXED_CONSTANTS, find
from playground.language.limits import LIMITS, spell
from playground.language.syntax.program import Program, parse
from playground.language.syntax.tree import Call, CallArgument, Evaluate, Expression, FreeName, Literal, NamedConstant

DTYPES: dict[str, torch.dtype] = {
    str(dtype).removeprefix("torch."): dtype for dtype in PREFIXED_CONSTANTS.values() if isinstance(dtype, torch.dtype)
}
TAKES_DTYPE = frozenset({"tensor", "zeros", "ones", "full", "eye", "linspace", "logspace"})
Number = bool | int | float
NARROWEST, LARGEST = 1e-6, 1e300  # of a slider's range: its width, and its ends
_AS_TEXT = f"a value is written as text, of at most {spell(LIMITS.text_length)} characters; give `run` a tensor itself"


@dataclass(frozen=True, slots=True)
class Leaf:
    """`value` is text in the language: `2.5`, `[[1, 2], [3, 4]]`, `randn(3, 4, seed=7)`, `linspace(0, 1, 5)`.

    >>> Leaf("w", "[1, 2]").tensor()
    tensor([1., 2.], requires_grad=True)
    """

    name: str
    value: str
    dtype: str = "float32"
    requires_grad: bool = True
    slider_range: tuple[float, float] | None = None  # as a reader chose it; None: by the value

    @classmethod
    def of(cls, name: str, value: Number | Items[Value] | Tensor | str | Leaf) -> Leaf:
        """A leaf from what a notebook has at hand: a number, nested lists, a small tensor, text, or a leaf.

        >>> Leaf.of("x", 2)
        Leaf(name='x', value='2', dtype='float32', requires_grad=True, slider_range=None)
        """
        if isinstance(value, Leaf):
            return replace(value, name=name)
        if isinstance(value, str):
            return cls(name, value)
        if isinstance(value, Tensor):
            if value.numel() > LIMITS.text_length:
                raise PlaygroundError(f"`{name}` has {spell(value.numel())} elements", hint=_AS_TEXT)
            dtype = str(value.dtype).removeprefix("torch.")
            return cls(name, repr(value.detach().tolist()), dtype, value.requires_grad)
        if isinstance(value, int | float):
            return cls(name, repr(value))
        return cls(name, repr(_plain_lists(name, value, LIMITS.dimensions)))

    @classmethod
    def stated(cls, free: FreeName) -> Leaf | None:
        """The leaf with the value that the text itself gives it; None where it gives none."""
        said = free.stated
        return None if said is None else cls(free.name, said.value, said.dtype, said.requires_grad)

    def tensor(self, rng_seed: int = 0) -> Tensor:
        """The leaf as a new tensor; PlaygroundError, with the place in `value`, where it has none.

        Random values come from their own `seed=`, else from `rng_seed` and the leaf's name.
        """
        wanted = self.torch_dtype()
        try:
            program, expression, seed = self.read(rng_seed)
            run = Interpreter(program, {}, seed)
            value = run.evaluator.evaluate(expression)
            tensor = self._as_tensor(run, value, expression.span, wanted)
        except PlaygroundError as error:
            text = self.value if error.text is None else error.text
            raise PlaygroundError(
                f"the value of `{self.name}`: {error.message}",
                span=error.span,
                hint=error.hint,
                repair=error.repair,
                text=text,
            ) from None
        return tensor.requires_grad_(self.requires_grad and wanted.is_floating_point)

    def torch_dtype(self) -> torch.dtype:
        """The dtype as PyTorch's object; PlaygroundError for one that is not offered."""
        if self.dtype not in DTYPES:
            raise PlaygroundError(f"`{self.name}` has the unknown dtype `{self.dtype}`", hint=", ".join(DTYPES))
        return DTYPES[self.dtype]

    def read(self, rng_seed: int = 0) -> tuple[Program, Expression, int]:
        """The value as a tree without `seed=`, and the seed that it draws with."""
        program = parse(self.value)
        for free in (free for free in program.free_names if free.stated is None):
            self._refuse(f"`{free.name}` has no value here", free.spans[0], "a value is made of numbers", program.text)
        first, *rest = program.statements
        if rest or not isinstance(first, Evaluate):
            self._refuse(
                "a value is one expression", (rest or [first])[-1].span, "for instance [1, 2, 3]", program.text
            )
        expression = first.value
        seed = rng_seed ^ zlib.crc32(self.name.encode(errors="replace"))
        if not isinstance(expression, Call) or expression.receiver is not None:
            return program, expression, seed
        function = find(expression.home, expression.name)
        kept = []
        for argument in expression.arguments:
            if argument.name != "seed" or function is None or not function.is_random:
                kept.append(argument)
            elif isinstance(argument.value, Literal) and type(argument.value.value) is int:
                seed = argument.value.value
            else:
                self._refuse("a seed is a whole number", argument.span, "for instance seed=7", program.text)
        is_filled = expression.name in TAKES_DTYPE and self.torch_dtype().is_floating_point
        if is_filled and all(argument.name != "dtype" for argument in kept):
            dtype = NamedConstant(self.dtype, f"torch.{self.dtype}", expression.span)
            kept.append(CallArgument("dtype", dtype, expression.span))
        return program, replace(expression, arguments=tuple(kept)), seed

    def _as_tensor(self, run: Interpreter, value: Value, span: Span, wanted: torch.dtype) -> Tensor:
        if not wanted.is_floating_point and wanted != torch.bool and any(n != math.floor(n) for n in _finite(value)):
            self._refuse(
                f"{self.dtype} holds whole numbers", span, "choose float32, or write whole numbers", run.program.text
            )
        tensor = run.calls.as_tensor(value, span, wanted)
        return tensor.detach().to(wanted).clone()

    def _refuse(self, message: str, span: Span, hint: str, text: str) -> NoReturn:
        raise PlaygroundError(message, span=span, hint=hint, text=text)


def is_range(low: float, high: float) -> bool:
    """Tell whether a slider can go from one number to the other.

    >>> is_range(0, 1), is_range(1, 1), is_range(0, 10**400)
    (True, False, False)
    """
    return -LARGEST <= low <= LARGEST and -LARGEST <= high <= LARGEST and high - low >= NARROWEST


def _finite(value: Value) -> list[float]:
    if isinstance(value, list | tuple):
        return [number for item in value for number in _finite(item)]
    return [value] if isinstance(value, int | float) and math.isfinite(value) else []


def _plain_lists(name: str, value: Items[Value], levels: int) -> Value:
    """Nested tuples and lists of numbers as lists; PlaygroundError for anything else, and for too much of it."""
    if isinstance(value, list | tuple):
        if levels == 0:
            raise PlaygroundError(f"`{name}` is nested too deep", hint=f"at most {LIMITS.dimensions} levels")
        if len(value) > LIMITS.text_length:
            raise PlaygroundError(f"`{name}` has {spell(len(value))} elements", hint=_AS_TEXT)
        return [_plain_lists(name, item, levels - 1) for item in value]
    if isinstance(value, int | float):
        return value
    kind = type(value).__name__
    raise PlaygroundError(f"`{name}` cannot be a {kind}", hint="a number, nested lists, a tensor or text")
