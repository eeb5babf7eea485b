"""A stack as a table of text: every layer with its shape and its cost, as torchsummary and Keras print it."""

from __future__ import annotations

from playground.layers.catalogue.rules import text
from playground.layers.stack.analysis import Analysis
from playground.layers.stack.text import layer_text

HEAD = ("name", "layer", "output", "parameters", "multiplications", "saved bytes")


def summary(analysis: Analysis, batch: int) -> str:
    """Multiplications and saved bytes are those of the whole batch; what is inside a block follows it, indented.

    >>> from playground.layers.stack.analysis import analyse
    >>> from playground.layers.catalogue.spec import Stack
    >>> from playground.layers.stack.parse import parse_stack
    >>> print(summary(analyse(Stack(parse_stack("Linear(3) ReLU"), input_shape=(4,))), batch=2))
    name     layer      output  parameters  multiplications  saved bytes
    linear1  Linear(3)  (2, 3)          15               24           32
    relu1    ReLU       (2, 3)           0                0           24
    total                               15               24           56
    """
    table: list[tuple[str, ...]] = [HEAD]
    for row in analysis.rows:
        indent = "  " * (len(row.path) // 2)
        layer = row.layer.kind if row.layer.branches else layer_text(row.layer)
        shape = text(row.gives).replace("N", str(batch))
        saved = sum(r.saved for r in analysis.rows if r.path[: len(row.path)] == row.path)
        costs = (row.parameters, row.multiplications * batch, saved * batch)
        table.append((indent + row.name.rpartition(".")[2], layer, shape, *(f"{cost:,}" for cost in costs)))
    totals = (analysis.parameters, analysis.multiplications * batch, analysis.saved * batch)
    table.append(("total", "", "", *(f"{total:,}" for total in totals)))
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = []
    for cells in table:
        aligned = [
            cell.ljust(width) if place < 3 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        lines.append("  ".join(aligned).rstrip())
    if analysis.problem is not None:
        lines.append(f"stopped: {analysis.problem.message}")
    return "\n".join(lines)
