"""The losses: one row each, with the shape of the outputs that they want and the kind of target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import nn

Target = Literal["labels", "indicators"]


@dataclass(frozen=True, slots=True)
class Loss:
    """One loss. `target`: class numbers, or rows with a 1 at the class; `takes_numbers`: also numbers to predict."""

    name: str
    build: type[nn.Module]
    target: Target
    meaning: str
    formula: str  # LaTeX
    wants: str  # what the outputs have to be
    takes_numbers: bool = False


LOSSES: tuple[Loss, ...] = (
    Loss(
        "CrossEntropyLoss",
        nn.CrossEntropyLoss,
        "labels",
        "Softmax and the negative logarithm of the right class's probability, in one; takes logits.",
        r"-\frac{1}{N}\sum_i \log \frac{e^{y_{i,t_i}}}{\sum_c e^{y_{i,c}}}",
        "logits",
    ),
    Loss(
        "NLLLoss",
        nn.NLLLoss,
        "labels",
        "The negative of the right class's entry; takes logarithms of probabilities, as LogSoftmax gives them.",
        r"-\frac{1}{N}\sum_i y_{i,t_i}",
        "log-probabilities",
    ),
    Loss(
        "MSELoss",
        nn.MSELoss,
        "indicators",
        "The mean of squared differences from rows with a 1 at the class, or from numbers to predict.",
        r"\frac{1}{NC}\sum_{i,c} (y_{i,c} - t_{i,c})^2",
        "values",
        takes_numbers=True,
    ),
    Loss(
        "L1Loss",
        nn.L1Loss,
        "indicators",
        "The mean of absolute differences from rows with a 1 at the class, or from numbers to predict.",
        r"\frac{1}{NC}\sum_{i,c} |y_{i,c} - t_{i,c}|",
        "values",
        takes_numbers=True,
    ),
    Loss(
        "BCEWithLogitsLoss",
        nn.BCEWithLogitsLoss,
        "indicators",
        "Sigmoid and cross-entropy for each class on its own; takes logits.",
        r"-\frac{1}{NC}\sum_{i,c} t_{i,c}\log\sigma(y_{i,c}) + (1 - t_{i,c})\log(1 - \sigma(y_{i,c}))",
        "logits",
    ),
)
_BY_NAME = {loss.name: loss for loss in LOSSES}


def loss_of(name: str) -> Loss:
    """The row of this name; KeyError if there is none."""
    return _BY_NAME[name]
