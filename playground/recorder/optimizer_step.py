"""One step of a PyTorch optimizer after the recorded backward pass, taken on copies: model and optimizer stay.

The copy is made by `copy.deepcopy` and steps by PyTorch's own `step()`, so every bit is that of a plain step.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from playground.errors import PlaygroundError
from playground.recorder.given import tensors_within
from playground.recorder.tape import ParameterUpdate, Tape, TapeUpdate
from playground.recorder.tensor_paths import substitute
from playground.trace.array import Array
from playground.trace.records import Element, Note, OptimizerSetting, OptimizerState, Step, Update

Versions = list[tuple[Tensor, int]]


def parameters_of(optimizer: torch.optim.Optimizer) -> list[Tensor]:
    """The parameters of an optimizer, in its order. Raises PlaygroundError for what is no optimizer."""
    if not isinstance(optimizer, torch.optim.Optimizer):
        message = f"optimizer= takes a torch.optim.Optimizer, not {type(optimizer).__name__}"
        raise PlaygroundError(message, hint="optimizer=torch.optim.SGD(model.parameters(), lr=0.1)")
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def versions_of(tensors: Iterable[Tensor]) -> Versions:
    """The number of writes to each so far, to see later whether there were more."""
    return [(tensor, tensor._version) for tensor in tensors]


def take_step(optimizer: torch.optim.Optimizer, tape: Tape, before: Versions) -> None:
    """Put onto the tape what `optimizer.step()` does with the gradients that are there now; nothing is changed.

    `before`: the parameters' versions when the recording began. Raises PlaygroundError where the optimizer needs more
    than gradients, or has taken its step already.
    """
    name = type(optimizer).__name__
    if any(tensor._version != version for tensor, version in before):
        hint = "leave optimizer.step() out of the function, or optimizer= out of record()"
        raise PlaygroundError("the function steps the optimizer itself", hint=hint)
    stepped = copy.deepcopy(optimizer)  # its parameters, too, and what it remembers of them
    found: list[tuple[int, Tensor, Tensor, dict[str, Tensor], dict[str, Any]]] = []
    for group, its_copy in zip(optimizer.param_groups, stepped.param_groups, strict=True):
        for parameter, twin in zip(group["params"], its_copy["params"], strict=True):
            value = tape.find(parameter)
            twin.grad = None
            if value is not None and value.node in tape.edges and parameter.grad is not None:
                twin.grad = parameter.grad.detach().clone()
                memory = {key: tensor.clone() for key, tensor in _memory(stepped, twin)}
                found.append((value.id, value.data, twin, memory, its_copy))
    if not found:
        tape.notes.append(Note("no_update", f"{name} changes nothing: no parameter of it was reached"))
        return
    try:
        stepped.step()  # type: ignore[no-untyped-call, unused-ignore]
    except (TypeError, RuntimeError, AttributeError) as error:
        message = f"{name} could not take its step: {str(error).splitlines()[0]}"
        raise PlaygroundError(message, hint="an optimizer whose step() takes no argument can be shown") from error
    tape.update = TapeUpdate(
        tuple(
            ParameterUpdate(
                value,
                data,
                twin.grad.detach(),
                twin.detach(),
                name,
                tuple(_settings(group)),
                tuple((key, memory.get(key), tensor) for key, tensor in _memory(stepped, twin)),
            )
            for value, data, twin, memory, group in found
            if twin.grad is not None
        )
    )


def _memory(optimizer: torch.optim.Optimizer, parameter: Tensor) -> Iterator[tuple[str, Tensor]]:
    """The optimizer's state for a parameter: tensors, and numbers as such."""
    for name, content in optimizer.state.get(parameter, {}).items():
        if isinstance(content, Tensor):
            yield name, content
        elif isinstance(content, int | float) and not isinstance(content, bool):
            yield name, torch.tensor(content)


def _settings(group: dict[str, Any]) -> Iterator[tuple[str, tuple[float, ...]]]:
    for name, content in group.items():
        numbers = content if isinstance(content, tuple) else (content,)
        if name != "params" and all(_is_number(number) for number in numbers):
            yield name, tuple(float(number) for number in numbers)


def _is_number(content: Any) -> bool:
    return isinstance(content, int | float) or (isinstance(content, Tensor) and content.numel() == 1)


def fresh_arguments(arguments: tuple[Any, ...], optimized: Iterable[Tensor]) -> tuple[Any, ...]:
    """Arguments for a second run, which the first cannot write to; what is optimized stays itself."""
    kept = {id(tensor) for tensor in optimized}

    def copied(_: str, tensor: Tensor) -> Tensor:
        return tensor if id(tensor) in kept else tensor.detach().clone().requires_grad_(tensor.requires_grad)

    again: tuple[Any, ...] = substitute(arguments, copied)
    return again


def output_after(tape: Tape, output: int, place: int, run: Callable[[], Any], buffers: Iterable[Tensor]) -> None:
    """Put onto the tape what the output becomes with the parameters after the step: `run` once more, all put back.

    `place`: which of the tensors that `run` returns it is.
    """
    update = tape.update
    if update is None:
        return
    after = {change.value: change.after for change in update.parameters}
    swapped = [(tape.values[index].tensor, tensor.clone()) for index, tensor in after.items()]
    swapped += [(buffer, buffer.detach().clone()) for buffer in buffers]
    leaves = [value.tensor for value in tape.values if value.tensor.is_leaf and value.tensor.requires_grad]
    with _holding(swapped), _without_gradients(leaves), torch.enable_grad():
        tensors = [tensor for _, tensor in tensors_within(run())]
    if place < len(tensors):
        update.output = output, tensors[place].detach().clone()


@contextmanager
def _holding(swapped: list[tuple[Tensor, Tensor]]) -> Iterator[None]:
    """The tensors hold other numbers inside. Their own memory is not written to: the records look at it."""
    own = [(tensor, tensor.data) for tensor, _ in swapped]
    try:
        for tensor, data in swapped:
            tensor.data = data
        yield
    finally:
        for tensor, data in own:
            tensor.data = data


@contextmanager
def _without_gradients(leaves: list[Tensor]) -> Iterator[None]:
    """Whatever backward passes run inside leave no `.grad` behind."""
    own = [(leaf, leaf.grad) for leaf in leaves]
    try:
        for leaf in leaves:
            leaf.grad = None
        yield
    finally:
        for leaf, grad in own:
            leaf.grad = grad


def update_steps(
    update: TapeUpdate, first: int, numbers: Sequence[Array], array: Callable[[Tensor], Array]
) -> list[Step]:
    """A step for every parameter in the optimizer's order, then one for the output; numbered from `first`.

    `numbers`: those of every value; `array` reads the other tensors.
    """
    records = [
        Update(
            change.value,
            before=numbers[change.value],
            after=array(change.after),
            gradient=array(change.gradient),
            optimizer=change.optimizer,
            settings=tuple(OptimizerSetting(*setting) for setting in change.settings),
            state=tuple(
                OptimizerState(name, None if before is None else array(before), array(after))
                for name, before, after in change.state
            ),
            element=_element(change),
        )
        for change in update.parameters
    ]
    if update.output is not None:
        value, after = update.output
        records.append(Update(value, before=numbers[value], after=array(after)))
    return [Step(first + place, "update", "update", update=record) for place, record in enumerate(records)]


def _element(change: ParameterUpdate) -> Element | None:
    """The element with the largest gradient; None where state is kept in another shape, or numbers are not real."""
    shape = change.after.shape
    tensors = [change.before, change.gradient, change.after, *(after for *_, after in change.state)]
    if not change.after.numel() or any(t.is_complex() or t.layout is not torch.strided for t in tensors):
        return None
    if any(after.numel() != 1 and after.shape != shape for *_, after in change.state):
        return None
    flat = int(change.gradient.detach().abs().argmax())
    index = tuple(int(place) for place in torch.unravel_index(torch.tensor(flat), shape))

    def at(tensor: Tensor | None) -> float | None:
        return None if tensor is None else float(tensor.reshape(-1)[flat] if tensor.shape == shape else tensor)

    return Element(
        index,
        float(change.before.reshape(-1)[flat]),
        float(change.gradient.reshape(-1)[flat]),
        tuple((at(before), float(at(after) or 0.0)) for _, before, after in change.state),
        float(change.after.reshape(-1)[flat]),
    )
