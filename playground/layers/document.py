"""`StackDocument`: a stack as text and how to run it; what a link, a preset and the page hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from playground.errors import PlaygroundError
from playground.layers.catalogue.losses import LOSSES
from playground.layers.catalogue.spec import Path, Shape, Stack
from playground.layers.limits import LIMITS
from playground.layers.stack.analysis import Analysis, analyse
from playground.layers.stack.parse import parse_stack

Data = Literal["digits", "random"]
Graph = Literal["forward", "backward", "both"]
OPTIMIZERS = ("SGD", "SGD with momentum", "Adam", "AdamW", "RMSprop", "Adagrad")
_CHOICES: dict[str, tuple[str, ...]] = {
    "loss": tuple(loss.name for loss in LOSSES),
    "data": ("digits", "random"),
    "graph": ("forward", "backward", "both"),
    "optimizer": OPTIMIZERS,
}
_SIZES = f"one to four whole numbers from 1 to {LIMITS.input:,}, with commas between"
_WHOLE: dict[str, tuple[int, int]] = {"classes": (1, 1000), "batch": (1, LIMITS.batch), "rng_seed": (0, 2**31 - 1)}


class Refused(PlaygroundError):
    """A setting (`path` None) or a layer's argument that is not `allowed`: the page marks it at its own field."""

    def __init__(self, field: str, allowed: str, content: Any, path: Path | None = None) -> None:
        said = _said(content)
        super().__init__(f"{field}: {said!r} cannot be read", hint=f"allowed: {allowed}")
        self.field = field
        self.path = path
        self.told = f"{allowed}, not {said}" if said else allowed


@dataclass(frozen=True, slots=True)
class StackDocument:
    """Frozen and hashable; every field is plain data that a query string can hold."""

    text: str = "Flatten Linear(10)"
    input_shape: Shape = (1, 28, 28)
    loss: str = "CrossEntropyLoss"
    classes: int = 10
    data: Data = "digits"
    batch: int = 64
    optimizer: str = "SGD"
    learning_rate: float = 0.1
    rng_seed: int = 0
    graph: Graph = "forward"

    def stack(self) -> Stack:
        """The stack that the text says. Raises PlaygroundError."""
        return Stack(parse_stack(self.text), self.input_shape, self.loss, self.classes)

    def analysis(self) -> Analysis:
        """Its shapes and costs. Raises PlaygroundError where the text is not understood."""
        return analyse(self.stack())

    @classmethod
    def from_fields(cls, given: Mapping[str, Any]) -> StackDocument:
        """A document from untrusted plain data (a link, a browser's edit); Refused names a bad field."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: _checked(name, content) for name, content in given.items() if name in known})


def _checked(name: str, content: Any) -> Any:
    if name in _CHOICES and content in _CHOICES[name]:
        return content
    if name in _WHOLE and type(content) is int and _WHOLE[name][0] <= content <= _WHOLE[name][1]:
        return content
    if name == "text" and type(content) is str:
        return content
    if name == "learning_rate" and type(content) in (int, float) and 0 < content <= 1000:
        return float(content)
    if name == "input_shape" and isinstance(content, list | tuple) and _is_shape(tuple(content)):
        return tuple(content)
    raise Refused(name, _allowed(name), content)


def _is_shape(sizes: tuple[Any, ...]) -> bool:
    return 1 <= len(sizes) <= 4 and all(type(size) is int and 1 <= size <= LIMITS.input for size in sizes)


def _allowed(name: str) -> str:
    if name in _CHOICES:
        return f"one of {', '.join(_CHOICES[name])}"
    if name in _WHOLE:
        return "a whole number from {:,} to {:,}".format(*_WHOLE[name])
    words = {"learning_rate": "a number above 0, at most 1,000", "input_shape": _SIZES}
    return words.get(name, "a text")


def _said(content: Any) -> str:
    """What was given, as a person types it."""
    return ", ".join(map(str, content))[:40] if isinstance(content, list | tuple) else str(content)[:40]
