"""`Listing`, the layers of a net one after the other, and `NetSize`, its costs: known before it is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from playground.errors import PlaygroundError, Span
from playground.layers.catalogue.shape_rules import text
from playground.layers.catalogue.spec import Path, Shape
from playground.layers.stack.problems import Problem

HEAD = ("name", "layer", "output", "parameters", "multiplications", "saved bytes")


@dataclass(frozen=True, slots=True)
class ListedArgument:
    """One argument of a listed layer. `kind`: of the catalogue, 'pin' of an in-size, 'text' as a class writes it."""

    name: str
    kind: str
    content: Any
    meaning: str
    inferred: bool = False


@dataclass(frozen=True, slots=True)
class ListedLayer:
    """One layer in its place, or one call of a layer by a pasted class; costs are those of the whole batch."""

    path: Path
    kind: str  # of the catalogue, or the name of a class of the text
    text: str  # as it is written: 'Linear(3)', 'nn.Linear(4, 3)'
    name: str = ""  # of its module: 'layers.0'; '' beyond the first problem of a list
    takes: Shape = ()  # without the batch
    gives: Shape | None = None  # None where the pass stopped
    formula: str = ""
    parameters: int = 0  # those that no earlier call counts
    parameters_formula: str = ""
    multiplications: int = 0
    saved: int | None = 0  # bytes kept for the backward pass; None where PyTorch does not tell
    field: tuple[int, ...] | None = None  # the receptive field, None where windows alone do not give it
    arguments: tuple[ListedArgument, ...] = ()
    is_block: bool = False  # what follows with a longer path is inside
    branches: int = 0
    can_branch: bool = False  # whether a branch can be added
    span: Span | None = None  # of the line of a class that makes it


@dataclass(frozen=True, slots=True)
class Listing:
    """The layers or calls of a net, and the totals: what a class computes outside of layers belongs to them, too."""

    rows: tuple[ListedLayer, ...]
    output: Shape | None  # None where something does not work
    parameters: int = 0
    multiplications: int = 0
    saved: int | None = 0
    problem: Problem | None = None  # of a list: the layer that does not fit
    error: PlaygroundError | None = None  # of a class that does not run
    ran_with: int | None = None  # so many examples; None where shapes are known by arithmetic
    is_editable: bool = False
    note: str = ""  # what of a text is not listed


@dataclass(frozen=True, slots=True)
class NetSize:
    """Costs of a net. `outputs`: numbers that all layers together give for one example; training keeps them, example by
    example of its batch, until the backward pass has used them. `largest`: the layer that gives the most of them.
    `multiplications`: of the forward pass of one example."""

    output: Shape
    parameters: int
    outputs: int
    multiplications: int
    largest: str = ""


def table_text(listing: Listing, batch: int) -> str:
    """The rows of a listing under their heads and over their totals, as torchsummary and Keras print them."""
    lines: list[tuple[str, str, Shape | None, ListedLayer | Listing]] = [
        ("  " * (len(row.path) // 2) + row.name, row.text, row.gives, row) for row in listing.rows
    ]
    table = [HEAD]
    for name, layer, gives, costs in (*lines, ("total", "", None, listing)):
        shape = "" if gives is None else text(gives).replace("N", str(batch), 1)
        saved = "unknown" if costs.saved is None else f"{costs.saved:,}"
        table.append((name, layer, shape, f"{costs.parameters:,}", f"{costs.multiplications:,}", saved))
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    texts = [
        "  ".join(f"{cell:{side}{width}}" for cell, side, width in zip(cells, "<<<>>>", widths, strict=True)).rstrip()
        for cells in table
    ]
    stopped = listing.problem or listing.error
    ends = [listing.note, "" if stopped is None else f"stopped: {stopped.message}"]
    return "\n".join([*texts, *filter(None, ends)])
