"""The catalogue: the kinds of layers of all families. Shapes are those of one example, without the batch."""

from __future__ import annotations

import difflib

from playground.layers.catalogue.kind import Kind
from playground.layers.catalogue.kinds.activations import ACTIVATIONS
from playground.layers.catalogue.kinds.blocks import BLOCKS
from playground.layers.catalogue.kinds.cells import CELLS
from playground.layers.catalogue.kinds.normalisation import NORMALISATION
from playground.layers.catalogue.kinds.pooling import POOLING
from playground.layers.catalogue.kinds.reshaping import SHAPES
from playground.layers.catalogue.kinds.sequences import SEQUENCES
from playground.layers.catalogue.kinds.weights import WEIGHTS
from playground.layers.catalogue.spec import LayerSpec

KINDS: tuple[Kind, ...] = WEIGHTS + SEQUENCES + POOLING + NORMALISATION + SHAPES + ACTIVATIONS + BLOCKS
OF_CLASSES = KINDS + CELLS  # what a pasted class can make: a cell is called step by step, which no list does
_BY_NAME = {kind.name: kind for kind in KINDS}
_ALL = {kind.name: kind for kind in OF_CLASSES}


def kind_of(name: str) -> Kind:
    """The row of this name; KeyError if there is none."""
    return _ALL[name]


def of_class(name: str) -> Kind | None:
    """The row of exactly this name, cells among them."""
    return _ALL.get(name)


def find(name: str) -> Kind | None:
    """The row of this name for a list of layers, capitals aside."""
    return _BY_NAME.get(name) or next((kind for kind in KINDS if kind.name.lower() == name.lower()), None)


def nearest(name: str) -> Kind | None:
    """The row with the most similar name, for "did you mean"."""
    lower = {kind.name.lower(): kind for kind in KINDS}
    close = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.6)
    return lower[close[0]] if close else None


def has_weights(layer: LayerSpec) -> bool:
    """Tell whether a layer, or one inside of it, learns anything."""
    inside = [other for branch in layer.branches for other in branch]
    return any(map(has_weights, inside)) if inside else kind_of(layer.kind).parameters != "0"
