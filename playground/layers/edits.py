"""What a click in the list of layers does to the text: the list and the text are two views of one stack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from playground.errors import PlaygroundError
from playground.layers.catalogue import find
from playground.layers.document import StackDocument
from playground.layers.kind import problem_of
from playground.layers.parse import parse_stack
from playground.layers.spec import LayerSpec, Path, Stack
from playground.layers.text import to_text

MOST_STEPS = 200  # that one layer can be moved by


def edited(document: StackDocument, edit: Mapping[str, Any]) -> StackDocument:
    """The document after an edit of its list: {name, path, ...}; PlaygroundError where it cannot be done.

    >>> edited(StackDocument("ReLU Flatten"), {"name": "move", "path": [1], "by": -1}).text
    'Flatten ReLU'
    """
    stack = document.stack()
    name, path = edit.get("name"), _path(edit.get("path"))
    try:
        if name == "insert":
            stack = stack.insert(path, new_layer(str(edit.get("kind"))))
        elif name == "remove":
            stack.at(path)
            stack = stack.remove(path)
        elif name == "duplicate":
            stack = stack.insert((*path[:-1], path[-1] + 1), stack.at(path))
        elif name == "move":
            stack = stack.move(path, max(-MOST_STEPS, min(MOST_STEPS, int(edit.get("by", 0)))))
        elif name == "set":
            stack = stack.replace(path, _with(stack.at(path), str(edit.get("argument")), edit.get("content")))
        else:
            raise PlaygroundError(f"no such edit: {str(name)[:40]}")
    except (IndexError, TypeError, ValueError):
        raise PlaygroundError("there is no such layer any more", hint="the list has changed meanwhile") from None
    return replace(document, text=to_text(_without_empty_blocks(stack).layers))


def new_layer(name: str) -> LayerSpec:
    """A layer of this kind as the catalogue's example has it."""
    kind = find(name)
    if kind is None:
        raise PlaygroundError(f"unknown layer `{name[:40]}`", hint="the catalogue lists every layer")
    return parse_stack(kind.example)[0]


def _without_empty_blocks(stack: Stack) -> Stack:
    """A block whose last layer was taken out goes, too."""
    kept = tuple(layer for layer in stack.layers if not layer.branches or all(layer.branches))
    return replace(stack, layers=kept)


def _with(layer: LayerSpec, name: str, content: Any) -> LayerSpec:
    kind = find(layer.kind)
    argument = None if kind is None else kind.argument(name)
    if kind is not None and name in kind.pins:
        if content is not None and (type(content) is not int or content < 1):
            raise PlaygroundError(f"{name} is a whole number of at least 1")
        return layer.with_pin(name, content)
    if kind is None or argument is None:
        raise PlaygroundError(f"{layer.kind} has no argument {name[:40]}")
    content = tuple(content) if isinstance(content, list) else content
    if argument.kind == "float" and type(content) is int:
        content = float(content)
    if problem := problem_of(argument, content):
        raise PlaygroundError(f"{name} of {layer.kind} is {problem}", hint=argument.meaning)
    return layer.with_arg(name, content)


def _path(given: Any) -> Path:
    if isinstance(given, list | tuple) and len(given) % 2 == 1 and all(type(i) is int and i >= 0 for i in given):
        return tuple(given)
    raise PlaygroundError("this is not the place of a layer")
