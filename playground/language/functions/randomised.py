"""Random layers and draws, all from the run's own generator.

PyTorch's dropout draws from one generator for the whole process, which threads would share. These draw the same
numbers from a generator that is passed in; a script holds their source (`Function.is_written_out`).
"""

from __future__ import annotations

import torch

from playground.language.bounds.bound import shape_of, whole_numbers
from playground.language.bounds.scattering import full, stretched
from playground.language.bounds.slow import series, several_passes
from playground.language.function import METHOD, TORCH, Arguments, Cost, F, Function

KEPT = r"\frac{[\text{kept}]}{1 - p}"


def dropout(input: torch.Tensor, p: float = 0.5, training: bool = True, *, generator: torch.Generator) -> torch.Tensor:
    """Compute what F.dropout computes, with the numbers of this generator."""
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not training or p == 0:
        return input
    keep = torch.zeros_like(input).bernoulli_(1 - p, generator=generator)
    return input * (keep / (1 - p) if p < 1 else keep)


def feature_dropout(
    input: torch.Tensor, p: float = 0.5, training: bool = True, *, generator: torch.Generator
) -> torch.Tensor:
    """Compute what F.dropout1d, dropout2d and dropout3d compute of (N, C, ...), with the numbers of this generator."""
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if input.dim() < 3:
        raise ValueError("whole channels are dropped: the input needs three axes or more (N, C, ...)")
    if not training or p == 0:
        return input
    channels = torch.zeros(*input.shape[:2], *[1] * (input.dim() - 2), dtype=input.dtype, device=input.device)
    keep = channels.bernoulli_(1 - p, generator=generator)
    return input * (keep / (1 - p) if p < 1 else keep)


def alpha_dropout(
    input: torch.Tensor, p: float = 0.5, training: bool = False, *, generator: torch.Generator
) -> torch.Tensor:
    """Compute what F.alpha_dropout computes, with the numbers of this generator."""
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not training or p == 0:
        return input
    keep = torch.zeros_like(input).bernoulli_(1 - p, generator=generator)
    if p == 1:
        return input * keep
    least = 1.7580993408473766  # minus what selu goes to far below 0
    scale: float = 1 / ((least**2 * p + 1) * (1 - p)) ** 0.5
    return input * (keep * scale) + ((keep - 1) * (least * scale) + least * scale * p)


def gumbel_softmax(
    logits: torch.Tensor, tau: float = 1, hard: bool = False, dim: int = -1, *, generator: torch.Generator
) -> torch.Tensor:
    """Compute what F.gumbel_softmax computes, with the numbers of this generator."""
    noise = -torch.zeros_like(logits).exponential_(generator=generator).log()
    soft = ((logits + noise) / tau).softmax(dim)
    if not hard:
        return soft
    largest = torch.zeros_like(logits).scatter(dim, soft.argmax(dim, keepdim=True), 1.0)
    return largest - soft.detach() + soft


def _drawn(arguments: Arguments) -> Cost:
    """`multinomial`: so many positions for each row; without replacement a sort of all."""
    shape = full(shape_of(arguments.get("input")))
    count = max([1, *whole_numbers(arguments.get("num_samples"))])
    rows = shape[0] if len(shape) == 2 else 1
    elements = 1
    for length in shape:
        elements *= length
    work = 40 * (elements + rows * count) * max(1, elements.bit_length())
    return Cost(rows * count, work, len(shape), 2 * elements)


RANDOMISED = (
    Function("dropout", (F,), "input, p=0.5, training=True", dropout,
             "0 with probability p, else x / (1 - p); the same for the same seed.", KEPT, "dropout(y, 0.4)", stretched,
             is_random=True, is_written_out=True),
    *(
        Function(f"dropout{axes}d", (F,), "input, p=0.5, training=True", feature_dropout,
                 "Whole channels of (N, C, ...) are 0 with probability p, the others x / (1 - p).", KEPT,
                 f"dropout{axes}d({example}, 0.4)", stretched, is_random=True, is_written_out=True)
        for axes, example in ((1, "signal"), (2, "image"), (3, "image[None]"))
    ),
    Function("alpha_dropout", (F,), "input, p=0.5, training=False", alpha_dropout,
             "Dropout that keeps mean 0 and variance 1, to go with selu.", r"a\,[\text{kept}]",
             "alpha_dropout(y, 0.4, training=True)", several_passes, is_random=True, is_written_out=True),
    Function("gumbel_softmax", (F,), "logits, tau=1, hard=False, dim=-1", gumbel_softmax,
             "softmax of scores with noise: a soft draw of a class; hard: one-hot, with the soft one's gradient.",
             r"\frac{1}{\tau} s_i ([i = j] - s_j)", "gumbel_softmax(scores)", several_passes, is_random=True,
             is_written_out=True),
    Function("rrelu", (TORCH, F), "input, lower=0.125, upper=0.3333333333333333, training=False", torch.rrelu,
             "x where positive, else a slope times x: a random one while training, else the mean of both.",
             r"1\ \text{or}\ a", "rrelu(y, training=True)", stretched, is_random=True),
    Function("multinomial", (TORCH, METHOD), "input, num_samples, replacement=False", torch.multinomial,
             "Positions drawn with these weights.", "", "y[multinomial(x, 2)]", _drawn, is_random=True,
             is_smooth=False),
    Function("poisson", (TORCH,), "input", torch.poisson, "Random counts with these means.", "0", "y * poisson(x)",
             series, is_random=True, is_smooth=False),
)  # fmt: skip
