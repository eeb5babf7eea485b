"""The numbers that a formula is evaluated from: arguments, result, adjoint and settings of one recorded step."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from playground.trace.array import DTYPES, Array
from playground.trace.json_numbers import Scalar

_LOW = (torch.float32, torch.float16, torch.bfloat16)


class Unknown(LookupError):
    """Something that the recording does not hold."""


class Summarised(LookupError):
    """Numbers that were too many for a document, which keeps a summary of them."""


@dataclass(frozen=True, slots=True)
class Operand:
    """What a letter stands for: how it is written, and its numbers where they are known."""

    text: str
    latex: str
    content: Array | complex | None = None
    value: int | None = None  # the recorded value that it is, where it is one
    is_transposed: bool = False


class Recorded:
    """The numbers of one step, as detached tensors in double precision; with `coarse`, as precise as they were."""

    def __init__(
        self,
        operands: Mapping[str, Operand],
        adjoint: Array | None,
        saved: Mapping[str, Array],
        settings: Mapping[str, str],
        like: tuple[int, ...],
        *,
        coarse: bool = False,
    ) -> None:
        self._operands, self._adjoint, self._saved, self._settings = operands, adjoint, saved, settings
        self._coarse = coarse
        self._stride = 0  # of large tensors only a selection of elements is read
        self._has_numbers = True  # else tensors of the recorded shapes without numbers: on PyTorch's meta device
        self._read: dict[int, Tensor] = {}
        self.is_kept = True  # whether every number that was read is one that a document keeps
        self.like = like  # the shape of the contribution

    def again(self) -> Recorded:
        """The same numbers in the precision that they were computed in, or in single precision."""
        return self._other(True, self._stride)

    def selected(self, like: Array, stride: int) -> Recorded:
        """Every `stride`th element of the tensors that have the shape of a contribution."""
        return self._other(self._coarse, stride if like.shape == self.like else 0)

    def without_numbers(self) -> Recorded:
        """The same shapes without numbers, where a document keeps no more: what they tell is computed all the same."""
        found = self._other(self._coarse, 0)
        found._has_numbers = False
        return found

    def _other(self, coarse: bool, stride: int) -> Recorded:
        found = Recorded(self._operands, self._adjoint, self._saved, self._settings, self.like, coarse=coarse)
        found._stride = stride
        return found

    def is_scalar(self) -> bool:
        """Tell whether the adjoint is one number."""
        return self._adjoint is not None and self._adjoint.numel == 1 and self._adjoint.is_exact

    def adjoint(self) -> Scalar:
        """The adjoint that came in, where it is one number."""
        if self._adjoint is None:
            raise Unknown("adjoint")
        return self._adjoint.item()

    def shape(self, array: Array) -> tuple[int, ...]:
        """The shape of what is compared with a contribution."""
        return (-(-array.numel // self._stride),) if self._stride else array.shape

    @property
    def a(self) -> Tensor:
        """The first argument."""
        return self.operand("a")

    @property
    def b(self) -> Tensor:
        """The second argument."""
        return self.operand("b")

    @property
    def c(self) -> Tensor:
        """The third argument."""
        return self.operand("c")

    @property
    def y(self) -> Tensor:
        """The result."""
        return self.operand("y")

    @property
    def h(self) -> Tensor:
        """The adjoint that had come to a backward node, where that node is differentiated in turn."""
        return self.operand("h")

    @property
    def g(self) -> Tensor:
        """The adjoint that came in."""
        if self._adjoint is None:
            raise Unknown("adjoint")
        return self._numbers(self._adjoint)

    @property
    def s(self) -> Tensor:
        """The adjoint with the axes back that a reduction took away."""
        return self.spread(self.g)

    @property
    def z(self) -> Tensor:
        """The result with the axes back that a reduction took away."""
        return self.spread(self.y)

    def operand(self, letter: str) -> Tensor:
        """The numbers of a letter."""
        found = self._operands.get(letter)
        if found is None or found.content is None:
            raise Unknown(letter)
        if not isinstance(found.content, Array):
            is_complex = isinstance(found.content, complex)
            return torch.tensor(found.content, dtype=torch.complex128 if is_complex else torch.float64)
        numbers = self._numbers(found.content)
        return numbers.mT if found.is_transposed else numbers

    def saved(self, name: str) -> Tensor:
        """A tensor that the node saved."""
        if name not in self._saved:
            raise Unknown(name)
        return self._numbers(self._saved[name])

    def keeps(self, name: str) -> bool:
        """Tell whether the node saved such a tensor."""
        return name in self._saved

    def knows(self, letter: str) -> bool:
        """Tell whether there is such an argument, with its numbers."""
        found = self._operands.get(letter)
        return found is not None and found.content is not None

    def has(self, name: str) -> bool:
        """Tell whether there is such a setting."""
        return name in self._settings

    def setting(self, name: str, otherwise: Any = None) -> Any:
        """A setting of the call: a number, a text or a tuple."""
        if name in self._settings:
            return constant(self._settings[name])
        if otherwise is None:
            raise Unknown(name)
        return otherwise

    def number(self, name: str) -> float:
        """A setting that is one number."""
        return float(self.setting(name))

    def axes(self) -> tuple[int, ...]:
        """The axes that a reduction goes over: of the contribution, whose shape is the argument's."""
        if not self.has("dim"):
            return tuple(range(len(self.like)))
        return axes_of(self.setting("dim"), len(self.like))

    def count(self) -> int:
        """How many elements a reduction makes into one."""
        size = 1
        for axis in self.axes():
            size *= self.like[axis]
        return size

    def spread(self, tensor: Tensor) -> Tensor:
        """A result with the axes back that a reduction took away, each of length 1."""
        if self.has("keepdim") and self.setting("keepdim"):
            return tensor
        if self.has("dim"):
            for axis in sorted(self.axes()):
                tensor = tensor.unsqueeze(axis) if self.like else tensor
        return tensor

    def expected(self, array: Array) -> Tensor:
        """The contribution itself, as it was recorded."""
        dense = _dense(array)
        return dense.reshape(-1)[:: self._stride] if self._stride else dense

    def _numbers(self, array: Array) -> Tensor:
        if not self._has_numbers:
            return _precise(torch.empty(array.shape, dtype=DTYPES[array.dtype], device="meta"), self._coarse)
        known = self._read.get(id(array))
        if known is None:
            self.is_kept &= array.is_exact
            if self._stride and array.numel != 1:
                if array.shape != self.like:
                    raise Summarised("stretched over too many elements")
                known = _precise(self.expected(array), self._coarse)
            else:
                known = _precise(_dense(array), self._coarse)
            self._read[id(array)] = known
        return known


def axes_of(dim: int | tuple[int, ...], rank: int) -> tuple[int, ...]:
    """The axes that a `dim` means, counted from the front.

    >>> axes_of(-1, 3), axes_of((0, -1), 3), axes_of((), 2)
    ((2,), (0, 2), (0, 1))
    """
    listed = dim if isinstance(dim, tuple | list) else (dim,)
    return tuple(axis % max(rank, 1) for axis in listed) if listed else tuple(range(rank))


@lru_cache(maxsize=512)
def constant(text: str) -> Any:
    """The number, text or tuple that a recorded setting is; a name stays text.

    >>> constant("0.5"), constant("(1,)"), constant("'mean'"), constant("inf"), constant("float32")
    (0.5, (1,), 'mean', inf, 'float32')
    """
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        try:
            return float(text)
        except ValueError:
            return text


def _dense(array: Array) -> Tensor:
    try:
        return array.dense()
    except ValueError as error:
        raise Summarised("only a summary is known") from error


def _precise(tensor: Tensor, coarse: bool) -> Tensor:
    if tensor.is_floating_point():
        return tensor.to((tensor.dtype if tensor.dtype in _LOW else torch.float32) if coarse else torch.float64)
    if tensor.is_complex():
        return tensor.to(torch.complex64 if coarse else torch.complex128)
    return tensor
