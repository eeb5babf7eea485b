"""What a stack is before it is built: the shape after every layer, its cost, and the first layer that does not fit.

Only arithmetic: nothing is allocated, so that an oversized stack is refused by name.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from playground.errors import PlaygroundError, Repair
from playground.language.limits import spell
from playground.layers import rules
from playground.layers.catalogue import kind_of
from playground.layers.kind import Kind, Mend, Misfit, Rule, pair
from playground.layers.limits import LIMITS
from playground.layers.spec import Layers, LayerSpec, Path, Shape, Stack, walk
from playground.layers.text import layer_text, to_text

BYTES = 4  # of one float32
STEMS = {"Conv": "conv", "Pool": "pool", "Norm": "norm"}  # of the names of modules; others have their kind's
POSITION_BYTES = 8  # of one position that a pooling layer remembers


@dataclass(frozen=True, slots=True)
class Row:
    """One layer in its place. `field` is the receptive field: (side, step) in pixels of the input, for pictures."""

    path: Path
    layer: LayerSpec
    name: str  # of its module: 'conv1', 'residual1.body.linear2'
    takes: Shape
    gives: Shape
    formula: str
    parameters: int
    parameters_formula: str
    multiplications: int  # for one example
    saved: int  # bytes that it newly keeps for the backward pass, for one example
    field: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Problem:
    """The layer that does not fit: everything before it stays."""

    path: Path
    message: str
    hint: str
    repairs: tuple[Repair, ...]

    def error(self, text: str) -> PlaygroundError:
        """The same as the exception that a user sees."""
        return PlaygroundError(
            self.message, hint=self.hint, repair=self.repairs[0] if self.repairs else None, text=text
        )


@dataclass(frozen=True, slots=True)
class Analysis:
    """Every layer up to the first problem, blocks before what is in them, and the totals."""

    stack: Stack
    rows: tuple[Row, ...]
    output: Shape | None  # None where a layer does not fit
    problem: Problem | None

    @property
    def parameters(self) -> int:
        """Of all layers."""
        return sum(row.parameters for row in self.rows if not row.layer.branches)

    @property
    def multiplications(self) -> int:
        """Of all layers, for one example."""
        return sum(row.multiplications for row in self.rows if not row.layer.branches)

    @property
    def saved(self) -> int:
        """Bytes kept for the backward pass, for one example."""
        return sum(row.saved for row in self.rows)

    def row(self, path: Path) -> Row | None:
        """The row of a layer, None beyond the first problem."""
        return next((row for row in self.rows if row.path == path), None)

    def checked(self) -> Shape:
        """The output's shape; raises the problem as a PlaygroundError."""
        if self.problem is not None or self.output is None:
            raise (self.problem or Problem((), "nothing comes out", "", ())).error(to_text(self.stack.layers))
        return self.output


class _Found(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def analyse(stack: Stack) -> Analysis:
    """The shapes of a stack, up to the first layer that does not fit.

    >>> from playground.layers.parse import parse_stack
    >>> analysis = analyse(Stack(parse_stack("Conv2d(10, 7) ReLU Flatten Linear(10)")))
    >>> [row.gives for row in analysis.rows], analysis.parameters
    ([(10, 22, 22), (10, 22, 22), (4840,), (10,)], 48910)
    """
    walker = _Walker(stack)
    try:
        _refuse_sizes(stack)
        output: Shape | None = walker.layers(stack.layers, (), stack.input_shape, "", (1, 1))[0]
        problem = None
    except _Found as found:
        output, problem = None, found.problem
    return Analysis(stack, tuple(walker.rows), output, problem)


def _refuse_sizes(stack: Stack) -> None:
    everything = walk(stack.layers)
    if len(everything) > LIMITS.layers:
        path = everything[LIMITS.layers][0]
        raise _Found(Problem(path, f"a stack of {len(everything)} layers", f"the limit is {LIMITS.layers} layers", ()))
    shape = stack.input_shape
    if not shape or any(size < 1 for size in shape) or len(shape) > 4 or math.prod(shape) > LIMITS.input:
        message = f"an input of shape {rules.text(shape)}"
        hint = f"one to four sizes of at least 1, at most {spell(LIMITS.input)} elements in all"
        raise _Found(Problem((0,), message, hint, ()))


class _Walker:
    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.rows: list[Row] = []
        self.counts: dict[tuple[str, str], int] = {}
        self.parameters = self.activations = self.multiplications = 0
        self.storage = 0  # which memory holds what goes in now; views share it
        self.newest = 0
        self.kept: set[int] = set()

    def layers(
        self, layers: Layers, prefix: Path, shape: Shape, name: str, field: tuple[int, int] | None
    ) -> tuple[Shape, tuple[int, int] | None]:
        """The shape and the receptive field after some layers."""
        for index, layer in enumerate(layers):
            shape, field = self.layer(layer, (*prefix, index), shape, name, field)
        return shape, field

    def layer(
        self, layer: LayerSpec, path: Path, shape: Shape, prefix: str, field: tuple[int, int] | None
    ) -> tuple[Shape, tuple[int, int] | None]:
        kind = kind_of(layer.kind)
        name = prefix + self.name(prefix, kind)
        if layer.branches:
            return self.block(kind, layer, path, shape, name, field)
        try:
            rule = kind.rule(shape, kind.given(layer) | dict(layer.pins))
        except Misfit as misfit:
            raise _Found(self.problem(path, layer, misfit)) from None
        self.count(path, layer, rule)
        after = _field(field, layer, kind) if len(rule.shape) > 1 else None
        saved = self.saved(kind, shape, rule.shape)
        self.rows.append(
            Row(
                path, layer, name, shape, rule.shape, rule.formula, rule.parameters, rule.parameters_formula,
                rule.multiplications, saved, after,
            )
        )  # fmt: skip
        return rule.shape, after

    def block(
        self, kind: Kind, layer: LayerSpec, path: Path, shape: Shape, name: str, field: tuple[int, int] | None
    ) -> tuple[Shape, tuple[int, int] | None]:
        place = len(self.rows)
        start, outs, fields = self.storage, [], []
        for number, branch in enumerate(layer.branches):
            self.storage = start
            inner = f"{name}.body." if kind.name == "Residual" else f"{name}.branches.{number}."
            out, after = self.layers(branch, (*path, number), shape, inner, field)
            outs.append(out)
            fields.append(after)
        self.newest += 1
        self.storage = self.newest
        inside = self.rows[place:]
        if kind.name == "Residual":
            given, formula = self.added(path, layer, shape, outs[0]), "x + body(x)"
        else:
            given = self.joined(path, outs)
            formula = f"{' + '.join(str(out[0]) for out in outs)} = {given[0]}"
        side = max((f for f in fields if f is not None), default=None)
        self.rows.insert(
            place,
            Row(
                path,
                layer,
                name,
                shape,
                given,
                formula,
                sum(row.parameters for row in inside if not row.layer.branches),
                "",
                sum(row.multiplications for row in inside if not row.layer.branches),
                0,
                side,
            ),
        )
        self.count(path, layer, Rule(given))
        return given, side

    def added(self, path: Path, layer: LayerSpec, shape: Shape, out: Shape) -> Shape:
        if out == shape:
            return shape
        message = f"the body turns {rules.text(shape)} into {rules.text(out)}, which cannot be added to its input"
        repairs = []
        if len(out) == len(shape) == 3 and out[1:] == shape[1:]:
            mended = self.stack.insert((*path, 0, len(layer.branches[0])), _conv1x1(shape[0]))
            repairs.append(Repair(f"end with Conv2d({shape[0]}, 1)", to_text(mended.layers)))
        elif len(out) == len(shape) == 1:
            mended = self.stack.insert((*path, 0, len(layer.branches[0])), _linear(shape[0]))
            repairs.append(Repair(f"end with Linear({shape[0]})", to_text(mended.layers)))
        raise _Found(Problem(path, message, "the body of a Residual keeps the shape", tuple(repairs)))

    def joined(self, path: Path, outs: Sequence[Shape]) -> Shape:
        if len({(len(out), out[1:]) for out in outs}) > 1:
            shapes = " and ".join(map(rules.text, outs))
            hint = "branches are joined along their first axis: all the others have to agree"
            raise _Found(Problem(path, f"branches of shapes {shapes} cannot be joined", hint, ()))
        return (sum(out[0] for out in outs), *outs[0][1:])

    def name(self, prefix: str, kind: Kind) -> str:
        stem = next((stem for part, stem in STEMS.items() if part in kind.name), kind.name.lower())
        number = self.counts[prefix, stem] = self.counts.get((prefix, stem), 0) + 1
        return f"{stem}{number}"

    def count(self, path: Path, layer: LayerSpec, rule: Rule) -> None:
        """Refuse what is too large, by name, before anybody allocates it."""
        self.parameters += rule.parameters
        self.activations += math.prod(rule.shape)
        self.multiplications += rule.multiplications
        for what, number, limit in (
            ("parameters", self.parameters, LIMITS.parameters),
            ("outputs for one example", self.activations, LIMITS.activations),
            ("multiplications for one example", self.multiplications, LIMITS.multiplications),
        ):
            if number > limit:
                message = f"{layer_text(layer)} brings the stack to {spell(number)} {what}"
                raise _Found(Problem(path, message, f"the limit is {spell(limit)} {what}", ()))

    def saved(self, kind: Kind, takes: Shape, gives: Shape) -> int:
        """Bytes that PyTorch newly keeps; what an earlier layer keeps already costs nothing more."""
        source = self.storage
        if kind.family != "Shapes" and kind.name != "Identity":
            self.newest += 1
            self.storage = self.newest
        size = 0
        if "input" in kind.saves and source not in self.kept:
            self.kept.add(source)
            size += math.prod(takes) * BYTES
        if kind.saves == "output":
            self.kept.add(self.storage)
            size += math.prod(gives) * BYTES
        if kind.saves == "mask":
            size += math.prod(gives) * BYTES
        if "positions" in kind.saves:
            size += math.prod(gives) * POSITION_BYTES
        return size

    def problem(self, path: Path, layer: LayerSpec, misfit: Misfit) -> Problem:
        repairs = tuple(Repair(mend.label, to_text(self.mended(path, layer, mend).layers)) for mend in misfit.mends)
        message = f"{layer.kind} expects {misfit.expected}, and got {misfit.got}"
        return Problem(path, message, repairs[0].label if repairs else "", repairs)

    def mended(self, path: Path, layer: LayerSpec, mend: Mend) -> Stack:
        for name, content in mend.set:
            layer = layer.with_arg(name, content)
        if mend.unpin:
            layer = layer.with_pin(mend.unpin, None)
        stack = self.stack.replace(path, layer)
        return stack if mend.insert is None else stack.insert(path, mend.insert)


def _field(field: tuple[int, int] | None, layer: LayerSpec, kind: Kind) -> tuple[int, int] | None:
    """Side and step of the receptive field after a window of this size and stride (Araujo et al., 2019)."""
    given = kind.given(layer)
    if field is None or "kernel_size" not in given or kind.name == "ConvTranspose2d":
        return field if kind.name != "AdaptiveAvgPool2d" and kind.family != "Shapes" else None
    side, step = field
    kernel, stride = max(pair(given["kernel_size"])), max(pair(rules.pooling_stride(given)))
    return side + (kernel - 1) * step, step * stride


def _conv1x1(channels: int) -> LayerSpec:
    return LayerSpec("Conv2d", (("out_channels", channels), ("kernel_size", 1)))


def _linear(features: int) -> LayerSpec:
    return LayerSpec("Linear", (("out_features", features),))


def check_batch(analysis: Analysis, batch: int) -> None:
    """Refuse a batch that is too large for this stack, by name."""
    if not 1 <= batch <= LIMITS.batch:
        raise PlaygroundError(f"a batch of {spell(batch)}", hint=f"from 1 to {LIMITS.batch} examples")
    outputs = sum(math.prod(row.gives) for row in analysis.rows)
    for what, each, limit in (
        ("outputs", outputs, LIMITS.activations),
        ("multiplications", analysis.multiplications, LIMITS.multiplications),
    ):
        if each * batch > limit:
            hint = f"the limit is {spell(limit)}; a batch of {max(1, limit // max(each, 1))} fits"
            raise PlaygroundError(f"a batch of {batch} makes {spell(each * batch)} {what}", hint=hint)


def without_matching_pins(stack: Stack) -> Stack:
    """Pins that say what is inferred anyway are dropped: what pasted PyTorch code is full of."""
    for row in analyse(stack).rows:
        if row.layer.pins:
            stack = stack.replace(row.path, replace(row.layer, pins=()))
    return stack


__all__ = ["Analysis", "Problem", "Row", "analyse", "check_batch", "without_matching_pins"]
