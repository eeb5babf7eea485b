"""What runs of a pasted class that does not work: the forward pass up to the place where it stops."""

from __future__ import annotations

from torch import Tensor, nn

from playground.errors import PlaygroundError
from playground.layers.pasted.module import PastedModule
from playground.recorder.record import record
from playground.trace.trace import Trace


class _UntilProblem(nn.Module):
    """A module that gives what its last complete layer gave, where it cannot give its own result."""

    def __init__(self, net: PastedModule) -> None:
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


def trace_before_problem(net: PastedModule, x: Tensor, text: str) -> Trace | None:
    """The forward pass through the layers before the first problem; None where nothing ran. `text`: of the class."""
    partial = _UntilProblem(net)
    try:
        return record(partial, x, names=("x",), text=text, passes=0)
    except PlaygroundError:
        if partial.last is None:
            return None
        raise


__all__ = ["trace_before_problem"]
