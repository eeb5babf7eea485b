"""What people bring to `record`: outputs and inputs in objects, keywords, arrays, modules of every make."""

from __future__ import annotations

import collections
import copy
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from playground.errors import PlaygroundError
from playground.recorder.record import record
from playground.trace.trace import Trace
from playground.views.stepper.picture import picture
from tests.recorder.replayed import assert_replayed

X = torch.linspace(-1, 1, 12).reshape(4, 3)


@dataclass
class Output:
    loss: Tensor
    logits: Tensor


class Own:
    """A container that is registered with PyTorch's pytree."""

    def __init__(self, inside: Tensor) -> None:
        self.inside = inside


class Closed:
    """An object of nobody's knowledge."""

    def __init__(self, inside: Tensor) -> None:
        self.inside = inside


pytree.register_pytree_node(Own, lambda own: ([own.inside], None), lambda inside, _: Own(*inside))


def whole(trace: Trace) -> Trace:
    """The trace, which can be written, read, checked and drawn."""
    assert Trace.from_json(trace.to_json()) == trace
    assert picture(trace, "both")["scene"]
    assert all(check.gap == 0 for check in trace.sums)
    return trace


CONTAINERS: dict[str, Callable[[Tensor], Any]] = {
    "a dataclass": lambda y: Output(y, y * 2),
    "a namespace": lambda y: SimpleNamespace(loss=y, name="x"),
    "a mapping": lambda y: collections.UserDict(loss=y),
    "a set": lambda y: {y},
    "a deque": lambda y: collections.deque([y]),
    "a registered class": Own,
    "a named tuple": lambda y: torch.return_types.max((y, y)),
    "a dataclass in a list in a dict": lambda y: {"all": [1, Output(y, y)]},
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_outputs_are_found_in(name: str) -> None:
    torch.manual_seed(0)
    net = nn.Linear(3, 1)
    trace = whole(record(lambda x: CONTAINERS[name](net(x).sum()), X))
    assert trace["net.weight"].grad is not None
    assert trace.outputs


def test_what_is_not_looked_into_is_said() -> None:
    net = nn.Linear(3, 1)
    trace = whole(record(lambda x: Closed(net(x).sum()), X))
    (note,) = [note for note in trace.notes if note.kind == "no_gradient"]
    assert note.message == (
        "a Closed was returned, which is not looked into: return tensors, or lists, dicts or dataclasses of them"
    )
    (note,) = [note for note in record(lambda x: None, X).notes if note.kind == "no_gradient"]
    assert note.message == "nothing was returned that a backward pass could start from"


def test_inputs_in_a_dataclass_have_its_names() -> None:
    given = Output(torch.tensor(2.0, requires_grad=True), torch.tensor([1.0, 3.0], requires_grad=True))
    trace = whole(record(lambda batch: (batch.loss * batch.logits).sum(), given))
    assert trace["batch.loss"].grad is not None and trace["batch.loss"].grad.item() == 4.0
    assert trace["batch.logits"].grad is not None


class Masked(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 2)

    def forward(self, x: Tensor, mask: Tensor | None = None, *, scale: float = 1.0) -> Tensor:
        y: Tensor = self.linear(x if mask is None else x * mask) * scale
        return y


def test_keywords_are_the_functions() -> None:
    trace = whole(record(Masked(), X, mask=torch.tensor([1.0, 0.0, 1.0]), scale=3.0))
    assert trace["mask"].data.tolist() == [1.0, 0.0, 1.0]
    assert [op.name for op in trace.ops] == ["mul", "linear", "mul"]
    by_name = record(lambda *, a, b: a * b, a=2.0, b=3.0)
    assert by_name["a"].grad is not None and by_name["a"].grad.item() == 3.0


def test_keywords_with_an_optimizer() -> None:
    net = Masked()
    trace = record(net, X, mask=torch.ones(3), optimizer=torch.optim.SGD(net.parameters(), lr=0.1))
    assert trace.updates


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_arrays_of_numpy_are_leaves(dtype: str) -> None:
    array = np.array([1.0, 2.0], dtype=dtype)
    trace = whole(record(lambda x: (x * x).sum(), array))
    assert (trace["x"].dtype, trace["x"].grad and trace["x"].grad.tolist()) == (dtype, [2.0, 4.0])
    assert record(nn.Linear(2, 1), array.astype("float32")[None])["input"].kind == "input"
    whole_numbers = record(lambda x, k: (x * k).sum(), array, np.array([3, 4]))
    assert whole_numbers["k"].grad is None and whole_numbers["k"].dtype == "int64"
    array[0] = 9.0
    assert trace["x"].data.tolist() == [1.0, 2.0], "the array is the user's, and may change"


def test_lazy_modules_get_their_sizes_first() -> None:
    net = nn.Sequential(nn.LazyLinear(2), nn.LazyBatchNorm1d(), nn.ReLU(), nn.LazyLinear(1))
    trace = whole(record(net, X))
    assert trace["0.weight"].shape == (2, 3) and trace["0.weight"].grad is not None
    assert [op.name for op in trace.ops] == ["linear", "batch_norm", "relu", "linear"]
    assert net[1].num_batches_tracked == 1, "only the recorded run counts"


@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning")
def test_a_scripted_module_is_one_call() -> None:
    net = nn.Sequential(torch.jit.script(nn.Sequential(nn.Linear(3, 2), nn.Tanh())), nn.Linear(2, 1))
    trace = whole(record(net, X))
    assert trace["0.0.weight"].grad is not None and trace["1.weight"].grad is not None
    assert whole(record(net[0], X))["0.weight"].grad is not None


@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning")
def test_a_traced_module_is_one_call() -> None:
    traced = torch.jit.trace(nn.Sequential(nn.Linear(3, 2), nn.Tanh()), X)
    assert whole(record(traced, X))["0.weight"].grad is not None


def test_a_compiled_module_is_recorded_as_what_it_was_made_of() -> None:
    net = nn.Sequential(nn.Linear(3, 2), nn.Tanh())
    trace = whole(record(torch.compile(net), X))
    assert [op.name for op in trace.ops] == ["linear", "tanh"]
    function = torch.compile(lambda x: (x * x).sum())
    assert [op.name for op in record(function, torch.ones(2, requires_grad=True)).ops] == ["mul", "sum"]


HOOKS: dict[str, Callable[[Any], object]] = {
    "a forward hook": lambda net: net[1].register_forward_hook(lambda _, __, output: output * 2),
    "a backward hook": lambda net: net[1].register_full_backward_hook(lambda _, sent, __: (sent[0] * 3,)),
    "a backward hook before": lambda net: net[1].register_full_backward_pre_hook(lambda _, came: (came[0] * 3,)),
    "a hook of a parameter": lambda net: net[0].weight.register_hook(lambda gradient: gradient * 2),
}


@pytest.mark.parametrize("name", HOOKS)
def test_hooks_of_a_module_do_what_they_do_without_a_recording(name: str) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 2), nn.Tanh(), nn.Linear(2, 1))
    without = copy.deepcopy(net)
    HOOKS[name](net)
    trace = record(net, X)
    assert Trace.from_json(trace.to_json()) == trace
    assert_replayed(trace)
    torch.autograd.backward(net(X).sum())
    changed = []
    torch.autograd.backward(without(X).sum())
    for (path, parameter), unhooked in zip(net.named_parameters(), without.parameters(), strict=True):
        grad = trace[path].grad
        assert grad is not None and parameter.grad is not None and unhooked.grad is not None
        assert torch.equal(grad.tensor(), parameter.grad), path
        changed.append(not torch.equal(parameter.grad, unhooked.grad))
    assert any(changed), "the hook makes a difference"


def test_what_has_no_numbers_is_refused_in_one_sentence() -> None:
    with pytest.raises(PlaygroundError, match="on the meta device, which keeps no numbers") as refused:
        record(nn.Linear(3, 2, device="meta"), torch.ones(4, 3, device="meta"))
    assert "to_empty" in refused.value.hint
    with pytest.raises(PlaygroundError, match="meta"):
        record(lambda x: torch.ones(2, device="meta") * 2, torch.ones(2))


def test_a_ragged_tensor_is_refused_in_one_sentence() -> None:
    ragged = torch.nested.nested_tensor([torch.ones(2, 3), torch.ones(1, 3)], layout=torch.jagged, requires_grad=True)
    with pytest.raises(PlaygroundError, match="rows of different lengths") as refused:
        record(lambda x: (x * 2).sum(), ragged)
    assert "to_padded_tensor" in refused.value.hint


def test_a_reentrant_checkpoint_keeps_the_gradients_inside_it() -> None:
    class Checkpointed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(3, 3), nn.Linear(3, 2)

        def forward(self, x: Tensor) -> Tensor:
            inside = torch.utils.checkpoint.checkpoint(self.second, self.first(x), use_reentrant=True)
            assert isinstance(inside, Tensor)
            return inside.sum()

    torch.manual_seed(0)
    net = Checkpointed()
    trace = whole(record(net, X))
    net(X).backward()
    for name, parameter in net.named_parameters():
        grad = trace[name].grad
        assert grad is not None and parameter.grad is not None, name
        assert torch.equal(grad.tensor(), parameter.grad)


def test_arguments_without_end_are_refused_at_once() -> None:
    itself: list[object] = [torch.ones(2)]
    itself.append(itself)
    deep: object = torch.ones(2)
    doubled: object = torch.ones(2)
    for _ in range(200):
        deep = [deep]
    for _ in range(40):
        doubled = [doubled, doubled]
    for given in (itself, deep, doubled):
        with pytest.raises(PlaygroundError, match="nested too deeply, or without end") as caught:
            record(lambda x, _: x.sum(), torch.ones(2, requires_grad=True), given)
        assert "none within itself" in caught.value.hint
