"""The whole table of derivatives, by PyTorch's names of its backward nodes."""

from __future__ import annotations

from playground.explain.derivatives.derivative import Derivative, Row
from playground.explain.derivatives.elementwise import CURVES, SUMS
from playground.explain.derivatives.layers import LAYERS
from playground.explain.derivatives.limits import LIMITS
from playground.explain.derivatives.losses import LOSSES
from playground.explain.derivatives.matrices import MATRICES
from playground.explain.derivatives.reductions import REDUCTIONS

ROWS: dict[str, Row] = {**SUMS, **CURVES, **LIMITS, **REDUCTIONS, **MATRICES, **LOSSES, **LAYERS}
GENERIC = Derivative("as a vector–Jacobian product")


def row(node: str) -> Row:
    """The row of a node by PyTorch's name for it; () for nodes that are not in the table.

    >>> row("SinBackward0")[0].formulas[0].text, row("NoSuchBackward0")
    ('cos(@a)', ())
    """
    return ROWS.get(node) or ROWS.get(node.rstrip("0123456789"), ())
