"""Variants of a stack that people compare it with: without its activations, its normalisation, its way around."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from playground.errors import PlaygroundError
from playground.layers.catalogue.kinds.activations import ACTIVATIONS
from playground.layers.catalogue.kinds.normalisation import NORMALISATION
from playground.layers.catalogue.spec import Layers, LayerSpec, walk
from playground.layers.document import StackDocument
from playground.layers.stack.analysis import analyse
from playground.layers.stack.blocks import tidied
from playground.layers.stack.text import to_text
from playground.variant import Variant

KEPT = frozenset({"Softmax", "LogSoftmax", "Identity"})  # they make scores of outputs, or nothing
DROPOUT = frozenset({"Dropout", "Dropout2d"})
BETWEEN_LAYERS = frozenset(kind.name for kind in ACTIVATIONS) - KEPT


@dataclass(frozen=True, slots=True)
class Row:
    """One way to change a stack: what takes the place of each layer of these `kinds`."""

    name: str
    kinds: frozenset[str]
    instead: Callable[[LayerSpec], Layers]  # () where the layer just goes
    label: str = ""  # where the kinds that were found do not say it


def _nothing(layer: LayerSpec) -> Layers:
    return ()


def _first_branch(layer: LayerSpec) -> Layers:
    return layer.branches[0]


ROWS: tuple[Row, ...] = (
    Row("no-activation", BETWEEN_LAYERS, _nothing),
    Row("no-normalisation", frozenset(kind.name for kind in NORMALISATION) - DROPOUT, _nothing),
    Row("no-dropout", DROPOUT, _nothing),
    Row("no-way-around", frozenset({"Residual"}), _first_branch, "without the ways around"),
)


def variants(document: StackDocument) -> tuple[Variant[StackDocument], ...]:
    """The variants that there are of a stack and that fit its input; none of a class, or of a broken text.

    >>> [one.label for one in variants(StackDocument("Conv2d(4, 7) BatchNorm2d ReLU Flatten Linear(10)"))]
    ['without ReLU', 'without BatchNorm2d']
    """
    if document.is_class:
        return ()
    try:
        stack = document.stack()
    except PlaygroundError:
        return ()
    found = []
    for row in ROWS:
        kinds = list(dict.fromkeys(layer.kind for _, layer in walk(stack.layers) if layer.kind in row.kinds))
        layers = tidied(_changed(stack.layers, row)) if kinds else ()
        if layers and analyse(replace(stack, layers=layers)).problem is None:
            label = row.label or f"without {' and '.join(kinds)}"
            found.append(Variant(row.name, label, replace(document, text=to_text(layers))))
    return tuple(found)


def _changed(layers: Layers, row: Row) -> Layers:
    changed: list[LayerSpec] = []
    for layer in layers:
        inner = replace(layer, branches=tuple(_changed(branch, row) for branch in layer.branches))
        changed += row.instead(inner) if layer.kind in row.kinds else (inner,)
    return tuple(changed)
