"""`Drawn`: a picture as the text that travels to the browser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from playground.trace.trace import Trace
from playground.ui.shared.frame_data import PictureTextData
from playground.views.graph.graph import GraphKind
from playground.views.graph.unfolding import UNTOUCHED, Unfolding
from playground.views.stepper.picture import picture


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
        data = picture(trace, graph, unfolding=unfolding, notes=notes, whole=False)
        rest = {name: content for name, content in data.items() if name != "scene"}
        return cls(data["key"], *(orjson.dumps(part).decode() for part in (data["scene"], rest)))

    def packed(self, have: str | None) -> PictureTextData:
        """For the browser, which keeps the drawing that it has: then only values travel."""
        return {"key": self.key, "scene": None if self.key == have else self.scene, "rest": self.rest}
