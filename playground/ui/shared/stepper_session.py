"""The session of one visitor in one stepper, and the frame of the stepper (docs/stepper.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from playground.ui.shared.drawn import Drawn
from playground.ui.shared.frame_data import (
    DocumentData,
    ElementAnswerData,
    FrameData,
    LeafRowData,
    OpenedData,
    PageErrorData,
    ToldAnswerData,
)
from playground.ui.shared.link_format import params_in
from playground.ui.shared.opened_element import Asked, Source, asked
from playground.ui.shared.stepper import last_edit
from playground.ui.shared.told import Wanted, wanted
from playground.views.graph.unfolding import UNTOUCHED, Unfolding


@dataclass(frozen=True, slots=True)
class Unfolded:
    """The modules that a visitor opened and closed, and the number of the browser's event that said so."""

    unfolding: Unfolding = UNTOUCHED
    sequence: int = 0

    def data(self) -> OpenedData:
        """The same for a frame."""
        return {"marks": self.unfolding.listed(), "sequence": self.sequence}


@dataclass
class StepperSession:
    """The state of one visitor: what was opened, picked and edited in the component with this `key`."""

    key: str
    sequence: int = 0  # of the last edit that was taken
    step: int | None = None  # to stand at, once
    have: str | None = None  # the key of the drawing that the browser held when it sent something just now
    has_beside: str | None = None  # the stamp of the picture beside it that it held then
    unfolded: Unfolded = field(default_factory=Unfolded)
    asked: Asked | None = None  # which element of a value is picked
    wanted: Wanted | None = None  # what the picture left out
    wanted_before: Wanted | None = None  # what the one beside it left out

    def take_edit(self, sent: Mapping[str, Any]) -> None:
        """Take the number of an edit of the document."""
        self.sequence = sequence_of(sent)
        self._take_held(sent)

    def take_opened(self) -> None:
        """Take which modules, or parts of a long run, were opened and closed."""
        sent = last_edit(self.key, "open")
        self.unfolded = Unfolded(Unfolding.of(sent.get("marks")), sequence_of(sent))
        self._take_held(sent)

    def take_asked(self, document: Source | None) -> None:
        """Take which element of a value of this document was picked."""
        sent = last_edit(self.key, "element")
        self.asked = None if document is None else asked(sent, document)
        self._take_held(sent)

    def take_beside(self) -> str:
        """What is to be done about the picture beside this one: one of the commands of docs/stepper.md, or anything."""
        sent = last_edit(self.key, "beside")
        self._take_held(sent)
        return str(sent.get("command"))

    def take_wanted(self, document: Source | None) -> None:
        """Take which words and items of the picture of this document the browser lacks."""
        self.wanted = self._wanted("told", document)

    def take_wanted_before(self, document: Source | None) -> None:
        """Take the same of the picture beside it."""
        self.wanted_before = self._wanted("told_before", document)

    def _wanted(self, state: str, document: Source | None) -> Wanted | None:
        sent = last_edit(self.key, state)
        self._take_held(sent)
        return None if document is None else wanted(sent, document, self.unfolded.unfolding)

    def take_address(self) -> dict[str, str]:
        """The parts of the link that Back or Forward led to."""
        search = last_edit(self.key, "address").get("search")
        return params_in(search) if isinstance(search, str) else {}

    def _take_held(self, sent: Mapping[str, Any]) -> None:
        self.have, self.has_beside = _text(sent, "have"), _text(sent, "has_beside")

    def answer(self) -> None:
        """Have the next frame taken as newer than all that the browser has sent."""
        self.sequence += 1

    def begin(self, step: int = 0) -> None:
        """Begin with another document: at this step, nothing opened by hand.

        It has a number of its own: Streamlit fails to find a frame again that the browser was sent some runs ago.
        """
        self.answer()
        before = self.unfolded
        self.step, self.unfolded = step, Unfolded(Unfolding(sideways=before.unfolding.sideways), before.sequence)

    def completed(self, frame: FrameData, element: ElementAnswerData | None, told: ToldAnswerData | None) -> FrameData:
        """The frame with what is opened, with the answer about an element, and what the picture had left out."""
        return {**frame, "opened": self.unfolded.data(), "element": element, "told": told}


def stepper_frame(
    drawn: Drawn | None,
    query: str,
    *,
    sequence: int = 0,
    have: str | None = None,
    step: int | None = None,
    stale: bool = False,
    document: DocumentData | None = None,
    leaves: Sequence[LeafRowData] = (),
    error: PageErrorData | None = None,
    editable: bool = False,
) -> FrameData:
    """The frame of the workbench; `have`: the key of the drawing that the browser holds, which is not sent again."""
    return {
        "picture": None if drawn is None else drawn.packed(have),
        "stale": stale,
        "sequence": sequence,
        "query": query,
        "document": document,
        "leaves": list(leaves),
        "error": error,
        "editable": editable,
        "step": step,
        "theme": None,
    }


def sequence_of(sent: Mapping[str, Any]) -> int:
    """The number of what the browser sent."""
    sequence = sent.get("sequence")
    return sequence if isinstance(sequence, int) else 0


def _text(sent: Mapping[str, Any], name: str) -> str | None:
    text = sent.get(name)
    return text if isinstance(text, str) else None
