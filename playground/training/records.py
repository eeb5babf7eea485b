"""Records of a run: the loss, accuracy and layers of one step, every few steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class LayerRecord:
    """One layer with parameters, or one that rectifies, at one step.

    `gradient_norm`, `weight_norm`: of all its parameters together; the gradient is what the backward pass gave, before
    any clipping. `update_ratio`: the norm of what the step changed over the norm of the weights. `zeros`: the part of a
    rectifier's activations in this batch that are 0. `dead`: the part of its units that are 0 for every example of it.
    """

    name: str
    gradient_norm: float | None = None
    weight_norm: float | None = None
    update_ratio: float | None = None
    zeros: float | None = None
    dead: float | None = None


@dataclass(frozen=True, slots=True)
class TrainRecord:
    """One point of the curves. `loss` and `accuracy` are means over the steps since the record before, as they were
    when each batch was met; what begins with `test_` is there at the end of an epoch only.

    A run that predicts numbers has an `error` in place of the accuracy: how far they are off in the mean, in the unit
    of the data.
    """

    step: int
    epoch: float  # how often the training set has been gone through
    loss: float
    accuracy: float | None
    learning_rate: float
    seconds: float  # of training so far
    samples_per_second: float
    layers: tuple[LayerRecord, ...] = ()
    test_loss: float | None = None
    test_accuracy: float | None = None
    error: float | None = None
    test_error: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain data.

        >>> TrainRecord.from_json(TrainRecord(1, 0.1, 2.3, 0.1, 0.1, 0.0, 0.0).to_json()).loss
        2.3
        """
        return _content(self) | {"layers": [_content(layer) for layer in self.layers]}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> TrainRecord:
        """The record that `to_json` gave."""
        return cls(**{**data, "layers": tuple(LayerRecord(**layer) for layer in data["layers"])})


def _content(record: TrainRecord | LayerRecord) -> dict[str, Any]:
    """Its fields by name; `dataclasses.asdict` copies each of them, and takes four times as long."""
    return {name: getattr(record, name) for name in record.__slots__}
