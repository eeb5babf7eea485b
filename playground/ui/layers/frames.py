"""Frames of the layers page for a stack document: the list's frame and the graph's, whatever was typed."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

from playground.computing.processes import NotNow
from playground.errors import PlaygroundError
from playground.explain.numbers import format_number, range_text
from playground.explain.numbers import shape_text as tensor_shape
from playground.layers.catalogue.shape_rules import text as shape_text
from playground.layers.catalogue.spec import Path
from playground.layers.document import Refused, StackDocument
from playground.layers.net.net import Net, net_of, record_net
from playground.layers.run.composed_linear import ComposedLinear, composed_linear
from playground.layers.run.module_notes import module_notes
from playground.layers.run.record_batch import OptimizerStep, Recorded
from playground.layers.run.settings import batch_of, data_choices, is_here
from playground.layers.run.warnings import Caution
from playground.layers.stack.problems import Problem, UnfitSetting
from playground.layers.stack.starters import starters
from playground.trace.array import Array
from playground.ui.layers import frame_data
from playground.ui.layers.links import stack_query
from playground.ui.layers.rows import catalogue_data, listing_data
from playground.ui.shared.apart import apart, small_turn, takes_process
from playground.ui.shared.drawn import Drawn
from playground.ui.shared.frame_data import error_data, repair_data
from playground.unforeseen import tried
from playground.views.graph.unfolding import UNTOUCHED, Unfolding
from playground.views.png import data_uri

MATRIX_WRITTEN = 8  # so many rows and columns are written as numbers; a larger matrix is a heat map
_FIELDS: dict[type, frame_data.FieldKind] = {str: "choice", int: "int", float: "float", tuple: "shape"}
_KEPT = 32  # pictures kept for everyone: a class opens the same link


class Answer(NamedTuple):
    """The answer to the last edit: its number, what was refused of it, the place of the layer that it changed."""

    sequence: int = 0
    refused: Refused | None = None
    place: Path | None = None


@dataclass(frozen=True, slots=True)
class ShownStack:
    """A stack that ran: its picture, and what the batch showed."""

    document: StackDocument
    drawn: Drawn
    results: dict[str, Any]
    cautions: tuple[frame_data.CautionData, ...]


def show_stack(net: Net, unfolding: Unfolding = UNTOUCHED) -> ShownStack | PlaygroundError:
    """Run a net and draw it with these modules open; an error is returned, so that it is remembered too.

    What nobody foresaw is told in its place, and not remembered: it may be gone the next time."""
    return tried(lambda: _show_stack(net, unfolding, is_here(net.document.data)))


@lru_cache(maxsize=_KEPT)
def _show_stack(net: Net, unfolding: Unfolding, has_data: bool) -> ShownStack | PlaygroundError:
    """`has_data`: that files are missing is not remembered for when they are there."""
    if takes_process(net.document):
        return _computed_apart(net, unfolding)
    with small_turn():
        return computed(net, unfolding)


def _computed_apart(net: Net, unfolding: Unfolding) -> ShownStack | PlaygroundError:
    document = net.document
    try:
        net.check()
        found = apart("stack", document, unfolding=unfolding.listed())
    except NotNow:
        raise  # it is not remembered
    except PlaygroundError as error:
        return error.with_traceback(None)
    if "unfit" in found:
        return UnfitSetting(**found["unfit"])
    return ShownStack(document, Drawn(**found["drawn"]), found["results"], tuple(found["cautions"]))


def computed(net: Net, unfolding: Unfolding) -> ShownStack | PlaygroundError:
    """The same without a turn, and with whatever error nobody foresaw."""
    return _computed(net, unfolding, is_here(net.document.data))


@lru_cache(maxsize=_KEPT)  # again: who waited while another made the same picture finds it made
def _computed(net: Net, unfolding: Unfolding, has_data: bool) -> ShownStack | PlaygroundError:
    document = net.document
    plain = net if document.graph == "forward" else net_of(replace(document, graph="forward"))  # of all three graphs
    try:
        net.check()  # before a batch is made
        recorded, noticed = _recorded(plain)
        found = tuple(caution_data(caution, document) for caution in noticed)
        drawn = Drawn.of(recorded.trace, document.graph, unfolding, module_notes(recorded, document.batch))
        return ShownStack(document, drawn, _results(recorded), found)
    except PlaygroundError as error:
        return error.with_traceback(None)


@lru_cache(maxsize=1)  # tensors are large: the stack that was last run opens its modules without another run
def _recorded(net: Net) -> tuple[Recorded, tuple[Caution, ...]]:
    recorded = record_net(net, *batch_of(net.document))
    return recorded, net.cautions(recorded)


def show_before_problem(net: Net, unfolding: Unfolding = UNTOUCHED) -> Drawn | None:
    """The picture of the layers before the one that does not fit; None where nothing runs."""
    drawn = tried(lambda: _show_before_problem(net, unfolding, is_here(net.document.data)))
    return None if isinstance(drawn, PlaygroundError) else drawn


@lru_cache(maxsize=_KEPT)
def _show_before_problem(net: Net, unfolding: Unfolding, has_data: bool) -> Drawn | None:
    try:
        if takes_process(net.document):
            drawn = apart("before-problem", net.document, unfolding=unfolding.listed())["drawn"]
            return None if drawn is None else Drawn(**drawn)
        with small_turn():
            trace = net.trace_before_problem(batch_of(net.document)[0])
            return None if trace is None else Drawn.of(trace, net.document.graph, unfolding, {})
    except NotNow:
        raise
    except PlaygroundError:
        return None


def stack_frame(
    net: Net,
    last_rows: list[frame_data.RowData],
    shown: ShownStack | PlaygroundError,
    answer: Answer,
    before: StackDocument | None = None,
) -> frame_data.StackFrameData:
    """The frame of the list (docs/layers.md) and the rows to keep: a broken text keeps the last good list.

    `before`: the document beside this one, which the link tells as well.
    """
    document = net.document
    error: PlaygroundError | None = shown if isinstance(shown, PlaygroundError) else None
    listed = tried(lambda: (net.listing, *listing_data(net.listing, document.batch)))
    if isinstance(listed, PlaygroundError):
        listing, rows, totals, error = None, last_rows, None, listed
    else:
        listing, rows, totals = listed
    problem = None if listing is None else listing.problem
    begin = starters(document.stack()) if listing is not None and listing.is_editable and not rows else ()
    found: tuple[frame_data.CautionData, ...] = ()
    if isinstance(shown, ShownStack):
        found = shown.cautions
    elif listing is not None:
        cautions = tried(net.cautions)
        found = () if isinstance(cautions, PlaygroundError) else tuple(map(caution_data, cautions))
    return {
        "sequence": answer.sequence,
        "refused": None if answer.refused is None else _refused(answer.refused),
        "place": None if answer.place is None else list(answer.place),
        "query": stack_query(document, before),
        "document": {**asdict(document), "input_shape": list(document.input_shape)},
        "rows": rows,
        # a class is changed in its text, a broken text is mended first
        "editable": listing is not None and listing.is_editable,
        "input": shape_text(document.input_shape).replace("N", str(document.batch), 1),
        "totals": totals,
        "note": "" if listing is None else listing.note,
        "problem": None if problem is None else _problem(problem),
        "error": None if error is None or problem is not None or begin else _error(error),
        "starters": [repair_data(starter) for starter in begin],  # there is nothing wrong with no layers yet
        "cautions": [] if begin else list(found),
        "results": shown.results if isinstance(shown, ShownStack) else None,
        "catalogue": catalogue_data(),
        "settings": [_setting(name, document) for name in StackDocument.settings() if name != "text"],
    }


def _setting(name: str, document: StackDocument) -> frame_data.StackSettingData:
    setting, label = StackDocument.settings()[name], StackDocument.label(name)
    choices = data_choices(document) if name == "data" else setting.choices
    return {"name": name, "label": label, "kind": _FIELDS[type(setting.default)], "choices": list(choices)}


def _problem(problem: Problem) -> frame_data.ProblemData:
    repairs = [repair_data(repair) for repair in problem.repairs]
    return {"path": list(problem.path), "message": problem.message, "hint": problem.hint, "repairs": repairs}


def _refused(refused: Refused) -> frame_data.RefusedData:
    path = None if refused.path is None else list(refused.path)
    return {"field": refused.field, "path": path, "message": refused.told}


def _error(error: PlaygroundError) -> frame_data.StackErrorData:
    return {**error_data(error), "field": error.field if isinstance(error, UnfitSetting) else None}


def _results(recorded: Recorded) -> dict[str, Any]:
    facts = [
        {
            "name": fact.name,
            "gradient_norm": None if fact.gradient_norm is None else format_number(fact.gradient_norm),
            "zeros": None if fact.zeros is None else f"{100 * fact.zeros:.0f} %",
            "dead": None if fact.dead is None else f"{100 * fact.dead:.0f} %",
            "mean": format_number(fact.mean, 3),
            "deviation": format_number(fact.deviation, 3),
        }
        for fact in recorded.facts
    ]
    return {
        "loss": format_number(recorded.loss),
        "accuracy": None if recorded.accuracy is None else f"{100 * recorded.accuracy:.0f} %",
        "facts": facts,
        "step": None if recorded.step is None else _step(recorded.step),
    }


def _step(step: OptimizerStep) -> dict[str, Any]:
    return {
        "optimizer": step.optimizer,
        "learning_rate": format_number(step.learning_rate),
        "loss_before": format_number(step.loss_before),
        "loss_after": format_number(step.loss_after),
    }


def caution_data(caution: Caution, document: StackDocument | None = None) -> frame_data.CautionData:
    """A caution; with its document also what has to be computed for it."""
    found = composed_linear(document, caution.path) if document is not None and caution.id == "one-map" else None
    return {
        "path": list(caution.path),
        "level": caution.level,
        "message": caution.message,
        "reason": caution.reason,
        "lecture": caution.lecture,
        "cures": [{"label": cure.label, "text": cure.text, "loss": cure.loss} for cure in caution.repairs],
        "one_map": None if found is None else _composed_linear(found),
    }


def _composed_linear(found: ComposedLinear) -> frame_data.ComposedLinearData:
    outputs = len(found.weight)
    bias = "" if found.bias is None else f" and the bias {found.bias_formula}"
    return {
        "message": f"One Linear({outputs}) with the matrix W₂·W₁{bias} does the same.",
        "weight": _matrix("W₂·W₁", Array(found.weight)),
        "bias": None if found.bias is None else _matrix(found.bias_formula, Array(found.bias[None])),
    }


def _matrix(name: str, array: Array) -> frame_data.MatrixData:
    """A small matrix as rows of rounded numbers, a large one as a heat map."""
    height, width = array.shape
    is_small = max(height, width) <= MATRIX_WRITTEN
    numbers = array.tolist() if is_small else None
    written = [[format_number(x, 2) for x in row] for row in numbers] if isinstance(numbers, list) else None
    return {
        "name": name,
        "shape": tensor_shape(array.shape if height > 1 or name == "W₂·W₁" else array.shape[1:]),
        "range": range_text(array),
        "numbers": written,
        "image": None if is_small else data_uri(array.thumbnail),
    }
