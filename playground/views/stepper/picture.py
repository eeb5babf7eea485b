"""`picture`: everything the browser needs to step through a trace, as JSON-safe data (docs/stepper.md)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import orjson

from playground.explain.explanation import Explanation, explain
from playground.explain.narration import StepText
from playground.trace.records import Note, Step
from playground.trace.trace import Trace
from playground.views.graph.build import build_graph
from playground.views.graph.graph import Box, Graph, GraphKind, Link, Modules
from playground.views.graph.layout import lay_out
from playground.views.graph.module_gradients import ModuleGradient, gradient_slots, module_gradients, with_gradients
from playground.views.graph.scene import SceneData, scene
from playground.views.graph.timeline import Timelines
from playground.views.graph.unfolding import Unfolding
from playground.views.stepper import picture_data as data
from playground.views.stepper.details import LISTED_VALUES, ItemDetails
from playground.views.stepper.results import results
from playground.views.stepper.table import table_data

VERSION = 1
TOLD_STEPS = 1_000  # have their words in a picture that is not the whole
DRAWINGS, KEPT_BOXES = 64, 500  # scenes kept for everyone, of graphs no larger than that


def picture(
    trace: Trace,
    graph: GraphKind = "forward",
    *,
    have: str | None = None,
    unfolding: Unfolding | None = None,
    notes: Mapping[str, tuple[str, ...]] | None = None,
    explanation: Explanation | None = None,
    whole: bool = True,
) -> data.PictureData:
    """The picture of a trace; `scene` is None where the browser already has the one with the key `have`.

    With an `unfolding` modules can be opened and closed in it, and `notes` stand on their boxes, by dotted path. An
    `explanation` of the trace that is there already is not made again. Where it is not to be the `whole`, most words
    of a long trace are left out (`views/stepper/told.py` has them).
    """
    halves = halves_of(trace, graph, unfolding=unfolding, notes=notes, explanation=explanation, whole=whole)
    found, key = halves.drawing()
    return {**halves.rest(), "key": key, "scene": None if have == key else found}


def halves_of(
    trace: Trace,
    graph: GraphKind,
    *,
    unfolding: Unfolding | None = None,
    notes: Mapping[str, tuple[str, ...]] | None = None,
    explanation: Explanation | None = None,
    whole: bool = True,
) -> Halves:
    """The halves of a picture, of which nothing is made yet but the graph; what is given as for `picture`."""
    explanation = explanation or explain(trace)
    gradients = {} if unfolding is None else module_gradients(trace)
    drawn = with_gradients(build_graph(explanation, graph, unfolding=unfolding, notes=notes), gradients)
    return Halves(explanation, drawn, gradients, whole)


@dataclass(frozen=True, slots=True)
class Halves:
    """A picture in two halves, neither of which needs the other: its drawing, and what stands in it and beside it."""

    explanation: Explanation
    drawn: Graph
    gradients: dict[str, ModuleGradient]
    whole: bool

    def drawing(self) -> tuple[SceneData, str]:
        """The scene and its key: the same while only values change."""
        one = self.drawn
        draw = _drawing if len(one.boxes) <= KEPT_BOXES else _drawing.__wrapped__
        return draw(one.kind, one.boxes, one.links, one.pairs, one.modules, one.title, one.sideways)

    def rest(self) -> data.RestData:
        """All but the drawing."""
        explanation, drawn, whole = self.explanation, self.drawn, self.whole
        trace, table = explanation.trace, table_data(explanation)
        steps = [_step(explanation, drawn, step, is_told=whole or step.index < TOLD_STEPS) for step in trace.steps]
        timelines = Timelines(trace, _wanted(trace, drawn, table))
        return {
            "version": VERSION,
            "graph": drawn.kind,
            "text": trace.text,
            "initial": _told(explanation.start),
            "steps": steps,
            "slots": timelines.slots | gradient_slots(drawn, self.gradients),
            "images": {slot: [entry[:2] for entry in entries] for slot, entries in timelines.images.items()},
            "items": ItemDetails(explanation, drawn).all(short=not whole),
            "table": table,
            "notes": [_note(note) for note in trace.notes],
            "results": results(trace, explanation.names),
            "modules": _modules(drawn.modules),
        }


def _wanted(trace: Trace, drawn: Graph, table: data.TraceTableData) -> set[str] | None:
    """The slots that are seen: of a long trace those that are drawn or in the table; None: all."""
    if len(trace.values) <= LISTED_VALUES:
        return None
    cells = [cell for row in table["rows"] for cell in row["cells"]]
    return drawn.slots | {cell["slot"] for cell in cells if "slot" in cell}


def _modules(modules: Modules | None) -> data.ModulesData | None:
    if modules is None or not modules.count:
        return None
    return {"count": modules.count, "open": len(modules.opened), "message": modules.message}


@lru_cache(maxsize=DRAWINGS)
def _drawing(
    kind: GraphKind,
    boxes: tuple[Box, ...],
    links: tuple[Link, ...],
    pairs: tuple[tuple[str, str], ...],
    modules: Modules | None,
    title: str,
    sideways: bool,
) -> tuple[SceneData, str]:
    """The scene and its key: the same while only values change."""
    graph = Graph(kind, boxes, links, pairs, modules=modules, title=title, sideways=sideways)
    found = scene(graph, lay_out(graph))
    return found, hashlib.blake2b(orjson.dumps(found), digest_size=12).hexdigest()


def _told(text: StepText) -> data.StepTextData:
    return {"title": text.title, "sentence": text.sentence, "arithmetic": text.arithmetic}


def _step(explanation: Explanation, graph: Graph, step: Step, *, is_told: bool) -> data.StepData:
    active, flow = _touched(explanation.trace, step)
    return {
        "phase": step.phase,
        "kind": step.kind,
        "active": list(dict.fromkeys(place for key in active for place in graph.drawn(key))),
        "flow": list(dict.fromkeys(place for key in flow for place in graph.drawn(key))),
        "words": words_of(explanation, step) if is_told else None,
    }


def words_of(explanation: Explanation, step: Step) -> data.StepWordsData:
    """All that is said of one step."""
    trace, text = explanation.trace, explanation.step(step.index)
    op = step.op if step.node is None else trace.nodes[step.node].op
    span = None if op is None else trace.ops[op].span
    return {
        **_told(text),
        "spans": [] if span is None else [[span.start, span.end]],
        "saved": list(text.saved),
    }


def _touched(trace: Trace, step: Step) -> tuple[list[str], list[str]]:
    """The keys that a step lights up, and the edges that carry something in it."""
    if step.kind == "op" and step.op is not None:
        op = trace.ops[step.op]
        active = [f"op-{op.id}", *(f"value-{output}" for output in op.outputs)]
        return active, [f"use-{op.id}-{position}" for position in range(len(op.inputs))]
    if step.kind == "seed" and step.backward_pass is not None:
        roots = trace.passes[step.backward_pass].roots
        active = [f"seed-{step.backward_pass}", *(f"value-{root}" for root in roots)]
        return active, [f"seed-{step.backward_pass}-{position}" for position in range(len(roots))]
    if step.update is not None:
        value = trace.values[step.update.value]
        places = [f"value-{value.id}", *([f"node-{value.node}"] if value.node is not None else [])]
        return places + ([f"op-{value.op}"] if value.op is not None else []), []
    if step.node is None:
        return [], []
    node = trace.nodes[step.node]
    active = [f"node-{node.id}"]
    if node.leaf is not None:
        return [*active, f"value-{node.leaf}"], []
    active += [f"op-{node.op}"] if node.op is not None else []
    active += [f"value-{output}" for output in node.outputs if output is not None]
    flow = []
    if step.op is not None:  # with create_graph, what it computes is recorded as an op of its own
        made = trace.ops[step.op]
        active += [f"op-{made.id}", *(f"value-{output}" for output in made.outputs)]
        flow += [f"use-{made.id}-{position}" for position in range(len(made.inputs))]
    for part in step.contributions:
        flow.append(f"edge-{node.id}-{part.edge}")
        use = node.edges[part.edge].use
        if use is not None:
            paths = [argument.path for argument in trace.ops[use[0]].inputs]
            flow.append(f"use-{use[0]}-{paths.index(use[1]) if use[1] in paths else 0}")
    return active, flow


def _note(note: Note) -> data.TraceNoteData:
    key = f"value-{note.value}" if note.value is not None else f"op-{note.op}" if note.op is not None else None
    return {"kind": note.kind, "message": note.message, "key": key}
