"""`run_stack`: build a stack, record a batch through it and its loss, and take one optimizer step."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor, nn

from playground.errors import PlaygroundError
from playground.layers.analysis import Analysis, analyse, check_batch
from playground.layers.build import build
from playground.layers.document import StackDocument
from playground.layers.limits import LIMITS
from playground.layers.losses import Loss, loss_of
from playground.layers.own import build_own, parse_module
from playground.layers.own_before import record_own_before_problem
from playground.layers.spec import Shape
from playground.trace.array import Array
from playground.trace.recording import record
from playground.trace.trace import Trace

_RECTIFIERS = (nn.ReLU,)  # units that pass no gradient where they are 0


@dataclass(frozen=True, slots=True)
class LayerFacts:
    """What one layer did with this batch. `dead`: the part of its units that are 0 for every example."""

    name: str
    gradient_norm: float | None  # of all its parameters together
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
    """A stack that ran. `step`: None without parameters. `analysis`: None of somebody's own class."""

    analysis: Analysis | None
    trace: Trace
    loss: float
    accuracy: float | None
    facts: tuple[LayerFacts, ...]
    step: OptimizerStep | None


class Supervised(nn.Module):
    """A net and its loss: the layers one after the other, then the loss against the target."""

    def __init__(self, net: nn.Sequential, loss: nn.Module) -> None:
        super().__init__()
        for name, layer in net.named_children():
            self.add_module(name, layer)
        self.add_module("loss", loss)

    def outputs(self, x: Tensor) -> Tensor:
        """What the layers give, without the loss."""
        for layer in list(self.children())[:-1]:
            x = layer(x)
        return x

    def forward(self, x: Tensor, target: Tensor) -> Tensor:
        *_, loss = self.children()
        value: Tensor = loss(self.outputs(x), target)
        return value


def target_of(loss: Loss, labels: Tensor, outputs: int) -> Tensor:
    """The labels as this loss wants them: class numbers (N,), or rows (N, outputs) with a 1 at the class."""
    if loss.target == "labels":
        return labels
    rows = torch.zeros(len(labels), outputs)
    return rows.scatter_(1, labels.clamp(max=outputs - 1)[:, None], 1.0)


def run_stack(document: StackDocument, x: Tensor, labels: Tensor) -> Recorded:
    """Record one batch: `x` (N, *input_shape) float32, `labels` (N,) int64. PlaygroundError where a shape is wrong."""
    loss = loss_of(document.loss)
    if document.is_own:
        analysis, net = None, _own(document)
        outputs = _outputs_of(net(), x, document)
    else:
        analysis = document.analysis()
        outputs = analysis.checked()
        check_batch(analysis, len(x))
        net = partial(build, analysis, document.rng_seed)
    check_output(outputs, document)
    target = target_of(loss, labels, outputs[0])

    def fresh() -> Supervised:
        return Supervised(net(), loss.build())

    text = document.text if document.is_own else ""
    module = fresh()
    parameters = list(module.parameters())
    optimizer = optimizer_of(document.optimizer, parameters, document.learning_rate) if parameters else None
    trace = record(module, x, target, names=("x", "target"), text=text, optimizer=optimizer)
    facts, accuracy = _facts(fresh(), x, labels, trace)
    value = float(trace.values[trace.outputs[-1]].data.item().real)
    return Recorded(analysis, trace, value, accuracy, facts, _step(trace, document))


def _own(document: StackDocument) -> Callable[[], nn.Sequential]:
    source = parse_module(document.text)
    return lambda: nn.Sequential(OrderedDict(net=build_own(source, rng_seed=document.rng_seed)))


@torch.no_grad()
def _outputs_of(net: nn.Module, x: Tensor, document: StackDocument) -> Shape:
    """The shape of one example's outputs, found by running somebody's own class."""
    if not 1 <= len(x) <= LIMITS.batch:
        raise PlaygroundError(f"a batch of {len(x)}", hint=f"from 1 to {LIMITS.batch} examples")
    out = net(x)
    if not isinstance(out, Tensor) or out.dim() < 1 or len(out) != len(x):
        raise PlaygroundError("forward gives no row for each example", hint="return (N, classes)", text=document.text)
    return tuple(out.shape[1:])


def record_before_problem(document: StackDocument, x: Tensor) -> Trace | None:
    """The forward pass through the layers before the first that does not fit, or through all of them where only the
    loss does not; None where the first layer is that one. PlaygroundError where the text is not understood."""
    if document.is_own:
        return record_own_before_problem(document, x)
    analysis = document.analysis()
    if analysis.problem is not None:
        end = analysis.problem.path[0] if analysis.problem.path else 0
        analysis = analyse(replace(analysis.stack, layers=analysis.stack.layers[:end]))
    if analysis.problem is not None or not analysis.rows:
        return None
    check_batch(analysis, len(x))
    return record(build(analysis, document.rng_seed), x, names=("x",), passes=0)


def check_output(output: Shape, document: StackDocument) -> None:
    """The loss compares one row per example: (N, outputs), with a class number below the number of outputs."""
    if len(output) != 1:
        shape = "(" + ", ".join(["N", *map(str, output)]) + ")"
        hint = f"{document.loss} takes (N, {document.classes}): flatten before the last Linear"
        raise PlaygroundError(f"the stack gives {shape} for every batch", hint=hint, text=document.text)
    if loss_of(document.loss).target == "labels" and output[0] < document.classes:
        message = f"{output[0]} outputs for {document.classes} classes"
        raise PlaygroundError(message, hint=f"end with Linear({document.classes})", text=document.text)


def optimizer_of(name: str, parameters: list[nn.Parameter], learning_rate: float) -> torch.optim.Optimizer:
    """PyTorch's optimizer of this name."""
    if name == "SGD with momentum":
        return torch.optim.SGD(parameters, lr=learning_rate, momentum=0.9)
    kind: type[torch.optim.Optimizer] = getattr(torch.optim, name)
    return kind(parameters, lr=learning_rate)  # type: ignore[call-arg]  # every one of the list takes it


def _step(trace: Trace, document: StackDocument) -> OptimizerStep | None:
    """What the trace's last phase did; None where no parameter changed."""
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
    return OptimizerStep(document.optimizer, document.learning_rate, steps, before, after)


def _facts(module: Supervised, x: Tensor, labels: Tensor, trace: Trace) -> tuple[tuple[LayerFacts, ...], float | None]:
    """What each layer does with the batch, and how much of it is right."""
    found: dict[str, tuple[float | None, float, float]] = {}

    def look(name: str) -> Callable[..., None]:
        def hook(layer: nn.Module, _: object, output: Tensor) -> None:
            dead = float((output == 0).all(dim=0).float().mean()) if isinstance(layer, _RECTIFIERS) else None
            found[name] = dead, float(output.mean()), float(output.std(correction=0))

        return hook

    for name, layer in module.named_modules():
        if name and name != "loss" and not any(layer.children()):
            layer.register_forward_hook(look(name))
    with torch.no_grad():
        outputs = module.outputs(x)
    right = float((outputs.argmax(1) == labels).float().mean()) if outputs.shape[1] > 1 else None
    squares: dict[str, float] = {}
    for value in trace.values:
        if value.kind == "parameter" and value.adjoint is not None:
            layer_name = value.name.rpartition(".")[0]
            squares[layer_name] = squares.get(layer_name, 0.0) + (value.adjoint.statistics.norm or 0.0) ** 2
    facts = tuple(
        LayerFacts(name, math.sqrt(squares[name]) if name in squares else None, *fact) for name, fact in found.items()
    )
    return facts, right


__all__ = [
    "LayerFacts",
    "OptimizerStep",
    "ParameterStep",
    "Recorded",
    "optimizer_of",
    "record_before_problem",
    "run_stack",
    "target_of",
]
