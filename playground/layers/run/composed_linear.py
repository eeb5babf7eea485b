"""The one Linear that two with nothing non-linear between are: its matrix and its offset, from their weights."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from playground.errors import PlaygroundError
from playground.layers.catalogue.spec import Path
from playground.layers.document import StackDocument
from playground.layers.stack.analysis import StackRow
from playground.layers.stack.build import build

_BETWEEN = {"Identity", "Dropout", "Flatten"}  # each number stays itself, in evaluation


@dataclass(frozen=True, slots=True)
class ComposedLinear:
    """`weight` (out, in) and `bias` (out,) of the one Linear; `bias` None where neither of the two has one."""

    first: str
    second: str
    weight: Tensor
    bias: Tensor | None
    bias_formula: str


def composed_linear(document: StackDocument, path: Path) -> ComposedLinear | None:
    """The Linear at `path` and the one before it as one; None where they are not two Linear on plain features.

    >>> found = composed_linear(StackDocument("Flatten Linear(3) Linear(2)"), (2,))
    >>> found and (tuple(found.weight.shape), found.bias_formula)
    ((2, 784), 'b₂ + W₂·b₁')
    """
    try:
        analysis = document.analysis()
        second, first = analysis.row(path), None
        for index in range(path[-1] - 1, -1, -1):
            first = analysis.row((*path[:-1], index))
            if first is None or first.layer.kind not in _BETWEEN:
                break
        if first is None or second is None or not (_is_plain(first) and _is_plain(second)):
            return None
        net = build(analysis, document.rng_seed)
    except PlaygroundError:
        return None
    one, two = (net.get_submodule(row.name) for row in (first, second))
    if not (isinstance(one, nn.Linear) and isinstance(two, nn.Linear)):
        return None
    with torch.no_grad():
        weight = two.weight @ one.weight
        carried = None if one.bias is None else two.weight @ one.bias
        bias = two.bias if carried is None else carried if two.bias is None else two.bias + carried
    formula = " + ".join(["b₂"] * (two.bias is not None) + ["W₂·b₁"] * (one.bias is not None))
    return ComposedLinear(first.name, second.name, weight, None if bias is None else bias.detach(), formula)


def _is_plain(row: StackRow) -> bool:
    return row.layer.kind == "Linear" and len(row.takes) == 1
