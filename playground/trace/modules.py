"""Which module a call is made in: hooks on the instances tell the recorder where it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from torch import nn

from playground.trace.nested import tensors_in
from playground.trace.recorder import Recorder, current, under_transform


@contextmanager
def inside_modules(recorder: Recorder, prefix: str, module: nn.Module) -> Iterator[None]:
    """Notes the nesting of modules by hooks on these instances (never the process-wide ones)."""

    def enter(path: tuple[str, ...]) -> Callable[..., None]:
        def hook(*_: Any) -> None:
            if current() is recorder:  # another thread may run the same module meanwhile
                stack.append(recorder.module)
                recorder.module = path

        return hook

    def leave(_: nn.Module, __: Any, output: Any) -> None:
        if current() is recorder:
            if not under_transform():
                for _path, tensor in tensors_in(output):
                    recorder.value_of(tensor)  # one that nobody announced belongs to this module
            recorder.module = stack.pop()

    stack: list[tuple[str, ...]] = []
    with ExitStack() as hooks:
        for name, submodule in module.named_modules(prefix=prefix):
            path = tuple(name.split(".")) if name else ()
            hooks.callback(submodule.register_forward_pre_hook(enter(path)).remove)
            hooks.callback(submodule.register_forward_hook(leave, always_call=True).remove)
        yield


__all__ = ["inside_modules"]
