"""Random tensor programs, built from PyTorch's own calls: trees whose parts may be used more than once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from torch import Tensor

UNARY: dict[str, Callable[[Tensor], Tensor]] = {
    "sin": torch.sin,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softplus": torch.nn.functional.softplus,
    "exp of tanh": lambda x: x.tanh().exp(),
    "relu": torch.relu,
    "abs": torch.abs,
    "neg": torch.neg,
    "square": torch.square,
    "root": lambda x: (x * x + 1).sqrt(),
    "reciprocal": lambda x: 1 / (x * x + 1),
    "log": lambda x: torch.log(x.abs() + 0.5),
    "clone": torch.clone,
    "detached factor": lambda x: x * x.detach(),
    "in place": lambda x: x.clone().mul_(2).add_(x),
    "masked": lambda x: torch.where(x > 0, x, x * 0.1),
    "item assignment": lambda x: written(x, 0.5),
    "item assignment of a part": lambda x: written(x, x.detach().flatten()[:1].sum() * 2),
}
BINARY: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "add": torch.add,
    "sub": torch.sub,
    "mul": torch.mul,
    "div": lambda x, y: x / (y * y + 1),
    "maximum": torch.maximum,
    "atan2": lambda x, y: torch.atan2(x, y * y + 1),
    "lerp": lambda x, y: torch.lerp(x, y, 0.3),
    "item assignment of a value": lambda x, y: written(x, y.sum()),
}
REDUCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "sum": lambda x: x.sum(-1),
    "mean": lambda x: x.mean(-1, keepdim=True),
    "max": lambda x: x.max(-1).values,
    "logsumexp": lambda x: x.logsumexp(-1),
    "norm": lambda x: (x * x + 1e-3).sum(-1).sqrt(),
    "cumsum": lambda x: x.cumsum(-1),
    "softmax": lambda x: x.softmax(-1),
    "first": lambda x: x[..., 0],
    "flipped": lambda x: x.flip(-1),
    "halves": lambda x: x.chunk(2, -1)[0],
    "sorted": lambda x: x.sort(-1).values,
}
RESHAPES: dict[str, Callable[[Tensor], Tensor]] = {
    "flatten": torch.flatten,
    "row": lambda x: x.reshape(1, -1),
    "column": lambda x: x.reshape(-1, 1),
    "transposed": lambda x: x.mT if x.dim() > 1 else x,
    "twice": lambda x: torch.cat([x.flatten(), x.flatten()]),
    "stacked": lambda x: torch.stack([x, x * 2]),
    "expanded": lambda x: x.unsqueeze(0).expand(2, *x.shape),
}
MOST_ELEMENTS = 64


@dataclass(frozen=True)
class Program:
    """Calls in order; each takes what earlier ones (or the leaves) made, by position."""

    leaves: tuple[tuple[int, ...], ...]  # their shapes
    calls: tuple[tuple[str, str, tuple[int, ...]], ...]  # kind, name, operands
    seed: int  # of the leaves' numbers

    def inputs(self) -> list[Tensor]:
        generator = torch.Generator().manual_seed(self.seed)
        made = [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in self.leaves]
        return [tensor.requires_grad_() for tensor in made]

    def __call__(self, *leaves: Tensor) -> Tensor:
        values = list(leaves)
        for kind, name, operands in self.calls:
            values.append(apply(kind, name, [values[index] for index in operands]))
        return torch.stack([value.sum() for value in values[-3:]]).sum()


def written(x: Tensor, number: float | Tensor) -> Tensor:
    """A copy of the elements in a row, of which the first is overwritten and used further."""
    copy = x.flatten().clone()
    copy[:1] = number
    return copy.reshape(x.shape) * x


def apply(kind: str, name: str, operands: list[Tensor]) -> Tensor:
    """One call; a product or broadcast that does not fit, or grows too large, becomes its first operand doubled."""
    first = operands[0]
    if kind == "unary":
        return UNARY[name](first)
    if kind == "reduction" and first.dim() and first.shape[-1]:
        return REDUCTIONS[name](first)
    if kind == "reshape" and 2 * first.numel() <= MOST_ELEMENTS and first.dim() < 4:
        return RESHAPES[name](first)
    if kind == "binary" and fits(operands):
        return BINARY[name](*operands)
    if kind == "matmul" and all(x.dim() == 2 for x in operands) and first.shape[1] == operands[1].shape[0]:
        return first @ operands[1]
    return first * 2


def fits(operands: list[Tensor]) -> bool:
    try:
        return torch.broadcast_shapes(*(x.shape for x in operands)).numel() <= MOST_ELEMENTS
    except RuntimeError:
        return False


SHAPES: SearchStrategy[tuple[int, ...]] = st.sampled_from([(), (1,), (3,), (2, 3), (3, 2), (3, 3), (1, 3), (2, 1, 3)])
NAMES = {
    "unary": sorted(UNARY),
    "binary": sorted(BINARY),
    "reduction": sorted(REDUCTIONS),
    "reshape": sorted(RESHAPES),
    "matmul": ["matmul"],
}


@st.composite
def programs(draw: DrawFn, most_calls: int = 12) -> Program:
    """A program over one to three leaves; recent values are likelier operands, so that depth grows."""
    leaves = tuple(draw(st.lists(SHAPES, min_size=1, max_size=3)))
    calls = []
    for index in range(draw(st.integers(1, most_calls))):
        kind = draw(st.sampled_from(sorted(NAMES)))
        name = draw(st.sampled_from(NAMES[kind]))
        count = len(leaves) + index
        recent = st.integers(max(0, count - 3), count - 1)
        operand = recent | st.integers(0, count - 1)
        calls.append((kind, name, tuple(draw(operand) for _ in range(2 if kind in ("binary", "matmul") else 1))))
    return Program(leaves, tuple(calls), draw(st.integers(0, 2**16)))
