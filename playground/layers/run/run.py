"""`run_stack`: build a stack, record a batch through it and its loss, and take one optimizer step."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor, nn

from playground.errors import PlaygroundError
from playground.layers.catalogue.losses import loss_of
from playground.layers.catalogue.spec import Shape
from playground.layers.document import StackDocument
from playground.layers.limits import LIMITS
from playground.layers.pasted.partial_run import record_own_before_problem
from playground.layers.pasted.pasted_class import build_own, parse_module
from playground.layers.run.record_batch import (
    LayerFacts,
    OptimizerStep,
    ParameterStep,
    Recorded,
    Stepper,
    record_batch,
    target_of,
)
from playground.layers.stack.analysis import analyse, check_batch
from playground.layers.stack.build import build
from playground.recorder.record import record
from playground.trace.trace import Trace


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
    stepper = Stepper(document.optimizer, document.learning_rate, partial(_optimizer, document))
    text = document.text if document.is_own else ""
    return record_batch(net, loss, x, labels, outputs[0], stepper, analysis=analysis, text=text)


def _optimizer(document: StackDocument, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    return optimizer_of(document.optimizer, parameters, document.learning_rate)


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
