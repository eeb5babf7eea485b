"""Some of the elements, a copy of them, another dtype; and what there is to know of a tensor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from playground.language.bounds.bound import elementwise, indexed, no_tensor, positions, same_size
from playground.language.bounds.creation import diagonal_matrix
from playground.language.function import METHOD, PYTHON, Function
from playground.language.functions.shape import BACK, HERE, moved


def cast(name: str, call: Callable[..., Any], meaning: str) -> Function:
    """`x.float()`: the same numbers in another dtype."""
    keeps_gradient = name == "double"  # float32 is too coarse for a finite difference
    return Function(
        name,
        (METHOD,),
        "input",
        call,
        meaning,
        "1" if name in ("float", "double") else "",
        f"(x * y).{name}()",
        same_size,
        is_smooth=keeps_gradient,
    )


SELECTIONS = (
    moved("select", "input, dim, index", torch.select, "One slice along an axis.", "A.select(1, 0)", homes=HERE),
    moved("narrow", "input, dim, start, length", torch.narrow, "A range along an axis.", "narrow(A, 1, 0, 2)"),
    moved("diagonal", "input, offset=0, dim1=0, dim2=1", torch.diagonal, "The diagonal.", "diagonal(M)"),
    Function(
        "diag",
        HERE,
        "input, diagonal=0",
        torch.diag,
        "The diagonal of a matrix, or a matrix with this diagonal.",
        BACK,
        "diag(x)",
        diagonal_matrix,
    ),
    Function(
        "tril",
        HERE,
        "input, diagonal=0",
        torch.tril,
        "Lower triangle, 0 elsewhere.",
        "[i \\ge j]",
        "tril(M)",
        same_size,
    ),
    Function(
        "triu",
        HERE,
        "input, diagonal=0",
        torch.triu,
        "Upper triangle, 0 elsewhere.",
        "[i \\le j]",
        "triu(M)",
        same_size,
    ),
    Function(
        "gather",
        HERE,
        "input, dim, index",
        torch.gather,
        "The elements at these positions along dim.",
        r"\text{added at the positions}",
        "gather(A, 1, [[0], [2]])",
        indexed,
    ),
    Function(
        "index_select",
        HERE,
        "input, dim, index",
        torch.index_select,
        "These slices along dim.",
        r"\text{added at the positions}",
        "index_select(A, 1, [0, 2])",
        indexed,
    ),
    Function(
        "take",
        HERE,
        "input, index",
        torch.take,
        "Elements by their position when flattened.",
        r"\text{added at the positions}",
        "take(A, [0, 5])",
        indexed,
    ),
    Function(
        "masked_fill",
        HERE,
        "input, mask, value",
        torch.masked_fill,
        "A value wherever the mask is true.",
        r"[\neg m]",
        "masked_fill(y, y < 0, 0.0)",
        elementwise,
    ),
    Function(
        "masked_select",
        HERE,
        "input, mask",
        torch.masked_select,
        "The elements where the mask is true, as a vector.",
        r"\text{put back at the positions}",
        "masked_select(y, y > 0)",
        elementwise,
    ),
    Function(
        "nonzero",
        HERE,
        "input",
        torch.nonzero,
        "Positions of elements that are not 0.",
        "",
        "nonzero(y > 0)",
        positions,
        is_smooth=False,
    ),
    Function(
        "clone",
        HERE,
        "input",
        torch.clone,
        "A copy with its own memory; gradients flow through.",
        "1",
        "clone(x)",
        same_size,
    ),
    Function(
        "contiguous",
        (METHOD,),
        "input",
        Tensor.contiguous,
        "The same elements in row-major memory.",
        "1",
        "A.T.contiguous()",
        same_size,
    ),
    cast("float", Tensor.float, "As float32."),
    cast("double", Tensor.double, "As float64."),
    cast("long", Tensor.long, "As int64, digits after the point cut off."),
    cast("int", Tensor.int, "As int32, digits after the point cut off."),
    cast("bool", Tensor.bool, "False where 0, else True."),
    Function("to", (METHOD,), "input, dtype", Tensor.to, "In another dtype.", "1", "x.to(float64)", same_size),
    Function(
        "type_as",
        (METHOD,),
        "input, other",
        Tensor.type_as,
        "In the dtype of another tensor.",
        "1",
        "x.type_as(y)",
        same_size,
    ),
    Function("numel", HERE, "input", torch.numel, "How many elements.", "", "x * x.numel()", no_tensor),
    Function("dim", (METHOD,), "input", Tensor.dim, "How many axes.", "", "A * A.dim()", no_tensor),
    Function(
        "size",
        (METHOD,),
        "input, dim=None",
        Tensor.size,
        "The shape, or the length of one axis.",
        "",
        "A.sum() / A.size(0)",
        no_tensor,
    ),
    Function(
        "item",
        (METHOD,),
        "input",
        Tensor.item,
        "The one element as a plain number, without gradient.",
        "",
        "x * s.item()",
        no_tensor,
        is_smooth=False,
    ),
    Function("len", (PYTHON,), "input", len, "Length of the first axis.", "", "x.sum() / len(x)", no_tensor),
    Function(
        "range",
        (PYTHON,),
        "*range",
        range,
        "Whole numbers to count with in a `for` loop.",
        "",
        "f = s\nfor i in range(3):\n    f = f * s",
        no_tensor,
    ),
)
