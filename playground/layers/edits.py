"""Edits of the text by clicks in the list of layers: the list and the text are two views of one stack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from playground.errors import PlaygroundError
from playground.layers.catalogue.fresh import Place
from playground.layers.catalogue.kind import problem_of
from playground.layers.catalogue.spec import Content, LayerSpec, Path, Stack, walk
from playground.layers.catalogue.table import find, has_weights
from playground.layers.document import Refused, StackDocument
from playground.layers.limits import LIMITS
from playground.layers.stack import blocks
from playground.layers.stack.analysis import analyse
from playground.layers.stack.parse import parse_stack
from playground.layers.stack.text import to_text

MOST_STEPS = 200  # that one layer can be moved by
BLOCKS = {"Residual", "Parallel"}


class Edited(NamedTuple):
    """The document after an edit, and where the layer that it was about stands now; None if it went."""

    document: StackDocument
    path: Path | None


def edited(document: StackDocument, edit: Mapping[str, Any]) -> Edited:
    """The document after an edit of its list: {name, path, ...}; PlaygroundError where it cannot be done.

    >>> edited(StackDocument("ReLU Flatten"), {"name": "move", "path": [1], "by": -1}).document.text
    'Flatten ReLU'
    """
    stack, path = document.stack(), _path(edit.get("path"))
    try:
        stack, layer = _changed(stack, path, edit)
    except (IndexError, TypeError, ValueError):
        raise PlaygroundError("there is no such layer any more", hint="the list has changed meanwhile") from None
    layers = blocks.tidied(stack.layers)
    place = next((place for place, other in walk(layers) if other is layer), None)
    return Edited(replace(document, text=to_text(layers)), place)


def _changed(stack: Stack, path: Path, edit: Mapping[str, Any]) -> tuple[Stack, LayerSpec | None]:
    """The stack after the edit, and the layer that it was about."""
    name = edit.get("name")
    if name == "insert":
        layer = new_layer(str(edit.get("kind")), stack, path)
        return stack.insert(path, layer), layer
    layer = stack.at(path)
    if name == "remove":
        return stack.remove(path), None
    if name == "duplicate":
        copy = replace(layer)  # another object: the one that is looked for afterwards
        return stack.insert((*path[:-1], path[-1] + 1), copy), copy
    if name == "move":
        by = max(-MOST_STEPS, min(MOST_STEPS, int(edit.get("by", 0))))
        if "opened" in edit and by in (-1, 1):  # it minds the borders of blocks, and what is unfolded
            return blocks.crossed(stack, path, by, bool(edit["opened"])), layer
        return stack.move(path, by), layer
    if name == "add branch":
        return blocks.with_branch(stack, path), None
    if name == "remove branch":
        return blocks.without_branch(stack, path, _whole(edit.get("branch"))), None
    if name == "set":
        changed = _with(layer, path, str(edit.get("argument")), edit.get("content"))
        return stack.replace(path, changed), changed
    raise PlaygroundError(f"no such edit: {str(name)[:40]}")


def new_layer(name: str, stack: Stack, path: Path) -> LayerSpec:
    """A layer of this kind with arguments that are sensible at `path`; a block holds what fits there."""
    kind = find(name)
    if kind is None:
        raise PlaygroundError(f"unknown layer `{name[:40]}`", hint="the catalogue lists every layer")
    if kind.name in BLOCKS:
        return blocks.new_block(name, stack, path)
    if kind.fresh is None:
        return parse_stack(kind.example)[0]
    return LayerSpec(kind.name, tuple(kind.fresh(_place(stack, path)).items()))


def _place(stack: Stack, path: Path) -> Place:
    after = stack.siblings(path)[path[-1] :]
    return Place(
        blocks.shape_before(analyse(stack), path),
        stack.wanted,
        is_last=len(path) == 1 and not any(has_weights(layer) for layer in after),
        keeps_shape=len(path) > 1 and stack.at(path[:-2]).kind == "Residual",
    )


def _with(layer: LayerSpec, path: Path, name: str, content: Any) -> LayerSpec:
    kind = find(layer.kind)
    argument = None if kind is None else kind.argument(name)
    if kind is not None and name in kind.pins:
        if content is not None and (type(content) is not int or not 1 <= content <= LIMITS.input):
            raise Refused(name, f"a whole number from 1 to {LIMITS.input:,}, or empty: inferred", content, path)
        return layer.with_pin(name, content)
    if kind is None or argument is None:
        raise PlaygroundError(f"{layer.kind} has no argument {name[:40]}")
    wanted: Content = tuple(content) if isinstance(content, list) else content
    if isinstance(wanted, str) and argument.words:
        wanted = wanted.strip("\"'")  # a word may be typed as the text has it
    if argument.kind == "float" and type(wanted) is int:
        wanted = float(wanted)
    if problem := problem_of(argument, wanted):
        raise Refused(name, problem.removesuffix(f", not {wanted}"), content, path)
    return layer.with_arg(name, wanted)


def _whole(number: Any) -> int:
    if type(number) is int and number >= 0:
        return number
    raise TypeError


def _path(given: Any) -> Path:
    if isinstance(given, list | tuple) and len(given) % 2 == 1 and all(type(i) is int and i >= 0 for i in given):
        return tuple(given)
    raise PlaygroundError("this is not the place of a layer")
