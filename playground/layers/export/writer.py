"""`NetWriter`: the parts of a script that prints the page's numbers; what builds the net differs from net to net."""

from __future__ import annotations

from abc import ABC, abstractmethod

from playground.layers.catalogue.losses import loss_of
from playground.layers.document import StackDocument


class NetWriter(ABC):
    """The parts of a script, each a piece of code. Raises PlaygroundError where the net gives no row of numbers."""

    named = "net.named_parameters()"
    functional = "nn.functional"

    def __init__(self, document: StackDocument, parameters: int) -> None:
        self.document, self.parameters = document, parameters
        self.wants_labels = loss_of(document.loss).target == "labels"
        self.loss_call = f"loss_function(net(x), {'y' if self.wants_labels else 'target'})"

    @abstractmethod
    def definitions(self) -> list[str]:
        """The classes and functions that come first; only those that are used."""

    @abstractmethod
    def net(self) -> list[str]:
        """The code that builds the net, in parts."""

    @abstractmethod
    def outputs(self) -> int:
        """How many numbers come out for one example."""

    def seeded(self, line: str) -> str:
        """What draws weights, right after the seed."""
        return f"torch.manual_seed({self.document.rng_seed})\n{line}\nloss_function = nn.{self.document.loss}()\n"

    def loss(self) -> str:
        """The forward pass and the loss."""
        made = "" if self.wants_labels else f"target = {self.rows_of_labels()}\n"
        return f'{made}loss = {self.loss_call}\nprint("loss =", loss.item())\n'

    def rows_of_labels(self) -> str:
        """A 1 at the class, as `record_batch.target_of` has it."""
        outputs = self.outputs()
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
        """The call that `settings.optimizer_of` makes."""
        name, _, momentum = self.document.optimizer.partition(" with ")
        extra = ", momentum=0.9" if momentum else ""
        return f"torch.optim.{name}({parameters}, lr={self.document.learning_rate!r}{extra})"


__all__ = ["NetWriter"]
