"""Traces as JSON: exact both ways, and one clear error for everything else."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable
from typing import Any, cast

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from playground.errors import PlaygroundError, Span
from playground.explain.export import explained_json
from playground.recorder.record import record
from playground.trace.trace import Trace
from tests.recorder.helpers import leaf, random_leaf

NAN, INF = math.nan, math.inf


def descend(x: Tensor) -> Tensor:
    y = (x * x).sum()
    y.backward()
    with torch.no_grad():
        assert x.grad is not None
        x -= 0.1 * x.grad
    return x


def write_through_a_view(x: Tensor) -> Tensor:
    y = x * 2
    y[0].mul_(3)
    return y.sum()


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return 2 * x * gradient


def next_step(set_to_none: bool, kind: type[torch.optim.Optimizer] = torch.optim.SGD, sparse: bool = False) -> Trace:
    """A training step that begins by clearing the gradients of the step before."""
    model = nn.Sequential(nn.Embedding(5, 2, sparse=sparse))
    optimizer = kind(model.parameters(), lr=0.1)  # type: ignore[call-arg]
    tokens = torch.tensor([1, 2, 1])

    def step(tokens: Tensor) -> Tensor:
        optimizer.zero_grad(set_to_none=set_to_none)
        loss = model(tokens).square().sum()
        loss.backward()
        optimizer.step()
        return cast(Tensor, loss)

    step(tokens)
    return record(step, tokens)


def setter(x: Tensor) -> Tensor:
    x.grad = torch.ones_like(x)
    return x.detach()


def set_by_hand(x: Tensor) -> Tensor:
    x.grad = torch.full_like(x, 2)
    (x * x).sum().backward()
    x.grad = None
    x.grad = torch.ones_like(x)
    return x.detach()


TRACES: dict[str, Callable[[], Trace]] = {
    "L0.4": lambda: record(lambda x1, x2: torch.log(x1) + x1 * x2 - torch.sin(x2), 2.0, 5.0),
    "not finite": lambda: record(lambda x: (x.log() * 0).exp(), leaf(NAN, INF, -INF, -0.0, 0.0, 1e-320)),
    "float32": lambda: record(lambda x: x.exp(), random_leaf(5, dtype=torch.float32)),
    "float16": lambda: record(lambda x: x.exp(), random_leaf(5).detach().half().requires_grad_()),
    "bfloat16": lambda: record(lambda x: x.exp(), random_leaf(5).detach().bfloat16().requires_grad_()),
    "complex": lambda: record(
        lambda z: (z * z).abs().sum(), torch.tensor([1 + 2j, complex(NAN, INF)], requires_grad=True)
    ),
    "integers": lambda: record(lambda i: i + 0, torch.tensor([2**63 - 1, -(2**63), 0])),
    "booleans": lambda: record(lambda i: i > 0, torch.tensor([1.0, -1.0])),
    "unsigned": lambda: record(lambda i: i + 1, torch.tensor([0, 255], dtype=torch.uint8)),
    "empty": lambda: record(lambda x: x * 2, random_leaf(0, 3)),
    "large": lambda: record(lambda x: (x.tanh() * 2).sum(), random_leaf(40, 50)),
    "large and not finite": lambda: record(lambda x: (x / 0).sum(), random_leaf(40, 50)),
    "large complex": lambda: record(lambda x: torch.fft.fft(x).abs().sum(), random_leaf(2000)),
    "several outputs": lambda: record(lambda x: x.split(2)[0], leaf(1, 2, 3, 4)),
    "two passes": lambda: record(lambda x: x * x, 2.0, passes=2, zero_grad=True),
    "second": lambda: record(lambda x: x.sin() * x, 2.0, second="x"),
    "tangent": lambda: record(lambda x: x.sin() * x, 2.0, tangent={"x": 1.0}),
    "gradient descent": lambda: record(descend, leaf(1, 2)),
    "module": lambda: record(nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU()), torch.ones(1, 1, 5, 5)),
    "loss": lambda: record(lambda x: F.cross_entropy(x, torch.tensor([1])), random_leaf(1, 3)),
    "broadcast": lambda: record(lambda w, b: w + b, random_leaf(2, 3), random_leaf(3)),
    "text and spans": lambda: record(lambda x: x * 2, 3.0, text="x * 2 # ∂θ \u2028", spans={"x": Span(0, 1)}),
    "view written to": lambda: record(write_through_a_view, leaf(1, 2)),
    "custom function": lambda: record(lambda x: Square.apply(x) * 3, leaf(1, 2)),
    "vmap": lambda: record(lambda x: torch.vmap(torch.sum)(x), random_leaf(2, 3)),
    "sparse": lambda: record(lambda w: F.embedding(torch.tensor([1]), w, sparse=True), random_leaf(3, 2)),
    "no pass": lambda: record(lambda x: x.sin() * x, 2.0, passes=0),
    "history": lambda: record(lambda h: h * 2, leaf(1, 2) * 3),
    "nothing": lambda: record(lambda: None),
    "cleared first": lambda: next_step(set_to_none=True),
    "cleared first, Adam": lambda: next_step(set_to_none=True, kind=torch.optim.Adam),
    "zeros first": lambda: next_step(set_to_none=False),
    "cleared first, sparse": lambda: next_step(set_to_none=True, kind=torch.optim.SparseAdam, sparse=True),
    "zeros first, sparse": lambda: next_step(set_to_none=False, kind=torch.optim.SparseAdam, sparse=True),
    "set by hand": lambda: record(set_by_hand, leaf(1, 2)),
    "set by hand, never reached": lambda: record(setter, leaf(1, 2)),
    "two gradients of one memory": lambda: record(
        lambda a, b: a.flatten() + b.flatten(), random_leaf(1, 2), random_leaf(2, 1), passes=3
    ),
}


@pytest.mark.parametrize("name", TRACES)
def test_a_trace_comes_back_as_it_was(name: str) -> None:
    trace = TRACES[name]()
    document = trace.to_json()
    back = Trace.from_json(document)
    assert back == trace
    assert back.to_json() == document
    assert back.notes == trace.notes
    assert repr(back.checks) == repr(trace.checks)


@pytest.mark.parametrize("name", TRACES)
def test_the_document_is_strict_json(name: str) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    json.loads(TRACES[name]().to_json(), parse_constant=refuse)


@pytest.mark.parametrize("name", ["L0.4", "broadcast", "two passes", "several outputs"])
def test_what_a_trace_can_tell_it_tells_after_the_journey_too(name: str) -> None:
    trace = TRACES[name]()
    back = Trace.from_json(trace.to_json())
    assert repr(back.sums) == repr(trace.sums)
    for k in range(len(trace.steps) + 1):
        assert back.at(k) == trace.at(k)


def test_half_precision_is_exact() -> None:
    numbers = torch.arange(-32768, 32767, 70, dtype=torch.int32).to(torch.int16).view(torch.bfloat16)
    trace = record(lambda x: x + 0, numbers)
    assert Trace.from_json(trace.to_json())["x"].data == trace["x"].data


def test_numbers_come_back_bit_for_bit() -> None:
    trace = TRACES["not finite"]()
    back = Trace.from_json(trace.to_json())["x"].data.tensor()
    assert torch.equal(back.view(torch.int64), trace["x"].data.tensor().view(torch.int64))


def test_large_arrays_keep_their_summary_and_say_so() -> None:
    trace = TRACES["large"]()
    document = json.loads(trace.to_json())
    entry = next(value for value in document["values"] if value["name"] == "x")
    assert entry["data"] is None
    assert entry["data_summary"]["summary"]["norm"] == trace["x"].data.statistics.norm
    back = Trace.from_json(trace.to_json())["x"].data
    assert (back.is_exact, back.statistics, back.thumbnail) == (
        False,
        trace["x"].data.statistics,
        trace["x"].data.thumbnail,
    )
    with pytest.raises(ValueError, match="keeps only its summary"):
        back.tensor()


def test_values_are_easy_to_read_by_other_programs() -> None:
    document = json.loads(TRACES["L0.4"]().to_json())
    assert (document["schema"], document["version"]) == ("playground.trace", 1)
    x1 = document["values"][0]
    assert [x1[key] for key in ("name", "shape", "dtype", "data", "adjoint", "grad")] == [
        *("x1", [], "float32", 2.0, 5.5, 5.5)
    ]
    assert [op["name"] for op in document["ops"]] == ["log", "mul", "add", "sin", "sub"]
    assert "sentence" not in document["steps"][0]


def test_the_explained_document_adds_words_and_reads_as_the_same_trace() -> None:
    trace = TRACES["L0.4"]()
    document = json.loads(explained_json(trace))
    arithmetic = [step.pop("arithmetic") for step in document["steps"]]
    assert arithmetic[0] == "v₁ = log(2) = 0.6931"
    assert all(step.pop("sentence") for step in document["steps"])
    assert document == json.loads(trace.to_json())
    assert Trace.from_json(explained_json(trace)) == trace


MALFORMED = [
    "",
    "{",
    "null",
    "1",
    "[]",
    '"text"',
    "{}",
    '{"schema": 1}',
    "NaN",
    "\x00",
    "[" * 100_000,
    '{"a": ' * 50_000,
]


@pytest.mark.parametrize("document", MALFORMED)
def test_what_is_no_trace_is_one_clear_error(document: str) -> None:
    with pytest.raises(PlaygroundError):
        Trace.from_json(document)


def test_another_version_is_told_apart() -> None:
    document = json.loads(TRACES["L0.4"]().to_json())
    document["version"] = 99
    with pytest.raises(PlaygroundError, match="version 99"):
        Trace.from_json(json.dumps(document))


@pytest.mark.parametrize(
    ("place", "content"),
    [
        (("values", 0, "op"), 99),
        (("values", 0, "id"), 1),
        (("ops", 0, "inputs", 0, "value"), -1),
        (("nodes", 0, "edges", 0, "node"), 99),
        (("steps", 6, "contributions", 0, "edge"), 5),
        (("steps", 5, "incoming"), []),
        (("outputs",), [99]),
        (("outputs",), ["0"]),
        (("values", 0, "data"), [1.0, 2.0]),
        (("values", 0, "data"), {"a": 1}),
        (("values", 0, "dtype"), "nn"),
        (("values", 0, "shape"), [-1]),
        (("values", 0, "kind"), "thing"),
        (("text",), 5),
        (("arrays", 0, "data"), "one"),
    ],
)
def test_a_trace_that_does_not_hold_together_is_refused(place: tuple[Any, ...], content: Any) -> None:
    document = copy.deepcopy(SMALL)
    target = document
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] = content
    with pytest.raises(PlaygroundError):
        Trace.from_json(json.dumps(document))


SMALL = json.loads(TRACES["L0.4"]().to_json())
JUNK = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.lists(st.integers(), max_size=2)
)


def places(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    pairs = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    return [path, *(place for key, element in pairs for place in places(element, (*path, key)))]


@given(st.sampled_from(places(SMALL)[1:]), JUNK | st.just({}))
def test_a_trace_with_one_thing_changed_is_read_or_refused(place: tuple[Any, ...], junk: Any) -> None:
    document = copy.deepcopy(SMALL)
    target = document
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] = junk
    try:
        trace = Trace.from_json(json.dumps(document))
    except PlaygroundError:
        return
    trace.to_json()  # what was read can be used
    for k in range(len(trace.steps) + 1):
        trace.at(k)


@given(st.sampled_from(places(SMALL)[1:]))
def test_a_trace_with_one_thing_missing_is_read_or_refused(place: tuple[Any, ...]) -> None:
    document = copy.deepcopy(SMALL)
    target = document
    for key in place[:-1]:
        target = target[key]
    del target[place[-1]]
    try:
        Trace.from_json(json.dumps(document))
    except PlaygroundError:
        return


@given(st.text(max_size=200))
def test_any_text_is_refused(text: str) -> None:
    with pytest.raises(PlaygroundError):
        Trace.from_json(text)
