"""What runs of a pasted class that does not work: the forward pass up to the place where it stops."""

from __future__ import annotations

from torch import Tensor, nn

from playground.errors import PlaygroundError
from playground.layers.document import StackDocument
from playground.layers.pasted.build import build_own
from playground.layers.pasted.module import OwnModule
from playground.layers.pasted.pasted_class import parse_module
from playground.recorder.record import record
from playground.trace.trace import Trace


class _UntilProblem(nn.Module):
    """A module that gives what its last complete layer gave, where it cannot give its own result."""

    def __init__(self, net: OwnModule) -> None:
        super().__init__()
        self.net = net
        self.last: Tensor | None = None
        for module in net.modules():
            module.register_forward_hook(self.note)

    def note(self, _: nn.Module, __: object, output: object) -> None:
        """The hook that remembers an output."""
        first = output[0] if isinstance(output, tuple) else output
        self.last = first if isinstance(first, Tensor) else self.last

    def forward(self, x: Tensor) -> Tensor:
        try:
            self.net(x)
        except PlaygroundError:
            if self.last is None:
                raise
        assert self.last is not None
        return self.last


def record_own_before_problem(document: StackDocument, x: Tensor) -> Trace | None:
    """The forward pass through the layers before the first problem; None where nothing ran.

    PlaygroundError where the text is not understood, or no net can be made of it.
    """
    net = _UntilProblem(build_own(parse_module(document.text), rng_seed=document.rng_seed))
    try:
        return record(net, x, names=("x",), text=document.text, passes=0)
    except PlaygroundError:
        if net.last is None:
            return None
        raise


__all__ = ["record_own_before_problem"]
