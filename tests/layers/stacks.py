"""Hypothesis strategies: stacks whose layers fit, blocks included, small enough to run in milliseconds."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import strategies as st

from playground.layers.catalogue.kind import LayerArgument
from playground.layers.catalogue.losses import LOSSES
from playground.layers.catalogue.spec import Layers, LayerSpec, Shape, Stack
from playground.layers.catalogue.table import KINDS
from playground.layers.document import OPTIMIZERS, StackDocument
from playground.layers.stack.analysis import analyse
from playground.layers.stack.parse import parse_stack
from playground.layers.stack.text import to_text

INPUTS: tuple[Shape, ...] = ((4,), (2, 6), (1, 6, 6), (2, 9, 7), (3, 5, 8))
NUMBERS = (-0.5, 1e-05, 0.01, 0.25, 0.5, 1.0)


def content(argument: LayerArgument, shape: Shape) -> st.SearchStrategy[Any]:
    """One argument within its bounds, small; or a word in its place."""
    words = st.sampled_from(argument.words) if argument.words else st.nothing()
    return words if argument.kind == "word" else words | numbers(argument, shape)


def numbers(argument: LayerArgument, shape: Shape) -> st.SearchStrategy[Any]:
    """Its numbers, switches or sizes."""
    whole = st.integers(int(argument.minimum), int(min(argument.maximum, 4)))
    match argument.kind:
        case "bool":
            return st.booleans()
        case "float":
            return st.sampled_from([n for n in NUMBERS if argument.minimum <= n <= argument.maximum])
        case "size":
            return whole | st.tuples(whole, whole)
        case "sides":
            return whole | st.tuples(*[whole] * 4)
        case "shape":
            return st.sampled_from([(-1,), shape[::-1], (1, *shape)[:4], (-1, shape[-1])])
        case _:
            return whole


@st.composite
def layer(draw: st.DrawFn, shape: Shape, depth: int) -> LayerSpec:
    """One layer of any kind, which may or may not fit."""
    kinds = [kind for kind in KINDS if not kind.takes_indices]
    suited = [kind for kind in kinds if len(kind.example_shape) in (1, len(shape)) and (depth or not kind.branches)]
    pictures = [
        kind for kind in suited if len(kind.example_shape) == len(shape) > 1
    ]  # they seldom fit: drawn more often
    kind = draw(st.sampled_from(suited + 2 * pictures))
    if kind.branches:
        branches = [draw(layers(shape, depth - 1)) or (LayerSpec("Identity"),) for _ in range(kind.branches)]
        return LayerSpec(kind.name, branches=tuple(branches))
    args = {
        a.name: draw(content(a, shape)) for a in kind.arguments if a.default is None or draw(st.integers(0, 2)) == 2
    }
    return LayerSpec(kind.name, tuple(args.items()))


@st.composite
def layers(draw: st.DrawFn, shape: Shape, depth: int = 2) -> Layers:
    """Layers one after the other; of those that are drawn, the ones that fit."""
    found: list[LayerSpec] = []
    for _ in range(draw(st.integers(0, 7 if depth == 2 else 3))):
        candidate = draw(layer(shape, depth))
        output = analyse(Stack((candidate,), shape)).output
        if output is not None and math.prod(output) <= 300:
            found.append(candidate)
            shape = output
    return parse_stack(to_text(tuple(found)))


@st.composite
def stacks(draw: st.DrawFn) -> Stack:
    """A stack whose layers fit."""
    shape = draw(st.sampled_from(INPUTS))
    return Stack(draw(layers(shape)), shape)


@st.composite
def documents(draw: st.DrawFn) -> StackDocument:
    """A stack that runs on random data: it ends with a number for each class."""
    stack, classes = draw(stacks()), draw(st.integers(2, 4))
    return StackDocument(
        f"{to_text(stack.layers)} Flatten Linear({classes})",
        stack.input_shape,
        draw(st.sampled_from([loss.name for loss in LOSSES])),
        classes,
        "random",
        draw(st.integers(2, 5)),
        draw(st.sampled_from(OPTIMIZERS)),
        draw(st.sampled_from([0.01, 0.1])),
        draw(st.integers(0, 1000)),
    )
