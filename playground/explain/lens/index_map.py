"""Calls that move elements and compute nothing: where each element of the result comes from.

The call itself says so: it is repeated on tensors that hold the number of each of their elements.
"""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor

from playground.errors import PlaygroundError
from playground.explain.lens.call import Call
from playground.explain.lens.frame import Axis, Board, LensFrame, Operand, Terms, part_of
from playground.explain.lens.places import Picks, picked, plain_names, refuse_beyond, result_axes, result_board

MOST_CELLS = 4096  # of one argument that are shown


def index_map(call: Call, picks: Picks) -> LensFrame:
    """The lens of a call that rearranges, selects, repeats or joins."""
    moved = [name for name in call.tensors if call.repeated.is_real(call.path(name))]
    if not moved:
        raise PlaygroundError("only what holds real numbers is followed through a call", hint="open an element of it")
    shape = call.shape(call.output)
    axes = result_axes(plain_names(len(shape)), shape, picks)
    numbers = _origins(call, moved)
    chosen = part_of(numbers, tuple(axes)).long()
    board_of_result = result_board(call, axes)
    boards, operands, first = [], [], 1
    for name in moved:
        size = prod(call.shape(call.tensors[name]))
        own = torch.where((chosen >= first) & (chosen < first + size), chosen - first, -1)
        board = _board(call, name, own)
        boards.append(board)
        operands.append(Operand(name, _cells(board, call.shape(call.tensors[name]), own).reshape(-1, 1)))
        first += size
    return LensFrame(
        family="index map",
        op=call.id,
        title=call.title,
        formula=f"{call.title}: every element of {call.show(call.output)} is one of "
        + ", ".join(call.show(call.tensors[name]) for name in moved),
        result=board_of_result,
        operands=tuple(boards),
        terms=Terms("moved", tuple(operands), rest=torch.where(chosen == 0, board_of_result.numbers, 0.0)),
        picks=picked(axes),
        notes=_notes(call, moved),
    )


def _origins(call: Call, moved: list[str]) -> Tensor:
    """For each element of the result the number of the element that it is, counted through all arguments from 1 on; 0
    for one that the call put there itself."""
    found = []
    for offset in (0, 1_000_003):  # a number that does not move with the offset was put there
        first, given = 1 + offset, {}
        for name in moved:
            shape = call.shape(call.tensors[name])
            given[name] = torch.arange(first, first + prod(shape), dtype=torch.float64).reshape(shape)
            first += prod(shape)
        found.append(call.with_arguments(given).detach())
    return torch.where(found[1] - found[0] == 1_000_003, found[0], 0.0)


def _board(call: Call, name: str, own: Tensor) -> Board:
    """The argument as far as it is shown: whole where it is small, else the places that are used."""
    value = call.tensors[name]
    shape = call.shape(value)
    names = plain_names(len(shape))
    axes = [Axis(axis, size) for axis, size in zip(names, shape, strict=True)]
    if prod(shape) > MOST_CELLS and shape:
        used = torch.unravel_index(own[own >= 0], shape)
        axes = [axis.around(place) for axis, place in zip(axes, used, strict=True)]
        refuse_beyond(prod(axis.shown for axis in axes), "cells between those that are read")
    sent = call.sent(name)
    gradient = None if sent is None else part_of(sent, tuple(axes))
    return Board(name, value, tuple(axes), part_of(call.number(value), tuple(axes)), gradient)


def _cells(board: Board, shape: tuple[int, ...], own: Tensor) -> Tensor:
    if not shape:
        return own
    index = torch.unravel_index(own.clamp(min=0), shape)
    return torch.where(own >= 0, board.cells(*index), -1)


def _notes(call: Call, moved: list[str]) -> tuple[str, ...]:
    result = call.trace.values[call.output]
    notes = ["Backward every element sends its adjoint to where it came from; one that was used often sums them."]
    source, made = call.tensor(call.tensors[moved[0]]), call.tensor(call.output)
    if len(moved) == 1 and all(one.layout is torch.strided and one.is_cpu for one in (source, made)):
        same = made.untyped_storage().data_ptr() == source.untyped_storage().data_ptr()
        how = "a view: it shares the memory" if same else "a copy: it has memory of its own"
        notes.append(f"The result is {how}; strides {tuple(source.stride())} before, {tuple(made.stride())} now.")
    return tuple(notes) if result.shape else tuple(notes[:1])
