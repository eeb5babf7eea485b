"""`TrainConfig`: everything that decides a run's numbers; what a link, a preset, the store and an export hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from playground.computing.device import AUTO, INDEXED, KINDS
from playground.data.datasets import DATA_NAMES
from playground.document_settings import SettingsDocument, setting
from playground.errors import PlaygroundError
from playground.layers.catalogue.losses import LOSSES
from playground.layers.limits import LIMITS as LAYERS
from playground.training.limits import LIMITS

_WEIGHTS = ("PyTorch", "Xavier uniform", "Xavier normal", "Kaiming uniform", "Kaiming normal", "normal 0.01", "zeros")


@dataclass(frozen=True, slots=True)
class TrainConfig(SettingsDocument):
    """Same settings, same machine: the same numbers.

    >>> TrainConfig(epochs=3) == TrainConfig.from_fields({"epochs": 3})
    True
    """

    text: str = setting(
        "Flatten Linear(100) ReLU Linear(10)", "the layers, or a class of your own", label="Layers",
        longest=LAYERS.text_length, words=LAYERS.text_words,
    )  # fmt: skip
    data: str = setting("digits", "the data set", choices=DATA_NAMES, pattern=r"own-[0-9a-f]{8,64}")
    train_size: int = setting(0, "training examples; 0: all", label="Training examples", most=1_000_000, zero="all")
    test_size: int = setting(0, "test examples; 0: all", label="Test examples", most=1_000_000, zero="all")
    folds: int = setting(0, "parts for cross-validation; 0: the data set's own test set", label="Folds", most=20)
    fold: int = setting(0, "the part that is held out", label="Fold held out", most=19)
    normalise: bool = setting(False, "subtract the pixels' mean and divide by their deviation")
    loss: str = setting("CrossEntropyLoss", "what is made small", choices=tuple(loss.name for loss in LOSSES))
    optimizer: str = setting("SGD", "what moves the weights", choices=("SGD", "Adam", "AdamW", "RMSprop", "Adagrad"))
    learning_rate: float = setting(0.1, "how far one step goes", least=1e-8, most=1000)
    momentum: float = setting(0.0, "how much of the last step is kept (SGD, RMSprop)", most=0.9999)
    nesterov: bool = setting(False, "momentum that looks ahead (SGD)")
    weight_decay: float = setting(0.0, "how strongly weights are pulled to 0", most=10)
    schedule: str = setting(
        "constant", "how the learning rate changes", choices=("constant", "step", "cosine", "one-cycle")
    )
    decay: float = setting(0.1, "the factor of the step schedule", label="Decay factor", least=0.001, most=1)
    decay_epochs: int = setting(1, "epochs between two of its steps", label="Decay every … epochs", least=1, most=1000)
    clip: float = setting(0.0, "largest norm of the whole gradient; 0: any", label="Clip the gradient at", most=1e6)
    initial: str = setting("PyTorch", "how the weights are drawn", label="First weights", choices=_WEIGHTS)
    batch: int = setting(100, "examples of one step", label="Batch size", least=1, most=LIMITS.batch)
    epochs: int = setting(3, "times through the training set", least=1, most=LIMITS.epochs)
    steps: int = setting(
        0, "stop after so many steps; 0: at the end of the last epoch", label="Steps at most", most=LIMITS.steps
    )
    shuffle: bool = setting(True, "a new order in every epoch")
    rng_seed: int = setting(0, "the seed of weights, order and dropout", label="Seed", most=2**31 - 1)
    record_every: int = setting(
        0,
        "steps between two records; 0: chosen by the length of run and step",
        label="Record every … steps",
        most=10_000,
    )
    device: str = setting(
        AUTO,
        "where it runs",
        choices=(AUTO, *KINDS),
        pattern=INDEXED,
        words="auto, cpu, cuda, cuda:1, mps",
    )

    def __post_init__(self) -> None:
        for name, content in self.fields().items():
            if not self.settings()[name].takes(content):
                raise self.refusal(name, content)
        if self.nesterov and not self.momentum:
            raise PlaygroundError("Nesterov without momentum", hint="set momentum above 0, for example 0.9")
        if self.folds == 1 or (self.folds and self.fold >= self.folds):
            raise PlaygroundError(
                f"fold {self.fold} of {self.folds}", hint="two folds or more, numbered from 0; folds 0: none"
            )

    @classmethod
    def from_fields(cls, given: Mapping[str, Any]) -> TrainConfig:
        """Settings from untrusted plain data (a link, a file, a row); PlaygroundError names what cannot be read."""
        known = cls.settings()
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise PlaygroundError(
                f"no setting is called {str(unknown[0])[:40]!r}", hint=f"the settings are {', '.join(known)}"
            )
        return cls(**{name: known[name].typed(content) for name, content in given.items()})

    @classmethod
    def refusal(cls, name: str, content: Any) -> PlaygroundError:
        """The error for what a setting cannot hold."""
        wanted = cls.settings()[name]
        kinds: dict[type, str] = {str: "a text", bool: "true or false", int: "a whole number"}
        kind = type(wanted.default)
        allowed = wanted.allowed if type(content) is kind else kinds.get(kind, wanted.allowed)
        return PlaygroundError(f"{name}: {str(content)[:40]!r} cannot be used", hint=f"{wanted.meaning}: {allowed}")

    def fields(self) -> dict[str, Any]:
        """Return all settings as plain data."""
        return {name: getattr(self, name) for name in self.settings()}


SETTINGS = TrainConfig.settings()
