"""The table of all functions, which the interpreter, the page's reference and suggestions read."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any

import torch

from playground.language.function import BARE_ORDER, METHOD, SPECIAL, Function
from playground.language.functions.activation import ACTIVATIONS
from playground.language.functions.creation import CREATION
from playground.language.functions.elementwise import ELEMENTWISE
from playground.language.functions.factorisations import FACTORISATIONS
from playground.language.functions.gradients import GRADIENTS
from playground.language.functions.layer import LAYERS
from playground.language.functions.layouts import LAYOUTS
from playground.language.functions.linear_algebra import LINEAR_ALGEBRA
from playground.language.functions.loss import LOSSES
from playground.language.functions.margin_losses import MARGIN_LOSSES
from playground.language.functions.pictures import PICTURES
from playground.language.functions.plain import PLAIN
from playground.language.functions.randomised import RANDOMISED
from playground.language.functions.reduction import REDUCTIONS
from playground.language.functions.scattering import SCATTERING
from playground.language.functions.selection import SELECTIONS
from playground.language.functions.shape import SHAPES
from playground.language.functions.special import SPECIALS
from playground.language.functions.spectra import SPECTRA
from playground.language.functions.synonyms import CALLED_HERE

FAMILIES: dict[str, tuple[Function, ...]] = {
    "Element by element": ELEMENTWISE,
    "Special functions": SPECIALS,
    "Reductions": REDUCTIONS,
    "Linear algebra": LINEAR_ALGEBRA,
    "Factorisations": FACTORISATIONS,
    "Complex numbers and spectra": SPECTRA,
    "Activations": ACTIVATIONS,
    "Layers": LAYERS,
    "Pictures and normalisation": PICTURES,
    "Random layers and draws": RANDOMISED,
    "Losses": LOSSES,
    "Losses of margins and likelihoods": MARGIN_LOSSES,
    "Shapes": SHAPES,
    "Layouts": LAYOUTS,
    "Selection and conversion": SELECTIONS,
    "Written to positions": SCATTERING,
    "New tensors": CREATION,
    "Gradients": GRADIENTS,
    "Python": PLAIN,
}
FUNCTIONS: tuple[Function, ...] = tuple(row for family in FAMILIES.values() for row in family)

# What the examples of the table compute with; every value is away from kinks and ties.
EXAMPLE_LEAVES: dict[str, str] = {
    "x": "[0.3, 0.6, 0.8]",
    "y": "[1.6, -0.4, 0.7]",
    "s": "0.5",
    "A": "[[1.0, 2.0, -1.0], [0.5, -0.3, 2.5]]",
    "B": "[[0.4, 1.0], [-1.0, 2.0], [0.3, 0.7]]",
    "M": "[[2.0, 0.3, -0.5], [0.1, 1.5, 0.4], [-0.2, 0.6, 1.0]]",
    "scores": "[[1.0, 2.0, 0.5], [-0.4, 0.2, 1.2]]",
    "batch": "randn(1, 3, 2, seed=1)",
    "signal": "randn(1, 2, 5, seed=2)",
    "image": "randn(1, 2, 4, 4, seed=3)",
    "kernel": "randn(1, 2, 2, 2, seed=4)",
}

PREFIXES: dict[str, str] = {
    "torch": "torch",
    "F": "F",
    "nn.functional": "F",
    "torch.nn.functional": "F",
    "torch.autograd": "autograd",
    "autograd": "autograd",
    "torch.linalg": "linalg",
    "linalg": "linalg",
    "torch.fft": "fft",
    "torch.special": "special",
    "special": "special",
}
CONSTANTS: dict[str, float | torch.dtype] = {
    "pi": math.pi,
    "e": math.e,
    "inf": math.inf,
    "nan": math.nan,
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "float32": torch.float32,
    "float64": torch.float64,
    "uint8": torch.uint8,
    "int8": torch.int8,
    "int16": torch.int16,
    "int32": torch.int32,
    "int64": torch.int64,
}
PREFIXED_CONSTANTS: dict[str, float | torch.dtype] = {  # only behind `torch.`: alone they are other things in Python
    **CONSTANTS,
    "bool": torch.bool,
    "int": torch.int32,
    "long": torch.int64,
    "float": torch.float32,
    "double": torch.float64,
    "half": torch.float16,
}
ATTRIBUTES: dict[str, Callable[[Any], Any]] = {
    name: attrgetter(name)
    for name in (
        "T",
        "mT",
        "real",
        "imag",
        "shape",
        "ndim",
        "dtype",
        "requires_grad",
        "is_leaf",
        "grad",
        "values",
        "indices",
    )
}

_BY_PLACE: dict[tuple[str, str], Function] = {(home, row.name): row for row in FUNCTIONS for home in row.homes}
_IN_SPECIAL = (  # what `torch.special` has as well, under the same name
    *("digamma", "erf", "erfc", "erfinv", "exp2", "expm1", "i0", "log1p", "log_softmax", "logit", "logsumexp"),
    *("round", "sinc", "softmax", "xlogy"),
)
_BY_PLACE |= {(SPECIAL, row.name): row for row in FUNCTIONS if row.name in _IN_SPECIAL}


def find(home: str, name: str) -> Function | None:
    """The function that `name` means behind this prefix ('' for none, 'Tensor' for a method); None if there is none.

    >>> find("", "relu").name, find("Tensor", "conv2d")
    ('relu', None)
    """
    if home:
        return _BY_PLACE.get((home, name))
    return next((row for place in BARE_ORDER if (row := _BY_PLACE.get((place, name))) is not None), None)


@cache
def names(home: str) -> tuple[str, ...]:
    """Return all names that can be called behind this prefix, in alphabetical order."""
    places = (home,) if home else BARE_ORDER
    return tuple(sorted({name for place, name in _BY_PLACE if place in places}))


def suggest(name: str, home: str = "") -> tuple[str, ...]:
    """At most three names that were probably meant, the likeliest first.

    >>> suggest("sine"), suggest("ln"), suggest("reul")
    (('sin', 'sinh', 'sinc'), ('log',), ('relu', 'real'))
    """
    known = names(home)
    meant = CALLED_HERE.get(name, CALLED_HERE.get(name.lower()))
    if meant in known:
        return (meant,)
    if name.lower() in known:
        return (name.lower(),)
    close = difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.7)
    start = name[: max(3, -(-2 * len(name) // 3))].lower()
    beginning = sorted((other for other in known if len(name) > 2 and other.startswith(start)), key=len)[:3]
    return tuple(close) or tuple(beginning) or _by_meaning(name, known)


def _by_meaning(name: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """The functions of whose names and meanings every word of this name is a part: `cumulative_sum` is cumsum."""
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+", name) if len(word) > 2]
    if len(words) < 2:
        return ()
    rows = [row for row in FUNCTIONS if row.name in known]
    found = [row.name for row in rows if all(word in f"{row.name} {row.meaning}".lower() for word in words)]
    return tuple(dict.fromkeys(found))[:3]


def search(query: str) -> tuple[Function, ...]:
    """The rows that a reader looks for, best first: by name, then by what is said about them.

    >>> [row.name for row in search("softm")][:2]
    ['softmax', 'softmin']
    """
    words = query.lower().removeprefix("torch.").removeprefix("f.").split()
    ranked = []
    for row in FUNCTIONS:
        text = f"{row.name} {row.meaning} {row.signature}".lower()
        if all(word in text or CALLED_HERE.get(word) == row.name for word in words):
            in_name = [not row.name.startswith(word) + (word not in row.name) for word in words]
            ranked.append((sum(in_name), row))
    return tuple(row for _, row in sorted(ranked, key=lambda pair: pair[0]))


def method_names() -> tuple[str, ...]:
    """Return the names of all methods of a tensor."""
    return names(METHOD)
