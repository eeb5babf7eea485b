"""The optimizer's step as the phase after backward: the numbers are those of a plain `optimizer.step()`."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from playground.errors import PlaygroundError
from playground.explain.explanation import explain
from playground.explain.update_rules import rule_of
from playground.recorder.record import record
from playground.trace.array import EXACT_ELEMENTS
from playground.trace.records import Update
from playground.trace.trace import Trace

Parameters = list[nn.Parameter]
Make = Callable[[Any], torch.optim.Optimizer]
MADE: dict[str, Make] = {
    "SGD": lambda p: torch.optim.SGD(p, lr=0.1),
    "SGD, decay": lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.01),
    "SGD, maximize": lambda p: torch.optim.SGD(p, lr=0.1, maximize=True),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "momentum, damped": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.5),
    "Nesterov": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "Adam": lambda p: torch.optim.Adam(p, lr=0.01),
    "Adam, decay": lambda p: torch.optim.Adam(p, lr=0.01, weight_decay=0.1),
    "AdamW": lambda p: torch.optim.AdamW(p, lr=0.01),
    "RMSprop": lambda p: torch.optim.RMSprop(p, lr=0.01),
    "Adagrad": lambda p: torch.optim.Adagrad(p, lr=0.01, lr_decay=0.1),
}
OTHERS: dict[str, Make] = {
    "Adam, amsgrad": lambda p: torch.optim.Adam(p, lr=0.01, amsgrad=True),
    "RMSprop, centered": lambda p: torch.optim.RMSprop(p, lr=0.01, centered=True),
    "NAdam": lambda p: torch.optim.NAdam(p, lr=0.01),
    "Rprop": lambda p: torch.optim.Rprop(p, lr=0.01),
}


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.hidden = nn.Linear(30, 40)
            self.last = nn.Linear(40, 3)

    def forward(self, x: Tensor, target: Tensor) -> Tensor:
        return nn.functional.cross_entropy(self.last(torch.tanh(self.hidden(x))), target)


X = torch.randn(5, 30, generator=torch.Generator().manual_seed(1))
TARGET = torch.arange(5) % 3


def updates(trace: Trace) -> list[Update]:
    return [step.update for step in trace.steps if step.update is not None]


def tensors_of(optimizer: torch.optim.Optimizer) -> list[tuple[str, Tensor]]:
    return [(name, t.clone()) for s in optimizer.state.values() for name, t in s.items() if isinstance(t, Tensor)]


def warmed_up(make: Make, steps: int) -> tuple[Model, torch.optim.Optimizer]:
    model = Model()
    optimizer = make(model.parameters())
    for _ in range(steps):
        optimizer.zero_grad()
        model(X, TARGET).backward()
        optimizer.step()
    optimizer.zero_grad()
    return model, optimizer


@pytest.mark.parametrize("steps", [0, 3])
@pytest.mark.parametrize("name", [*MADE, *OTHERS])
def test_every_bit_is_that_of_a_plain_step(name: str, steps: int) -> None:
    make = (MADE | OTHERS)[name]
    model, optimizer = warmed_up(make, steps)
    before = copy.deepcopy(model.state_dict()), tensors_of(optimizer)
    trace = record(model, X, TARGET, optimizer=optimizer)
    plain, its_optimizer = warmed_up(make, steps)
    loss = plain(X, TARGET)
    loss.backward()
    its_optimizer.step()
    *changes, last = updates(trace)
    named = dict(plain.named_parameters())
    assert [trace.values[u.value].name for u in changes] == list(named)  # the optimizer's order
    for update, parameter in zip(changes, named.values(), strict=True):
        assert parameter.grad is not None and update.gradient is not None
        assert torch.equal(update.after.tensor(), parameter.detach())
        assert torch.equal(update.gradient.tensor(), parameter.grad)
        assert update.before == trace.values[update.value].data
        state = {key: s for key, s in its_optimizer.state[parameter].items() if isinstance(s, Tensor)}
        assert [entry.name for entry in update.state] == list(state)
        assert all(torch.equal(entry.after.tensor(), state[entry.name]) for entry in update.state)
        remembered = dict(zip(named, model.parameters(), strict=True))[trace.values[update.value].name]
        memory_before = optimizer.state.get(remembered, {})
        for entry in update.state:
            assert (entry.before is None) == (entry.name not in memory_before)
            assert entry.before is None or torch.equal(entry.before.tensor(), memory_before[entry.name])
    with torch.no_grad():
        after = plain(X, TARGET)
    assert (last.before.item(), last.after.item()) == (loss.item(), after.item())
    assert last.value == trace.outputs[0] and last.gradient is None
    unchanged, memory = before  # the model and the optimizer are as they were
    assert all(torch.equal(tensor, unchanged[key]) for key, tensor in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())
    assert all(a == b and torch.equal(s, t) for (a, s), (b, t) in zip(memory, tensors_of(optimizer), strict=True))
    assert len(memory) == len(tensors_of(optimizer))


@pytest.mark.parametrize("steps", [0, 3])
@pytest.mark.parametrize("name", MADE)
def test_the_element_that_is_worked_out_gives_pytorchs_number(name: str, steps: int) -> None:
    model, optimizer = warmed_up(MADE[name], steps)
    trace = record(model, X, TARGET, optimizer=optimizer)
    *changes, _ = updates(trace)
    assert any(update.before.numel > EXACT_ELEMENTS for update in changes)
    for update in changes:
        assert update.element is not None and update.gradient is not None
        at = update.element.index
        assert update.element.after == update.after.tensor()[at].item()
        assert abs(update.element.gradient) == update.gradient.tensor().abs().max().item()
        worked = rule_of("W", update)
        assert worked is not None
        assert math.isclose(worked.result, update.element.after, rel_tol=1e-6, abs_tol=1e-7)


def test_the_words_say_what_each_optimizer_did() -> None:
    expected = {
        "SGD": "last.bias ← last.bias − 0.1 · last.bias.grad",
        "momentum": "last.bias ← last.bias − 0.1 · momentum_buffer",
        "Adam": "last.bias ← last.bias − 0.01 · m̂ / (√v̂ + 1e−08)",
        "RMSprop": "last.bias ← last.bias − 0.01 · last.bias.grad / (√square_avg + 1e−08)",
    }
    for name, title in expected.items():
        model, optimizer = warmed_up(MADE[name], 0)
        trace = record(model, X, TARGET, optimizer=optimizer)
        *_, (step, text), (_, last) = zip(trace.steps, explain(trace).steps, strict=True)
        assert (step.kind, step.phase, text.title) == ("update", "update", title)
        assert all(entry.name in text.sentence for entry in step.update.state)  # type: ignore[union-attr]
        assert text.arithmetic.startswith("last.bias[")
        assert " → " in last.title


def test_an_optimizer_without_a_formula_of_ours_is_still_shown() -> None:
    for make in OTHERS.values():
        model, optimizer = warmed_up(make, 0)
        trace = record(model, X, TARGET, optimizer=optimizer)
        update = updates(trace)[0]
        text = explain(trace).step(next(step.index for step in trace.steps if step.update is update))
        assert rule_of("W", update) is None
        assert type(optimizer).__name__ in text.sentence
        assert "gradient" in text.arithmetic and "after" in text.arithmetic


def test_json_keeps_the_update() -> None:
    model, optimizer = warmed_up(MADE["Adam"], 1)
    trace = record(model, X, TARGET, optimizer=optimizer)
    again = Trace.from_json(trace.to_json())
    assert again == trace
    assert explain(again).steps == explain(trace).steps


def test_what_is_known_after_an_update() -> None:
    model, optimizer = warmed_up(MADE["SGD"], 0)
    trace = record(model, X, TARGET, optimizer=optimizer)
    first = next(step.index for step in trace.steps if step.update is not None)
    assert trace.at(first).updated == {}
    snapshot = trace.at(len(trace.steps))
    assert snapshot.updated == {update.value: update.after for update in updates(trace)}
    assert snapshot.primals == trace.at(first).primals and snapshot.grads == trace.at(first).grads


def test_several_passes_step_with_the_sum() -> None:
    model, optimizer = warmed_up(MADE["SGD"], 0)
    trace = record(model, X, TARGET, optimizer=optimizer, passes=2)
    once = record(model, X, TARGET)
    for update in updates(trace)[:-1]:
        gradient = once[trace.values[update.value].name].adjoint
        assert gradient is not None and update.gradient is not None
        assert torch.equal(update.gradient.tensor(), 2 * gradient.tensor())


def test_without_a_backward_pass_there_is_no_step() -> None:
    model, optimizer = warmed_up(MADE["SGD"], 0)
    assert not updates(record(model, X, TARGET, optimizer=optimizer, passes=0))
    frozen = Model().requires_grad_(False)
    spare = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=0.1)
    assert not updates(record(frozen, X, TARGET, optimizer=spare))
    unrelated = record(model, X, TARGET, optimizer=spare)
    assert not updates(unrelated) and [note.kind for note in unrelated.notes] == ["no_update"]


def test_a_function_that_calls_backward_itself() -> None:
    model, optimizer = warmed_up(MADE["SGD"], 0)

    def training_step(x: Tensor) -> Tensor:
        optimizer.zero_grad()
        loss: Tensor = model(x, TARGET)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    trace = record(training_step, X, optimizer=optimizer)
    plain = updates(record(model, X, TARGET, optimizer=optimizer))
    assert [u.after.statistics for u in updates(trace)] == [u.after.statistics for u in plain]
    gradients = [p.grad for p in model.parameters()]
    expected = [u.gradient.tensor() for u in plain if u.gradient is not None]
    assert all(g is not None and torch.equal(g, e) for g, e in zip(gradients, expected, strict=True))


def test_an_input_is_optimized_and_a_buffer_left_alone() -> None:
    x = torch.tensor([3.0, 1.0], requires_grad=True)
    trace = record(lambda x: (x * x).sum(), x, optimizer=torch.optim.SGD([x], lr=0.25))
    update, last = updates(trace)
    assert update.after.tolist() == [1.5, 0.5] and (last.before.item(), last.after.item()) == (10.0, 2.5)
    assert x.tolist() == [3.0, 1.0] and x.grad is None
    net = nn.Sequential(nn.Linear(30, 4), nn.BatchNorm1d(4))
    record(net, X, optimizer=torch.optim.SGD(net.parameters(), lr=0.1))
    batch_norm = net[1]
    assert isinstance(batch_norm, nn.BatchNorm1d) and batch_norm.num_batches_tracked is not None
    assert batch_norm.num_batches_tracked.item() == 1  # the recorded run counts, the look at the loss does not


def test_what_cannot_step_is_said() -> None:
    model = Model()
    with pytest.raises(PlaygroundError, match="LBFGS"):
        record(model, X, TARGET, optimizer=torch.optim.LBFGS(model.parameters()))
    sgd = torch.optim.SGD(model.parameters(), lr=0.1)

    def whole(x: Tensor) -> Tensor:
        loss: Tensor = model(x, TARGET)
        loss.backward()  # type: ignore[no-untyped-call]
        sgd.step()
        return loss

    with pytest.raises(PlaygroundError, match="steps the optimizer itself"):
        record(whole, X, optimizer=sgd)
