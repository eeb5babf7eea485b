"""`Broken`: a result with a NaN or an infinity, and the numbers that its first such element was computed from."""

from __future__ import annotations

import cmath
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from playground.trace.array import Array
from playground.trace.json_numbers import Scalar
from playground.trace.records import Op

_OPERANDS = {"input": 0, "self": 0, "other": 1, "exponent": 1, "eps": 1, "tensor1": 1, "tensor2": 2}
_REFLECTED = frozenset({"rsub", "rdiv", "rtruediv", "rfloordiv", "rpow", "rmod"})


@dataclass(frozen=True)
class Broken:
    """A result with a NaN or an infinity, of finite inputs; or with a NaN, of inputs without one."""

    op: Op
    what: str  # 'NaN' or 'infinity'
    inputs: dict[str, Array]  # by path
    result: Array

    @property
    def is_complex(self) -> bool:
        """Tell whether the result is complex."""
        return self.result.dtype.startswith("complex")

    @cached_property
    def place(self) -> tuple[int, ...] | None:
        """The index of the first NaN, or infinity; None where only a summary of the elements is kept."""
        for number, element in enumerate(self.result.flat or ()):
            found = "infinity" if cmath.isinf(element) else "NaN" if cmath.isnan(element) else ""
            if found == self.what:
                return tuple(_unravelled(number, self.result.shape))[::-1]
        return None

    @cached_property
    def numbers(self) -> list[Scalar]:
        """The operands of a function of single elements at the place, in their order, as far as they are known."""
        if self.place is None:
            return []
        found = {_operand(path): _at(array, self.place) for path, array in self.inputs.items()} | self._plain
        numbers: list[Scalar] = []
        while (number := found.get(len(numbers))) is not None:
            numbers.append(number)
        return numbers[1::-1] if self._is_reflected else numbers

    @property
    def scalars(self) -> list[Scalar]:
        """The operands that are single numbers, which PyTorch converts to the dtype that it computes in."""
        single = [array.item() for path, array in self.inputs.items() if not array.shape and _operand(path) is not None]
        return [*single, *(number for index, number in self._plain.items() if index is not None and number is not None)]

    @property
    def _plain(self) -> dict[int | None, Scalar | None]:
        return {_operand(constant.path): _number(constant.text) for constant in self.op.constants}

    @property
    def _is_reflected(self) -> bool:
        """Tell whether the second operand stands first: `2 / x` is `x.__rtruediv__(2)`, `x.polygamma(1)` has n last."""
        return self.op.name in _REFLECTED or self.op.qualname.startswith("torch.Tensor.polygamma")

    def tensor(self, *paths: str) -> Array | None:
        """The tensor argument that stands at one of these paths."""
        return next((self.inputs[path] for path in paths if path in self.inputs), None)

    def text(self, *paths: str) -> str:
        """The plain argument that stands at one of these paths; '' where none does."""
        return next((constant.text for constant in self.op.constants if constant.path in paths), "")


def _unravelled(number: int, shape: tuple[int, ...]) -> Iterator[int]:
    for length in reversed(shape):
        number, index = divmod(number, length)
        yield index


def _operand(path: str) -> int | None:
    return int(path) if path.isdecimal() else _OPERANDS.get(path)


def _at(array: Array, place: tuple[int, ...]) -> Scalar | None:
    """The element that is broadcast to a place of the result; None where there is none, or it is not kept."""
    shape, flat = array.shape, array.flat
    if flat is None or len(shape) > len(place):
        return None
    number = 0
    for length, index in zip(shape, place[len(place) - len(shape) :], strict=True):
        if length != 1 and index >= length:
            return None
        number = number * length + (index if length != 1 else 0)
    return flat[number] if flat else None


def _number(text: str) -> Scalar | None:
    """The number that a plain argument is."""
    for kind in (float, complex):
        try:
            return kind(text)
        except ValueError:
            continue
    return None
