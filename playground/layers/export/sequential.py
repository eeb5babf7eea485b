"""A list of layers as modules: in one `nn.Sequential`, without or with names, or in a class with a line for each."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator

from playground.layers.catalogue import modules
from playground.layers.catalogue.spec import Path
from playground.layers.catalogue.table import kind_of
from playground.layers.document import StackDocument
from playground.layers.export.calls import constructor_call, nested_call, original_call
from playground.layers.export.script import NetWriter
from playground.layers.stack.analysis import Analysis, StackRow


class SequentialWriter(NetWriter):
    """The layers inside one `nn.Sequential`; the other forms differ from it in parts."""

    def __init__(self, document: StackDocument, analysis: Analysis) -> None:
        super().__init__(document, analysis.parameters)
        self.analysis = analysis

    def definitions(self) -> list[str]:
        return self.sources(self.analysis.rows)

    def sources(self, rows: Iterable[StackRow]) -> list[str]:
        """The classes of the page that these layers are of."""
        used = {kind_of(row.layer.kind).build for row in rows}
        return [inspect.getsource(build) for build in modules.OURS if build in used]

    def net(self) -> list[str]:
        layers = [self.module(row, 1) for row in self.row_of((), 0)]
        body = "".join(f"    {layer},\n" for layer in layers)
        return [self.seeded("net = nn.Sequential(" + (f"\n{body}" if body else "") + ")")]

    def outputs(self) -> int:
        return self.analysis.checked()[0]

    def row_of(self, path: Path, branch: int) -> Iterator[StackRow]:
        """The rows of one sub-stack; of the whole stack for the path ()."""
        prefix = (*path, branch) if path else ()
        return (row for row in self.analysis.rows if row.path[:-1] == prefix)

    def module(self, row: StackRow, depth: int) -> str:
        """The constructor's call."""
        layer = row.layer
        if not layer.branches:
            return constructor_call(row)
        bodies = []
        for branch in range(len(layer.branches)):
            inner = [self.module(inside, depth + 2) for inside in self.row_of(row.path, branch)]
            bodies.append(nested_call("nn.Sequential", inner, depth + 1) if len(inner) > 1 else inner[0])
        return nested_call(layer.kind, bodies, depth)


class NamedWriter(SequentialWriter):
    """The layers inside one `nn.Sequential` by the names of the page, so that weights and records of a run fit."""

    def net(self) -> list[str]:
        return [self.seeded(f"net = {self.named_layers((), 0, 0)}")]

    def named_layers(self, path: Path, branch: int, depth: int) -> str:
        """Name the layers of one sub-stack."""
        rows = self.row_of(path, branch)
        layers = [f"{row.name.rpartition('.')[2]}={self.module(row, depth + 2)}" for row in rows]
        return nested_call("nn.Sequential", [nested_call("OrderedDict", layers, depth + 1)], depth)

    def module(self, row: StackRow, depth: int) -> str:
        layer = row.layer
        if not layer.branches:
            return constructor_call(row)
        bodies = [self.named_layers(row.path, branch, depth + 1) for branch in range(len(layer.branches))]
        return nested_call(layer.kind, bodies, depth)


class ModuleWriter(SequentialWriter):
    """A class with a line for each layer; of those that give several results, `forward` takes the first."""

    def definitions(self) -> list[str]:
        return self.sources([row for row in self.analysis.rows if not self.is_original(row)])

    def net(self) -> list[str]:
        rows = list(self.row_of((), 0))
        made = "".join(f"        self.{row.name} = {self.made(row)}\n" for row in rows)
        done = "".join(f"        {self.called(row)}\n" for row in rows)
        head = "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        return [f"{head}{made}\n    def forward(self, x):\n{done}        return x", self.seeded("net = Net()")]

    def is_original(self, row: StackRow) -> bool:
        """Tell whether PyTorch's own layer stands in the class, and not the page's."""
        return len(row.path) == 1 and kind_of(row.layer.kind).original is not None

    def made(self, row: StackRow) -> str:
        """The constructor's call of a layer of the class."""
        return original_call(row) if self.is_original(row) else self.module(row, 2)

    def called(self, row: StackRow) -> str:
        """The line of `forward` that calls it."""
        call = kind_of(row.layer.kind).call if self.is_original(row) else "x = {}(x)"
        return call.format(f"self.{row.name}")
