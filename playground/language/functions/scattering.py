"""Elements put at named positions of a copy, taken from there, counted, or looked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from playground.language.bounds.bound import positions
from playground.language.bounds.layouts import triangle
from playground.language.bounds.scattering import (
    counted,
    looked_for,
    put_at,
    scattered,
    stretched,
    taken_along,
    with_empty_axes,
)
from playground.language.function import METHOD, TORCH, Function

HERE = (TORCH, METHOD)
REPLACED = r"\bar x \text{ with 0 at the positions},\ \bar s = \bar y \text{ at the positions}"
ADDED = r"\bar x = \bar y,\ \bar s = \bar y \text{ at the positions}"


def put(
    name: str, signature: str, call: Callable[..., Any], meaning: str, derivative: str, example: str, **more: Any
) -> Function:
    """A copy of `input` with something written at the positions that `index` names."""
    return Function(name, HERE, signature, call, meaning, derivative, example, scattered, **more)


def place(name: str, signature: str, call: Callable[..., Any], meaning: str, example: str, **more: Any) -> Function:
    """A copy of `input` with one part of it replaced by `src`."""
    return Function(name, HERE, signature, call, meaning, REPLACED, example, scattered, **more)


SCATTERING = (
    put(
        "scatter",
        "input, dim, index, src",
        torch.scatter,
        "A copy with src written at these positions along dim; src may be one number.",
        REPLACED,
        "scatter(A, 1, [[0], [2]], B[:2, :1])",
    ),
    put(
        "scatter_add",
        "input, dim, index, src",
        torch.scatter_add,
        "A copy with src added at these positions along dim; a position may come several times.",
        ADDED,
        "scatter_add(A, 1, [[0, 0], [2, 1]], B[:2])",
    ),
    put(
        "scatter_reduce",
        "input, dim, index, src, reduce, *, include_self=True",
        torch.scatter_reduce,
        "A copy in which all that comes to a position is taken together: 'sum', 'prod', 'mean', 'amax' or 'amin'.",
        r"\text{of sum, prod, mean, max or min, at the positions}",
        "scatter_reduce(x, 0, [0, 0, 2], y, 'prod')",
    ),
    put(
        "index_add",
        "input, dim, index, source, *, alpha=1",
        torch.index_add,
        "A copy with alpha * source added to these slices along dim.",
        r"\bar x = \bar y,\ \bar s = \alpha\,\bar y \text{ at the slices}",
        "index_add(A, 1, [0, 2], B[:2])",
    ),
    put(
        "index_copy",
        "input, dim, index, source",
        torch.index_copy,
        "A copy with these slices along dim replaced by source.",
        REPLACED,
        "index_copy(A, 1, [0, 2], B[:2])",
    ),
    put(
        "index_fill",
        "input, dim, index, value",
        torch.index_fill,
        "A copy with one number in these slices along dim.",
        r"\bar x \text{ with 0 at the slices}",
        "index_fill(A, 1, [0], 2.0)",
    ),
    Function(
        "index_put",
        HERE,
        "input, indices, values, accumulate=False",
        torch.index_put,
        "A copy with values at input[indices]; accumulate adds them.",
        REPLACED,
        "index_put(A, (tensor([0, 1]), tensor([2, 0])), y[:2])",
        put_at,
    ),
    put(
        "put",
        "input, index, source, accumulate=False",
        torch.put,
        "A copy with source at these positions, counted as if flattened; accumulate adds them.",
        REPLACED,
        "put(A, [0, 4], y[:2])",
    ),
    put(
        "masked_scatter",
        "input, mask, source",
        torch.masked_scatter,
        "A copy whose elements where the mask is true are the next ones of source.",
        REPLACED,
        "masked_scatter(y, y > 0, x)",
    ),
    place(
        "select_scatter",
        "input, src, dim, index",
        torch.select_scatter,
        "A copy with one slice along dim replaced.",
        "select_scatter(A, x, 0, 1)",
        plain=("index",),
    ),
    place(
        "slice_scatter",
        "input, src, dim=0, start=None, end=None, step=1",
        torch.slice_scatter,
        "A copy with a range along dim replaced.",
        "slice_scatter(A, B[:2], 1, 1)",
    ),
    place(
        "diagonal_scatter",
        "input, src, offset=0, dim1=0, dim2=1",
        torch.diagonal_scatter,
        "A copy with another diagonal.",
        "diagonal_scatter(M, x)",
    ),
    Function(
        "take_along_dim",
        HERE,
        "input, indices, dim=None",
        torch.take_along_dim,
        "Elements at these positions along dim, as argsort gives them; without dim of the flattened tensor.",
        r"\text{added at the positions}",
        "take_along_dim(A, argsort(A, dim=1), dim=1)",
        taken_along,
        plain=("indices",),
    ),
    Function(
        "searchsorted",
        (TORCH,),
        "sorted_sequence, values, *, right=False",
        torch.searchsorted,
        "Where each value belongs in a sorted sequence.",
        "",
        "searchsorted([0.0, 0.5, 1.0], x)",
        looked_for,
        is_smooth=False,
    ),
    Function(
        "bucketize",
        (TORCH,),
        "input, boundaries, *, right=False",
        torch.bucketize,
        "The number of the interval that each element falls into.",
        "",
        "bucketize(x, [0.0, 0.5, 1.0])",
        looked_for,
        is_smooth=False,
    ),
    Function(
        "argwhere",
        HERE,
        "input",
        torch.argwhere,
        "Positions of elements that are not 0, one a row.",
        "",
        "argwhere(y > 0)",
        with_empty_axes(positions),
        is_smooth=False,
    ),
    Function(
        "bincount",
        HERE,
        "input, weights=None, minlength=0",
        torch.bincount,
        "How often each whole number occurs.",
        "",
        "bincount(tensor([0, 2, 2]))",
        counted,
        is_smooth=False,
    ),
    Function(
        "histc",
        HERE,
        "input, bins=100, min=0, max=0",
        torch.histc,
        "How many elements fall into each of so many equal intervals.",
        "",
        "histc(x, bins=4)",
        counted,
        is_smooth=False,
    ),
    Function(
        "tril_indices",
        (TORCH,),
        "row, col, offset=0",
        torch.tril_indices,
        "Rows and columns of the lower triangle.",
        "",
        "r, c = tril_indices(3, 3)\nM[r, c]",
        triangle,
    ),
    Function(
        "triu_indices",
        (TORCH,),
        "row, col, offset=0",
        torch.triu_indices,
        "Rows and columns of the upper triangle.",
        "",
        "r, c = triu_indices(3, 3)\nM[r, c]",
        triangle,
    ),
    Function(
        "clamp_min",
        HERE,
        "input, min",
        torch.clamp_min,
        "Not below min.",
        r"[x > \min]",
        "clamp_min(y, 0.1)",
        stretched,
    ),
    Function(
        "clamp_max",
        HERE,
        "input, max",
        torch.clamp_max,
        "Not above max.",
        r"[x < \max]",
        "clamp_max(y, 0.9)",
        stretched,
    ),
)
