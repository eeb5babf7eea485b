"""Any other call: which cells of its arguments each cell of its result moves with, and how fast.

That is the Jacobian of the call, a row for each cell of the result; backward each cell of an argument is sent its
column times the adjoints. PyTorch differentiates the repeated call, in float64.
"""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor

from playground.errors import PlaygroundError
from playground.explain.lens.call import Call, differentiated
from playground.explain.lens.frame import Axis, Board, LensFrame, Operand, Terms, part_of
from playground.explain.lens.places import MOST_TERMS, Picks, picked, plain_names, result_board, within

MOST_INPUTS = 4096  # cells of all arguments together
MOST_RESULTS = 64  # whose rows are computed at once


def jacobian(call: Call, picks: Picks) -> LensFrame:
    """The lens of a call of which nothing is known but that it can be differentiated."""
    real = [name for name in call.tensors if call.repeated.is_real(call.path(name))]
    real = [name for name in real if call.trace.values[call.tensors[name]].requires_grad] or real
    shape = call.shape(call.output)
    sizes = {name: prod(call.shape(call.tensors[name])) for name in real}
    count = sum(sizes.values())
    if not count:
        raise PlaygroundError("no cell of its arguments is a real number", hint="open an element of it")
    if count > MOST_INPUTS:
        raise PlaygroundError(
            f"its derivatives by {count:,} cells are too many for one picture; the limit is {MOST_INPUTS:,}",
            hint="open an element of it",
        )
    named = list(zip(plain_names(len(shape)), shape, strict=True))
    axes = within(named, min(MOST_RESULTS, MOST_TERMS // count), picks)
    rows = _rows(call, real, axes)
    boards, operands = [], []
    for name in real:
        board = _board(call, name)
        row = rows[name]
        used = row != 0
        most = max(1, int(used.sum(1).max())) if len(row) else 1
        order = torch.argsort(~used, dim=1, stable=True)[:, :most]  # those that are used first, as they stand
        cells = torch.where(used.gather(1, order), order, -1)
        boards.append(board)
        operands.append(Operand(name, cells, torch.where(cells >= 0, row.gather(1, order), 0.0)))
    return LensFrame(
        family="jacobian",
        op=call.id,
        title=call.title,
        formula=call.title,
        result=result_board(call, axes),
        operands=tuple(boards),
        terms=Terms("function", _as_wide(operands)),
        picks=picked(axes),
        notes=(
            "Each cell of the result moves with those that are marked; the derivatives are its row of the Jacobian.",
        ),
        written=f"{call.name}(…)",
    )


def _rows(call: Call, real: list[str], axes: list[Axis]) -> dict[str, Tensor]:
    """The derivatives of each shown cell by all cells of each argument, (results, cells)."""
    moved = {name: call.repeated.number(call.path(name)).detach().clone().requires_grad_() for name in real}
    with differentiated():
        made = call.with_arguments(moved)
    if not made.requires_grad or not made.is_floating_point():
        raise PlaygroundError("no cell of its result moves with a cell of its arguments", hint="open an element of it")
    for number, axis in enumerate(axes):
        made = made.narrow(number, axis.start, axis.shown)
    found: dict[str, list[Tensor]] = {name: [] for name in real}
    for cell in made.reshape(-1):
        with differentiated():
            parts = torch.autograd.grad(cell, list(moved.values()), retain_graph=True, allow_unused=True)
        for name, part in zip(real, parts, strict=True):
            found[name].append((torch.zeros_like(moved[name]) if part is None else part).reshape(-1))
    return {name: torch.stack(parts) if parts else torch.zeros(0, moved[name].numel()) for name, parts in found.items()}


def _board(call: Call, name: str) -> Board:
    value = call.tensors[name]
    shape = call.shape(value)
    axes = tuple(Axis(axis, size) for axis, size in zip(plain_names(len(shape)), shape, strict=True))
    sent = call.sent(name)
    gradient = None if sent is None else part_of(sent, axes)
    return Board(name, value, axes, part_of(call.number(value), axes), gradient)


def _as_wide(operands: list[Operand]) -> tuple[Operand, ...]:
    """The same with as many terms for each operand; what is added has no cell."""
    most = max(operand.cells.shape[1] for operand in operands)
    wide = []
    for operand in operands:
        gap = most - operand.cells.shape[1]
        local = torch.zeros_like(operand.cells, dtype=torch.float64) if operand.local is None else operand.local
        wide.append(
            Operand(
                operand.key,
                torch.nn.functional.pad(operand.cells, (0, gap), value=-1),
                torch.nn.functional.pad(local, (0, gap)),
            )
        )
    return tuple(wide)
