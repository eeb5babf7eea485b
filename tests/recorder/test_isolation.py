"""A recording touches nothing but itself: threads, exceptions, modules, memory."""

from __future__ import annotations

import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor, nn

from playground.errors import PlaygroundError
from playground.recorder.record import record
from playground.recorder.recorder import current
from tests.recorder.helpers import leaf, op_names


def test_eight_threads_record_at_the_same_time() -> None:
    together = threading.Barrier(8)

    def work(number: int) -> list[tuple[list[str], float, float]]:
        together.wait()
        found = []
        for repetition in range(6):
            power = 2 + (number + repetition) % 5
            trace = record(lambda x, power=power: (x**power).sin() * x, float(1 + number), names=["x"])
            gaps = [check.gap for check in trace.sums]
            x = torch.tensor(1.0 + number, requires_grad=True)
            ((x**power).sin() * x).backward()
            assert x.grad is not None and trace["x"].grad is not None
            found.append((op_names(trace), max(gaps), float(trace["x"].grad.item()) - x.grad.item()))
        return found

    with ThreadPoolExecutor(8) as pool:
        results = [result for results in pool.map(work, range(8)) for result in results]
    assert len(results) == 48
    assert all(result == (["pow", "sin", "mul"], 0.0, 0.0) for result in results)


def test_threads_that_record_see_nothing_of_one_that_does_not() -> None:
    recorded, proceed = threading.Event(), threading.Event()

    def fn(x: Tensor) -> Tensor:
        recorded.set()
        proceed.wait(10)
        return x * 2

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(record, fn, 3.0)
        recorded.wait(10)
        assert current() is None
        torch.ones(2, requires_grad=True).sum().backward()
        proceed.set()
        assert op_names(future.result()) == ["mul"]


def test_a_module_shared_by_threads_keeps_their_paths_apart() -> None:
    net = nn.Sequential(nn.Sequential(nn.Linear(2, 2), nn.Tanh()), nn.Linear(2, 1)).requires_grad_(False)
    together = threading.Barrier(4)

    def work(_: int) -> list[tuple[str, ...]]:
        together.wait()
        return [op.module for _ in range(5) for op in record(net, torch.ones(1, 2, requires_grad=True)).ops]

    with ThreadPoolExecutor(4) as pool:
        for paths in pool.map(work, range(4)):
            assert paths == [("0", "0"), ("0", "1"), ("1",)] * 5


class Failing(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        self.layer(x)
        raise ValueError("on purpose")


def hooks_on(module: nn.Module) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in module.modules())


def test_what_the_function_raises_is_passed_on_and_nothing_stays_behind() -> None:
    module = Failing()
    with pytest.raises(ValueError, match="on purpose"):
        record(module, torch.ones(1, 2))
    assert current() is None
    assert hooks_on(module) == 0
    assert torch.overrides._get_current_function_mode_stack() == []
    assert op_names(record(lambda x: x * 2, 1.0)) == ["mul"]


def test_an_error_in_the_backward_pass_leaves_no_hooks() -> None:
    class Broken(torch.autograd.Function):
        @staticmethod
        def forward(ctx: object, x: Tensor) -> Tensor:
            return x * 2

        @staticmethod
        def backward(ctx: object, gradient: Tensor) -> Tensor:
            raise RuntimeError("no derivative today")

    x = leaf(1.0)
    y = x * 3
    with pytest.raises(PlaygroundError, match="no derivative today"):
        record(lambda y: Broken.apply(y), y)
    assert current() is None
    assert x.grad is None
    y.sum().backward()
    assert x.grad is not None


def test_module_hooks_are_removed_after_a_recording() -> None:
    module = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    record(module, torch.ones(1, 2))
    assert hooks_on(module) == 0


def test_no_grad_around_a_recording_does_not_matter() -> None:
    with torch.no_grad():
        trace = record(lambda x: x * x, 3.0)
    assert trace["x"].grad is not None and trace["x"].grad.item() == 6.0


def test_random_numbers_go_on_as_without_a_recording() -> None:
    torch.manual_seed(0)
    plain = [torch.rand(2).tolist(), torch.rand(2).tolist()]
    torch.manual_seed(0)
    first = torch.rand(2).tolist()
    record(lambda x: x * 2, 1.0).to_json()
    assert [first, torch.rand(2).tolist()] == plain


def test_memory_does_not_grow() -> None:
    big = torch.zeros(1024, 1024, requires_grad=True)  # 4 MB
    module = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4))

    def alive() -> int:
        kinds = (Tensor, torch.autograd.graph.Node)
        return sum(issubclass(type(thing), kinds) for thing in gc.get_objects())

    def once() -> None:
        record(lambda x: (x * 2).sum(), big)
        record(lambda x: x.sin() * x, 2.0, second="x")
        record(module, torch.ones(3, 4))

    for _ in range(3):
        once()
    gc.collect()
    before = alive()
    gc.disable()  # traces go without the help of the collector
    try:
        for _ in range(50):
            once()
        after = alive()
    finally:
        gc.enable()
    assert after == before
    assert big.grad is None


def test_a_trace_can_be_collected() -> None:
    trace = record(lambda x: (x * 2).sum(), leaf(1.0, 2.0))
    assert trace.checks
    tensor = weakref.ref(trace["v1"].data._tensor)
    gone = weakref.ref(trace)
    del trace
    gc.collect()
    assert gone() is None
    assert tensor() is None


def test_the_graph_is_freed_as_after_an_ordinary_backward() -> None:
    y = leaf(1.0).exp()

    def fn(y: Tensor) -> Tensor:
        z = y * y
        z.backward()
        return z

    z_of: list[Tensor] = []
    record(lambda y: z_of.append(fn(y)), y)
    with pytest.raises(RuntimeError, match="second time"):
        z_of[0].backward()
