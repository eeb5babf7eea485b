"""`Function`: one row of the table of functions; `Arguments`: a call's arguments bound to its signature."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from torch import Tensor

from playground.errors import PlaygroundError

Value = (
    Any  # what a program computes with: Tensor, int, float, bool, str, None, dtype, slice, or a tuple or list of them
)

TORCH, METHOD, F = "torch", "Tensor", "F"
LINALG, SPECIAL, FFT, AUTOGRAD, PYTHON = "linalg", "special", "fft", "autograd", "Python"
BARE_ORDER = (TORCH, F, AUTOGRAD, LINALG, SPECIAL, FFT, PYTHON)  # where `sin` without a prefix is looked for

# Parameters that PyTorch wants as a tensor: a list or a number given for one of them becomes a tensor.
TENSORS = frozenset(
    {
        *("input", "weight", "bias", "target", "condition", "mask", "index"),
        *("values", "targets", "sorted_sequence", "boundaries", "grid", "theta", "var", "logits", "x", "y"),
        *("input1", "input2", "anchor", "positive", "negative", "vec1", "log_probs", "real", "imag"),
        *("mat1", "mat2", "vec", "vec2", "batch1", "batch2", "tensor1", "tensor2", "x1", "x2", "A", "B"),
    }
)
# Parameters that may be a tensor or a number: only a list becomes a tensor.
TENSORS_OR_NUMBERS = frozenset(["other", "exponent", "end", "gradient", "min", "max", "src"])
# Parameters that are several tensors, each of which may be given as a list.
TENSOR_LISTS = frozenset(["tensors", "operands", "indices"])


OUTSIDE = r",(?![^(]*\))"  # a comma between parameters, not inside of `dims=(0, 1)`


NUMPYS = {"axis": "dim", "keepdims": "keepdim"}
_WRITTEN_IN_PYTHON = ("norm", "split")  # functions of PyTorch that take only the names of their own


@dataclass(frozen=True, slots=True)
class Cost:
    """An upper bound, known before the call: elements and axes of the results, and the work in flops."""

    elements: int
    work: int
    dimensions: int = 0
    scratch: int = 0  # elements that the call needs for itself
    derivative: int = 0  # work of its derivative, where that is more than twice its own
    second: int = 0  # the same of a derivative that can be differentiated again
    pieces: int = 1  # how many tensors the result is
    roots: tuple[Tensor, ...] = ()  # what a backward pass starts from
    keeps_graph: bool = False  # that pass makes a graph of its own


@dataclass(frozen=True, slots=True)
class Parameter:
    """One name of a signature."""

    name: str
    is_required: bool
    by_name_only: bool
    takes_rest: bool  # `*shape`


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the language."""

    name: str
    homes: tuple[str, ...]  # where PyTorch has it; 'Tensor' means as a method
    signature: str  # 'input, dim=None, keepdim=False'
    call: Callable[..., Any]
    meaning: str  # one line
    derivative: str  # LaTeX, '' where there is none or no short one
    example: str  # a runnable program over the example leaves; its test too
    bound: Callable[[Arguments], Cost]
    method: Callable[..., Any] | None = None  # where the method takes its arguments differently from the function
    is_random: bool = False  # draws from the run's generator
    is_written_out: bool = False  # `call` is ours: a script holds its source
    in_place: bool = False
    plain: tuple[str, ...] = ()  # parameters that may stay numbers here although `TENSORS` names them
    is_smooth: bool = True  # the example has a gradient to check

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The signature's names, in order."""
        return parameters(self.signature)

    def also_called(self, name: str) -> str:
        """The parameter that a name means: PyTorch's own functions take NumPy's `axis` and `keepdims` as well."""
        is_own = self.homes[0] in (TORCH, METHOD) and F not in self.homes and self.name not in _WRITTEN_IN_PYTHON
        return NUMPYS.get(name, name) if is_own else name

    @property
    def key(self) -> str:
        """Unique in the table: 'torch.sin', 'F.linear', 'Tensor.view'."""
        return f"{self.homes[0]}.{self.name}"


@cache
def parameters(signature: str) -> tuple[Parameter, ...]:
    """Reads a signature.

    >>> [p.name for p in parameters("input, dim=None, *, dtype=None") if p.by_name_only]
    ['dtype']
    """
    found: list[Parameter] = []
    by_name_only = False
    for part in (part.strip() for part in re.split(OUTSIDE, signature) if part.strip()):
        if part == "*":
            by_name_only = True
        else:
            name, _, default = part.partition("=")
            rest = name.startswith("*")
            found.append(Parameter(name.lstrip("*"), not default and not rest, by_name_only, rest))
            by_name_only = by_name_only or rest
    return tuple(found)


class Arguments(dict[str, Value]):
    """The arguments of one call by parameter name; a parameter that was not given is absent."""

    @classmethod
    def bind(cls, function: Function, positional: list[Value], named: dict[str, Value]) -> Arguments:
        """Matches a call with the signature; PlaygroundError without a place where it does not fit."""
        bound = cls()
        names = function.parameters
        hint = f"{function.name}({function.signature})"
        places = [name for name in names if not name.by_name_only or name.takes_rest]
        for number, value in enumerate(positional):
            if number < len(places) and not places[number].takes_rest:
                bound[places[number].name] = value
            elif places and places[-1].takes_rest:
                bound.setdefault(places[-1].name, []).append(value)
            else:
                takes = f"{len(places)} argument" + ("s" if len(places) != 1 else "")
                raise PlaygroundError(f"`{function.name}` takes {takes}, here are {len(positional)}", hint=hint)
        known = {name.name for name in names}
        for written, value in named.items():
            name = function.also_called(written)
            if name not in known:
                old = "reduction" in known and name in ("reduce", "size_average")
                instead = "it was replaced in PyTorch by reduction='none', 'mean' or 'sum'"
                raise PlaygroundError(f"`{function.name}` has no argument `{name}`", hint=instead if old else hint)
            if name in bound:
                raise PlaygroundError(f"`{name}` is given twice", hint=hint)
            bound[name] = value
        missing = next((name.name for name in names if name.is_required and name.name not in bound), None)
        if missing is not None:
            raise PlaygroundError(f"`{function.name}` needs `{missing}`", hint=hint)
        return bound
