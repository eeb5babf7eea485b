"""The script with the layers inside one `nn.Sequential`; the other forms differ from it in parts."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from playground.layers.catalogue import modules
from playground.layers.catalogue.losses import loss_of
from playground.layers.catalogue.spec import Path
from playground.layers.catalogue.table import kind_of
from playground.layers.document import StackDocument
from playground.layers.export.calls import constructor_call, nested_call
from playground.layers.stack.analysis import Analysis, Row


class SequentialWriter:
    """The layers inside one `nn.Sequential`."""

    named = "net.named_parameters()"
    functional = "nn.functional"

    def __init__(self, document: StackDocument, analysis: Analysis) -> None:
        self.document, self.analysis = document, analysis
        self.wants_labels = loss_of(document.loss).target == "labels"
        self.loss_call = f"loss_function(net(x), {'y' if self.wants_labels else 'target'})"

    def definitions(self) -> list[str]:
        """The classes that PyTorch lacks, as the page has them; only those that are used."""
        kinds = {kind_of(row.layer.kind).build for row in self.analysis.rows}
        own = [modules.Bias, modules.Reshape, modules.Residual, modules.Parallel]
        return [inspect.getsource(build) for build in own if build in kinds]

    def net(self) -> list[str]:
        """The code that builds the net, in parts."""
        layers = [self.module(row, 1) for row in self.row_of((), 0)]
        body = "".join(f"    {layer},\n" for layer in layers)
        return [self.seeded("net = nn.Sequential(" + (f"\n{body}" if body else "") + ")")]

    def seeded(self, line: str) -> str:
        """What draws weights, right after the seed."""
        return f"torch.manual_seed({self.document.rng_seed})\n{line}\nloss_function = nn.{self.document.loss}()\n"

    def loss(self) -> str:
        """The forward pass and the loss."""
        made = "" if self.wants_labels else f"target = {self.rows_of_labels()}\n"
        return f'{made}loss = {self.loss_call}\nprint("loss =", loss.item())\n'

    def rows_of_labels(self) -> str:
        """A 1 at the class, as `run.target_of` has it."""
        outputs = self.analysis.checked()[0]
        labels = "y" if outputs >= self.document.classes else f"y.clamp(max={outputs - 1})"
        return f"{self.functional}.one_hot({labels}, {outputs}).float()"

    def step(self) -> str:
        """One step of the optimizer, and the loss after it."""
        optimizer = self.optimizer("net.parameters()")
        return f"optimizer = {optimizer}\noptimizer.step()\nwith torch.no_grad():\n    {self.after()}\n"

    def after(self) -> str:
        """The line that prints the loss after the step."""
        return f'print("loss after one step =", {self.loss_call}.item())'

    def optimizer(self, parameters: str) -> str:
        """The call that `run.optimizer_of` makes."""
        name, _, momentum = self.document.optimizer.partition(" with ")
        extra = ", momentum=0.9" if momentum else ""
        return f"torch.optim.{name}({parameters}, lr={self.document.learning_rate!r}{extra})"

    def row_of(self, path: Path, branch: int) -> Iterator[Row]:
        """The rows of one sub-stack; of the whole stack for the path ()."""
        prefix = (*path, branch) if path else ()
        return (row for row in self.analysis.rows if row.path[:-1] == prefix)

    def module(self, row: Row, depth: int) -> str:
        """The constructor's call."""
        layer = row.layer
        if not layer.branches:
            return constructor_call(row)
        bodies = []
        for branch in range(len(layer.branches)):
            inner = [self.module(inside, depth + 2) for inside in self.row_of(row.path, branch)]
            bodies.append(nested_call("nn.Sequential", inner, depth + 1) if len(inner) > 1 else inner[0])
        return nested_call(layer.kind, bodies, depth)
