"""`StackNet`: a list of layers, of which nearly everything is known by arithmetic."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

from torch import Tensor, nn

from playground.computing.device import here, placed
from playground.errors import PlaygroundError
from playground.layers.catalogue.spec import LayerSpec, Path, Shape, walk
from playground.layers.catalogue.table import kind_of
from playground.layers.document import StackDocument
from playground.layers.export.script import Form
from playground.layers.export.sequential import ModuleWriter, NamedWriter, SequentialWriter
from playground.layers.export.tensors import TensorsWriter
from playground.layers.limits import LIMITS
from playground.layers.listing import ListedArgument, ListedLayer, Listing, NetSize, table_text
from playground.layers.run.record_batch import Recorded
from playground.layers.run.warnings import Caution, cautions
from playground.layers.stack.analysis import Analysis, StackRow, analyse, check_batch, total
from playground.layers.stack.build import build
from playground.layers.stack.text import layer_text
from playground.recorder.record import record
from playground.trace.trace import Trace

WRITERS: dict[Form, type[SequentialWriter]] = {
    "sequential": SequentialWriter,
    "named": NamedWriter,
    "module": ModuleWriter,
    "tensors": TensorsWriter,
}


@dataclass(frozen=True)
class StackNet:
    """A list of layers as a `Net`."""

    document: StackDocument
    forms: ClassVar[tuple[Form, ...]] = tuple(WRITERS)
    source_text: ClassVar = ""

    @property
    def title(self) -> str:
        return " ".join(self.document.text.split())

    @cached_property
    def analysis(self) -> Analysis:
        """Its arithmetic."""
        return self.document.analysis()

    @property
    def rows(self) -> tuple[StackRow, ...]:
        return self.analysis.rows

    def check(self) -> None:
        self.analysis.checked()

    @cached_property
    def listing(self) -> Listing:
        """List each layer in a row, also beyond the first problem; blocks before what is in them."""
        found, batch = self.analysis, self.document.batch
        known = {row.path: row for row in found.rows}
        rows = tuple(_listed(path, layer, known.get(path), batch) for path, layer in walk(found.stack.layers))
        costs = found.parameters, found.multiplications * batch, found.saved_with(batch)
        return Listing(rows, found.output, *costs, problem=found.problem, is_editable=True)

    def summary(self) -> str:
        """The layers up to the first problem; what is inside a block follows it, indented.

        >>> print(StackNet(StackDocument("Linear(3) ReLU", (4,), batch=2)).summary())
        name     layer      output  parameters  multiplications  saved bytes
        linear1  Linear(3)  (2, 3)          15               24           32
        relu1    ReLU       (2, 3)           0                0           24
        total                               15               24           56
        """
        listed = self.listing.rows
        rows = [
            replace(
                row,
                name=row.name.rpartition(".")[2],
                text=row.kind if row.is_block else row.text,
                saved=total(inside.saved for inside in listed if inside.path[: len(row.path)] == row.path),
            )
            for row in listed
            if row.gives is not None
        ]
        return table_text(replace(self.listing, rows=tuple(rows)), self.document.batch)

    def build(self) -> nn.Module:
        return build(self.analysis, self.document.rng_seed)

    def outputs(self, x: Tensor) -> Shape:
        outputs = self.analysis.checked()
        check_batch(self.analysis, len(x))
        return outputs

    def most_examples(self, batch: int) -> int:
        """The batch, halved until it fits the limits of a recording."""
        examples = min(batch, LIMITS.batch)
        while True:
            try:
                check_batch(self.analysis, examples)
                return examples
            except PlaygroundError:
                if examples == 1:
                    raise
                examples //= 2

    def size(self) -> NetSize:
        found, output = self.analysis, self.analysis.checked()
        given = {row.name: row.made for row in found.rows}
        largest = max(given, key=given.__getitem__, default="")
        return NetSize(output, found.parameters, sum(given.values()), found.multiplications, largest)

    def trace_before_problem(self, x: Tensor) -> Trace | None:
        """The forward pass through the list, with a whole block left out where something in it does not fit."""
        found = self.analysis
        if found.problem is not None:
            end = found.problem.path[0] if found.problem.path else 0
            found = analyse(replace(found.stack, layers=found.stack.layers[:end]))
        if found.problem is not None or not found.rows:
            return None
        check_batch(found, len(x))
        net = build(found, self.document.rng_seed).to(here())
        with placed():
            return record(net, x.to(here()), names=("x",), passes=0)

    def cautions(self, recorded: Recorded | None = None) -> tuple[Caution, ...]:
        """The warnings up to the first problem; none where the text is not understood."""
        try:
            analysis = self.analysis
        except PlaygroundError:
            return ()
        return cautions(analysis, recorded)

    def writer(self, form: Form) -> SequentialWriter:
        self.check()
        return WRITERS[form](self.document, self.analysis)


def _listed(path: Path, layer: LayerSpec, row: StackRow | None, batch: int) -> ListedLayer:
    kind = kind_of(layer.kind)
    given, pins = kind.given(layer), dict(layer.pins)
    arguments = [ListedArgument(a.name, a.kind, given[a.name], a.meaning) for a in kind.arguments]
    arguments += [ListedArgument(pin, "pin", pins.get(pin), "a number pins it", True) for pin in kind.pins]
    known: dict[str, Any] = {}
    if row is not None:
        known = {
            "name": row.name,
            "takes": row.takes,
            "gives": row.gives,
            "formula": row.formula,
            "parameters": row.parameters,
            "parameters_formula": row.parameters_formula,
            "multiplications": row.multiplications * batch,
            "saved": row.saved_with(batch),
            "field": None if row.field is None else tuple(reach.size for reach in row.field),
        }
    return ListedLayer(
        path, layer.kind, layer_text(layer), arguments=tuple(arguments), is_block=bool(layer.branches),
        branches=len(layer.branches), can_branch=kind.branches > 1, **known,
    )  # fmt: skip
