"""`Drawn`: a picture as the text that travels to the browser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from playground.computing.at_once import at_once
from playground.trace.trace import Trace
from playground.ui.shared.frame_data import PictureTextData
from playground.views.graph.graph import GraphKind
from playground.views.graph.unfolding import UNTOUCHED, Unfolding
from playground.views.stepper.picture import halves_of

FORKED_BOXES = 1_000  # a picture of more takes so long that a fork is worth it


@dataclass(frozen=True, slots=True)
class Drawn:
    """A drawn picture, kept as text without its tensors and records, as a whole class may look at many."""

    key: str
    scene: str  # JSON, too: kept apart, for a browser that has it already
    rest: str  # JSON of the picture without its scene

    @classmethod
    def of(
        cls,
        trace: Trace,
        graph: GraphKind,
        unfolding: Unfolding = UNTOUCHED,
        notes: Mapping[str, tuple[str, ...]] | None = None,
    ) -> Drawn:
        """The picture of a trace with these modules open; `notes`: beside their shapes, by dotted path."""
        halves = halves_of(trace, graph, unfolding=unfolding, notes=notes, whole=False)

        def drawing() -> tuple[str, bytes]:
            scene, key = halves.drawing()
            return key, orjson.dumps(scene)

        def rest() -> bytes:
            return orjson.dumps(halves.rest())

        is_large = len(halves.drawn.boxes) > FORKED_BOXES
        (key, scene), told = at_once(drawing, rest) if is_large else (drawing(), rest())
        return cls(key, scene.decode(), told.decode())

    def packed(self, have: str | None) -> PictureTextData:
        """For the browser, which keeps the drawing that it has: then only values travel."""
        return {"key": self.key, "scene": None if self.key == have else self.scene, "rest": self.rest}
