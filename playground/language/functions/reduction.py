"""Many elements to few: sums, extremes, norms; and running sums and sorting along an axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from playground.language.bounds.bound import (
    product_of_all,
    reduction,
    running_log_sum,
    running_product,
    same_size,
    sorting,
)
from playground.language.function import LINALG, METHOD, TORCH, Arguments, Cost, Function

HERE = (TORCH, METHOD)
OVER = "input, dim=None, keepdim=False"


def over(
    name: str,
    call: Callable[..., Any],
    meaning: str,
    derivative: str,
    example: str,
    signature: str = OVER,
    is_smooth: bool = True,
    bound: Callable[[Arguments], Cost] = reduction,
) -> Function:
    """A function that reduces all elements, or those along `dim`."""
    return Function(name, HERE, signature, call, meaning, derivative, example, bound, is_smooth=is_smooth)


def along(
    name: str,
    call: Callable[..., Any],
    meaning: str,
    derivative: str,
    example: str,
    bound: Callable[[Arguments], Cost] = same_size,
) -> Function:
    """A running total along `dim`: as many elements as before."""
    return Function(name, HERE, "input, dim, *, dtype=None", call, meaning, derivative, example, bound)


REDUCTIONS = (
    over("sum", torch.sum, "Sum of all elements, or along dim.", "1", "sum(A, dim=1)", f"{OVER}, *, dtype=None"),
    over("nansum", torch.nansum, "Sum that takes NaN as 0.", "1", "nansum(A)", f"{OVER}, *, dtype=None"),
    over(
        "mean",
        torch.mean,
        "Average of all elements, or along dim.",
        r"\frac{1}{n}",
        "mean(A, dim=0)",
        f"{OVER}, *, dtype=None",
    ),
    over(
        "prod",
        torch.prod,
        "Product of all elements, or along dim.",
        r"\prod_{j \ne i} x_j",
        "prod(x)",
        f"{OVER}, *, dtype=None",
        bound=product_of_all,
    ),
    over(
        "max",
        torch.max,
        "Largest element; with dim also its position; with another tensor the larger of each pair.",
        r"[x_i = \max]",
        "max(A)",
        "input, dim=None, keepdim=False",
    ),
    over(
        "min",
        torch.min,
        "Smallest element; with dim also its position; with another tensor the smaller of each pair.",
        r"[x_i = \min]",
        "A.min(dim=1).values",
        "input, dim=None, keepdim=False",
    ),
    over(
        "amax",
        torch.amax,
        "Largest element; ties share the gradient.",
        r"[x_i = \max]",
        "amax(A, dim=1)",
        "input, dim=(), keepdim=False",
    ),
    over(
        "amin",
        torch.amin,
        "Smallest element; ties share the gradient.",
        r"[x_i = \min]",
        "amin(A, dim=0)",
        "input, dim=(), keepdim=False",
    ),
    over("median", torch.median, "Middle element (the lower of two).", r"[x_i = \text{median}]", "median(y)"),
    over(
        "var",
        torch.var,
        "Variance; divides by n - correction.",
        r"\frac{2(x_i - \bar x)}{n - 1}",
        "var(A, dim=1)",
        f"{OVER}, *, correction=1, unbiased=True",
    ),
    over(
        "std",
        torch.std,
        "Standard deviation; divides by n - correction.",
        r"\frac{x_i - \bar x}{(n - 1)\,s}",
        "std(x)",
        f"{OVER}, *, correction=1, unbiased=True",
    ),
    over(
        "norm",
        torch.norm,
        "2-norm of all elements, or along dim; p chooses another norm.",
        r"\frac{x_i}{\lVert x \rVert}",
        "norm(A)",
        "input, p=2, dim=None, keepdim=False",
    ),
    Function(
        "vector_norm",
        (LINALG,),
        "input, ord=2, dim=None, keepdim=False",
        torch.linalg.vector_norm,
        "Norm of all elements, or along dim.",
        r"\frac{x_i}{\lVert x \rVert}",
        "linalg.vector_norm(A, dim=1)",
        reduction,
    ),
    over(
        "logsumexp",
        torch.logsumexp,
        "log of the sum of exp, without overflow.",
        r"\operatorname{softmax}(x)_i",
        "logsumexp(A, dim=1)",
        "input, dim, keepdim=False",
    ),
    over("argmax", torch.argmax, "Position of the largest element.", "", "argmax(A, dim=1)", is_smooth=False),
    over("argmin", torch.argmin, "Position of the smallest element.", "", "argmin(A)", is_smooth=False),
    over("all", torch.all, "Are all true?", "", "all(x > 0)", is_smooth=False),
    over("any", torch.any, "Is one true?", "", "any(y < 0)", is_smooth=False),
    over(
        "count_nonzero",
        torch.count_nonzero,
        "How many are not 0.",
        "",
        "count_nonzero(y > 0)",
        "input, dim=None",
        is_smooth=False,
    ),
    along("cumsum", torch.cumsum, "Running sum along dim.", r"\bar x_i = \sum_{j \ge i} \bar y_j", "cumsum(A, dim=1)"),
    along("cumprod", torch.cumprod, "Running product along dim.", "", "cumprod(x, dim=0)", running_product),
    Function(
        "logcumsumexp",
        HERE,
        "input, dim",
        torch.logcumsumexp,
        "log of the running sum of exp.",
        "",
        "logcumsumexp(x, dim=0)",
        running_log_sum,
    ),
    Function(
        "cummax",
        HERE,
        "input, dim",
        torch.cummax,
        "Running maximum and its position.",
        "",
        "cummax(y, dim=0).values",
        sorting,
    ),
    Function(
        "cummin",
        HERE,
        "input, dim",
        torch.cummin,
        "Running minimum and its position.",
        "",
        "cummin(y, dim=0).values",
        sorting,
    ),
    Function(
        "sort",
        HERE,
        "input, dim=-1, descending=False, stable=False",
        torch.sort,
        "Sorted values and where they were.",
        r"\text{the permutation}",
        "sort(y).values",
        sorting,
    ),
    Function(
        "argsort",
        HERE,
        "input, dim=-1, descending=False",
        torch.argsort,
        "The order that sorts.",
        "",
        "argsort(y)",
        sorting,
        is_smooth=False,
    ),
    Function(
        "topk",
        HERE,
        "input, k, dim=-1, largest=True, sorted=True",
        torch.topk,
        "The k largest and their positions.",
        r"[x_i\ \text{among them}]",
        "topk(y, 2).values",
        sorting,
    ),
    Function(
        "kthvalue",
        HERE,
        "input, k, dim=-1, keepdim=False",
        torch.kthvalue,
        "The k-th smallest and its position.",
        "",
        "kthvalue(y, 2).values",
        sorting,
    ),
    Function(
        "quantile",
        HERE,
        "input, q, dim=None, keepdim=False",
        torch.quantile,
        "The value below which a share q lies.",
        "",
        "quantile(y, 0.4)",
        sorting,
    ),
)
