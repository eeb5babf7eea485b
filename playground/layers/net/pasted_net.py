"""`PastedNet`: a pasted class, of which everything is known by running it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor, nn

from playground.computing.device import here, placed
from playground.errors import PlaygroundError
from playground.layers.catalogue.spec import Shape
from playground.layers.document import StackDocument
from playground.layers.export.pasted import PastedWriter
from playground.layers.export.script import Form
from playground.layers.limits import LIMITS
from playground.layers.listing import Listing, NetSize, table_text
from playground.layers.pasted.analysis import pasted_listing
from playground.layers.pasted.build import build_pasted
from playground.layers.pasted.costs import size_by_running
from playground.layers.pasted.parse import parse_module
from playground.layers.pasted.pasted_module import PastedModule
from playground.layers.pasted.tree import PastedSource
from playground.layers.run.pasted_warnings import pasted_cautions
from playground.layers.run.record_batch import Recorded
from playground.layers.run.warnings import Caution
from playground.layers.stack.problems import check_input
from playground.recorder.record import record
from playground.trace.trace import Trace


@dataclass(frozen=True)
class PastedNet:
    """A pasted class as a `Net`."""

    document: StackDocument
    forms: ClassVar[tuple[Form, ...]] = ("module", "named")
    title: ClassVar = "a class of its own"
    rows: ClassVar = ()

    @property
    def source_text(self) -> str:
        return self.document.text

    @cached_property
    def _source(self) -> PastedSource:
        return parse_module(self.document.text)

    def check(self) -> None:
        """Check nothing: a class is checked as it runs."""

    @cached_property
    def listing(self) -> Listing:
        """List each call of a layer in a row. Never raises."""
        return pasted_listing(self.document)

    def summary(self) -> str:
        """Every call up to the first problem."""
        return table_text(self.listing, self.document.batch)

    def build(self) -> PastedModule:
        return build_pasted(self._source, rng_seed=self.document.rng_seed)

    @torch.no_grad()
    def outputs(self, x: Tensor) -> Shape:
        net = self.build()
        check_input(self.document.input_shape, len(x))
        out = net(x)
        if not isinstance(out, Tensor) or out.dim() < 1 or len(out) != len(x):
            message = "forward gives no row for each example"
            raise PlaygroundError(message, hint="return (N, classes)", text=self.document.text)
        return tuple(out.shape[1:])

    def most_examples(self, batch: int) -> int:
        """The most examples that any recording may have: the costs of a class show when it runs."""
        each = math.prod(self.document.input_shape)
        return max(1, min(batch, LIMITS.batch, LIMITS.activations // each))

    def size(self) -> NetSize:
        return size_by_running(self.build(), self.document.input_shape)

    def trace_before_problem(self, x: Tensor) -> Trace | None:
        """The forward pass up to the layer that was complete last."""
        partial = _UntilProblem(self.build()).to(here())
        try:
            with placed():
                return record(partial, x.to(here()), names=("x",), text=self.document.text, passes=0)
        except PlaygroundError:
            if partial.last is None:
                return None
            raise

    def cautions(self, recorded: Recorded | None = None) -> tuple[Caution, ...]:
        """The warnings; none before it ran."""
        return () if recorded is None else pasted_cautions(self.document, self.listing, recorded)

    def writer(self, form: Form) -> PastedWriter:
        """The writer of the class itself; other forms are refused."""
        if form not in self.forms:
            hint = "take the script `Own module`"
            raise PlaygroundError("a pasted class leaves as the class that it is", hint=hint)
        return PastedWriter(self.document, self._source, self.listing)


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
