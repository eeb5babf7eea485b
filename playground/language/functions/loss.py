"""Losses: how far a prediction is from its target, as one number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch.nn import functional

from playground.language.bounds.bound import elementwise, slow_elementwise
from playground.language.function import Arguments, Cost, F, Function


def loss(
    name: str,
    call: Callable[..., Any],
    meaning: str,
    derivative: str,
    example: str,
    signature: str = "input, target, *, reduction='mean'",
    bound: Callable[[Arguments], Cost] = elementwise,
) -> Function:
    """A number that says how far a prediction is from its target."""
    return Function(name, (F,), signature, call, meaning, derivative, example, bound)


LOSSES = (
    loss("mse_loss", functional.mse_loss, "Mean of the squared differences.", r"\frac{2(x - t)}{n}", "mse_loss(x, y)"),
    loss(
        "l1_loss",
        functional.l1_loss,
        "Mean of the absolute differences.",
        r"\frac{\operatorname{sign}(x - t)}{n}",
        "l1_loss(x, y)",
    ),
    loss(
        "smooth_l1_loss",
        functional.smooth_l1_loss,
        "Squared near 0, absolute far away.",
        "",
        "smooth_l1_loss(x, y)",
        "input, target, *, reduction='mean', beta=1.0",
    ),
    loss(
        "huber_loss",
        functional.huber_loss,
        "Squared near 0, linear far away.",
        "",
        "huber_loss(x, y)",
        "input, target, *, reduction='mean', delta=1.0",
    ),
    loss(
        "cross_entropy",
        functional.cross_entropy,
        "-log softmax(scores) at the class, averaged; target: class numbers, or shares.",
        r"\frac{\operatorname{softmax}(x) - t}{n}",
        "cross_entropy(scores, tensor([0, 2]))",
        "input, target, weight=None, *, ignore_index=-100, reduction='mean', label_smoothing=0.0",
    ),
    loss(
        "nll_loss",
        functional.nll_loss,
        "-x at the class, averaged: takes log-probabilities.",
        r"-\frac{[i = t]}{n}",
        "nll_loss(log_softmax(scores, dim=1), tensor([0, 2]))",
        "input, target, weight=None, *, ignore_index=-100, reduction='mean'",
    ),
    loss(
        "binary_cross_entropy",
        functional.binary_cross_entropy,
        "-(t log x + (1 - t) log(1 - x)), averaged.",
        r"\frac{x - t}{n\,x(1 - x)}",
        "binary_cross_entropy(x, tensor([0., 1., 1.]).type_as(x))",
        "input, target, weight=None, *, reduction='mean'",
        bound=slow_elementwise,
    ),
    loss(
        "binary_cross_entropy_with_logits",
        functional.binary_cross_entropy_with_logits,
        "binary_cross_entropy of sigmoid(x), without overflow.",
        r"\frac{\sigma(x) - t}{n}",
        "binary_cross_entropy_with_logits(y, x)",
        "input, target, weight=None, *, reduction='mean', pos_weight=None",
    ),
    loss(
        "kl_div",
        functional.kl_div,
        "Kullback-Leibler divergence; takes log-probabilities.",
        r"-\frac{t}{n}",
        "kl_div(log_softmax(scores, dim=1), softmax(scores, dim=1), reduction='batchmean')",
        "input, target, *, reduction='mean', log_target=False",
    ),
)
