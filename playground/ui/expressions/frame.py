"""The frame of the workbench (docs/stepper.md) for a document, whatever was typed."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from playground.computing.processes import NotNow
from playground.errors import PlaygroundError
from playground.language.document import Document
from playground.language.evaluate.leaves import Leaf
from playground.language.syntax.program import Program
from playground.language.syntax.tree import FreeName
from playground.trace.trace import Trace
from playground.ui.expressions.links import expression_query
from playground.ui.shared.apart import Apart, apart, small, small_turn
from playground.ui.shared.drawn import Drawn
from playground.ui.shared.frame_data import (
    DocumentData,
    FrameData,
    LeafRowData,
    LeafSettingData,
    PageErrorData,
    error_data,
)
from playground.ui.shared.stepper_session import stepper_frame
from playground.unforeseen import tried
from playground.views.graph.unfolding import UNTOUCHED, Unfolding

_KEPT = 64  # pictures kept for everyone: a class opens the same link


@dataclass(frozen=True, slots=True)
class Shown:
    """A document that ran, and its picture."""

    document: Document
    drawn: Drawn

    def trace(self) -> Trace:
        """The trace, by running the document again: the same numbers."""
        return self.document.run()


def show(document: Document, unfolding: Unfolding = UNTOUCHED) -> Shown | PlaygroundError:
    """Run a document and draw it with these modules open; an error is returned, so that it is remembered too.

    What nobody foresaw is told in its place, and not remembered: it may be gone the next time."""
    return tried(lambda: _show(document, unfolding))


@lru_cache(maxsize=_KEPT)
def _show(document: Document, unfolding: Unfolding) -> Shown | PlaygroundError:
    try:
        with small_turn():
            return computed(document, unfolding)
    except Apart:
        return _computed_apart(document, unfolding)


def _computed_apart(document: Document, unfolding: Unfolding) -> Shown | PlaygroundError:
    try:
        return Shown(document, Drawn(**apart("expression", document, unfolding=unfolding.listed())))
    except NotNow:
        raise  # it is not remembered
    except PlaygroundError as error:
        return error.with_traceback(None)


@lru_cache(maxsize=_KEPT)  # again: who waited while another made the same picture finds it made
def computed(document: Document, unfolding: Unfolding) -> Shown | PlaygroundError:
    """The same without a turn, and with whatever error nobody foresaw."""
    try:
        return Shown(document, Drawn.of(document.run(), document.graph, unfolding))
    except PlaygroundError as error:
        return error.with_traceback(None)


def frame(
    document: Document,
    last_good: Shown | None,
    *,
    sequence: int = 0,
    have: str | None = None,
    step: int | None = None,
    unfolding: Unfolding = UNTOUCHED,
    refused: PlaygroundError | None = None,
    before: Document | None = None,
) -> tuple[FrameData, Shown | None]:
    """The frame, and what is the last good picture now. A broken text keeps the last good one.

    `refused`: why the last edit was not taken; `before`: the document beside this one, which the link tells as well.
    Whatever goes wrong, there is a frame in which the text can be changed.
    """
    made = tried(lambda: _parts(document, last_good, unfolding, before))
    if isinstance(made, PlaygroundError):
        made = _FrameParts(last_good, last_good is not None, "", [], made)
    error = refused or made.error
    data = stepper_frame(
        None if made.good is None else made.good.drawn,
        made.query,
        sequence=sequence,
        have=have,
        step=step,
        stale=made.is_old,
        document=_fields(document),
        leaves=made.rows,
        error=None if error is None else _error(error, made.rows),
        editable=True,
    )
    return data, made.good


class _FrameParts(NamedTuple):
    good: Shown | None
    is_old: bool  # it is of another text, as this one does not run
    query: str
    rows: list[LeafRowData]
    error: PlaygroundError | None


def _parts(document: Document, last_good: Shown | None, unfolding: Unfolding, before: Document | None) -> _FrameParts:
    outcome = show(document, unfolding)
    good = outcome if isinstance(outcome, Shown) else last_good or _part(document, outcome)
    rows, leaf_error = _leaf_rows(document, good)
    error = leaf_error or (outcome if isinstance(outcome, PlaygroundError) else None)
    is_old = good is last_good is not None and good is not outcome
    return _FrameParts(good, is_old, expression_query(document, before), rows, error)


def _part(document: Document, error: PlaygroundError) -> Shown | None:
    """The lines before the one with the error, of a text that was broken from the start."""
    if error.span is None:
        return None
    whole = document.text[: error.span.start].rpartition("\n")[0]
    outcome = show(replace(document, text=whole)) if whole.strip() else None
    return outcome if isinstance(outcome, Shown) else None


def _fields(document: Document) -> DocumentData:
    leaves: dict[str, LeafSettingData] = {
        leaf.name: {
            "value": leaf.value,
            "dtype": leaf.dtype,
            "requires_grad": leaf.requires_grad,
            "slider_range": None if leaf.slider_range is None else list(leaf.slider_range),
        }
        for leaf in document.leaves
    }
    return {
        "text": document.text,
        "leaves": leaves,
        "graph": document.graph,
        "mode": document.mode,
        "tangent": document.tangent,
        "second": document.second,
        "passes": document.passes,
        "zero_grad": document.zero_grad,
        "rng_seed": document.rng_seed,
    }


def _leaf_rows(document: Document, good: Shown | None) -> tuple[list[LeafRowData], PlaygroundError | None]:
    """Return one row per free name; while the text is broken, those of the last good text."""
    now = _program(document)
    program = now or (None if good is None else _program(good.document))
    if program is None:
        return [], None
    typed = {leaf.name: leaf for leaf in document.leaves} if now is None else {}
    rows: list[LeafRowData] = []
    first: PlaygroundError | None = None
    for free in program.free_names:
        leaf = typed.get(free.name) or Leaf.stated(free) or document.leaf(free.name)
        error = _leaf_error(leaf, document.rng_seed)
        first = first or error
        kept = replace(leaf, slider_range=document.leaf(free.name).slider_range)
        rows.append(_leaf_row(kept, error, free, now is not None))
    return rows, first


def _program(document: Document) -> Program | None:
    program = tried(document.program)
    return None if isinstance(program, PlaygroundError) else program


def _leaf_error(leaf: Leaf, rng_seed: int) -> PlaygroundError | None:
    return tried(lambda: _leaf_refusal(leaf, rng_seed))


@lru_cache(maxsize=1024)
def _leaf_refusal(leaf: Leaf, rng_seed: int) -> PlaygroundError | None:
    try:
        with small():
            leaf.tensor(rng_seed)
    except PlaygroundError as error:
        return error.with_traceback(None)
    except Apart:  # the process that runs the text finds it
        return None
    return None


def _leaf_row(leaf: Leaf, error: PlaygroundError | None, free: FreeName, is_read: bool) -> LeafRowData:
    number = _number(leaf.value)
    low, high = _slider_ends(leaf, number or 0.0)
    is_scalar = number is not None
    return {
        "name": leaf.name,
        "value": leaf.value,
        "dtype": leaf.dtype,
        "requires_grad": leaf.requires_grad,
        "slider_range": None if leaf.slider_range is None else list(leaf.slider_range),
        "is_scalar": is_scalar,
        "minimum": low if is_scalar else None,
        "maximum": high if is_scalar else None,
        "step": (_slider_step(low, high) if leaf.dtype.startswith("float") else 1.0) if is_scalar else None,
        "spans": [[span.start, span.end] for span in free.spans],
        "stated": None if free.stated is None else [free.stated.span.start, free.stated.span.end] if is_read else [],
        "error": None if error is None else error.message,
    }


def _slider_ends(leaf: Leaf, number: float) -> tuple[float, float]:
    """The range of a slider: what it was given, as far as the value needs; else by the value's size."""
    if leaf.slider_range is None:
        bound = _round_bound(abs(number))
        return -bound, bound
    low, high = leaf.slider_range
    return min(low, number), max(high, number)


def _slider_step(low: float, high: float) -> float:
    """A power of ten of which the range has 50 at least.

    >>> _slider_step(-10.0, 10.0), _slider_step(0.0, 1.0)
    (0.1, 0.01)
    """
    return 10.0 ** math.floor(math.log10(high / 50 - low / 50) + 1e-9)


def _round_bound(size: float) -> float:
    """The power of ten, 10 at least, that a slider reaches for a number of this size."""
    exponent = max(1, math.ceil(math.log10(max(size, 1.0))))
    return 10.0**exponent if exponent <= sys.float_info.max_10_exp else sys.float_info.max


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _is_about(row: LeafRowData, error: PlaygroundError) -> bool:
    """Tell whether an error is that of a leaf's value."""
    return row["error"] == error.message or error.message.startswith(f"the value of `{row['name']}`: ")


def _error(error: PlaygroundError, rows: list[LeafRowData]) -> PageErrorData:
    leaf = next((row["name"] for row in rows if _is_about(row, error)), None)
    told = error_data(error)
    return {
        "message": told["message"],
        "hint": told["hint"],
        "start": told["start"] or 0,
        "end": told["end"] or 0,
        "leaf": leaf,
        "repair": told["repair"],
    }
