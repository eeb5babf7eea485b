"""`StackDocument`: a stack as text and how to run it; what a link, a preset and the page hold."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from playground.data.datasets import DATA_NAMES
from playground.document_settings import SettingsDocument, setting
from playground.errors import PlaygroundError
from playground.layers.catalogue.losses import LOSSES
from playground.layers.catalogue.spec import Path, Shape, Stack
from playground.layers.limits import LIMITS
from playground.layers.stack.analysis import Analysis, analyse
from playground.layers.stack.parse import parse_stack

Data = Literal["digits", "XOR", "MNIST", "Fashion-MNIST", "KMNIST", "CIFAR-10", "random"]
Graph = Literal["forward", "backward", "both"]
RANDOM = "random"  # numbers that are drawn, of any shape
OPTIMIZERS = ("SGD", "SGD with momentum", "Adam", "AdamW", "RMSprop", "Adagrad")
_CLASS = re.compile(r"^[ \t]*class\s", re.MULTILINE)
_SIZES = f"one to four whole numbers from 1 to {LIMITS.input:,}, with commas between"
_ABOVE_0 = math.ulp(0)
_RATE = "a number above 0, at most 1,000"


class Refused(PlaygroundError):
    """A setting (`path` None) or a layer's argument that is not `allowed`: the page marks it at its own field."""

    def __init__(self, field: str, allowed: str, content: Any, path: Path | None = None) -> None:
        said = _said(content)
        super().__init__(f"{field}: {said!r} cannot be read", hint=f"allowed: {allowed}")
        self.field = field
        self.path = path
        self.told = f"{allowed}, not {said}" if said else allowed


@dataclass(frozen=True, slots=True)
class StackDocument(SettingsDocument):
    """Frozen and hashable; every field is plain data that a query string can hold."""

    text: str = setting(
        "Flatten Linear(10)", "the layers, or a class of your own", longest=LIMITS.text_length, words=LIMITS.text_words
    )
    input_shape: Shape = setting(
        (1, 28, 28), "the shape of one example", label="Input", least=1, most=LIMITS.input, sizes=4, words=_SIZES
    )
    loss: str = setting("CrossEntropyLoss", "what is made small", choices=tuple(loss.name for loss in LOSSES))
    classes: int = setting(10, "how many classes the targets are of; 0: numbers to predict", most=1000)
    data: Data = setting("digits", "what the batch is made of", label="Batch of", choices=(*DATA_NAMES, RANDOM))
    batch: int = setting(64, "examples of the batch", label="N", least=1, most=LIMITS.batch)
    optimizer: str = setting("SGD", "what moves the weights", choices=OPTIMIZERS)
    learning_rate: float = setting(0.1, "how far a step goes", least=_ABOVE_0, most=1000, number_format="", words=_RATE)
    rng_seed: int = setting(0, "the seed of weights, batch and dropout", label="Seed", most=2**31 - 1)
    graph: Graph = setting("forward", "which graph is drawn", choices=("forward", "backward", "both"))
    trains_on: Data = setting("digits", "the data set that “Train this” takes", label="Train on", choices=DATA_NAMES)

    def stack(self) -> Stack:
        """The stack that the text says. Raises PlaygroundError."""
        return Stack(parse_stack(self.text), self.input_shape, self.loss, self.classes)

    @property
    def is_class(self) -> bool:
        """Tell whether the text is a class, and no list of layers."""
        return _CLASS.search(self.text) is not None

    @property
    def vocabulary(self) -> int | None:
        """How many different whole numbers its random data have; None where they are measurements."""
        try:
            return None if self.is_class else self.stack().vocabulary
        except PlaygroundError:
            return None

    def analysis(self) -> Analysis:
        """Its shapes and costs. Raises PlaygroundError where the text is not understood."""
        return analyse(self.stack())

    @classmethod
    def from_fields(cls, given: Mapping[str, Any]) -> StackDocument:
        """A document from untrusted plain data (a link, a browser's edit); Refused names a bad field."""
        known = cls.settings()
        return cls(**{name: cls.checked(name, content) for name, content in given.items() if name in known})

    @classmethod
    def refusal(cls, name: str, content: Any) -> PlaygroundError:
        """The error for what a setting cannot hold."""
        wanted = cls.settings()[name]
        if type(wanted.default) is int:
            return Refused(name, f"a whole number from {wanted.least:,} to {wanted.most:,}", content)
        return Refused(name, wanted.words or (f"one of {wanted.allowed}" if wanted.choices else "a text"), content)


def _said(content: Any) -> str:
    """Write what was given as a person types it."""
    return ", ".join(map(str, content))[:40] if isinstance(content, list | tuple) else str(content)[:40]
