"""New tensors: filled, counted, random, from numbers. Floating-point ones are float32 unless a dtype is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from playground.language.bounds.bound import like, same_size, size_of
from playground.language.bounds.creation import identity_matrix, sized, stepped
from playground.language.function import METHOD, TORCH, Arguments, Cost, Function
from playground.language.functions.literals import depth, dtype_of, flat

KIND = "dtype=None, requires_grad=False"


def filled(make: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """`zeros(2, 3)` in float32, whatever the process's default dtype is."""

    def call(*size: Any, **options: Any) -> Tensor:
        return make(*size, **{"dtype": torch.float32, **given(options)})

    return call


def given(options: dict[str, Any]) -> dict[str, Any]:
    """Only the options that say something: `dtype=None` is left out."""
    return {name: value for name, value in options.items() if value is not None}


def full(size: Any, fill_value: float, **options: Any) -> Tensor:
    """`full((2, 3), 1.5)`: the dtype of the number."""
    return torch.full(size, fill_value, **{"dtype": dtype_of(fill_value), **given(options)})


def arange(*range: float, **options: Any) -> Tensor:
    """`arange(5)`: whole numbers if all bounds are."""
    bounds = [bound.item() if isinstance(bound, Tensor) else bound for bound in range]
    dtype = torch.float32 if any(isinstance(bound, float) for bound in bounds) else torch.int64
    return torch.arange(*bounds, **{"dtype": dtype, **given(options)})


def tensor(data: Any, **options: Any) -> Tensor:
    """`tensor([1.0, 2.0])`; a tensor inside is copied, without its history."""
    if isinstance(data, Tensor):
        copy = data.detach().clone()
        copy = copy if options.get("dtype") is None else copy.to(options["dtype"])
        return copy.requires_grad_(bool(options.get("requires_grad", False)))
    return torch.tensor(data, **{"dtype": dtype_of(data), **given(options)})


def randint(low: int, high: Any = None, size: Any = None, **options: Any) -> Tensor:
    """`randint(10, (3,))`, `randint(0, 10, (3,))`: the upper bound is left out."""
    if size is None:
        low, high, size = 0, low, high
    return torch.randint(low, high, size, **{"dtype": torch.int64, **given(options)})


def randint_cost(arguments: Arguments) -> Cost:
    """The size is the second or the third argument."""
    return like(size_of(arguments.get("size", arguments.get("high"))))


def steps_cost(arguments: Arguments) -> Cost:
    """`linspace(start, end, steps)`."""
    return like(size_of(arguments.get("steps")))


def permutation_cost(arguments: Arguments) -> Cost:
    """`randperm(n)`."""
    return like(size_of(arguments.get("n")))


def data_cost(arguments: Arguments) -> Cost:
    """Literal data: as many numbers as were written, or a tensor's."""
    data = arguments.get("data")
    return like(tuple(data.shape)) if isinstance(data, Tensor) else Cost(len(flat(data)), 1, depth(data))


def new(
    name: str,
    signature: str,
    call: Callable[..., Any],
    meaning: str,
    example: str,
    cost: Callable[[Arguments], Cost],
    is_random: bool = False,
    is_smooth: bool = True,
) -> Function:
    """A function that makes a tensor from numbers; the example uses it beside a leaf."""
    return Function(
        name, (TORCH,), signature, call, meaning, "", example, cost, is_random=is_random, is_smooth=is_smooth
    )


def copy(name: str, signature: str, call: Callable[..., Any], meaning: str, is_random: bool = False) -> Function:
    """A new tensor in the shape and dtype of another."""
    value = ", 2.0" if "fill_value" in signature else ""
    return Function(
        name, (TORCH,), signature, call, meaning, "", f"A * {name}(A{value})", same_size, is_random=is_random
    )


CREATION = (
    new("tensor", f"data, *, {KIND}", tensor, "A tensor of these numbers.", "x * tensor([1.0, 2.0, 3.0])", data_cost),
    new("zeros", f"*size, {KIND}", filled(torch.zeros), "Filled with 0.", "x + zeros(2, 3)", sized),
    new("ones", f"*size, {KIND}", filled(torch.ones), "Filled with 1.", "x * ones(2, 1)", sized),
    new("full", f"size, fill_value, *, {KIND}", full, "Filled with one number.", "x * full((2, 1), 3.0)", sized),
    new(
        "eye",
        f"n, m, *, {KIND}".replace("m,", "m=None,"),
        filled(torch.eye),
        "Identity matrix.",
        "M @ eye(3)".replace("eye(3)", "eye(3, dtype=M.dtype)"),
        identity_matrix,
    ),
    new(
        "arange",
        f"*range, {KIND}",
        arange,
        "Numbers from start (0) to end, the end left out.",
        "x * arange(3)",
        stepped,
    ),
    new(
        "linspace",
        f"start, end, steps, *, {KIND}",
        filled(torch.linspace),
        "Evenly spaced numbers, both ends included.",
        "x * linspace(0, 1, 3)",
        steps_cost,
    ),
    new(
        "logspace",
        f"start, end, steps, base=10.0, *, {KIND}",
        filled(torch.logspace),
        "Powers, evenly spaced exponents.",
        "x * logspace(0, 1, 3)",
        steps_cost,
    ),
    new(
        "rand",
        f"*size, {KIND}",
        filled(torch.rand),
        "Random numbers between 0 and 1, the same for the same seed.",
        "x * rand(2, 3)",
        sized,
        is_random=True,
    ),
    new(
        "randn",
        f"*size, {KIND}",
        filled(torch.randn),
        "Random numbers of the normal distribution, the same for the same seed.",
        "x * randn(2, 3)",
        sized,
        is_random=True,
    ),
    new(
        "randint",
        "low, high, size=None, *, dtype=None",
        randint,
        "Random whole numbers from low to high - 1.",
        "x * randint(1, 5, (3,))",
        randint_cost,
        is_random=True,
    ),
    new(
        "randperm",
        "n, *, dtype=None",
        lambda n, **options: torch.randperm(n, **{"dtype": torch.int64, **given(options)}),
        "A random order of 0 to n - 1.",
        "x[randperm(3)]",
        permutation_cost,
        is_random=True,
    ),
    Function(
        "bernoulli",
        (TORCH, METHOD),
        "input",
        torch.bernoulli,
        "1 with this probability, else 0.",
        "0",
        "y * bernoulli(x)",
        same_size,
        is_random=True,
        is_smooth=False,
    ),
    new(
        "normal",
        "mean, std, size, *, dtype=None, requires_grad=False",
        lambda mean, std, size, **options: torch.normal(
            float(mean), float(std), size, **{"dtype": torch.float32, **given(options)}
        ),
        "Random numbers of a normal distribution.",
        "x * normal(0.0, 1.0, (2, 3))",
        sized,
        is_random=True,
    ),
    copy("zeros_like", "input, *, dtype=None", torch.zeros_like, "0 in the shape of another tensor."),
    copy("ones_like", "input, *, dtype=None", torch.ones_like, "1 in the shape of another tensor."),
    copy(
        "full_like", "input, fill_value, *, dtype=None", torch.full_like, "One number in the shape of another tensor."
    ),
    copy(
        "rand_like",
        "input",
        lambda input, **options: torch.rand(input.shape, dtype=input.dtype, **options),
        "Random numbers between 0 and 1 in the shape of another tensor.",
        is_random=True,
    ),
    copy(
        "randn_like",
        "input",
        lambda input, **options: torch.randn(input.shape, dtype=input.dtype, **options),
        "Normal random numbers in the shape of another tensor.",
        is_random=True,
    ),
)
