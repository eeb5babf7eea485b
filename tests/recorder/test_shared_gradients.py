"""Gradients that share memory: a recorded run has the numbers of a plain one, and says why they are so.

AccumulateGrad takes over a gradient that nobody else holds, so two leaves may get views of one memory (pytorch issue
34082), or a leaf a view of the seed. Whoever holds the gradient makes the engine copy, and hides that.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from playground.explain.explanation import Explanation
from playground.language.run import run
from playground.recorder.record import record
from playground.trace.array import Array
from playground.trace.trace import Trace
from tests.recorder.helpers import assert_consistent, step_names


def leaves() -> tuple[Tensor, Tensor]:
    return torch.ones(1, 2, requires_grad=True), torch.ones(2, 1, requires_grad=True)


def flattened(a: Tensor, b: Tensor) -> Tensor:
    return ((a.flatten() + b.flatten()) ** 2).sum()


def handed_on(a: Tensor, b: Tensor) -> Tensor:
    """`a + 1` hands the very tensor on that b gets a view of."""
    return (((a + 1).view(2, 1) + b) ** 2).sum()


def twice(fn: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    def program(a: Tensor, b: Tensor) -> Tensor:
        fn(a, b).backward()
        y = fn(a, b)
        y.backward()
        return y

    return program


def seeded_three_times(x: Tensor, g: Tensor) -> Tensor:
    y = x.view(3)
    for _ in range(3):
        y.backward(g)
    return y


def halved_between(a: Tensor, b: Tensor) -> Tensor:
    y = flattened(a, b)
    y.backward(retain_graph=True)
    assert a.grad is not None
    a.grad *= 0.5
    y.backward()
    return y


def zeroed_at_the_end(a: Tensor, b: Tensor) -> Tensor:
    y = flattened(a, b)
    y.backward()
    assert a.grad is not None
    a.grad.zero_()
    return y


def joined(a: Tensor, b: Tensor) -> Tensor:
    """The two gradients are neighbours in one memory: they share it, and no number of it."""
    y = torch.cat([a.flatten(), b.flatten()]).square().sum()
    y.backward(retain_graph=True)
    y.backward()
    return y


def assigned(a: Tensor, b: Tensor) -> Tensor:
    """One tensor is the `.grad` of both leaves."""
    y = (a * b).sum()
    a.grad = torch.ones(1, 2)
    b.grad = a.grad.view(2, 1)
    y.backward()
    return y


def stays_behind(a: Tensor, b: Tensor) -> Tensor:
    y = flattened(a, b)
    y.backward(retain_graph=True)
    a.grad = None
    y.backward()
    return y


def into_grad_memory(a: Tensor, b: Tensor) -> Tensor:
    flattened(a, b).backward(inputs=[a, b])
    y = (a * 2).sum()
    y.backward()
    return y


PROGRAMS = {
    "two-leaves": twice(flattened),
    "handed-on": twice(handed_on),
    "written-to": halved_between,
    "zeroed": zeroed_at_the_end,
    "neighbours": joined,
    "assigned": assigned,
    "cleared": stays_behind,
    "inputs": into_grad_memory,
}


def grads(*tensors: Tensor) -> list[object]:
    return [None if tensor.grad is None else tensor.grad.tolist() for tensor in tensors]


def recorded_grads(trace: Trace, *names: str) -> list[object]:
    found = [trace[name].grad for name in names]
    return [None if grad is None else grad.tolist() for grad in found]


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_a_recorded_run_leaves_the_gradients_of_a_plain_one(program: Callable[[Tensor, Tensor], Tensor]) -> None:
    plain, watched = leaves(), leaves()
    program(*plain)
    trace = record(program, *watched, names=["a", "b"])
    assert grads(*watched) == grads(*plain)
    assert recorded_grads(trace, "a", "b") == grads(*plain)
    end = trace.at(len(trace.steps)).grads
    assert end == {value.id: value.grad for value in trace.values if value.grad is not None}
    assert_consistent(trace)
    assert Trace.from_json(trace.to_json()) == trace


def test_the_numbers_of_the_report() -> None:
    trace = record(twice(flattened), *leaves(), names=["a", "b"])
    assert recorded_grads(trace, "a", "b") == [[[12.0, 12.0]], [[12.0], [12.0]]]


def test_what_is_typed_says_what_a_script_prints() -> None:
    text = "y = ((a.flatten() + b.flatten())**2).sum()\ny.backward(retain_graph=True)\ny.backward()"
    trace = run(text, {"a": "[[1, 1]]", "b": "[[1], [1]]"})
    assert recorded_grads(trace, "a", "b") == [[[12.0, 12.0]], [[12.0], [12.0]]]
    trace = run("y = x.view(3)\ng = ones(3)\ny.backward(g)\ny.backward(g)\ny.backward(g)", {"x": "[1, 2, 3]"})
    assert recorded_grads(trace, "x") == [[4.0, 4.0, 4.0]]


def test_passes_of_the_recorders_own() -> None:
    trace = record(flattened, *leaves(), names=["a", "b"], passes=2)
    assert recorded_grads(trace, "a", "b") == [[[12.0, 12.0]], [[12.0], [12.0]]]
    trace = record(flattened, *leaves(), names=["a", "b"], passes=2, zero_grad=True)
    assert recorded_grads(trace, "a", "b") == [[[4.0, 4.0]], [[4.0], [4.0]]]
    x = torch.ones(3, requires_grad=True)
    assert recorded_grads(record(lambda x: x.view(3), x, passes=3), "x") == [[3.0] * 3]  # a new seed of ones each time
    seed = torch.ones(3)
    assert recorded_grads(record(lambda x: x.view(3), x, passes=3, seed=seed), "x") == [[4.0] * 3]
    assert seed.tolist() == [1.0] * 3 and x.grad is None


def test_each_step_keeps_the_numbers_of_its_time() -> None:
    trace = record(twice(flattened), *leaves(), names=["a", "b"])
    stored = [step for step in trace.steps if step.kind == "accumulate"]
    before_and_after = [(_first(step.grad_before), _first(step.grad_after)) for step in stored]
    assert before_and_after == [(None, 4.0), (None, 4.0), (4.0, 8.0), (8.0, 12.0)]
    assert [_first(step.incoming[0]) for step in stored] == [4.0] * 4
    other = [[(trace.values[change.value].name, _first(change.after)) for change in step.changes] for step in stored]
    first, second = ("a", "b") if step_names(trace)[stored[2].index] == "a.grad" else ("b", "a")
    assert other == [[], [], [(second, 8.0)], [(first, 12.0)]]


def test_the_seed_is_overwritten_and_its_old_numbers_stay() -> None:
    x, g = torch.ones(3, requires_grad=True), torch.ones(3)
    trace = record(seeded_three_times, x, g)
    assert g.tolist() == [4.0] * 3
    assert [_first(seed) for each in trace.passes for seed in each.seeds] == [1.0, 1.0, 2.0]
    assert trace["g"].data.tolist() == [1.0] * 3 and trace["g"].was_modified
    assert trace["g'"].data.tolist() == [2.0] * 3
    assert Trace.from_json(trace.to_json()) == trace


def test_a_note_says_why() -> None:
    (note,) = (n for n in record(twice(flattened), *leaves(), names=["a", "b"]).notes if n.kind == "shared_gradient")
    assert "a.grad and b.grad are views of one memory" in note.message
    x, g = torch.ones(3, requires_grad=True), torch.ones(3)
    (note,) = (n for n in record(seeded_three_times, x, g).notes if n.kind == "shared_gradient")
    assert "x.grad is a view of g" in note.message
    once = record(flattened, *leaves(), names=["a", "b"])
    neighbours = record(joined, *leaves(), names=["a", "b"])
    assert all(note.kind != "shared_gradient" for trace in (once, neighbours) for note in trace.notes)


def test_the_step_is_explained() -> None:
    trace = record(twice(flattened), *leaves(), names=["a", "b"])
    explained = Explanation(trace)
    second = [step for step in trace.steps if step.kind == "accumulate"][2]
    assert "one memory" in explained.step(second.index).sentence


def test_a_trace_stays_readable_after_its_gradients_are_written_to() -> None:
    a, b = leaves()
    trace = record(twice(flattened), a, b)
    for tensor in (a, b):
        assert tensor.grad is not None
        tensor.grad.zero_()
    assert recorded_grads(trace, "a", "b") == [[[12.0, 12.0]], [[12.0], [12.0]]]
    assert all(step.incoming[0] is None or step.incoming[0].tolist() for step in trace.steps if step.incoming)


def test_a_gradient_that_is_written_to_afterwards() -> None:
    def fn(x: Tensor) -> Tensor:
        (g,) = torch.autograd.grad(x.sin().sum(), x)
        return g.mul_(2) + x

    trace = record(fn, torch.zeros(2, requires_grad=True))
    sent = [part.data for step in trace.steps if step.kind == "node" for part in step.contributions]
    assert sent[1].tolist() == [1.0, 1.0]
    assert trace.passes[0].kind == "grad"


def _first(array: Array | None) -> object:
    return None if array is None or array.flat is None else array.flat[0]


@pytest.mark.parametrize("set_to_none", [True, False])
@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.Adam])
def test_a_training_step_that_clears_gradients_of_before(kind: type[torch.optim.Optimizer], set_to_none: bool) -> None:
    def net() -> tuple[torch.nn.Sequential, Callable[[Tensor], Tensor]]:
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
        optimizer = kind(model.parameters(), lr=0.1)  # type: ignore[call-arg]

        def step(x: Tensor) -> Tensor:
            optimizer.zero_grad(set_to_none=set_to_none)
            loss: Tensor = model(x).square().sum()
            loss.backward()
            optimizer.step()
            return loss

        step(torch.ones(4, 2))
        return model, step

    (plain, plain_step), (model, step) = net(), net()
    plain_step(torch.eye(2))
    trace = record(step, torch.eye(2))
    for (name, expected), parameter in zip(plain.named_parameters(), model.parameters(), strict=True):
        assert torch.equal(parameter, expected)
        found, grad = trace[f"model.{name}"].grad, expected.grad
        assert found is not None and grad is not None and torch.equal(found.tensor(), grad)
    cleared = [step for step in trace.steps if step.kind == "zero_grad"]
    assert [step.backward_pass for step in cleared] == [None] * (4 if set_to_none else 0)


def test_a_gradient_that_is_set_by_hand_is_a_step() -> None:
    def fn(x: Tensor) -> Tensor:
        x.grad = torch.full_like(x, 5)
        y = (x * x).sum()
        y.backward()
        return y

    trace = record(fn, torch.ones(2, requires_grad=True))
    assert recorded_grads(trace, "x") == [[7.0, 7.0]]
    place = step_names(trace).index("clear x.grad")
    assert _first(trace.at(place + 1).grads[trace["x"].id]) == 5.0
    assert "set by hand" in Explanation(trace).step(place).sentence
