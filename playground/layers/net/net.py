"""`Net`: what is asked of a net; `net_of` chooses once whether a document's is a list of layers or a pasted class."""

from __future__ import annotations

from functools import partial
from typing import Protocol

from torch import Tensor, nn

from playground.layers.catalogue.losses import loss_of
from playground.layers.catalogue.spec import Shape
from playground.layers.document import StackDocument
from playground.layers.export.script import Form, NetWriter, script
from playground.layers.listing import Listing, NetSize
from playground.layers.net.pasted_net import PastedNet
from playground.layers.net.stack_net import StackNet
from playground.layers.run.record_batch import Recorded, Stepper, record_batch
from playground.layers.run.settings import check_output, stack_optimizer
from playground.layers.run.warnings import Caution
from playground.layers.stack.analysis import StackRow
from playground.trace.trace import Trace


class Net(Protocol):
    """A net that a document says, equal to others of the same document.

    What is asked of it is worked out once; PlaygroundError where the text is not understood."""

    def __hash__(self) -> int: ...

    @property
    def document(self) -> StackDocument:
        """The document that says it."""

    @property
    def forms(self) -> tuple[Form, ...]:
        """Forms of script that it has, the nearest to the text first."""

    @property
    def title(self) -> str:
        """The net on one line."""

    @property
    def source_text(self) -> str:
        """Whose lines a trace names; '' of a list of layers."""

    @property
    def rows(self) -> tuple[StackRow, ...]:
        """The arithmetic of a list, layer by layer up to the first problem; () of a class."""

    def check(self) -> None:
        """Raises what can be said against the net before anything runs."""

    @property
    def listing(self) -> Listing:
        """Its layers, with costs for the document's batch."""

    def summary(self) -> str:
        """The listing as a table of text."""

    def build(self) -> nn.Module:
        """The module with its first weights; the same weights whenever it is called."""

    def outputs(self, x: Tensor) -> Shape:
        """The shape that one example of `x` (N, *input_shape) gives; refuses a batch that is too large."""

    def most_examples(self, batch: int) -> int:
        """The largest batch that can be recorded. PlaygroundError where not even one example can."""

    def size(self) -> NetSize:
        """The cost of training it. PlaygroundError where the net does not fit its input."""

    def trace_before_problem(self, x: Tensor) -> Trace | None:
        """The forward pass through the layers before the first that does not fit, or through all of them where only the
        loss does not; None where nothing runs."""

    def cautions(self, recorded: Recorded | None = None) -> tuple[Caution, ...]:
        """Warn of what PyTorch accepts in silence, with what one batch showed. Never raises."""

    def writer(self, form: Form) -> NetWriter:
        """The writer of its script in this form. PlaygroundError where the net has none, or does not run."""


def net_of(document: StackDocument) -> Net:
    """The net that the document says: the one place that asks which of the two it is."""
    return PastedNet(document) if document.is_class else StackNet(document)


def record_net(net: Net, x: Tensor, labels: Tensor) -> Recorded:
    """Record one batch: `x` (N, *input_shape) float32, `labels` (N,) int64. PlaygroundError where a shape is wrong."""
    document, outputs = net.document, net.outputs(x)
    check_output(outputs, document)
    build = partial(stack_optimizer, document.optimizer, learning_rate=document.learning_rate)
    stepper = Stepper(document.optimizer, document.learning_rate, build)
    return record_batch(
        net.build, loss_of(document.loss), x, labels, outputs[0], stepper, rows=net.rows, text=net.source_text
    )


def script_of(document: StackDocument, form: Form, data_code: str | None = None) -> str:
    """The net as a plain PyTorch script that prints the page's numbers; `data_code` says how `x` and `y` are made, if
    not as the document says. Raises PlaygroundError.

    >>> code = script_of(StackDocument("Conv2d(10, 7) ReLU Flatten Linear(10)", data="random"), "sequential")
    >>> print(code[code.index("net") : code.index("loss_function")])
    net = nn.Sequential(
        nn.Conv2d(1, 10, 7),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(4840, 10),
    )
    """
    return script(net_of(document).writer(form), data_code)
