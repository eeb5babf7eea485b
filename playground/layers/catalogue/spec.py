"""`LayerSpec` and `Stack`: what a person stacks, as frozen plain data; in-sizes are inferred, never part of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

Size = int | tuple[int, int]
Content = bool | int | float | str | tuple[int, ...]  # of one argument
Shape = tuple[int, ...]  # of one example: without the batch axis
Path = tuple[int, ...]  # (2,): the third layer; (2, 0, 1): of the third layer, in its first branch, the second


@dataclass(frozen=True, slots=True)
class LayerSpec:
    """One layer: its kind, what differs from the defaults, and the sub-stacks of a block.

    `pins` are in-sizes that somebody insists on (`in_features`); without them they follow from the layers before.
    """

    kind: str
    args: tuple[tuple[str, Content], ...] = ()
    branches: tuple[tuple[LayerSpec, ...], ...] = ()
    pins: tuple[tuple[str, int], ...] = ()

    def with_arg(self, name: str, content: Content) -> LayerSpec:
        """The same with one argument set; the order of arguments does not change."""
        return replace(self, args=tuple((dict(self.args) | {name: content}).items()))

    def with_pin(self, name: str, size: int | None) -> LayerSpec:
        """The same with one in-size pinned, or with None left to be inferred."""
        pins = {key: number for key, number in self.pins if key != name}
        return replace(self, pins=tuple((pins if size is None else pins | {name: size}).items()))


Layers = tuple[LayerSpec, ...]


@dataclass(frozen=True, slots=True)
class Stack:
    """Layers, what goes in, and the loss that the outputs go to.

    `input_shape` is one example's, as PyTorch writes it without the batch: (1, 28, 28) for a digit. `classes` is how
    many different labels there are; 0 where a number is to be predicted.
    """

    layers: Layers
    input_shape: Shape = (1, 28, 28)
    loss: str = "CrossEntropyLoss"
    classes: int = 10

    @property
    def wanted(self) -> int:
        """How many outputs fit what is to be said of an example: a score for each class, or the number."""
        return self.classes or 1

    @property
    def vocabulary(self) -> int | None:
        """How many different whole numbers can go in; None where no Embedding comes first: measurements do."""
        first = self.layers[0] if self.layers else None
        rows = dict(first.args).get("num_embeddings") if first is not None and first.kind == "Embedding" else None
        return rows if isinstance(rows, int) else None

    def at(self, path: Path) -> LayerSpec:
        """The layer at a path; IndexError if there is none."""
        layers = self.layers
        for index in range(0, len(path) - 1, 2):
            layers = layers[path[index]].branches[path[index + 1]]
        return layers[path[-1]]

    def insert(self, path: Path, layer: LayerSpec) -> Stack:
        """A layer more, before the one that is at `path` now."""
        return self._edited(path, lambda layers, i: (*layers[:i], layer, *layers[i:]))

    def remove(self, path: Path) -> Stack:
        """A layer less."""
        return self._edited(path, lambda layers, i: (*layers[:i], *layers[i + 1 :]))

    def replace(self, path: Path, layer: LayerSpec) -> Stack:
        """Another layer in the place of the one at `path`."""
        return self._edited(path, lambda layers, i: (*layers[:i], layer, *layers[i + 1 :]))

    def move(self, path: Path, by: int) -> Stack:
        """A layer up (-1) or down (+1) among its neighbours; at the end of the row it stays."""
        siblings = self.siblings(path)
        target = min(max(path[-1] + by, 0), len(siblings) - 1)
        return self.remove(path).insert((*path[:-1], target), self.at(path))

    def siblings(self, path: Path) -> Layers:
        """The row of layers that the one at `path` stands in."""
        return self.layers if len(path) == 1 else self.at(path[:-2]).branches[path[-2]]

    def _edited(self, path: Path, edit: Any) -> Stack:
        return replace(self, layers=_edited(self.layers, path, edit))


def _edited(layers: Layers, path: Path, edit: Any) -> Layers:
    if len(path) == 1:
        edited: Layers = edit(layers, path[0])
        return edited
    index, branch, *rest = path
    block = layers[index]
    inner = _edited(block.branches[branch], tuple(rest), edit)
    branches = (*block.branches[:branch], inner, *block.branches[branch + 1 :])
    return (*layers[:index], replace(block, branches=branches), *layers[index + 1 :])


def walk(layers: Layers, prefix: Path = ()) -> list[tuple[Path, LayerSpec]]:
    """Every layer with its path, blocks before what is inside them."""
    found: list[tuple[Path, LayerSpec]] = []
    for index, layer in enumerate(layers):
        found.append(((*prefix, index), layer))
        for number, branch in enumerate(layer.branches):
            found += walk(branch, (*prefix, index, number))
    return found
