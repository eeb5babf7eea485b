"""Blocks: sub-stacks added to their input, or side by side."""

from __future__ import annotations

from playground.layers.catalogue import shape_rules
from playground.layers.catalogue.kind import Kind
from playground.layers.catalogue.modules import Parallel, Residual

BLOCKS: tuple[Kind, ...] = (
    Kind(
        "Residual",
        "Blocks",
        "A sub-stack added to its own input.",
        "the same shape",
        "those inside",
        Residual,
        shape_rules.same,
        example="Residual(Linear(4) ReLU)",
        branches=1,
    ),
    Kind(
        "Parallel",
        "Blocks",
        "Sub-stacks side by side on one input, joined along the first axis.",
        "(C₁, …), (C₂, …) → (C₁ + C₂, …)",
        "those inside",
        Parallel,
        shape_rules.same,
        example="Parallel(Linear(2), Linear(3) ReLU)",
        branches=2,
    ),
)
