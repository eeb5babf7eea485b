"""The module that a call is made in: hooks on the instances tell the recorder where it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn
from torch.jit._script import RecursiveScriptModule
from torch.utils.hooks import RemovableHandle

from playground.recorder.recorder import Recorder, current, under_transform


@contextmanager
def inside_modules(recorder: Recorder, prefix: str, module: nn.Module) -> Iterator[None]:
    """Notes the nesting of modules by hooks on these instances (never the process-wide ones)."""

    def enter(path: tuple[str, ...]) -> Callable[..., None]:
        def hook(entered: nn.Module, *_: Any) -> None:
            if current() is recorder and recorder.is_watching:  # not another thread, nor a checkpoint's second run
                stack.append((entered, recorder.module))
                recorder.module = path

        return hook

    def leave(left: nn.Module, _: Any, output: Any) -> None:
        is_entered = bool(stack) and stack[-1][0] is left  # not where a process-wide hook raised before `enter`
        if current() is recorder and recorder.is_watching and is_entered:
            if not under_transform():
                recorder.notice(output)  # what nobody announced belongs to this module
            recorder.module = stack.pop()[1]

    stack: list[tuple[nn.Module, tuple[str, ...]]] = []
    hooks: list[RemovableHandle] = []
    try:
        for name, submodule in module.named_modules(prefix=prefix):
            if isinstance(submodule, RecursiveScriptModule):
                continue  # it takes no hooks
            path = tuple(name.split(".")) if name else ()
            hooks.append(submodule.register_forward_pre_hook(enter(path), prepend=True))
            hooks.append(submodule.register_forward_hook(leave, always_call=True))
        yield
    finally:
        for hook in hooks:
            hook.remove()
