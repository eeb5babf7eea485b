"""Functions of one element at a time, and the stretching of shapes that do not agree.

Shapes are aligned at the right; an axis of size 1 is stretched, without a copy (stride 0); backward the gradients of
its copies are summed (https://docs.pytorch.org/docs/stable/notes/broadcasting.html).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from playground.errors import PlaygroundError
from playground.explain.lens.call import Call, differentiated
from playground.explain.lens.frame import Curve, LensFrame, Operand, Terms
from playground.explain.lens.places import Picks, operand_board, picked, places, plain_names, result_axes, result_board
from playground.explain.numbers import shape_text

POINTS = 201  # of a curve
MARGIN = 0.15  # of the range of the numbers, on both sides

_WRITTEN = {
    **dict.fromkeys(("add", "add_", "iadd", "radd"), "{0} + {1}"),
    **dict.fromkeys(("sub", "sub_", "isub", "subtract"), "{0} − {1}"),
    **dict.fromkeys(("rdiv", "rtruediv"), "{1} / {0}"),
    "rsub": "{1} − {0}",
    "rpow": "{1}^{0}",
    **dict.fromkeys(("mul", "mul_", "imul", "rmul", "multiply"), "{0} · {1}"),
    **dict.fromkeys(("div", "div_", "truediv", "itruediv", "divide", "true_divide"), "{0} / {1}"),
    **dict.fromkeys(("pow", "pow_"), "{0}^{1}"),
    "gt": "{0} > {1}",
    "lt": "{0} < {1}",
    "ge": "{0} ≥ {1}",
    "le": "{0} ≤ {1}",
    "eq": "{0} = {1}",
    "ne": "{0} ≠ {1}",
}


def elementwise(call: Call, picks: Picks) -> LensFrame:
    """The lens of a call that computes each element of its result from one element of each argument."""
    shape = call.shape(call.output)
    names = plain_names(len(shape))
    axes = result_axes(names, shape, picks)
    index = [place.reshape(-1, 1) for place in places(axes)]
    results = max(1, len(index[0])) if index else 1
    operands, boards = [], []
    for key, value in call.tensors.items():
        own = call.shape(value)
        if len(own) > len(shape) or any(a not in (1, b) for a, b in zip(own[::-1], shape[::-1], strict=False)):
            raise PlaygroundError("the result is not computed element by element", hint="open an element of it")
        behind = index[len(index) - len(own) :]
        place_of = [torch.zeros_like(at) if size == 1 else at for at, size in zip(behind, own, strict=True)]
        board = operand_board(call, key, names[len(names) - len(own) :], place_of)
        board = replace(board, copies=_copies(board.shape, [axis.shown for axis in axes]))
        boards.append(board)
        operands.append(Operand(key, board.cells(*place_of).expand(results, 1)))
    locals_ = _locals(call, {board.key: board.numbers for board in boards}, operands)
    operands = [Operand(one.key, one.cells, locals_[one.key]) for one in operands]
    return LensFrame(
        family="broadcast" if len(boards) > 1 else "curve",
        op=call.id,
        title=call.title,
        formula=call.title,
        result=result_board(call, axes),
        operands=tuple(boards),
        terms=Terms("function", tuple(operands)),
        picks=picked(axes),
        notes=aligned([call.shape(value) for value in call.tensors.values()], shape),
        curve=_curve(call, boards[0].numbers) if len(boards) == 1 else None,
        written=_written(call),
    )


def aligned(shapes: list[tuple[int, ...]], result: tuple[int, ...]) -> tuple[str, ...]:
    """The rule for each axis of shapes that are aligned at the right; nothing where they are the same.

    >>> aligned([(3, 1), (3,)], (3, 3))[1]
    'Axis 0: 3 and nothing → 3: the second is stretched.'
    """
    if len(shapes) < 2 or len(set(shapes)) == 1:
        return ()
    lines = ["Shapes are aligned at the right: " + ", ".join(map(shape_text, shapes)) + f" → {shape_text(result)}."]
    ordinals = ("first", "second", "third", "fourth")
    for axis, size in enumerate(result):
        own = [shape[axis - len(result)] if len(result) - axis <= len(shape) else None for shape in shapes]
        stretched = [ordinals[i] for i, one in enumerate(own[:4]) if one != size]
        words = " and ".join("nothing" if one is None else str(one) for one in own)
        how = f"the {' and the '.join(stretched)} is stretched" if stretched else "the same"
        lines.append(f"Axis {axis}: {words} → {size}: {how}.")
    if len(lines) > 1:
        lines.append("Stretched axes have stride 0: nothing is copied. Backward the gradient is summed over them.")
    return tuple(lines)


def _copies(own: Sequence[int], result: Sequence[int]) -> tuple[int, int]:
    """How often the rows and the columns of an argument are read for those of the result."""
    (own_rows, own_columns), (rows, columns) = ([1, 1, *shape][-2:] for shape in (own, result))
    return rows // max(1, own_rows), columns // max(1, own_columns)


def _written(call: Call) -> str:
    """How a cell is written: '{0} + {1}', a number of the call in the place of an argument."""
    form = _WRITTEN.get(call.name)
    keys = list(call.tensors)
    constants = call.trace.ops[call.id].constants
    if form is None or any(not one.path.isdecimal() for one in constants):  # alpha, rounding_mode: another formula
        return f"{call.name}({', '.join(f'{{{i}}}' for i in range(len(keys)))})"
    if len(keys) == 2:
        return form
    return form.replace("{1}", next((one.text for one in constants), ""))


def _locals(call: Call, numbers: dict[str, Tensor], operands: list[Operand]) -> dict[str, Tensor | None]:
    """How each cell of the result moves with its cell of each argument: by PyTorch, on the shown cells alone."""
    given = {}
    for one in operands:
        cells = numbers[one.key][one.cells[:, 0]].clone()
        is_real = call.repeated.is_real(call.path(one.key))
        given[one.key] = cells.requires_grad_() if is_real else cells.to(call.number(call.tensors[one.key]).dtype)
    found = call.with_arguments(given)
    real = [key for key, cells in given.items() if cells.requires_grad]
    if not found.requires_grad or not real:
        return dict.fromkeys(given)
    with differentiated():
        slopes = torch.autograd.grad(found.sum(), [given[key] for key in real], allow_unused=True)
    known = {
        key: torch.zeros_like(given[key]) if slope is None else slope for key, slope in zip(real, slopes, strict=True)
    }
    return {key: known[key].reshape(-1, 1).detach() if key in known else None for key in given}


def _curve(call: Call, numbers: Tensor) -> Curve | None:
    """The function over a range that holds its finite numbers; None where it has none, or is none of one number."""
    finite = numbers[torch.isfinite(numbers)]
    key = next(iter(call.tensors))
    if not finite.numel() or not call.repeated.is_real(call.path(key)):
        return None
    low, high = float(finite.min()), float(finite.max())
    wide = max(high - low, 2.0)
    points = torch.linspace(low - MARGIN * wide, high + MARGIN * wide, POINTS, dtype=torch.float64).requires_grad_()
    values = call.with_arguments({key: points})
    if values.shape != points.shape or not values.requires_grad:
        return None
    (slopes,) = torch.autograd.grad(values.sum(), points)
    return Curve(tuple(points.tolist()), _finite(values), _finite(slopes))


def _finite(numbers: Tensor) -> tuple[float | None, ...]:
    return tuple(number if math.isfinite(number) else None for number in numbers.detach().tolist())
