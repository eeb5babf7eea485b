"""Limits of the costs of one stack; they are checked by arithmetic before anything is allocated.

Each limit can be set by the environment: `PLAYGROUND_LAYERS_PARAMETERS=20000`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from playground.environment import from_environment


@dataclass(frozen=True, slots=True)
class LayerLimits:
    """The limits of a stack; the defaults keep one recording within a few seconds and 1 GB."""

    text_length: int = 20_000  # characters of a class: a file with its docstrings, and what trains it
    stack_length: int = 10_000  # characters of a list of layers
    layers: int = 200  # blocks and what is in them counted
    depth: int = 6  # of nesting
    batch: int = 512  # examples
    input: int = 200_000  # elements of one example
    parameters: int = 20_000_000
    activations: int = 60_000_000  # elements of all outputs, over the batch
    multiplications: int = 60_000_000_000  # of one forward pass, over the batch
    steps: int = 2_048  # of recurrent layers, each after the one before: of all layers, and in both directions

    @property
    def text_words(self) -> str:
        """Say how long a text may be."""
        return f"a text of at most {self.text_length:,} characters"


LIMITS = from_environment(LayerLimits, "PLAYGROUND_LAYERS", os.environ)
