"""`Probe`: gradient norms, update ratios, zeros and dead units of each layer, measured in recorded steps only."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils.hooks import RemovableHandle

from playground.layers.pasted.pasted_module import PastedModule
from playground.training.records import LayerRecord

RECTIFIERS = (nn.ReLU,)  # units that pass no gradient where they are 0
FUNCTIONS = frozenset({torch.relu, torch.relu_, Tensor.relu, Tensor.relu_})  # nn.ReLU calls another, functional.relu
MOST_CALLS = 8  # of such functions that get a record: a recurrent net may have hundreds


class Probe(TorchFunctionMode):
    """Measures a net in one step after the other: `with` it around the forward pass, `see_gradients` after the backward
    pass, before they are clipped; `layers`, after the optimizer's step, gives what was seen.

    Functions that rectify, in a class of one's own, are `relu 1`, `relu 2`, ... in the order of their calls.
    """

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self._modules = dict(net.named_modules())
        self._has_functions = any(isinstance(module, PastedModule) for module in self._modules.values())
        self._parameters: dict[str, list[nn.Parameter]] = defaultdict(list)  # of each layer
        for name, parameter in net.named_parameters():
            self._parameters[name.rpartition(".")[0]].append(parameter)
        self._before = [[torch.empty_like(one.detach()) for one in some] for some in self._parameters.values()]
        self._hooks: list[RemovableHandle] = []
        self._gradients: list[float | None] = []  # of each layer, the norm
        self._dead: dict[str, list[Tensor]] = {}  # for each unit of each call, whether it is
        self._zeros: dict[str, list[tuple[Tensor, int]]] = {}  # of each call: activations that are 0, and all
        self._calls = 0

    @torch.no_grad()
    def __enter__(self) -> Self:
        self._gradients, self._calls = [None] * len(self._parameters), 0
        self._dead, self._zeros = defaultdict(list), defaultdict(list)
        for before, parameters in zip(self._before, self._parameters.values(), strict=True):
            for kept, parameter in zip(before, parameters, strict=True):
                kept.copy_(parameter)
        self._hooks = [
            self._watch(name, module) for name, module in self._modules.items() if isinstance(module, RECTIFIERS)
        ]
        if self._has_functions:
            super().__enter__()  # type: ignore[no-untyped-call]  # PyTorch's own
        return self

    def __exit__(self, *problem: object) -> None:
        if self._has_functions:
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
        seen = output.detach()
        greatest = seen.amax(dim=0)  # none is below 0: a tenth of the time of comparing all with 0
        self._dead[name].append((greatest == 0).flatten())
        self._zeros[name].append(((seen == 0).sum(), seen.numel()))

    def see_gradients(self) -> None:
        """Take the norms of the gradients as they are now."""
        gradients = [[one.grad for one in some if one.grad is not None] for some in self._parameters.values()]
        self._gradients = [norm if some else None for norm, some in zip(_norms(gradients), gradients, strict=True)]

    @torch.no_grad()
    def layers(self) -> tuple[LayerRecord, ...]:
        """Return one record a layer, in the order of the net, then one a function."""
        dead = {name: float(torch.cat(calls).float().mean()) for name, calls in self._dead.items()}
        zeros = {name: _share(calls) for name, calls in self._zeros.items()}
        weights = [[one.detach() for one in some] for some in self._parameters.values()]
        changes = [
            [kept.sub_(weight) for kept, weight in zip(before, some, strict=True)]
            for before, some in zip(self._before, weights, strict=True)
        ]
        norms = zip(self._parameters, self._gradients, _norms(weights), _norms(changes), strict=True)
        found = {
            name: LayerRecord(
                name, gradient_norm=gradient, weight_norm=size, update_ratio=change / size if size else None
            )
            for name, gradient, size, change in norms
        }
        found |= {
            name: LayerRecord(name, zeros=zeros[name], dead=share) for name, share in dead.items() if name not in found
        }
        return tuple(found[name] for name in dict.fromkeys([*self._modules, *dead]) if name in found)


def _share(calls: Sequence[tuple[Tensor, int]]) -> float:
    """Return the part that was counted, of all calls together; of nothing, 0."""
    return sum(int(count) for count, _ in calls) / max(1, sum(size for _, size in calls))


@torch.no_grad()
def _norms(groups: Sequence[Sequence[Tensor]]) -> list[float]:
    """Return the norm of each group, all its tensors as one vector. Read together: on a GPU each read waits."""
    found = [torch.linalg.vector_norm(tensor) for group in groups for tensor in group]
    each = iter(torch.stack(found).tolist() if found else ())
    return [math.hypot(*islice(each, len(group))) for group in groups]


@torch.no_grad()
def first_not_finite(net: nn.Module, parts: Iterable[Tensor]) -> str:
    """Find where the forward pass of these examples, part by part, stops being finite: in a layer's parameters, in its
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
