"""Elements laid out anew: blocks, diagonals, windows, differences, all combinations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from playground.language.bounds.bound import reduction
from playground.language.bounds.layouts import (
    blocks,
    differences,
    embedded_diagonal,
    every_choice,
    side_by_side,
    strided_windows,
    subsets,
    turned,
)
from playground.language.bounds.scattering import stretched, with_empty_axes
from playground.language.bounds.slow import several_passes, sorts
from playground.language.function import METHOD, TORCH, Arguments, Cost, Function

BACK = r"\text{back to where it came from}"
HERE = (TORCH, METHOD)
over_axes = with_empty_axes(reduction)


def laid(
    name: str,
    signature: str,
    call: Callable[..., Any],
    meaning: str,
    example: str,
    bound: Callable[[Arguments], Cost] = turned,
    *,
    derivative: str = BACK,
    homes: tuple[str, ...] = HERE,
    **more: Any,
) -> Function:
    """The same elements in another place."""
    return Function(name, homes, signature, call, meaning, derivative, example, bound, **more)


LAYOUTS = (
    laid("rot90", "input, k=1, dims=(0, 1)", torch.rot90, "Turned by k right angles.", "rot90(A)"),
    laid("fliplr", "input", torch.fliplr, "Columns in reverse order.", "fliplr(A)"),
    laid("flipud", "input", torch.flipud, "Rows in reverse order.", "flipud(A)"),
    laid("atleast_2d", "input", torch.atleast_2d, "As a matrix at least.", "atleast_2d(x)", homes=(TORCH,)),
    laid("diag_embed", "input, offset=0, dim1=-2, dim2=-1", torch.diag_embed,
         "Each row of the last axis as the diagonal of a matrix.", "diag_embed(A)", embedded_diagonal),
    laid("block_diag", "*tensors", torch.block_diag, "Matrices along the diagonal of a larger one, 0 elsewhere.",
         "block_diag(A, M)", blocks, homes=(TORCH,)),
    laid("dstack", "tensors", torch.dstack, "Joined along a third axis.", "dstack((A, A * 2))", side_by_side,
         homes=(TORCH,)),
    laid("column_stack", "tensors", torch.column_stack, "Vectors as columns of a matrix.", "column_stack((x, y))",
         side_by_side, homes=(TORCH,)),
    laid("cartesian_prod", "*tensors", torch.cartesian_prod, "Every choice of one element from each vector, one a row.",
         "cartesian_prod(x, y)", every_choice, homes=(TORCH,), derivative=r"\text{added over the rows}"),
    laid("combinations", "input, r=2, with_replacement=False", torch.combinations,
         "Every choice of r elements, one a row.", "combinations(x, 2)", subsets, homes=(TORCH,),
         derivative=r"\text{added over the rows}"),
    laid("unfold", "input, dimension, size, step", Tensor.unfold, "Windows along an axis, on a new last axis.",
         "x.unfold(0, 2, 1)", strided_windows, homes=(METHOD,), derivative=r"\text{added where the windows were}"),
    laid("diff", "input, n=1, dim=-1", torch.diff, "Each element less the one before, n times over.", "diff(A)",
         differences, derivative=r"\bar x_i = \bar y_{i-1} - \bar y_i"),
    laid("trapezoid", "y, x=None, *, dim=-1", torch.trapezoid,
         "Integral by trapezoids over points x apart by 1, or as they are given.", "trapezoid(A, x)", several_passes,
         homes=(TORCH,), derivative=r"\tfrac{1}{2}(x_{i+1} - x_{i-1})"),
    laid("cumulative_trapezoid", "y, x=None, *, dim=-1", torch.cumulative_trapezoid,
         "The running integral by trapezoids.", "cumulative_trapezoid(A, x)", several_passes, homes=(TORCH,),
         derivative=r"\text{of each sum}"),
    laid("nanmean", "input, dim=None, keepdim=False", torch.nanmean, "Average of the elements that are not NaN.",
         "nanmean(A, dim=1)", over_axes, derivative=r"\frac{[x_i \ne \text{NaN}]}{n}"),
    laid("nanmedian", "input, dim=None, keepdim=False", torch.nanmedian, "Middle element, NaN left out.",
         "nanmedian(y)", over_axes, derivative=r"[x_i = \text{median}]"),
    laid("aminmax", "input, *, dim=None, keepdim=False", torch.aminmax, "Smallest and largest element.",
         "aminmax(A)[1]", over_axes, derivative=r"[x_i = \max]"),
    laid("var_mean", "input, dim=None, *, correction=1, keepdim=False", torch.var_mean, "Variance and average.",
         "var_mean(A, dim=1)", over_axes, derivative=r"\frac{2(x_i - \bar x)}{n - 1},\ \frac{1}{n}", homes=(TORCH,)),
    laid("std_mean", "input, dim=None, *, correction=1, keepdim=False", torch.std_mean, "Deviation and average.",
         "std_mean(A, dim=1)", over_axes, derivative=r"\frac{x_i - \bar x}{(n - 1)\,s},\ \frac{1}{n}", homes=(TORCH,)),
    laid("mode", "input, dim=-1, keepdim=False", torch.mode, "The most frequent element and its position.",
         "mode(y)[0]", sorts, derivative=r"[x_i\ \text{is it}]"),
    laid("msort", "input", torch.msort, "Sorted along the first axis.", "msort(A)", sorts,
         derivative=r"\text{the permutation}"),
    laid("renorm", "input, p, dim, maxnorm", torch.renorm, "Slices along dim shortened to the p-norm maxnorm.",
         "renorm(A, 2, 0, 1.0)", several_passes, derivative=r"\text{1, or of } \frac{c\,x}{\lVert x \rVert}"),
    laid("positive", "input", torch.positive, "The same tensor.", "positive(x) * x", stretched, derivative="1"),
)  # fmt: skip
