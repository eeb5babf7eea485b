"""`Size`: what a net is made of and what it gives, known before it is trained."""

from __future__ import annotations

from dataclasses import dataclass

from playground.layers.catalogue.spec import Shape


@dataclass(frozen=True, slots=True)
class Size:
    """Of one net. `outputs`: numbers that all layers together give for one example; training keeps them, example by
    example of its batch, until the backward pass has used them. `largest`: the layer that gives the most of them.
    `multiplications`: of the forward pass of one example."""

    output: Shape
    parameters: int
    outputs: int
    multiplications: int
    largest: str = ""
