"""Losses of distances, margins and likelihoods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from playground.errors import PlaygroundError
from playground.language.bounds.slow import paths, several_passes
from playground.language.function import Arguments, Cost, F, Function

REDUCED = "*, reduction='mean'"


def loss(
    name: str,
    call: Callable[..., Any],
    signature: str,
    meaning: str,
    derivative: str,
    example: str,
    bound: Callable[[Arguments], Cost] = several_passes,
) -> Function:
    """A number that says how far something is from what is wanted."""
    return Function(name, (F,), signature, call, meaning, derivative, example, bound)


def _ctc_loss(
    log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any, *settings: Any, **named: Any
) -> Tensor:
    """`ctc_loss` of letters that exist, which PyTorch 2.14 does not check."""
    letters = log_probs.shape[-1] if log_probs.dim() else 0
    read = targets.detach().long()
    if targets.dim() == 2:  # what stands behind a word's length is not read
        lengths = torch.as_tensor(target_lengths).reshape(-1, 1)
        if len(lengths) == len(targets):
            read = read[torch.arange(targets.shape[1]) < lengths]
    unknown = read[(read < 0) | (read >= letters)]
    if unknown.numel():
        raise PlaygroundError(
            f"there is no letter {int(unknown[0])} in targets", hint=f"log_probs has the letters 0 to {letters - 1}"
        )
    return functional.ctc_loss(log_probs, targets, input_lengths, target_lengths, *settings, **named)


MARGIN_LOSSES = (
    loss("cosine_embedding_loss", functional.cosine_embedding_loss, f"input1, input2, target, margin=0.0, {REDUCED}",
         "1 - cosine of pairs with target 1, cosine above the margin of pairs with target -1.",
         r"\mp\frac{1}{n}\,\partial\cos(x_1, x_2)", "cosine_embedding_loss(A, A * x + 1, tensor([1, -1]))"),
    loss("triplet_margin_loss", functional.triplet_margin_loss,
         f"anchor, positive, negative, margin=1.0, p=2, eps=1e-06, swap=False, {REDUCED}",
         "How much nearer than the positive the negative comes, less the margin.",
         r"\frac{[\text{above } 0]}{n}\left(\partial d(a, p) - \partial d(a, n)\right)",
         "triplet_margin_loss(A, A * x, A + y)"),
    loss("margin_ranking_loss", functional.margin_ranking_loss, f"input1, input2, target, margin=0.0, {REDUCED}",
         "How far two scores are from being in the order that the target (1 or -1) says.",
         r"\mp\frac{t\,[\text{above } 0]}{n}", "margin_ranking_loss(x, y, tensor([1, -1, 1]), margin=0.5)"),
    loss("hinge_embedding_loss", functional.hinge_embedding_loss, f"input, target, margin=1.0, {REDUCED}",
         "x where the target is 1, how far it is below the margin where that is -1.",
         r"\frac{1}{n}\ \text{or}\ -\frac{[x < m]}{n}", "hinge_embedding_loss(x, tensor([1, -1, 1]))"),
    loss("soft_margin_loss", functional.soft_margin_loss, f"input, target, {REDUCED}",
         "log(1 + exp(-t x)), averaged; targets 1 and -1.", r"-\frac{t}{n}\,\sigma(-t x)",
         "soft_margin_loss(x, tensor([1, -1, 1]).type_as(x))"),
    loss("multi_margin_loss", functional.multi_margin_loss, f"input, target, p=1, margin=1.0, {REDUCED}",
         "By how much other scores come within the margin of that of the class.",
         r"\frac{1}{n C}\left([\text{within}] - [i = t] \sum [\text{within}]\right)",
         "multi_margin_loss(scores, tensor([0, 2]), margin=0.9)"),
    loss("multilabel_soft_margin_loss", functional.multilabel_soft_margin_loss, f"input, target, {REDUCED}",
         "binary_cross_entropy_with_logits, averaged over the classes of each example.",
         r"\frac{\sigma(x) - t}{n C}", "multilabel_soft_margin_loss(scores, (scores > 0).type_as(scores))"),
    loss("gaussian_nll_loss", functional.gaussian_nll_loss,
         "input, target, var, full=False, eps=1e-06, reduction='mean'",
         "-log of a normal density: half of log(var) + (x - t)² / var.",
         r"\frac{x - t}{n v},\ \frac{1}{2n}\left(\frac{1}{v} - \frac{(x - t)^2}{v^2}\right)",
         "gaussian_nll_loss(y, x, x * x)"),
    loss("poisson_nll_loss", functional.poisson_nll_loss,
         "input, target, log_input=True, full=False, *, eps=1e-08, reduction='mean'",
         "-log of a Poisson probability: exp(x) - t x, x being the log of the rate.", r"\frac{e^x - t}{n}",
         "poisson_nll_loss(y, tensor([1.0, 0.0, 2.0]).type_as(y))"),
    loss("ctc_loss", _ctc_loss,
         "log_probs, targets, input_lengths, target_lengths, blank=0, reduction='mean', zero_infinity=False",
         "-log of the probability of a word, whatever the times of its letters; log_probs: (times, N, letters).",
         r"p - \text{the share of all paths that pass here}",
         "ctc_loss(log_softmax(image[0], dim=2), tensor([[1], [2], [3], [1]]), (2, 2, 2, 2), (1, 1, 1, 1))", paths),
)  # fmt: skip
