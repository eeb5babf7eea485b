"""A stack as its text: `Conv2d(10, 7) ReLU Flatten Linear(10)`. `playground.layers.stack.parse` reads it."""

from __future__ import annotations

from typing import Any

from playground.layers.catalogue.spec import Layers, LayerSpec
from playground.layers.catalogue.table import find


def to_text(layers: Layers) -> str:
    """The canonical text of a stack.

    >>> from playground.layers.stack.parse import parse_stack
    >>> to_text(parse_stack("Conv2d(10,kernel_size = 7)->ReLU()  Flatten, Linear(10, bias=False)"))
    'Conv2d(10, 7) ReLU Flatten Linear(10, bias=False)'
    """
    return " ".join(map(layer_text, layers))


def layer_text(layer: LayerSpec) -> str:
    """Write one layer: its first argument and those without a default by position, others by name where they differ."""
    kind = find(layer.kind)
    if kind is None:
        raise KeyError(layer.kind)
    if kind.branches:
        return f"{kind.name}({', '.join(map(to_text, layer.branches))})"
    given = dict(layer.args)
    parts = []
    for place, argument in enumerate(kind.arguments):
        if argument.name not in given:
            continue
        written = content_text(given[argument.name])
        if argument.kind == "shape":
            parts.append(written.strip("(,)"))
        elif argument.default is None or (place == 0 and given[argument.name] != argument.default):
            parts.append(written)
        elif given[argument.name] != argument.default:
            parts.append(f"{argument.name}={written}")
    parts += [f"{name}={size}" for name, size in layer.pins]
    return kind.name + (f"({', '.join(parts)})" if parts else "")


def content_text(content: Any) -> str:
    """An argument as it is written.

    >>> content_text((3, 5)), content_text(0.5), content_text("same")
    ('(3, 5)', '0.5', '"same"')
    """
    return f'"{content}"' if isinstance(content, str) else repr(content)
