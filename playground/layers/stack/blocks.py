"""Residual and Parallel in the list: what a new one holds, their branches, and layers that cross their borders."""

from __future__ import annotations

from dataclasses import replace

from playground.errors import PlaygroundError
from playground.layers.catalogue.spec import Layers, LayerSpec, Path, Shape, Stack
from playground.layers.catalogue.table import kind_of
from playground.layers.stack.analysis import Analysis, analyse

_WIDEST = 4096  # so many features or channels a layer can give


def new_block(name: str, stack: Stack, path: Path) -> LayerSpec:
    """A Residual or Parallel that fits at `path`: it gives the shape that comes in.

    >>> stack = Stack((LayerSpec("Flatten"),), input_shape=(3, 4, 4))
    >>> new_block("Residual", stack, (1,)).branches[0][0]
    LayerSpec(kind='Linear', args=(('out_features', 48),), branches=(), pins=())
    """
    shape = shape_before(analyse(stack), path)
    activation, branches = LayerSpec("ReLU"), kind_of(name).branches
    if not shape or len(shape) > 3 or shape[0] > _WIDEST:
        return LayerSpec(name, branches=((activation,), (LayerSpec("Identity"),))[:branches])
    if branches == 1:
        return LayerSpec(name, branches=((_giving(shape[0], shape, 3), activation),))
    part = max(1, shape[0] // 2)  # the parts are joined to what came in
    rest = max(1, shape[0] - part)
    return LayerSpec(name, branches=((_giving(part, shape, 3), activation), (_giving(rest, shape, 1),)))


def _giving(features: int, shape: Shape, kernel: int) -> LayerSpec:
    """A layer with weights that gives so many features or channels and keeps the other sizes."""
    if len(shape) == 1:
        return LayerSpec("Linear", (("out_features", features),))
    sizes = (("out_channels", features), ("kernel_size", kernel), ("padding", kernel // 2))
    return LayerSpec("Conv1d" if len(shape) == 2 else "Conv2d", sizes if kernel > 1 else sizes[:2])


def shape_before(analysis: Analysis, path: Path) -> Shape:
    """The shape of one example that a layer inserted at `path` would be given; () where it is not known."""
    row = analysis.row(path)
    if row is not None:
        return row.takes
    if path[-1] > 0:
        before = analysis.row((*path[:-1], path[-1] - 1))
        return () if before is None else before.gives
    return analysis.stack.input_shape if len(path) == 1 else shape_before(analysis, path[:-2])


def with_branch(stack: Stack, path: Path) -> Stack:
    """Add one branch to a Parallel: a copy of its last one, which always fits."""
    block = stack.at(path)
    _refuse_others(block)
    return stack.replace(path, replace(block, branches=(*block.branches, block.branches[-1])))


def without_branch(stack: Stack, path: Path, branch: int) -> Stack:
    """Take one branch away. IndexError where there is none of this number."""
    block = stack.at(path)
    _refuse_others(block)
    block.branches[branch]
    return stack.replace(path, replace(block, branches=(*block.branches[:branch], *block.branches[branch + 1 :])))


def _refuse_others(block: LayerSpec) -> None:
    if not block.branches:
        raise PlaygroundError(f"{block.kind} has no branches", hint="Parallel has two or more")
    if kind_of(block.kind).branches == 1:
        raise PlaygroundError(f"{block.kind} has one body", hint="Parallel has two or more branches")


def crossed(stack: Stack, path: Path, by: int, opened: bool) -> Stack:
    """A layer one place up (-1) or down (+1), over the border of a branch where it meets one.

    At the end of a branch it goes into the next one or out of the block; a neighbouring block is entered if it is
    `opened`, else passed.

    >>> from playground.layers.stack.parse import parse_stack
    >>> from playground.layers.stack.text import to_text
    >>> stack = Stack(parse_stack("Residual(Linear(4) ReLU)"))
    >>> to_text(crossed(stack, (0, 0, 1), 1, opened=True).layers)
    'Residual(Linear(4)) ReLU'
    """
    layer, target = stack.at(path), path[-1] + by
    siblings = stack.siblings(path)
    if 0 <= target < len(siblings):
        neighbour = siblings[target]
        if not (opened and neighbour.branches):
            return stack.move(path, by)
        branch = 0 if by > 0 else len(neighbour.branches) - 1
        place = 0 if by > 0 else len(neighbour.branches[branch])
        inside = (*path[:-1], target, branch, place)
        if by > 0:  # taking it out moves the block up
            inside = (*path[:-1], path[-1], branch, place)
        return stack.remove(path).insert(inside, layer)
    if len(path) == 1:
        return stack
    block, branch = path[:-2], path[-2] + by
    branches = stack.at(block).branches
    if 0 <= branch < len(branches):
        place = 0 if by > 0 else len(branches[branch])
        return stack.remove(path).insert((*block, branch, place), layer)
    return stack.remove(path).insert((*block[:-1], block[-1] + (by > 0)), layer)


def tidied(layers: Layers) -> Layers:
    """Without empty branches; a block that has too few left gives way to what is in them.

    >>> from playground.layers.stack.parse import parse_stack
    >>> block = parse_stack("Parallel(ReLU, Tanh)")[0]
    >>> [layer.kind for layer in tidied((replace(block, branches=((), block.branches[1])),))]
    ['Tanh']
    """
    kept: list[LayerSpec] = []
    for layer in layers:
        if not layer.branches and not kind_of(layer.kind).branches:
            kept.append(layer)
            continue
        branches = tuple(filter(None, map(tidied, layer.branches)))
        if len(branches) < kind_of(layer.kind).branches:
            kept += branches[0] if branches else ()
        else:
            kept.append(layer if branches == layer.branches else replace(layer, branches=branches))
    return tuple(kept)
