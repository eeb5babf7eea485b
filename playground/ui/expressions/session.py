"""`ExpressionSession`: the document that one visitor has open, what may be done to it, and the frame that shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from threading import RLock
from typing import Any

from playground.errors import PlaygroundError
from playground.language.document import Document
from playground.language.variants import variants
from playground.ui.expressions.frame import Shown, frame, show
from playground.ui.shared.beside import Comparing, drawn_before
from playground.ui.shared.direct import DESK, alone
from playground.ui.shared.drawn import Drawn
from playground.ui.shared.frame_data import FrameData
from playground.ui.shared.opened_element import answered
from playground.ui.shared.stepper import WORKBENCH
from playground.ui.shared.stepper_session import StepperSession, sequence_of
from playground.ui.shared.told import told_answer
from playground.views.graph.unfolding import Unfolding

MOST_LEAVES = 40  # remembered per session, names that are not in the text now included


def _drawn(document: Document, unfolding: Unfolding) -> Drawn | PlaygroundError:
    outcome = show(document, unfolding)
    return outcome if isinstance(outcome, PlaygroundError) else outcome.drawn


COMPARING = Comparing(variants, _drawn)


@dataclass
class ExpressionSession:
    """The document that one visitor has open; lives in `st.session_state`.

    The page's script and a direct answer may want it at once: each holds it until its frame is made.
    """

    document: Document
    before: Document | None = None  # stands beside it
    problems: tuple[str, ...] = ()
    refused: PlaygroundError | None = None  # why the last edit was not taken
    good: Shown | None = None  # the last picture, which a broken text keeps
    stepper: StepperSession = field(default_factory=lambda: StepperSession(WORKBENCH))
    held: RLock = field(default_factory=RLock)
    ticket: str = ""

    def __post_init__(self) -> None:
        self.ticket = DESK.ticket(self)

    @property
    def shown(self) -> Document | None:
        """The document whose picture stands there: the last good one."""
        return None if self.good is None else self.good.document

    @property
    def shown_before(self) -> Document | None:
        """The document beside it, as it is drawn."""
        return drawn_before(self.before, self.shown)

    @alone
    def answer(self, edit: Mapping[str, Any]) -> FrameData:
        """Take the edit, if it is newer than what was taken, and return the frame of now."""
        if sequence_of(edit) > self.stepper.sequence:
            self.take(edit)
        return self.frame()

    @alone
    def take(self, edit: Mapping[str, Any]) -> None:
        """Take an edit as the document."""
        try:
            sent = Document.from_fields({**edit, "rng_seed": self.document.rng_seed})
        except PlaygroundError as error:  # it is not answered, so that the browser keeps what was typed
            self.refused = error
            return
        document = replace(sent, leaves=self.document.leaves).with_leaves({leaf.name: leaf for leaf in sent.leaves})
        self.document = replace(document, leaves=document.leaves[-MOST_LEAVES:])
        self.stepper.take_edit(edit)
        self.problems, self.refused = (), None

    @alone
    def take_beside(self, command: str) -> None:
        """Put the document beside a changed one, or take one of the two away (docs/stepper.md)."""
        if self.shown is None:
            return
        two = self.document, self.before
        try:
            self.document, self.before = COMPARING.commanded(command, self.document, self.shown, self.before)
        except PlaygroundError as error:
            self.refused = error
            return
        if two != (self.document, self.before):
            self.stepper.answer()
            self.problems, self.refused = (), None

    @alone
    def begin(
        self, document: Document, problems: tuple[str, ...] = (), step: int = 0, before: Document | None = None
    ) -> None:
        """Begin with another document."""
        self.document, self.before, self.problems, self.refused = document, before, problems, None
        self.good = None  # another document: what stands there is not its last good picture
        self.stepper.begin(step)

    @alone
    def frame(self) -> FrameData:
        """The frame of now; what is good of it is kept."""
        at = self.stepper
        data, self.good = frame(
            self.document,
            self.good,
            sequence=at.sequence,
            have=at.have,
            step=at.step,
            unfolding=at.unfolded.unfolding,
            refused=self.refused,
            before=self.before,
        )
        at.step = None
        unfolding, shown = at.unfolded.unfolding, self.shown
        data = COMPARING.frame(data, shown, self.before, unfolding, at.has_beside, at.wanted_before)
        data["direct"] = DESK.data(self.ticket)
        return at.completed(data, answered(at.asked, shown), told_answer(at.wanted, shown))
