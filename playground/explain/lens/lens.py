"""`lens`: a recorded call opened as a picture of its own arithmetic."""

from __future__ import annotations

from collections.abc import Mapping

from playground.errors import PlaygroundError
from playground.explain.lens.call import Call
from playground.explain.lens.frame import LensFrame
from playground.explain.lens.table import ANY, LENSES
from playground.trace.trace import Trace


def lens(trace: Trace, op: int, picks: Mapping[str, int] | None = None) -> LensFrame:
    """One call as its boards of cells and the terms of each; `picks`: the place on an axis that is shown in part.

    Raises PlaygroundError for a call that has no derivative or cannot be repeated, and for a trace that was
    read from a document.

    >>> import torch
    >>> from playground import record
    >>> trace = record(lambda x, w: x @ w, torch.ones(2, 3), torch.ones(3, 4))
    >>> lens(trace, 0).formula
    'v₁[i, j] = Σk x[i, k] · w[k, j]'
    """
    if not 0 <= op < len(trace.ops):
        raise PlaygroundError(f"there is no call {op}", hint=f"calls 0 to {len(trace.ops) - 1}")
    row = LENSES.get(trace.ops[op].name, ANY)
    return row.lens(Call(trace, op, row.signature), dict(picks or {}))
