"""The calls that construct a layer's module, as they are written in PyTorch."""

from __future__ import annotations

import inspect
from typing import Any

from playground.layers.catalogue import modules
from playground.layers.catalogue.kind import constructor_arguments
from playground.layers.catalogue.table import kind_of
from playground.layers.stack.analysis import StackRow
from playground.layers.stack.build import constructor
from playground.layers.stack.text import content_text

WIDTH = 100  # a call that is longer is broken into lines


def written_arguments(row: StackRow) -> tuple[list[Any], dict[str, Any]]:
    """Pick those of the constructor by position, and by name those that differ from PyTorch's defaults."""
    kind = kind_of(row.layer.kind)
    given = kind.given(row.layer)
    if row.layer.kind == "Reshape":
        return list(given["shape"]), {}  # as it is written: -1 may stand in it
    by_position: list[Any] = []
    by_name: dict[str, Any] = {}
    signature = inspect.signature(kind.build).parameters
    for name, content in constructor(row).items():
        default = signature[name].default
        if default is inspect.Parameter.empty:
            by_position.append(content[0] if name == "normalized_shape" and len(content) == 1 else content)
        elif content != default and not (name == "stride" and given["stride"] == 0):  # 0: as wide as the window
            by_name[name] = content
    return by_position, by_name


def constructor_call(row: StackRow) -> str:
    """Write one layer: `nn.Conv2d(1, 10, 7)`; our own modules stand without `nn.`."""
    by_position, by_name = written_arguments(row)
    kind = kind_of(row.layer.kind)
    if kind.original is not None:  # one of the page's classes, whose arguments are not those of PyTorch's by position
        by_position, by_name = [], constructor(row)
    written = [*map(content_text, by_position), *(f"{name}={content_text(c)}" for name, c in by_name.items())]
    is_ours = kind.build in modules.OURS
    return f"{'' if is_ours else 'nn.'}{row.layer.kind}({', '.join(written)})"


def original_call(row: StackRow) -> str:
    """Write PyTorch's own layer where the page's hands on one of its several results."""
    kind = kind_of(row.layer.kind)
    contents = constructor(row) | {one.name: one.content for one in kind.fixed}
    written = []
    for name, argument in constructor_arguments(kind).items():
        if argument.default is inspect.Parameter.empty:
            written.append(content_text(contents[name]))
        elif contents.get(name, argument.default) != argument.default:
            written.append(f"{name}={content_text(contents[name])}")
    return f"nn.{kind.name}({', '.join(written)})"


def nested_call(name: str, parts: list[str], depth: int) -> str:
    """A call on one line if it fits, otherwise a line for each part; `depth` is how far it is indented."""
    line = f"{name}({', '.join(parts)})"
    if len(line) + 4 * depth <= WIDTH and "\n" not in line:
        return line
    return f"{name}(\n" + "".join(f"{'    ' * (depth + 1)}{part},\n" for part in parts) + "    " * depth + ")"
