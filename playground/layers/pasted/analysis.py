"""Analysis of a pasted class, layer by layer in the order of its calls: shapes, formulas, parameters, costs.

A class may compute anything between its layers, so that it is run once, on a batch of zeros, and watched by hooks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from playground.errors import PlaygroundError
from playground.layers.catalogue.kind import LayerRule
from playground.layers.catalogue.spec import Shape
from playground.layers.document import StackDocument
from playground.layers.listing import ListedArgument, ListedLayer, Listing
from playground.layers.pasted.build import build_with_origins
from playground.layers.pasted.constructors import Origins
from playground.layers.pasted.costs import PastedCosts
from playground.layers.pasted.expressions import CONTAINERS
from playground.layers.pasted.parse import parse_module
from playground.layers.pasted.pasted_module import PastedModule
from playground.layers.pasted.tree import PastedSource
from playground.layers.stack.problems import check_input

MOST_ROWS = 500  # calls of layers that are listed
MOST_TERMS = 4  # of the sum of parameters
LONG = 40  # characters of a container's text


def pasted_listing(document: StackDocument) -> Listing:
    """The calls of a pasted class; what is wrong with it is `error`, and nothing is raised.

    >>> text = "class A(nn.Module):\\n  def __init__(self):\\n    super().__init__()\\n    self.a = nn.Linear(4, 3)\\n"
    >>> listing = pasted_listing(StackDocument(text + "  def forward(self, x):\\n    return self.a(x)", (4,), batch=2))
    >>> [(row.name, row.kind, row.gives, row.parameters_formula) for row in listing.rows], listing.multiplications
    ([('a', 'Linear', (3,), '4·3 + 3')], 24)
    """
    note = ""
    try:
        source = parse_module(document.text)
        note = _note(source)
        net, origins = build_with_origins(source, rng_seed=document.rng_seed)
    except PlaygroundError as error:
        return Listing((), None, error=error.with_traceback(None), ran_with=document.batch, note=note)
    parameters = sum(parameter.numel() for parameter in net.parameters())
    hooks = _CallHooks(net, origins, document.batch)
    out: Any = None
    problem = None
    try:
        check_input(document.input_shape, document.batch)
        with hooks.costs.counting():
            out = net(torch.zeros(document.batch, *document.input_shape))
    except PlaygroundError as error:
        problem = error.with_traceback(None)
    shape = hooks.shape(out) if isinstance(out, Tensor) else None
    around = {row.path[:-2] for row in hooks.rows}  # of the rows that have others in them
    rows = tuple(_with_argument(row, row.path in around) for row in hooks.rows)
    costs = hooks.costs.multiplications, hooks.costs.saved
    return Listing(rows, shape, parameters, *costs, error=problem, ran_with=document.batch, note=note)


def _note(source: PastedSource) -> str:
    """Say what is listed and what is not, where a text has more than that."""
    made = source.made if len(source.made) <= LONG else f"{source.made[: LONG - 1]}…"
    return f"This is {made}. Not used: {source.unused}." if source.unused else ""


def _with_argument(row: ListedLayer, has_rows: bool) -> ListedLayer:
    """The row with its text in the place of arguments, whether or not there are rows in it."""
    content = row.text
    if has_rows and row.kind in CONTAINERS and len(content) > LONG:
        content = f"{content.partition('(')[0]}(…)"  # what is in it stands in the rows below
    written = ListedArgument(row.name, "text", content, "as it is written")
    return replace(row, arguments=(written,), branches=int(has_rows))


@dataclass(slots=True)
class _Open:
    """A call under way."""

    row: int  # its place in the list
    children: int
    multiplications: int
    saved: int


class _CallHooks:
    """Hooks on the modules of one net."""

    def __init__(self, net: PastedModule, origins: Origins, batch: int) -> None:
        self.origins, self.batch = origins, batch
        self.costs = PastedCosts(net)
        self.rows: list[ListedLayer] = []
        self.open: list[_Open] = [_Open(-1, 0, 0, 0)]
        self.counted: set[int] = set()  # parameters
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
            first = next((part for part in tree_leaves(inputs) if isinstance(part, Tensor)), None)
            self.rows.append(self.row(name, module, () if first is None else self.shape(first)))
            costs = self.costs
            self.open.append(_Open(len(self.rows) - 1, 0, costs.multiplications, costs.saved))

        return hook

    def row(self, name: str, module: nn.Module, takes: Shape) -> ListedLayer:
        """A row without what is known only after the call."""
        parent = self.open[-1]
        path = (*self.rows[parent.row].path, 0, parent.children) if parent.row >= 0 else (parent.children,)
        parent.children += 1
        make, kind = self.origins.of[module].make, self.origins.of[module].kind
        is_layer = kind is not None and not kind.branches  # attention, too, though PyTorch makes it of others
        is_block = isinstance(module, PastedModule) or (bool(list(module.children())) and not is_layer)
        new = {id(p): p.numel() for p in module.parameters() if id(p) not in self.counted}
        if not is_block:
            self.counted |= new.keys()
        text = " ".join(make.span.of(self.origins.text).split())
        formula = _sizes([p for p in module.parameters() if id(p) in new])
        return ListedLayer(
            path, make.name, text, name, takes, parameters=sum(new.values()), parameters_formula=formula,
            is_block=is_block, span=make.span,
        )  # fmt: skip

    def leaving(self, module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        """The hook that completes a row."""
        call, costs = self.open.pop(), self.costs
        row = self.rows[call.row]
        rule: LayerRule | None = self.origins.of[module].rule(row.takes)
        first = output[0] if isinstance(output, tuple) else output
        gives = self.shape(first)
        formula = rule.formula if rule is not None else ""
        parameters = {id(p) for p in module.parameters()}
        shared = "counted above" if parameters and not row.parameters else ""
        numbers = row.parameters_formula
        if rule is not None and rule.parameters == row.parameters:  # none of them was counted above
            numbers = rule.parameters_formula
        self.counted |= parameters
        self.rows[call.row] = replace(
            row,
            gives=gives,
            formula=formula,
            parameters_formula=shared or numbers,
            multiplications=costs.multiplications - call.multiplications,
            saved=costs.saved - call.saved,
        )


def _sizes(parameters: list[nn.Parameter]) -> str:
    """Write how many numbers a few parameters are; '' where that says nothing, or is long."""
    if len(parameters) > MOST_TERMS or (len(parameters) == 1 and parameters[0].dim() < 2):
        return ""
    return " + ".join("·".join(map(str, parameter.shape)) or "1" for parameter in parameters)
