"""Analysis of a stack before it is built: the shape after every layer, its cost, and the first layer that does not fit.

Only arithmetic: nothing is allocated, so that an oversized stack is refused by name.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from playground.language.limits import spell
from playground.layers.catalogue.kind import Kind, LayerRule, Mend, Misfit
from playground.layers.catalogue.spec import Layers, LayerSpec, Path, Shape, Stack
from playground.layers.catalogue.table import kind_of
from playground.layers.limits import LIMITS
from playground.layers.stack import problems
from playground.layers.stack.costs import Memory, StackCosts
from playground.layers.stack.receptive_field import Field, field_after, field_of_input, joined_field
from playground.layers.stack.text import to_text

_FIRST = Mend("take it first", first=True)
STEMS = {  # of the names of modules; others have their kind's
    "Conv": "conv",
    "Pool": "pool",
    "Norm": "norm",
    "Attention": "attention",
    "Transformer": "encoder",
}


def total(counts: Iterable[int | None]) -> int | None:
    """The sum of some numbers, None where one is unknown."""
    known = list(counts)
    return None if None in known else sum(count for count in known if count is not None)


@dataclass(frozen=True, slots=True)
class StackRow:
    """One layer in its place. `field`: the receptive field, None where windows alone do not give it."""

    path: Path
    layer: LayerSpec
    name: str  # of its module: 'conv1', 'residual1.body.linear2'
    takes: Shape
    gives: Shape
    formula: str
    parameters: int
    parameters_formula: str
    multiplications: int  # for one example
    saved: int | None  # bytes that it newly keeps for the backward pass, for one example; None where that is unknown
    saved_once: int  # and whatever the batch
    field: Field | None
    made: int = 0  # numbers that it makes of one example: its outputs, and those of its own that it keeps

    def saved_with(self, batch: int) -> int | None:
        """Bytes that it newly keeps for the backward pass of so many examples."""
        return None if self.saved is None else self.saved * batch + self.saved_once


@dataclass(frozen=True, slots=True)
class Analysis:
    """The layers up to the first problem, blocks before what is in them, and the totals."""

    stack: Stack
    rows: tuple[StackRow, ...]
    output: Shape | None  # None where a layer does not fit
    problem: problems.Problem | None

    @property
    def parameters(self) -> int:
        """The number of parameters of all layers."""
        return sum(row.parameters for row in self.rows if not row.layer.branches)

    @property
    def multiplications(self) -> int:
        """The number of multiplications of all layers, for one example."""
        return sum(row.multiplications for row in self.rows if not row.layer.branches)

    def saved_with(self, batch: int) -> int | None:
        """Bytes kept for the backward pass of so many examples, None where a layer's are unknown."""
        return total(row.saved_with(batch) for row in self.rows)

    def row(self, path: Path) -> StackRow | None:
        """The row of a layer, None beyond the first problem."""
        return next((row for row in self.rows if row.path == path), None)

    def checked(self) -> Shape:
        """The output's shape; raises the problem as a PlaygroundError."""
        if self.problem is not None or self.output is None:
            raise (self.problem or problems.Problem((), "nothing comes out", "", ())).error(to_text(self.stack.layers))
        return self.output


def analyse(stack: Stack) -> Analysis:
    """The shapes of a stack, up to the first layer that does not fit.

    >>> from playground.layers.stack.parse import parse_stack
    >>> analysis = analyse(Stack(parse_stack("Conv2d(10, 7) ReLU Flatten Linear(10)")))
    >>> [row.gives for row in analysis.rows], analysis.parameters
    ([(10, 22, 22), (10, 22, 22), (4840,), (10,)], 48910)
    """
    walker = _Walker(stack)
    try:
        problems.check_sizes(stack)
        output: Shape | None = walker.layers(
            stack.layers, (), stack.input_shape, "", field_of_input(stack.input_shape)
        )[0]
        problem = None
    except problems.ProblemFound as found:
        output, problem = None, found.problem
    return Analysis(stack, tuple(walker.rows), output, problem)


class _Walker:
    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.rows: list[StackRow] = []
        self.counts: dict[tuple[str, str], int] = {}
        self.costs = StackCosts(stack)
        self.memory = Memory()

    def layers(
        self, layers: Layers, prefix: Path, shape: Shape, name: str, field: Field | None
    ) -> tuple[Shape, Field | None]:
        """The shape and the receptive field after some layers."""
        for index, layer in enumerate(layers):
            shape, field = self.layer(layer, (*prefix, index), shape, name, field)
        return shape, field

    def layer(
        self, layer: LayerSpec, path: Path, shape: Shape, prefix: str, field: Field | None
    ) -> tuple[Shape, Field | None]:
        kind = kind_of(layer.kind)
        name = prefix + self.name(prefix, kind)
        if layer.branches:
            return self.block(kind, layer, path, shape, name, field)
        try:
            if kind.takes_indices and path != (0,):
                mends = (_FIRST,) if len(self.stack.siblings(path)) > 1 else ()
                raise Misfit("whole numbers, as the input of a list can be", "what a layer computed", mends)
            given = kind.given(layer) | dict(layer.pins)
            rule = kind.rule(shape, given)
        except Misfit as misfit:
            raise problems.ProblemFound(problems.misfit_problem(self.stack, path, layer, misfit)) from None
        self.costs.count(path, layer, rule)
        after = field_after(field, layer, kind)
        saved = self.memory.saved(kind, given, shape, rule)
        self.rows.append(
            StackRow(
                path, layer, name, shape, rule.shape, rule.formula, rule.parameters, rule.parameters_formula,
                rule.multiplications, *saved, after, rule.made,
            )
        )  # fmt: skip
        return rule.shape, after

    def block(
        self, kind: Kind, layer: LayerSpec, path: Path, shape: Shape, name: str, field: Field | None
    ) -> tuple[Shape, Field | None]:
        place = len(self.rows)
        start, outs, fields = self.memory.now, [], []
        for number, branch in enumerate(layer.branches):
            self.memory.now = start
            inner = f"{name}.body." if kind.name == "Residual" else f"{name}.branches.{number}."
            out, after = self.layers(branch, (*path, number), shape, inner, field)
            outs.append(out)
            fields.append(after)
        self.memory.fresh(by_steps=start.by_steps and kind.name == "Residual")  # a sum lies as its first term does
        inside = self.rows[place:]
        if kind.name == "Residual":
            if outs[0] != shape:
                raise problems.ProblemFound(problems.sum_problem(self.stack, path, layer, shape, outs[0]))
            given, formula = shape, "x + body(x)"
        else:
            if len({(len(out), out[1:]) for out in outs}) > 1:
                raise problems.ProblemFound(problems.join_problem(self.stack, path, layer, shape, outs))
            given = (sum(out[0] for out in outs), *outs[0][1:])
            formula = f"{' + '.join(str(out[0]) for out in outs)} = {given[0]}"
        seen = joined_field([field, *fields] if kind.name == "Residual" else fields)
        self.rows.insert(
            place,
            StackRow(
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
                0,
                seen,
                math.prod(given),
            ),
        )
        self.costs.count(path, layer, LayerRule(given))
        return given, seen

    def name(self, prefix: str, kind: Kind) -> str:
        stem = next((stem for part, stem in STEMS.items() if part in kind.name), kind.name.lower())
        number = self.counts[prefix, stem] = self.counts.get((prefix, stem), 0) + 1
        return f"{stem}{number}"


def check_batch(analysis: Analysis, batch: int) -> None:
    """Refuse a batch that is too large for this stack, by name: UnfitSetting."""
    problems.check_input(analysis.stack.input_shape, batch)
    outputs = sum(row.made for row in analysis.rows)
    for what, each, limit in (
        ("outputs", outputs, LIMITS.activations),
        ("multiplications", analysis.multiplications, LIMITS.multiplications),
    ):
        if each * batch > limit:
            hint = f"the limit is {spell(limit)}; a batch of {max(1, limit // max(each, 1))} fits"
            raise problems.UnfitSetting("batch", f"a batch of {batch} makes {spell(each * batch)} {what}", hint)
