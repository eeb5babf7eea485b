"""What one step does to each layer: looked at in the steps that are recorded, and in no other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from playground.training.records import LayerRecord

RECTIFIERS = (nn.ReLU,)  # units that pass no gradient where they are 0


class Probe:
    """Looks at a net from before the forward pass to after the optimizer's step; `layers` gives what was seen."""

    def __init__(self, net: nn.Module) -> None:
        self._net = net
        self._dead: dict[str, float] = {}
        self._before = {name: parameter.detach().clone() for name, parameter in net.named_parameters()}
        self._hooks = [
            self._watch(name, module) for name, module in net.named_modules() if isinstance(module, RECTIFIERS)
        ]

    def _watch(self, name: str, module: nn.Module) -> RemovableHandle:
        def look(_: nn.Module, __: object, output: Tensor) -> None:
            self._dead[name] = float((output.detach() == 0).all(dim=0).float().mean())

        return module.register_forward_hook(look)

    def remove(self) -> None:
        """Take the hooks off the net."""
        for hook in self._hooks:
            hook.remove()

    def layers(self) -> tuple[LayerRecord, ...]:
        """One record a layer, in the order of the net."""
        self.remove()
        grouped: dict[str, list[tuple[str, Tensor]]] = defaultdict(list)
        for name, parameter in self._net.named_parameters():
            grouped[name.rpartition(".")[0]].append((name, parameter))
        found: list[LayerRecord] = []
        for name, _ in self._net.named_modules():
            if name in grouped:
                found.append(self._layer(name, grouped[name]))
            elif name in self._dead:
                found.append(LayerRecord(name, dead=self._dead[name]))
        return tuple(found)

    def _layer(self, name: str, parameters: list[tuple[str, Tensor]]) -> LayerRecord:
        weights = [parameter.detach() for _, parameter in parameters]
        gradients = [parameter.grad for _, parameter in parameters if parameter.grad is not None]
        changes = [self._before[key].sub_(parameter.detach()) for key, parameter in parameters]
        size = _norm(weights)
        return LayerRecord(
            name,
            gradient_norm=_norm(gradients) if gradients else None,
            weight_norm=size,
            update_ratio=_norm(changes) / size if size else None,
            dead=self._dead.get(name),
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
