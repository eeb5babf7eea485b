"""The lines of a derivation and their parts, in LaTeX and plain: sums, factors, matrices."""

from __future__ import annotations

from dataclasses import dataclass

from playground.explain.contributions import Arrival
from playground.explain.latex import latex_number
from playground.explain.numbers import BRIEF, brief, format_number
from playground.trace.array import Array


@dataclass(frozen=True, slots=True)
class DerivationLine:
    """One line of a derivation: the same formula twice, and words where it needs some."""

    title: str
    latex: str
    text: str  # where nothing can typeset LaTeX
    note: str = ""
    is_symbolic: bool = False  # it tells no number that a step has yet to compute


def paths(parts: tuple[Arrival, ...]) -> str:
    """The number of paths that a sum goes over, for a title; '' for one."""
    return "" if len(parts) == 1 else f", {len(parts)} paths"


def plus(terms: list[str]) -> str:
    """A sum; a negative term brings its own sign.

    >>> plus(["5", "−0.5"])
    '5 − 0.5'
    """
    text = terms[0] if terms else "0"
    for term in terms[1:]:
        if term.startswith(("-", "−")):
            text += f" {term[0]} {term[1:]}"
        else:
            text += f" + {term}"
    return text


def matrix(array: Array) -> str:
    """A small vector or matrix in LaTeX, a vector as a row; '' for anything else."""
    if not 1 <= len(array.shape) <= 2 or not 0 < array.numel <= BRIEF or not array.is_exact:
        return ""
    flat = [latex_number(format_number(x)) for x in array.flat or ()]
    columns = array.shape[-1]
    rows = r" \\ ".join(" & ".join(flat[start : start + columns]) for start in range(0, len(flat), columns))
    return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}"


def number(array: Array) -> str:
    """A tensor in LaTeX: its numbers where they are few, else shape and range as text."""
    return latex_number(brief(array)) if array.numel <= BRIEF else rf"\text{{{brief(array)}}}"
