"""`TrainConfig`: everything that decides a run's numbers; what a link, a preset, the store and an export hold."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from playground.data.datasets import DATA_NAMES
from playground.errors import PlaygroundError
from playground.layers.catalogue.losses import LOSSES
from playground.training.limits import LIMITS

_OWN_DATA = re.compile(r"own-[0-9a-f]{8,64}")


@dataclass(frozen=True, slots=True)
class Setting:
    """What one field may hold: one of `choices`, or a number within `least` and `most`; and what it means."""

    meaning: str
    choices: tuple[str, ...] = ()
    least: float = 0
    most: float = math.inf

    @property
    def allowed(self) -> str:
        """In words.

        >>> Setting("", least=1, most=4).allowed, Setting("", choices=("a", "b")).allowed
        ('1 to 4', 'a, b')
        """
        if self.choices:
            return ", ".join(self.choices)
        return f"{self.least:g} to {self.most:g}" if self.most < math.inf else f"{self.least:g} or more"


SETTINGS: dict[str, Setting] = {
    "text": Setting("the layers, or a class of your own"),
    "data": Setting("the data set", DATA_NAMES),
    "train_size": Setting("training examples; 0: all", most=1_000_000),
    "test_size": Setting("test examples; 0: all", most=1_000_000),
    "folds": Setting("parts for cross-validation; 0: the data set's own test set", most=20),
    "fold": Setting("the part that is held out", most=19),
    "normalise": Setting("subtract the pixels' mean and divide by their deviation"),
    "loss": Setting("what is made small", tuple(loss.name for loss in LOSSES)),
    "optimizer": Setting("what moves the weights", ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad")),
    "learning_rate": Setting("how far one step goes", least=1e-8, most=1000),
    "momentum": Setting("how much of the last step is kept (SGD, RMSprop)", most=0.9999),
    "nesterov": Setting("momentum that looks ahead (SGD)"),
    "weight_decay": Setting("how strongly weights are pulled to 0", most=10),
    "schedule": Setting("how the learning rate changes", ("constant", "step", "cosine", "one-cycle")),
    "decay": Setting("the factor of the step schedule", least=0.001, most=1),
    "decay_epochs": Setting("epochs between two of its steps", least=1, most=1000),
    "clip": Setting("largest norm of the whole gradient; 0: any", most=1e6),
    "initial": Setting(
        "how the weights are drawn",
        ("PyTorch", "Xavier uniform", "Xavier normal", "Kaiming uniform", "Kaiming normal", "normal 0.01", "zeros"),
    ),
    "batch": Setting("examples of one step", least=1, most=LIMITS.batch),
    "epochs": Setting("times through the training set", least=1, most=LIMITS.epochs),
    "steps": Setting("stop after so many steps; 0: at the end of the last epoch", most=LIMITS.steps),
    "shuffle": Setting("a new order in every epoch"),
    "rng_seed": Setting("the seed of weights, order and dropout", most=2**31 - 1),
    "record_every": Setting("steps between two records; 0: chosen by the length of run and step", most=10_000),
    "device": Setting("where it runs", ("auto", "cpu", "cuda", "mps")),
}


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """Frozen and hashable; every field is plain data. Same settings, same machine: the same numbers.

    >>> TrainConfig(epochs=3) == TrainConfig.from_fields({"epochs": 3})
    True
    """

    text: str = "Flatten Linear(100) ReLU Linear(10)"
    data: str = "digits"
    train_size: int = 0
    test_size: int = 0
    folds: int = 0
    fold: int = 0
    normalise: bool = False
    loss: str = "CrossEntropyLoss"
    optimizer: str = "SGD"
    learning_rate: float = 0.1
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0
    schedule: str = "constant"
    decay: float = 0.1
    decay_epochs: int = 1
    clip: float = 0.0
    initial: str = "PyTorch"
    batch: int = 100
    epochs: int = 3
    steps: int = 0
    shuffle: bool = True
    rng_seed: int = 0
    record_every: int = 0
    device: str = "auto"

    def __post_init__(self) -> None:
        for field in fields(self):
            _check(field.name, getattr(self, field.name))
        if self.nesterov and not self.momentum:
            raise PlaygroundError("Nesterov without momentum", hint="set momentum above 0, for example 0.9")
        if self.folds == 1 or (self.folds and self.fold >= self.folds):
            raise PlaygroundError(
                f"fold {self.fold} of {self.folds}", hint="two folds or more, numbered from 0; folds 0: none"
            )

    @classmethod
    def from_fields(cls, given: Mapping[str, Any]) -> TrainConfig:
        """Settings from untrusted plain data (a link, a file, a row); PlaygroundError names what cannot be read."""
        known = {field.name: field for field in fields(cls)}
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise PlaygroundError(
                f"no setting is called {str(unknown[0])[:40]!r}", hint=f"the settings are {', '.join(known)}"
            )
        return cls(**{name: _typed(name, content) for name, content in given.items()})

    def fields(self) -> dict[str, Any]:
        """All settings as plain data."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def changed(self) -> dict[str, Any]:
        """The settings that are not the defaults.

        >>> TrainConfig(epochs=5).changed()
        {'epochs': 5}
        """
        return {
            field.name: content for field in fields(self) if (content := getattr(self, field.name)) != field.default
        }


_DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(TrainConfig)}


def _typed(name: str, content: Any) -> Any:
    """A whole number where a fraction is meant is one."""
    default = _DEFAULTS[name]
    return float(content) if type(default) is float and type(content) is int and abs(content) < 1e300 else content


def _check(name: str, content: Any) -> None:
    setting = SETTINGS[name]
    default = _DEFAULTS[name]
    if type(content) is not type(default):
        raise _refused(name, content, {str: "a text", bool: "true or false", int: "a whole number"}.get(type(default)))
    is_number = isinstance(content, int | float) and type(content) is not bool
    if setting.choices:
        allowed = content in setting.choices or (name == "data" and _OWN_DATA.fullmatch(str(content)) is not None)
    else:
        allowed = not is_number or setting.least <= content <= setting.most
    if not allowed:
        raise _refused(name, content, None)


def _refused(name: str, content: Any, wanted: str | None) -> PlaygroundError:
    setting = SETTINGS[name]
    return PlaygroundError(
        f"{name}: {str(content)[:40]!r} cannot be used", hint=f"{setting.meaning}: {wanted or setting.allowed}"
    )


__all__ = ["DATA_NAMES", "SETTINGS", "Setting", "TrainConfig"]
