"""The document before beside that of now: which stand side by side, and their pictures compared."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Generic, TypeVar

from playground.errors import PlaygroundError
from playground.explain.comparison.comparison import compare
from playground.language.document import Document
from playground.layers.document import StackDocument
from playground.ui.shared.apart import Apart, apart, fields, kind_of, small_turn, takes_process
from playground.ui.shared.drawn import Drawn
from playground.ui.shared.frame_data import BesideData, FrameData, VariantData
from playground.ui.shared.opened_element import Source, run_source
from playground.ui.shared.told import Wanted, told_answer
from playground.unforeseen import tried
from playground.variant import Variant
from playground.views.graph.unfolding import UNTOUCHED, Unfolding
from playground.views.stepper.comparison import comparison_data
from playground.views.stepper.picture_data import ComparisonData

D = TypeVar("D", Document, StackDocument)
_KEPT = 16  # comparisons kept for everyone


@dataclass(frozen=True, slots=True)
class Comparing(Generic[D]):
    """How the documents of one page are compared: the variants that there are of one, and its picture."""

    variants: Callable[[D], tuple[Variant[D], ...]]
    show: Callable[[D, Unfolding], Drawn | PlaygroundError]

    def commanded(self, command: str, now: D, shown: D, before: D | None) -> tuple[D, D | None]:
        """The document of now and the one before after a command of the browser (docs/stepper.md); any other command
        changes nothing.

        `shown`: the last of the documents of now that ran, which is what there is to compare with. PlaygroundError:
        the variant that was asked for does not run.
        """
        if command == "now":
            return now, shown
        if command == "close":
            return now, None
        if command in ("back", "swap") and before is not None:
            return replace(before, graph=now.graph), None if command == "back" else shown
        variant = next((one for one in self.variants(shown) if one.name == command), None)
        if variant is None:
            return now, before
        outcome = self.show(variant.document, UNTOUCHED)
        if isinstance(outcome, PlaygroundError):
            raise PlaygroundError(f"{variant.label} this does not run: {outcome.message}", hint=outcome.hint)
        return variant.document, shown

    def frame(
        self,
        frame: FrameData,
        shown: D | None,
        before: D | None,
        unfolding: Unfolding,
        has: str | None,
        wanted: Wanted | None = None,
        refusal: str = "",
    ) -> FrameData:
        """The frame with the variants of what it shows, and with the document before beside it.

        `has`: the stamp of the picture of the document before that the browser holds; `wanted`: what that left out;
        `refusal`: why the two cannot be compared now.
        """
        if shown is None:
            return {**frame, "variants": [], "beside": None}
        offered: list[VariantData] = [{"name": one.name, "label": one.label} for one in self.variants(shown)]
        drawn = drawn_before(before, shown)
        beside = None if drawn is None else self._beside(drawn, shown, unfolding, has, refusal)
        if beside is not None:
            beside["told"] = told_answer(wanted, drawn)
        return {**frame, "variants": offered, "beside": beside}

    def _beside(self, before: D, now: D, unfolding: Unfolding, has: str | None, refusal: str) -> BesideData:
        drawn = self.show(before, unfolding)
        if isinstance(drawn, PlaygroundError):
            message = f"What was before does not run: {drawn.message}. {drawn.hint}".rstrip(". ") + "."
            return {"stamp": "", "picture": None, "message": message, "comparison": None, "told": None}
        stamp = hashlib.blake2b((drawn.key + drawn.rest).encode(), digest_size=12).hexdigest()
        data: BesideData = {
            "stamp": stamp,
            "picture": None if has == stamp else drawn.packed(None),
            "message": refusal,
            "comparison": None,
            "told": None,
        }
        if refusal:
            return data
        compared = tried(lambda: _compared(_of_any_drawing(before), _of_any_drawing(now)))
        if isinstance(compared, PlaygroundError):
            return {**data, "message": f"{compared.message}."}
        return {**data, "comparison": compared}


def drawn_before(before: D | None, shown: D | None) -> D | None:
    """The document before as it is drawn beside this one: as this one is."""
    return None if before is None or shown is None else replace(before, graph=shown.graph)


def _of_any_drawing(document: D) -> D:
    return replace(document, graph="forward")


@lru_cache(maxsize=_KEPT)
def _compared(before: Source, now: Source) -> ComparisonData:
    if not takes_process(now):
        try:
            with small_turn():
                return computed(before, now)
        except Apart:
            pass
    found: ComparisonData = apart("comparison", now, kind=kind_of(now), before=fields(before))["comparison"]
    return found


def computed(before: Source, now: Source) -> ComparisonData:
    """The comparison, by running both documents again, without a turn. PlaygroundError as they raise it."""
    return comparison_data(compare(run_source(before), run_source(now)))
