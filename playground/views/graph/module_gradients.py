"""The norm of the gradients of a module's parameters, on the module's box."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from playground.explain.numbers import format_number
from playground.trace.trace import Trace
from playground.views.graph.graph import Cell, CellRow, Graph
from playground.views.graph.timeline import Entry, strength


@dataclass(frozen=True, slots=True)
class ModuleGradient:
    """The Euclidean norm of the gradients of all parameters in a module, known from position `k` of the stepper on."""

    k: int
    norm: float

    @property
    def text(self) -> str:
        """The norm as it stands in a cell."""
        return format_number(self.norm)


def module_gradients(trace: Trace) -> dict[str, ModuleGradient]:
    """Dotted path of a module -> its gradient; modules whose parameters none has reached are missing."""
    reached: dict[int, int] = {}
    for step in trace.steps:
        leaf = None if step.node is None else trace.nodes[step.node].leaf
        if leaf is not None and step.grad_after is not None:
            reached[leaf] = step.index + 1
    found: dict[str, tuple[int, float]] = {}
    for number, k in reached.items():
        value = trace.values[number]
        norm = None if value.kind != "parameter" or value.adjoint is None else value.adjoint.statistics.norm
        if norm is None:
            continue
        names = value.name.split(".")[:-1]
        for length in range(1, len(names) + 1):
            path = ".".join(names[:length])
            before, squares = found.get(path, (0, 0.0))
            found[path] = max(before, k), squares + norm**2
    return {path: ModuleGradient(k, math.sqrt(squares)) for path, (k, squares) in found.items()}


def with_gradients(graph: Graph, gradients: dict[str, ModuleGradient]) -> Graph:
    """The graph with a cell for the gradient on each module's box: the forward one where there are both."""
    boxes = tuple(
        replace(box, rows=(*box.rows, CellRow((Cell("grad", _slot(box.opens)),), "norm of .grad")))
        if box.opens in gradients and box.backward == (graph.kind == "backward")
        else box
        for box in graph.boxes
    )
    return replace(graph, boxes=boxes)


def gradient_slots(graph: Graph, gradients: dict[str, ModuleGradient]) -> dict[str, list[Entry]]:
    """The timelines of those cells, as `Timelines` has them for the others."""
    drawn = {path: gradient for path, gradient in gradients.items() if _slot(path) in graph.slots}
    largest = max((gradient.norm for gradient in drawn.values() if math.isfinite(gradient.norm)), default=0.0)
    return {
        _slot(path): [[gradient.k, gradient.text, strength(gradient.norm, largest)]] for path, gradient in drawn.items()
    }


def _slot(path: str) -> str:
    return f"module-{path}.gradient"
