"""What one step does to each layer: looked at in the steps that are recorded, and in no other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils.hooks import RemovableHandle

from playground.training.records import LayerRecord

RECTIFIERS = (nn.ReLU,)  # units that pass no gradient where they are 0
FUNCTIONS = frozenset({torch.relu, torch.relu_, Tensor.relu, Tensor.relu_})  # nn.ReLU calls another, functional.relu
MOST_CALLS = 8  # of such functions that get a record: a recurrent net may have hundreds


class Probe(TorchFunctionMode):
    """Looks at a net: `with` it around the forward pass, `see_gradients` after the backward pass, before they are
    clipped; `layers`, after the optimizer's step, gives what was seen.

    Functions that rectify, in a class of one's own, are `relu 1`, `relu 2`, ... in the order of their calls.
    """

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self._net = net
        self._dead: dict[str, list[Tensor]] = defaultdict(list)  # for each unit of each call, whether it is
        self._calls = 0
        self._hooks: list[RemovableHandle] = []
        self._gradients: dict[str, float] = {}  # of each layer, the norm
        self._before = {name: parameter.detach().clone() for name, parameter in net.named_parameters()}

    def __enter__(self) -> Self:
        self._hooks = [
            self._watch(name, module) for name, module in self._net.named_modules() if isinstance(module, RECTIFIERS)
        ]
        super().__enter__()  # type: ignore[no-untyped-call]  # PyTorch's own
        return self

    def __exit__(self, *problem: object) -> None:
        super().__exit__(*problem)  # type: ignore[no-untyped-call]  # PyTorch's own
        for hook in self._hooks:
            hook.remove()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        output = func(*args, **(kwargs or {}))
        if func in FUNCTIONS and self._calls < MOST_CALLS:
            self._calls += 1
            self._look(f"relu {self._calls}", output)
        return output

    def _watch(self, name: str, module: nn.Module) -> RemovableHandle:
        return module.register_forward_hook(lambda _, __, output: self._look(name, output))

    def _look(self, name: str, output: Tensor) -> None:
        greatest = output.detach().amax(dim=0)  # none is below 0: a tenth of the time of comparing all with 0
        self._dead[name].append((greatest == 0).flatten())

    def see_gradients(self) -> None:
        """Take the norms of the gradients as they are now."""
        for name, parameters in self._grouped().items():
            gradients = [parameter.grad for _, parameter in parameters if parameter.grad is not None]
            if gradients:
                self._gradients[name] = _norm(gradients)

    def _grouped(self) -> dict[str, list[tuple[str, Tensor]]]:
        """The parameters of each layer, with their names."""
        grouped: dict[str, list[tuple[str, Tensor]]] = defaultdict(list)
        for name, parameter in self._net.named_parameters():
            grouped[name.rpartition(".")[0]].append((name, parameter))
        return grouped

    def layers(self) -> tuple[LayerRecord, ...]:
        """One record a layer, in the order of the net, then one a function."""
        dead = {name: float(torch.cat(calls).float().mean()) for name, calls in self._dead.items()}
        grouped = self._grouped()
        modules = [name for name, _ in self._net.named_modules()]
        found: list[LayerRecord] = []
        for name in dict.fromkeys([*modules, *dead]):
            if name in grouped:
                found.append(self._layer(name, grouped[name]))
            elif name in dead:
                found.append(LayerRecord(name, dead=dead[name]))
        return tuple(found)

    def _layer(self, name: str, parameters: list[tuple[str, Tensor]]) -> LayerRecord:
        weights = [parameter.detach() for _, parameter in parameters]
        changes = [self._before[key].sub_(parameter.detach()) for key, parameter in parameters]
        size = _norm(weights)
        return LayerRecord(
            name,
            gradient_norm=self._gradients.get(name),
            weight_norm=size,
            update_ratio=_norm(changes) / size if size else None,
        )


@torch.no_grad()
def _norm(tensors: Iterable[Tensor]) -> float:
    """The norm of all of them as one vector."""
    return float(torch.stack([torch.linalg.vector_norm(tensor) for tensor in tensors]).norm())


@torch.no_grad()
def first_not_finite(net: nn.Module, parts: Iterable[Tensor]) -> str:
    """Where the forward pass of these examples, part by part, stops being finite: in a layer's parameters, in its
    output, in parameters that it passes by, or in the loss alone."""
    found: list[str] = []

    def watch(name: str, module: nn.Module) -> RemovableHandle:
        def look(_: nn.Module, __: object, output: object) -> None:
            if found:
                return
            for key, parameter in module.named_parameters(recurse=False):
                if not torch.isfinite(parameter).all():
                    found.append(f"{name}.{key}" if name else key)
                    return
            if isinstance(output, Tensor) and not torch.isfinite(output).all():
                found.append(f"the output of {name or 'the net'}")

        return module.register_forward_hook(look)

    hooks = [watch(name, module) for name, module in net.named_modules()]
    try:
        for x in parts:
            net(x)
            if found:
                return found[0]
    finally:
        for hook in hooks:
            hook.remove()
    unused = (name for name, parameter in net.named_parameters() if not torch.isfinite(parameter).all())
    return next(unused, "the loss itself")


__all__ = ["RECTIFIERS", "Probe", "first_not_finite"]
