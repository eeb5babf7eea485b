"""What a pasted class does, layer by layer in the order of its calls: shapes, formulas, parameters, costs.

A class may compute anything between its layers, so that it is run once, on a batch of zeros, and watched by hooks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from playground.errors import PlaygroundError, Span
from playground.layers.catalogue import rules
from playground.layers.catalogue.kind import Rule
from playground.layers.catalogue.spec import Path, Shape
from playground.layers.document import StackDocument
from playground.layers.limits import LIMITS
from playground.layers.pasted.build import build_with_origins
from playground.layers.pasted.constructors import Origins
from playground.layers.pasted.costs import Costs
from playground.layers.pasted.module import OwnModule
from playground.layers.pasted.pasted_class import parse_module

MOST_ROWS = 500  # calls of layers that are listed
MOST_TERMS = 4  # of the sum of parameters


@dataclass(frozen=True, slots=True)
class OwnRow:
    """One call of a layer, as `layers.analysis.Row`; costs are those of the whole batch."""

    path: Path
    kind: str  # of the catalogue, or the name of a class of the text
    text: str  # as it is written: 'nn.Linear(4, 3)'
    name: str  # of its module: 'layers.0'
    span: Span | None  # of the line that makes it
    takes: Shape  # without the batch
    gives: Shape | None  # None where the pass stopped
    formula: str = ""
    parameters: int = 0  # those that no earlier row counts
    parameters_formula: str = ""
    multiplications: int = 0
    saved: int = 0
    is_block: bool = False  # what follows with a longer path is inside
    is_repeated: bool = False  # called before: its parameters are counted there


@dataclass(frozen=True, slots=True)
class OwnAnalysis:
    """Every call up to the first problem, and the totals: what is computed outside of layers belongs to them, too."""

    rows: tuple[OwnRow, ...]
    output: Shape | None  # None where something does not work
    problem: PlaygroundError | None
    parameters: int = 0
    multiplications: int = 0
    saved: int = 0

    @property
    def problem_path(self) -> Path | None:
        """The row of the layer that does not fit, None where the problem is outside of layers."""
        stopped = [row.path for row in self.rows if row.gives is None and not row.is_block]
        return stopped[-1] if stopped and self.problem is not None else None


def own_analysis(document: StackDocument) -> OwnAnalysis:
    """The calls of a pasted class; what is wrong with it is `problem`, and nothing is raised.

    >>> text = "class A(nn.Module):\\n  def __init__(self):\\n    super().__init__()\\n    self.a = nn.Linear(4, 3)\\n"
    >>> analysis = own_analysis(StackDocument(text + "  def forward(self, x):\\n    return self.a(x)", (4,), batch=2))
    >>> [(row.name, row.kind, row.gives, row.parameters_formula) for row in analysis.rows], analysis.multiplications
    ([('a', 'Linear', (3,), '4·3 + 3')], 24)
    """
    try:
        source = parse_module(document.text)
        net, origins = build_with_origins(source, rng_seed=document.rng_seed)
    except PlaygroundError as error:
        return OwnAnalysis((), None, error.with_traceback(None))
    parameters = sum(parameter.numel() for parameter in net.parameters())
    watch = _Watch(net, origins, document.batch)
    out: Any = None
    problem = None
    try:
        if not 1 <= document.batch <= LIMITS.batch:
            raise PlaygroundError(f"a batch of {document.batch}", hint=f"from 1 to {LIMITS.batch} examples")
        with watch.costs.counting():
            out = net(torch.zeros(document.batch, *document.input_shape))
    except PlaygroundError as error:
        problem = error.with_traceback(None)
    shape = watch.shape(out) if isinstance(out, Tensor) else None
    costs = watch.costs
    return OwnAnalysis(tuple(watch.rows), shape, problem, parameters, costs.multiplications, costs.saved)


@dataclass(slots=True)
class _Open:
    """A call under way."""

    row: int  # its place in the list
    children: int
    multiplications: int
    saved: int


class _Watch:
    """Hooks on the modules of one net."""

    def __init__(self, net: OwnModule, origins: Origins, batch: int) -> None:
        self.origins, self.batch = origins, batch
        self.costs = Costs(net)
        self.rows: list[OwnRow] = []
        self.open: list[_Open] = [_Open(-1, 0, 0, 0)]
        self.counted: set[int] = set()  # parameters
        self.called: set[nn.Module] = set()
        for name, module in net.named_modules():
            if module in origins.of:
                module.register_forward_pre_hook(self.entering(name), prepend=True)
                module.register_forward_hook(self.leaving)

    def shape(self, tensor: Tensor) -> Shape:
        """The shape of one example."""
        return tuple(tensor.shape[1:])

    def entering(self, name: str) -> Any:
        """The hook that adds the row of one module, before what is inside of it."""

        def hook(module: nn.Module, inputs: tuple[Any, ...]) -> None:
            if len(self.rows) >= MOST_ROWS:
                hint = f"the limit is {MOST_ROWS} calls"
                raise PlaygroundError(f"layers are called more than {MOST_ROWS} times", hint=hint)
            self.rows.append(self.row(name, module, self.shape(inputs[0])))
            costs = self.costs
            self.open.append(_Open(len(self.rows) - 1, 0, costs.multiplications, costs.saved))

        return hook

    def row(self, name: str, module: nn.Module, takes: Shape) -> OwnRow:
        """A row without what is known only after the call."""
        parent = self.open[-1]
        path = (*self.rows[parent.row].path, 0, parent.children) if parent.row >= 0 else (parent.children,)
        parent.children += 1
        make = self.origins.of[module].make
        is_block = isinstance(module, OwnModule) or bool(list(module.children()))
        new = {id(p): p.numel() for p in module.parameters() if id(p) not in self.counted}
        if not is_block:
            self.counted |= new.keys()
        text = " ".join(make.span.of(self.origins.text).split())
        repeated = module in self.called
        self.called.add(module)
        return OwnRow(
            path, make.name, text, name, make.span, takes, None, parameters=sum(new.values()),
            parameters_formula=_sizes([p for p in module.parameters() if id(p) in new]), is_block=is_block,
            is_repeated=repeated,
        )  # fmt: skip

    def leaving(self, module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        """The hook that completes a row."""
        call, costs = self.open.pop(), self.costs
        row = self.rows[call.row]
        rule: Rule | None = self.origins.of[module].rule(row.takes)
        first = output[0] if isinstance(output, tuple) else output
        gives = self.shape(first)
        formula = rule.formula if rule is not None else ""
        own = {id(p) for p in module.parameters()}
        shared = "counted above" if own and not row.parameters else ""
        numbers = row.parameters_formula
        if rule is not None and rule.parameters == row.parameters:  # none of them was counted above
            numbers = rule.parameters_formula
        self.counted |= own
        self.rows[call.row] = replace(
            row,
            gives=gives,
            formula=formula,
            parameters_formula=shared or numbers,
            multiplications=costs.multiplications - call.multiplications,
            saved=costs.saved - call.saved,
        )


def _sizes(parameters: list[nn.Parameter]) -> str:
    """How many numbers a few parameters are; '' where that says nothing, or is long."""
    if len(parameters) > MOST_TERMS or (len(parameters) == 1 and parameters[0].dim() < 2):
        return ""
    return " + ".join("·".join(map(str, parameter.shape)) or "1" for parameter in parameters)


def own_summary(document: StackDocument) -> str:
    """A table of text: every call with its shape and its cost, as `layers.summary` has it for a stack."""
    analysis = own_analysis(document)
    table: list[tuple[str, ...]] = [("name", "layer", "output", "parameters", "multiplications", "saved bytes")]
    for row in analysis.rows:
        shape = "" if row.gives is None else rules.text(row.gives).replace("N", str(document.batch), 1)
        costs = [f"{cost:,}" for cost in (row.parameters, row.multiplications, row.saved)]
        table.append(("  " * (len(row.path) // 2) + row.name, row.text, shape, *costs))
    totals = (analysis.parameters, analysis.multiplications, analysis.saved)
    table.append(("total", "", "", *(f"{total:,}" for total in totals)))
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if place < 3 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ).rstrip()
        for cells in table
    ]
    return "\n".join([*lines, *([f"stopped: {analysis.problem.message}"] if analysis.problem else [])])


__all__ = ["OwnAnalysis", "OwnRow", "own_analysis", "own_summary"]
