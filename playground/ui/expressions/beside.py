"""The document before beside that of now: which stand side by side, and their pictures compared."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import lru_cache

from playground.errors import PlaygroundError
from playground.explain.comparison.comparison import compare
from playground.language.document import Document
from playground.language.variants import variants
from playground.ui.expressions.frame import Shown, show
from playground.ui.shared.apart import Apart, apart, fields, small_turn
from playground.ui.shared.frame_data import BesideData, FrameData, VariantData
from playground.ui.shared.told import Wanted, told_answer
from playground.unforeseen import tried
from playground.views.graph.unfolding import Unfolding
from playground.views.stepper.comparison import comparison_data
from playground.views.stepper.picture_data import ComparisonData

_KEPT = 16  # comparisons kept for everyone

Two = tuple[Document, Document | None]  # the document of now, and the one beside it


def commanded(command: str, now: Document, shown: Document, before: Document | None) -> Two:
    """The two documents after a command of the browser (docs/stepper.md); any other command changes nothing.

    `shown`: the last of the documents of now that ran, which is what there is to compare with. PlaygroundError: the
    variant that was asked for does not run.
    """
    if command == "now":
        return now, shown
    if command == "close":
        return now, None
    if command == "back" and before is not None:
        return replace(before, graph=now.graph), None
    variant = next((one for one in variants(shown) if one.name == command), None)
    if variant is None:
        return now, before
    outcome = show(variant.document)
    if isinstance(outcome, PlaygroundError):
        raise PlaygroundError(f"{variant.label} this does not run: {outcome.message}", hint=outcome.hint)
    return variant.document, shown


def drawn_before(before: Document | None, shown: Document | None) -> Document | None:
    """The document before as it is drawn beside this one: as this one is."""
    return None if before is None or shown is None else replace(before, graph=shown.graph)


def compared_frame(
    frame: FrameData,
    shown: Shown | None,
    before: Document | None,
    unfolding: Unfolding,
    has: str | None,
    wanted: Wanted | None = None,
) -> FrameData:
    """The frame with the variants of what it shows, and with the document before beside it.

    `has`: the stamp of the picture of the document before that the browser holds; `wanted`: what that left out.
    """
    if shown is None:
        return {**frame, "variants": [], "beside": None}
    offered: list[VariantData] = [{"name": one.name, "label": one.label} for one in variants(shown.document)]
    drawn = drawn_before(before, shown.document)
    beside = None if drawn is None else _beside(drawn, shown.document, unfolding, has)
    if beside is not None:
        beside["told"] = told_answer(wanted, drawn)
    return {**frame, "variants": offered, "beside": beside}


def _beside(before: Document, now: Document, unfolding: Unfolding, has: str | None) -> BesideData:
    outcome = show(before, unfolding)
    if isinstance(outcome, PlaygroundError):
        message = f"The text before does not run: {outcome.message}. {outcome.hint}".rstrip(". ") + "."
        return {"stamp": "", "picture": None, "message": message, "comparison": None, "told": None}
    drawn = outcome.drawn
    stamp = hashlib.blake2b((drawn.key + drawn.rest).encode(), digest_size=12).hexdigest()
    compared = tried(lambda: _compared(_of_any_drawing(before), _of_any_drawing(now)))
    return {
        "stamp": stamp,
        "picture": None if has == stamp else drawn.packed(None),
        "message": f"{compared.message}." if isinstance(compared, PlaygroundError) else "",
        "comparison": None if isinstance(compared, PlaygroundError) else compared,
        "told": None,
    }


def _of_any_drawing(document: Document) -> Document:
    return replace(document, graph="forward")


@lru_cache(maxsize=_KEPT)
def _compared(before: Document, now: Document) -> ComparisonData:
    try:
        with small_turn():
            return computed(before, now)
    except Apart:
        found: ComparisonData = apart("comparison", now, before=fields(before))["comparison"]
        return found


def computed(before: Document, now: Document) -> ComparisonData:
    """The comparison, by running both documents again, without a turn. PlaygroundError as they raise it."""
    return comparison_data(compare(before.run(), now.run()))
