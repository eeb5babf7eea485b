"""Class probabilities that a net in training gives single examples."""

from __future__ import annotations

import torch
from torch import Tensor

from playground.layers.catalogue.losses import loss_of
from playground.training.learner import Learner


def probabilities(output: Tensor, loss: str) -> Tensor:
    """Class probabilities within [0, 1] from outputs (N, classes), by the loss that they are trained with."""
    wants = loss_of(loss).wants
    if loss == "BCEWithLogitsLoss":
        return torch.sigmoid(output)
    if wants == "logits":
        return torch.softmax(output, 1)
    return output.exp().clamp(0, 1) if wants == "log-probabilities" else output.clamp(0, 1)


def samples(learner: Learner, count: int) -> list[list[float]]:
    """The probabilities of the classes for the first test examples, to four digits."""
    output = learner.predict(learner.test_set.x[:count])[:, : len(learner.classes)]
    return [[round(p, 4) for p in row] for row in probabilities(output, learner.config.loss).tolist()]
