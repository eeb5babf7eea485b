"""The few modules that PyTorch lacks: an offset alone, blocks, layers of sequences that give one tensor, and dropout
whose randomness is passed in."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Bias(nn.Module):
    """Adds a parameter, and nothing else. Shapes: (N, *, features) to the same.

    >>> Bias(5)(torch.ones(10, 5)).shape
    torch.Size([10, 5])
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(features))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.bias


class Reshape(nn.Module):
    """Another shape for every example. Shapes: (N, *) to (N, *shape)."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(len(x), *self.shape)


class Residual(nn.Module):
    """A body added to its input (He et al., 2016, arXiv:1512.03385). The body must not change the shape."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.body(x)
        return out


class Parallel(nn.Module):
    """Several branches on one input, joined along axis 1 (Szegedy et al., 2015, arXiv:1409.4842)."""

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self.branches], dim=1)


class MultiheadAttention(nn.MultiheadAttention):
    """`nn.MultiheadAttention` of a sequence with itself, example by example, without its weights.

    Shapes: (N, T, embed_dim) to the same.
    """

    def __init__(self, embed_dim: int, num_heads: int) -> None:
        super().__init__(embed_dim, num_heads, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        output, _ = super().forward(x, x, x, need_weights=False)
        return output


class LSTM(nn.LSTM):
    """`nn.LSTM` that hands on its output at every step, example by example, without its last state.

    Shapes: (N, T, input_size) to (N, T, hidden_size), twice as wide if bidirectional.
    """

    def __init__(self, input_size: int, hidden_size: int, num_layers: int = 1, bidirectional: bool = False) -> None:
        super().__init__(input_size, hidden_size, num_layers, batch_first=True, bidirectional=bidirectional)

    def forward(self, x: Tensor) -> Tensor:
        output, _ = super().forward(x)
        return output


class GRU(nn.GRU):
    """`nn.GRU` that hands on its output at every step, example by example, without its last state.

    Shapes: (N, T, input_size) to (N, T, hidden_size), twice as wide if bidirectional.
    """

    def __init__(self, input_size: int, hidden_size: int, num_layers: int = 1, bidirectional: bool = False) -> None:
        super().__init__(input_size, hidden_size, num_layers, batch_first=True, bidirectional=bidirectional)

    def forward(self, x: Tensor) -> Tensor:
        output, _ = super().forward(x)
        return output


class RNN(nn.RNN):
    """`nn.RNN` that hands on its output at every step, example by example, without its last state.

    Shapes: (N, T, input_size) to (N, T, hidden_size), twice as wide if bidirectional.
    """

    def __init__(self, input_size: int, hidden_size: int, num_layers: int = 1, bidirectional: bool = False) -> None:
        super().__init__(input_size, hidden_size, num_layers, batch_first=True, bidirectional=bidirectional)

    def forward(self, x: Tensor) -> Tensor:
        output, _ = super().forward(x)
        return output


class SeededDropout(nn.Dropout):
    """`nn.Dropout` that draws from its own generator: sessions of one process must not share a stream of numbers.

    With the same seed it drops the same units as `nn.Dropout` after `torch.manual_seed`.
    """

    generator: torch.Generator | None = None

    def forward(self, input: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return input
        keep = torch.zeros_like(input).bernoulli_(1 - self.p, generator=self.generator)
        return input * (keep / (1 - self.p))


class SeededDropout2d(SeededDropout):
    """`nn.Dropout2d` that draws from its own generator: whole channels of (N, C, H, W) are kept or dropped."""

    def forward(self, input: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return input
        channels = torch.zeros(*input.shape[:2], 1, 1, dtype=input.dtype, device=input.device)
        keep = channels.bernoulli_(1 - self.p, generator=self.generator)
        return input * (keep / (1 - self.p))


OURS = (Bias, Reshape, Residual, Parallel, MultiheadAttention, LSTM, GRU, RNN)  # a script brings their source along
