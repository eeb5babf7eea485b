"""`DrawnOnTheCPU`: the same random numbers on every device. A script of another device holds its source."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree


class DrawnOnTheCPU(TorchFunctionMode):
    """Calls with a generator of the CPU draw there, so that a seed gives the same numbers on every device."""

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self._device = device

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if kwargs.get("generator") is None:
            return func(*args, **kwargs)
        tensors = [one for one in pytree.tree_leaves((args, kwargs)) if isinstance(one, Tensor)]
        if not tensors:
            drawn = func(*args, **{**kwargs, "device": torch.device("cpu")})
            return drawn.detach().to(self._device).requires_grad_(drawn.requires_grad)
        at_home, by_name = pytree.tree_map_only(Tensor, Tensor.cpu, (args, kwargs))
        drawn = func(*at_home, **by_name)
        if not func.__name__.endswith("_"):
            return drawn.to(self._device)
        with torch.no_grad():  # in place
            return tensors[0].copy_(drawn)
