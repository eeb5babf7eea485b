"""What PyTorch accepts in silence: one row for each kind of mistake, with the reason and one-click repairs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, NamedTuple

from torch import Tensor

from playground.errors import PlaygroundError
from playground.language.limits import spell
from playground.layers import rules
from playground.layers.analysis import Analysis, Row, analyse
from playground.layers.catalogue import kind_of
from playground.layers.document import StackDocument
from playground.layers.kind import pair
from playground.layers.limits import LIMITS
from playground.layers.losses import LOSSES
from playground.layers.run import Recorded
from playground.layers.spec import LayerSpec, Path, Size, Stack
from playground.layers.text import layer_text, to_text

Level = Literal["warning", "note"]

IDENTITY = {"Identity"}
SHAPES = {"Identity", "Flatten", "Reshape"}  # hand on the same numbers
SOFTMAXES = {"Softmax", "LogSoftmax"}
WEIGHTS = {"Linear", "Conv1d", "Conv2d", "ConvTranspose2d"}
LINEAR = SHAPES | {"Bias", "Dropout", "AvgPool2d", "AdaptiveAvgPool2d"}  # in evaluation: two maps stay one through them
WINDOWS = {"Conv1d", "Conv2d", "MaxPool2d", "AvgPool2d"}
BOUNDED = {"ReLU", "ELU", "GELU", "SiLU", "Sigmoid", "Tanh", "Softplus"}  # LeakyReLU can give every number
SATURATING = {"Sigmoid", "Tanh"}
BATCH_NORMS = {"BatchNorm1d", "BatchNorm2d"}
INDICATORS = {loss.name for loss in LOSSES if loss.target == "indicators"}
CHAIN = 3  # so many saturating activations are too many
DEAD = 0.5  # so large a part of dead units is too large


@dataclass(frozen=True, slots=True)
class Cure:
    """A one-click repair: the text and the loss of the stack after it."""

    label: str
    text: str
    loss: str

    def applied(self, document: StackDocument) -> StackDocument:
        """The document after the click."""
        return replace(document, text=self.text, loss=self.loss)


@dataclass(frozen=True, slots=True)
class Caution:
    """One mistake in one place. `path` is () for the whole stack; `lecture` may be ''."""

    id: str
    level: Level
    path: Path
    message: str
    reason: str
    lecture: str
    repairs: tuple[Cure, ...]


@dataclass(frozen=True, slots=True)
class _Case:
    """A stack to look at, and what one batch did in it where it ran."""

    analysis: Analysis
    recorded: Recorded | None

    @property
    def stack(self) -> Stack:
        return self.analysis.stack

    @property
    def scored(self) -> bool:
        """Whether one number per class comes out."""
        return self.analysis.output == (self.stack.classes,)

    def last(self, skip: Set[str] = SHAPES) -> Row | None:
        """The layer that the outputs come from; None where a layer does not fit."""
        top = [row for row in self.analysis.rows if len(row.path) == 1 and row.layer.kind not in skip]
        return top[-1] if top and self.analysis.output is not None else None

    def ends_with(self, *kinds: str) -> Row | None:
        """The last layer if it is one of these."""
        last = self.last()
        return last if last is not None and last.layer.kind in kinds else None

    def sequences(self) -> list[list[Row]]:
        """Rows that stand one after the other: the stack's own, and those of each branch."""
        found: dict[Path, list[Row]] = {}
        for row in self.analysis.rows:
            found.setdefault(row.path[:-1], []).append(row)
        return list(found.values())


class _Found(NamedTuple):
    path: Path
    message: str
    repaired: tuple[tuple[str, Stack], ...] = ()  # label, stack after it


Find = Callable[[_Case], Iterator[_Found]]


@dataclass(frozen=True, slots=True)
class Check:
    """One kind of caution."""

    id: str
    level: Level
    lecture: str
    reason: str
    find: Find


def cautions(of: StackDocument | Analysis, recorded: Recorded | None = None) -> tuple[Caution, ...]:
    """Every caution about a stack, up to its first problem. Never raises; none where the text is not understood.

    >>> [(c.message, c.repairs[0].text) for c in cautions(StackDocument("Flatten Bias"))]
    [('784 outputs for 10 classes', 'Flatten Bias Linear(10)')]
    """
    try:
        analysis = of.analysis() if isinstance(of, StackDocument) else of
    except PlaygroundError:
        return ()
    case = _Case(analysis, recorded)
    return tuple(
        Caution(check.id, check.level, path, message, check.reason, check.lecture, _cures(analysis, repaired))
        for check in CAUTIONS
        for path, message, repaired in check.find(case)
    )


def product(first_weight: Tensor, second_weight: Tensor) -> Tensor:
    """The one matrix that two linear layers are: (hidden, in) and (out, hidden) give (out, in)."""
    return second_weight @ first_weight


def _cures(analysis: Analysis, repaired: tuple[tuple[str, Stack], ...]) -> tuple[Cure, ...]:
    """Only repairs after which no earlier layer stops fitting: a new shape may not suit what follows."""
    cures = []
    for label, stack in repaired:
        after, text = analyse(stack), to_text(stack.layers)
        further = analysis.problem is not None and len(after.rows) >= len(analysis.rows)
        if (after.problem is None or further) and len(text) <= LIMITS.text_length:
            cures.append(Cure(label, text, stack.loss))
    return tuple(cures)


def _outputs(case: _Case) -> Iterator[_Found]:
    output = case.analysis.output
    if output is not None and len(output) == 1 and not case.scored:
        last = case.last(IDENTITY | SOFTMAXES)
        message = f"{spell(output[0])} outputs for {spell(case.stack.classes)} classes"
        yield _Found(last.path if last else (), message, (_with_scores(case),))


def _no_parameters(case: _Case) -> Iterator[_Found]:
    if case.analysis.output is not None and case.analysis.parameters == 0:
        yield _Found((), "the stack has no parameters", (_with_scores(case, new=True),))


def _with_scores(case: _Case, new: bool = False) -> tuple[str, Stack]:
    """The last Linear with one output per class; a new one where the outputs come from another layer."""
    stack, last = case.stack, case.last(IDENTITY | SOFTMAXES)
    classes = stack.classes
    if last is not None and last.layer.kind == "Linear" and not new:
        return f"set out_features to {classes}", stack.replace(last.path, last.layer.with_arg("out_features", classes))
    place = (last.path[0] + 1,) if last else (0,)
    stack = stack.insert(place, LayerSpec("Linear", (("out_features", classes),)))
    if len(last.gives if last else stack.input_shape) == 1:
        return f"append Linear({classes})", stack
    return f"append Flatten Linear({classes})", stack.insert(place, LayerSpec("Flatten"))


def _ends(kind: str, losses: Set[str], *cures: Callable[[_Case, Row], tuple[str, Stack]]) -> Find:
    """A row for a last layer that does not suit the loss."""

    def find(case: _Case) -> Iterator[_Found]:
        last = case.ends_with(kind)
        if last is not None and case.stack.loss in losses:
            repaired = tuple(cure(case, last) for cure in cures)
            yield _Found(last.path, f"{kind} before {case.stack.loss}", repaired)

    return find


def _nll(case: _Case) -> Iterator[_Found]:
    stack = case.stack
    if stack.loss != "NLLLoss" or case.analysis.output is None or case.ends_with("LogSoftmax"):
        return
    log_softmax, probabilities = LayerSpec("LogSoftmax"), case.ends_with("Softmax")
    if probabilities:
        scores = stack.remove(probabilities.path)
        logarithms = "take LogSoftmax", stack.replace(probabilities.path, log_softmax)
    else:
        scores = stack
        logarithms = "append LogSoftmax", stack.insert((len(stack.layers),), log_softmax)
    cross_entropy = "use CrossEntropyLoss", replace(scores, loss="CrossEntropyLoss")
    yield _Found((), "NLLLoss without LogSoftmax at the end", (logarithms, cross_entropy))


def _bounded_scores(case: _Case) -> Iterator[_Found]:
    last, loss = case.last(SHAPES | SOFTMAXES), case.stack.loss
    if loss not in ("CrossEntropyLoss", "NLLLoss", "BCEWithLogitsLoss") or last is None or not case.scored:
        return
    if last.layer.kind in BOUNDED and (loss, last.layer.kind) != ("BCEWithLogitsLoss", "Sigmoid"):
        yield _Found(last.path, f"{layer_text(last.layer)} after the scores", (_without(case, last),))


def _scores_through(*kinds: str) -> Find:
    """A row for a layer that belongs between layers and stands after the scores."""

    def find(case: _Case) -> Iterator[_Found]:
        last = case.last(SHAPES | SOFTMAXES)
        if last is not None and case.scored and last.layer.kind in kinds and dict(last.layer.args).get("p") != 0:
            yield _Found(last.path, f"{layer_text(last.layer)} after the scores", (_without(case, last),))

    return find


def _one_map(case: _Case) -> Iterator[_Found]:
    for sequence in case.sequences():
        first: Row | None = None
        for row in sequence:
            if row.layer.kind in WEIGHTS:
                if first is not None:
                    place = (*first.path[:-1], first.path[-1] + 1)
                    message = f"{layer_text(first.layer)} and {layer_text(row.layer)} are one linear map"
                    yield _Found(row.path, message, (("insert ReLU", case.stack.insert(place, LayerSpec("ReLU"))),))
                first = row
            elif row.layer.kind not in LINEAR:
                first = None


def _saturating(case: _Case) -> Iterator[_Found]:
    for sequence in case.sequences():
        end = max((row.path for row in sequence if row.layer.kind in WEIGHTS), default=())
        hidden = [row for row in sequence if row.layer.kind in SATURATING and row.path < end]
        if len(hidden) >= CHAIN:
            stack = case.stack
            for row in hidden:
                stack = stack.replace(row.path, LayerSpec("ReLU"))
            message = f"{len(hidden)} Sigmoid or Tanh one after the other"
            yield _Found(hidden[-1].path, message, (("replace them by ReLU", stack),))


def _rows_of_pictures(case: _Case) -> Iterator[_Found]:
    for row in case.analysis.rows:
        if row.layer.kind == "Linear" and len(row.takes) > 1:
            stack = case.stack.replace(row.path, row.layer.with_pin("in_features", None))
            stack = stack.insert(row.path, LayerSpec("Flatten"))
            message = f"{layer_text(row.layer)} acts on each row of {rules.text(row.takes)} on its own"
            yield _Found(row.path, message, (("insert Flatten", stack),))
            return  # the Linear layers after it follow from this one


def _useless_bias(case: _Case) -> Iterator[_Found]:
    for row, norm in (both for sequence in case.sequences() for both in pairwise(sequence)):
        if row.layer.kind not in WEIGHTS or norm.layer.kind not in BATCH_NORMS:
            continue
        same_axis = row.layer.kind != "Linear" or len(row.gives) == 1  # the bias lies along what is normalised
        if same_axis and kind_of(row.layer.kind).given(row.layer)["bias"]:
            message = f"the bias of {layer_text(row.layer)} before {norm.layer.kind} does nothing"
            without = case.stack.replace(row.path, row.layer.with_arg("bias", False))
            yield _Found(row.path, message, (("set bias to False", without),))


class _Axis(NamedTuple):
    """One axis that windows slide along."""

    name: str
    size: int
    kernel: int
    stride: int
    padding: int

    def gap(self) -> bool:
        """Whether pixels lie between two windows: those of the padding do not count."""
        starts = range(-self.padding, self.size + self.padding - self.kernel + 1, self.stride)
        return self.stride > self.kernel and any(
            max(a + self.kernel, 0) < min(b, self.size) for a, b in pairwise(starts)
        )

    def lost(self) -> int:
        """How many pixels lie after the last window: what is left over is padding first."""
        return max(0, (self.size + 2 * self.padding - self.kernel) % self.stride - self.padding)


def _axes(row: Row) -> list[_Axis]:
    if row.layer.kind not in WINDOWS:
        return []
    given = kind_of(row.layer.kind).given(row.layer)
    windows = zip(*map(pair, (given["kernel_size"], rules.pooling_stride(given), given["padding"])), strict=True)
    names = ("rows", "columns") if len(row.takes) == 3 else ("places",)
    axes = zip(names, row.takes[1:], windows, strict=False)  # a signal has one axis, and a pair of sizes
    return [_Axis(name, size, *window) for name, size, window in axes]


def _size(sizes: list[int]) -> Size:
    return sizes[0] if len(set(sizes)) == 1 else (sizes[0], sizes[1])


def _gaps(case: _Case) -> Iterator[_Found]:
    for row in case.analysis.rows:
        axes = _axes(row)
        axis = next((axis for axis in axes if axis.gap()), None)
        if axis is not None:
            stride = _size([min(axis.stride, axis.kernel) for axis in axes])
            step = f"{axis.stride - axis.kernel} of every {axis.stride} {axis.name}"
            message = f"{layer_text(row.layer)} never sees {step}: its stride is larger than its kernel"
            closer = case.stack.replace(row.path, row.layer.with_arg("stride", stride))
            yield _Found(row.path, message, ((f"set stride to {stride}", closer),))


def _lost_pixels(case: _Case) -> Iterator[_Found]:
    for row in case.analysis.rows:
        axes = _axes(row)
        lost = [f"{axis.lost()} {axis.name}" for axis in axes if axis.lost()]
        if not lost:
            continue
        wide = [range(axis.padding, max(axis.padding, axis.kernel // 2) + 1) for axis in axes]
        fits = [
            next((p for p in paddings if not axis._replace(padding=p).lost()), None)
            for axis, paddings in zip(axes, wide, strict=True)
        ]
        repaired: tuple[tuple[str, Stack], ...] = ()
        if None not in fits:
            padding = _size([p for p in fits if p is not None])
            padded = case.stack.replace(row.path, row.layer.with_arg("padding", padding))
            repaired = ((f"set padding to {padding}", padded),)
        yield _Found(row.path, f"{layer_text(row.layer)} never sees the last {' and '.join(lost)}", repaired)


def _dead(case: _Case) -> Iterator[_Found]:
    run = None if case.recorded is None else case.recorded.analysis
    if case.recorded is None or run is None or run.stack != case.stack:
        return
    dead = {facts.name: facts.dead for facts in case.recorded.facts if facts.dead is not None}
    for row in case.analysis.rows:
        if dead.get(row.name, 0.0) > DEAD:
            leaky = case.stack.replace(row.path, LayerSpec("LeakyReLU"))
            message = f"{dead[row.name]:.0%} of the units of {row.name} are 0 for every example of this batch"
            yield _Found(row.path, message, (("take LeakyReLU", leaky),))


def _large(case: _Case) -> Iterator[_Found]:
    total, half = case.analysis.parameters, LIMITS.parameters // 2
    if total <= half:
        return
    last = case.last(SHAPES | SOFTMAXES)
    hidden = [row for row in case.analysis.rows if row.layer.kind in WEIGHTS and row is not last]
    repaired: tuple[tuple[str, Stack], ...] = ()
    largest = max(hidden, key=lambda row: row.parameters, default=None)
    if largest is not None:
        name = kind_of(largest.layer.kind).arguments[0].name  # out_features, or out_channels
        room = half - (total - largest.parameters)
        width = dict(largest.layer.args)[name] * room // largest.parameters  # type: ignore[operator]  # a whole number
        if width >= 1:
            narrow = case.stack.replace(largest.path, largest.layer.with_arg(name, width))
            repaired = ((f"set {name} of {largest.name} to {width}", narrow),)
    yield _Found((), f"{spell(total)} parameters, of at most {spell(LIMITS.parameters)}", repaired)


def _without(case: _Case, row: Row) -> tuple[str, Stack]:
    return f"remove {row.layer.kind}", case.stack.remove(row.path)


def _with_nll(case: _Case, row: Row) -> tuple[str, Stack]:
    return "use NLLLoss", replace(case.stack, loss="NLLLoss")


CAUTIONS: tuple[Check, ...] = (
    Check("outputs", "warning", "L0.9", "Every output stands for a class: those that are none have to be learnt away, "
          "and PyTorch does not complain.", _outputs),
    Check("no-parameters", "warning", "L0.6", "The optimizer moves parameters: here is nothing to learn.",
          _no_parameters),
    Check("softmax-twice", "warning", "L1.5", "CrossEntropyLoss applies a softmax itself, and a softmax of "
          "probabilities is nearly uniform: the loss cannot come near 0.",
          _ends("Softmax", {"CrossEntropyLoss"}, _without)),
    Check("log-softmax-twice", "note", "L1.5", "CrossEntropyLoss applies LogSoftmax itself; a second one changes "
          "nothing, and is computed all the same.", _ends("LogSoftmax", {"CrossEntropyLoss"}, _without, _with_nll)),
    Check("nll", "warning", "L1.1", "NLLLoss only negates the right class's entry: logarithms of probabilities tie it "
          "to the other classes, plain scores do not.", _nll),
    Check("logarithms", "warning", "L0.7", "The target is 1 at the class, and the logarithm of a probability is never "
          "above 0.", _ends("LogSoftmax", INDICATORS, _with_nll)),
    Check("sigmoid-twice", "warning", "L1.5", "BCEWithLogitsLoss applies a sigmoid itself; of numbers between 0 and 1 "
          "it makes probabilities between 0.5 and 0.73.", _ends("Sigmoid", {"BCEWithLogitsLoss"}, _without)),
    Check("bounded-scores", "warning", "L1.5", "A score may have to be any number: what the activation cuts off, the "
          "loss asks for in vain.", _bounded_scores),
    Check("dropout-last", "warning", "", "While training, scores become 0 at random, the right class's too.",
          _scores_through("Dropout")),
    Check("norm-last", "warning", "", "The scores of one example then depend on the others of its batch, and every "
          "class has the same mean score.", _scores_through(*BATCH_NORMS)),
    Check("one-map", "warning", "L4.2", "Two linear maps with nothing non-linear between are one: their matrices "
          "multiply, W = W2·W1.", _one_map),
    Check("saturating", "note", "L1.5", "Back-propagation multiplies by the slope of each, at most 1/4 for Sigmoid and "
          "1 for Tanh: little reaches the first layers.", _saturating),
    Check("rows-of-pictures", "warning", "L0.9", "Linear multiplies the last axis and takes the others for more "
          "examples: it never sees a whole picture.", _rows_of_pictures),
    Check("useless-bias", "note", "", "Batch normalisation subtracts the mean over the batch, and the bias with it.",
          _useless_bias),
    Check("gaps", "warning", "L3.2", "Between two windows lie pixels that no window covers: whatever is there, the "
          "output is the same.", _gaps),
    Check("lost-pixels", "note", "L3.2", "The number of windows is rounded down: what is left after the last one is "
          "ignored.", _lost_pixels),
    Check("dead", "warning", "L2.2", "A ReLU that is 0 passes no gradient: from this batch, the weights before it "
          "learn nothing.", _dead),
    Check("large", "note", "", "A parameter is kept several times while training: with its gradient, and with the "
          "optimizer's memory.", _large),
)  # fmt: skip

__all__ = ["CAUTIONS", "Caution", "Check", "Cure", "cautions", "product"]
