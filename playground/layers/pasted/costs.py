"""Costs of a forward pass, as PyTorch itself does it: multiplications, bytes kept for the backward pass, outputs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

from playground.errors import PlaygroundError
from playground.layers.catalogue.spec import Shape
from playground.layers.listing import NetSize
from playground.layers.stack.problems import check_input

aten = torch.ops.aten


def _recurrent(x: Tensor, weight_ih: Tensor, weight_hh: Tensor, *_: Any, out_val: Any) -> int:
    return 2 * x.shape[0] * x.shape[1] * (weight_ih.numel() + weight_hh.numel())


COUNTS = flop_registry | {  # with what PyTorch's table leaves out of a CPU's
    aten.mkldnn_rnn_layer: _recurrent,
    aten._scaled_dot_product_flash_attention_for_cpu: flop_registry[aten._scaled_dot_product_flash_attention],
}


class PastedCosts(TorchDispatchMode):  # type: ignore[no-untyped-call]  # PyTorch's own
    """Counts while it is active; local to its thread, as the hooks on saved tensors are."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # PyTorch's own
        self.multiplications = 0  # of matrix products and convolutions, as `torch.utils.flop_counter` counts them
        self.saved = 0  # bytes newly kept; parameters and buffers are there anyway
        self._module = module
        self._kept: dict[int, Tensor] = {}  # kept alive, so that no storage takes the place of another

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        count = COUNTS.get(func._overloadpacket)
        if count is not None:
            self.multiplications += count(*args, **(kwargs or {}), out_val=out) // 2
        return out

    @contextmanager
    def counting(self) -> Iterator[None]:
        """The time in which a pass is counted."""
        for tensor in (*self._module.parameters(), *self._module.buffers()):
            self._kept[tensor.untyped_storage()._cdata] = tensor
        with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(self._note, lambda tensor: tensor), self:
            yield

    def _note(self, tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in self._kept:
            self._kept[storage._cdata] = tensor
            self.saved += storage.nbytes()
        return tensor


@torch.no_grad()
def size_by_running(net: nn.Module, input_shape: Shape) -> NetSize:
    """The size of a class, which is run with two examples, as small a batch as can be told from one."""
    check_input(input_shape, 2)
    net.eval()  # so that dropout draws nothing, and batch norm stays where it is
    x, given, costs = torch.zeros(2, *input_shape), _Given(), PastedCosts(net)
    with _Watched(), given, costs:
        out = net(x)
    if not isinstance(out, Tensor) or out.dim() < 1 or len(out) != 2:
        raise PlaygroundError("forward gives no row for each example", hint="return (N, classes)")
    parameters = sum(parameter.numel() for parameter in net.parameters())
    return NetSize(tuple(out.shape[1:]), parameters, given.numbers // 2, costs.multiplications // 2)


class _Watched(TorchFunctionMode):
    """Changes nothing; while it is active, PyTorch takes no shortcut past the operations that are counted."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return func(*args, **(kwargs or {}))


class _Given(TorchDispatchMode):  # type: ignore[no-untyped-call]  # PyTorch's own
    """Counts the numbers that operations give in memory of their own; a view is what was there before."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.numbers = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        if not any(returned.alias_info for returned in func._schema.returns):
            self.numbers += sum(part.numel() for part in tree_leaves(out) if isinstance(part, Tensor))
        return out
