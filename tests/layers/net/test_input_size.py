"""No batch is made of an input that is refused as too large: each size is within its limit, their product is not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from playground.errors import PlaygroundError
from playground.layers.document import StackDocument
from playground.layers.limits import LIMITS
from playground.layers.net.net import net_of, record_net
from playground.layers.run.settings import batch_of
from playground.training.size import size_of
from playground.ui.layers.frames import show_before_problem, show_stack
from tests.layers.pasted_classes import LENET

# The limits of these tests are small, so that what a guard lets through is harmless.
SMALL = replace(LIMITS, input=1_000, activations=20_000)
INPUTS = {"an input": ((400, 400), 1), "a batch": ((1_000,), 64)}
TEXTS = {"a list": "Linear(2) Flatten Linear(10)", "a broken list": "Linear(2) Conv2d(3, 3)", "a class": LENET}


class Largest(TorchDispatchMode):  # type: ignore[no-untyped-call]  # PyTorch's own
    """Notes how many elements the largest tensor had that was made."""

    elements = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        for part in out if isinstance(out, tuple | list) else (out,):
            if isinstance(part, torch.Tensor) and part.device.type != "meta":
                self.elements = max(self.elements, part.numel())
        return out


@pytest.fixture(autouse=True)
def _small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("stack.problems", "stack.analysis", "net.pasted_net"):
        monkeypatch.setattr(f"playground.layers.{module}.LIMITS", SMALL)


WAYS: dict[str, Callable[[StackDocument], object]] = {
    "show": lambda document: show_stack(net_of(document)),
    "show before the problem": lambda document: show_before_problem(net_of(document)),
    "list": lambda document: net_of(document).listing,
    "summary": lambda document: net_of(document).summary(),
    "size": size_of,
    "batch": batch_of,
    "record": lambda document: record_net(net_of(document), *batch_of(document)),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))
@pytest.mark.parametrize("text", TEXTS.values(), ids=list(TEXTS))
@pytest.mark.parametrize(("shape", "batch"), INPUTS.values(), ids=list(INPUTS))
def test_nothing_is_made_of_what_is_refused(
    shape: tuple[int, ...], batch: int, text: str, way: Callable[[StackDocument], object]
) -> None:
    document = StackDocument(text, shape, data="random", batch=batch)
    with Largest() as made, suppress(PlaygroundError):  # type: ignore[no-untyped-call]
        way(document)
    assert made.elements < 64_000, "less than the smaller of the two batches: the net's own weights"


@pytest.mark.parametrize("text", ["Flatten Linear(10)", LENET], ids=["list", "class"])
def test_the_setting_is_named(text: str) -> None:
    for shape, batch, field in (((400, 400), 1, "input_shape"), ((1_000,), 64, "batch")):
        with pytest.raises(PlaygroundError) as caught:
            batch_of(StackDocument(text, shape, data="random", batch=batch))
        assert getattr(caught.value, "field", "") == field and caught.value.hint


def test_a_recording_takes_as_many_examples_as_fit() -> None:
    for text in ("Flatten Linear(10)", LENET):
        document = StackDocument(text, (1_000,), data="random", batch=64)
        assert 1 <= net_of(document).most_examples(64) <= 20
