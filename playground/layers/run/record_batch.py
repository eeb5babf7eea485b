"""`record_batch`: one batch through a net and its loss, forward, backward and one step of an optimizer, recorded."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from playground.computing.device import here, placed
from playground.layers.catalogue.losses import Loss
from playground.layers.stack.analysis import StackRow
from playground.recorder.record import record
from playground.trace.array import Array
from playground.trace.trace import Trace

_RECTIFIERS = (nn.ReLU, nn.ReLU6)  # units that pass no gradient where they are 0
_WHOLE = (nn.MultiheadAttention, nn.TransformerEncoderLayer)  # layers that PyTorch makes of others


@dataclass(frozen=True, slots=True)
class LayerFacts:
    """Measurements of one layer with this batch. Of one that rectifies: `zeros`, the part of its activations that are
    0, and `dead`, the part of its units that are 0 for every example."""

    name: str
    gradient_norm: float | None  # of all its parameters together
    zeros: float | None
    dead: float | None
    mean: float
    deviation: float


@dataclass(frozen=True, slots=True)
class ParameterStep:
    """One parameter's step: before, gradient, the optimizer's memory by name, after."""

    name: str
    before: Array
    gradient: Array
    state: tuple[tuple[str, Array], ...]
    after: Array


@dataclass(frozen=True, slots=True)
class OptimizerStep:
    """One step of the optimizer, and the loss on the same batch before and after it."""

    optimizer: str
    learning_rate: float
    parameters: tuple[ParameterStep, ...]
    loss_before: float
    loss_after: float


@dataclass(frozen=True, slots=True)
class Recorded:
    """A net that ran. `step`: None without parameters. `rows`: of a list of layers; () of a pasted class."""

    rows: tuple[StackRow, ...]
    trace: Trace
    loss: float
    accuracy: float | None
    facts: tuple[LayerFacts, ...]
    step: OptimizerStep | None


class Supervised(nn.Module):
    """A net and its loss: the layers one after the other, or a class named `net`, then the loss against the target."""

    def __init__(self, net: nn.Module, loss: nn.Module) -> None:
        super().__init__()
        for name, layer in net.named_children() if isinstance(net, nn.Sequential) else [("net", net)]:
            self.add_module(name, layer)
        self.add_module("loss", loss)

    def outputs(self, x: Tensor) -> Tensor:
        """Compute what the layers give, without the loss."""
        for layer in list(self.children())[:-1]:
            x = layer(x)
        return x

    def forward(self, x: Tensor, target: Tensor) -> Tensor:
        *_, loss = self.children()
        value: Tensor = loss(self.outputs(x), target)
        return value


@dataclass(frozen=True, slots=True)
class Stepper:
    """An optimizer by name, its rate for this step, and how it is made for a list of parameters."""

    name: str
    learning_rate: float
    build: Callable[[list[nn.Parameter]], torch.optim.Optimizer]


def target_of(loss: Loss, labels: Tensor, outputs: int) -> Tensor:
    """The labels as this loss wants them: class numbers (N,), rows (N, outputs) with a 1 at the class, or rows (N, 1)
    of the numbers to predict."""
    if labels.is_floating_point():
        return labels[:, None]
    if loss.target == "labels":
        return labels
    rows = torch.zeros(len(labels), outputs, device=labels.device)
    return rows.scatter_(1, labels.clamp(max=outputs - 1)[:, None], 1.0)


def record_batch(
    fresh: Callable[[], nn.Module],
    loss: Loss,
    x: Tensor,
    labels: Tensor,
    outputs: int,
    stepper: Stepper,
    *,
    rows: tuple[StackRow, ...] = (),
    text: str = "",
) -> Recorded:
    """Record one batch: `x` (N, *input_shape) float32, `labels` (N,) int64 of classes or float32 to predict, through a
    net with `outputs` numbers.

    It computes on the device that is used, wherever net and batch come from.
    `fresh` gives the net, with the same weights, buffers and place in the stream of dropout whenever it is called: the
    facts of the layers come from a second one. `text`: a pasted class, whose lines the trace then names.
    """
    x, labels = x.to(here()), labels.to(here())
    target = target_of(loss, labels, outputs)
    module = Supervised(fresh(), loss.build()).to(here())
    parameters = list(module.parameters())
    optimizer = stepper.build(parameters) if parameters else None
    with placed():
        trace = record(module, x, target, names=("x", "target"), text=text, optimizer=optimizer)
        facts, accuracy = _facts(Supervised(fresh(), loss.build()).to(here()), x, labels, trace)
    value = float(trace.values[trace.outputs[-1]].data.item().real)
    return Recorded(rows, trace, value, accuracy, facts, _step(trace, stepper))


def _step(trace: Trace, stepper: Stepper) -> OptimizerStep | None:
    """Return what the trace's last phase did; None where no parameter changed."""
    updates = [step.update for step in trace.steps if step.update is not None]
    if not updates:
        return None
    *changes, last = updates
    steps = tuple(
        ParameterStep(
            trace.values[change.value].name,
            change.before,
            change.gradient,
            tuple((entry.name, entry.after) for entry in change.state),
            change.after,
        )
        for change in changes
        if change.gradient is not None
    )
    before, after = (float(loss.item().real) for loss in (last.before, last.after))
    return OptimizerStep(stepper.name, stepper.learning_rate, steps, before, after)


def _facts(module: Supervised, x: Tensor, labels: Tensor, trace: Trace) -> tuple[tuple[LayerFacts, ...], float | None]:
    """Tell what each layer does with the batch, and how much of it is right."""
    found: dict[str, tuple[float | None, float | None, float, float]] = {}

    def look(name: str) -> Callable[..., None]:
        def hook(layer: nn.Module, _: object, outputs: Tensor | tuple[Tensor, ...]) -> None:
            output = outputs[0] if isinstance(outputs, tuple) else outputs
            zeros = dead = None
            if isinstance(layer, _RECTIFIERS):
                is_zero = output == 0
                zeros, dead = float(is_zero.float().mean()), float(is_zero.all(dim=0).float().mean())
            found[name] = zeros, dead, float(output.mean()), float(output.std(correction=0))

        return hook

    for name, layer in _layers(module):
        layer.register_forward_hook(look(name))
    with torch.no_grad():
        outputs = module.outputs(x)
    is_class = outputs.shape[1] > 1 and not labels.is_floating_point()
    right = float((outputs.argmax(1) == labels).float().mean()) if is_class else None
    return tuple(LayerFacts(name, _gradient_norm(trace, name), *fact) for name, fact in found.items()), right


def _layers(module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """The layers that compute, by name, the loss not among them."""
    inside: set[nn.Module] = set()  # of a layer that is told as one
    for name, layer in module.named_modules():
        is_whole = isinstance(layer, _WHOLE)
        if name not in ("", "loss") and layer not in inside and (is_whole or not any(layer.children())):
            yield name, layer
        if is_whole:
            inside |= set(layer.modules())


def _gradient_norm(trace: Trace, layer: str) -> float | None:
    """The norm of the gradients of all parameters of a layer, None without any."""
    gradients = [
        value.adjoint.statistics.norm or 0.0
        for value in trace.values
        if value.kind == "parameter" and value.adjoint is not None and value.name.startswith(f"{layer}.")
    ]
    return math.hypot(*gradients) if gradients else None
