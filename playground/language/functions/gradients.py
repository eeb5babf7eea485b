"""Autograd itself: backward, grad, detach; and the few in-place functions that training needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from playground.language.bounds.bound import backward_pass, elementwise, no_tensor, same_size
from playground.language.function import AUTOGRAD, METHOD, TORCH, F, Function


def in_place(
    name: str, signature: str, call: Callable[..., Any], meaning: str, derivative: str, example: str
) -> Function:
    """A method that writes into its own tensor; `y` in the example is not a leaf, which may not be written to."""
    return Function(name, (METHOD,), signature, call, meaning, derivative, example, elementwise, in_place=True)


GRADIENTS = (
    Function(
        "backward",
        (METHOD,),
        "input, gradient=None, retain_graph=None, create_graph=False",
        Tensor.backward,
        "Runs the backward pass: adds to `.grad` of every leaf.",
        "",
        "f = (x * x).sum()\nf.backward()\nx.grad",
        backward_pass,
        is_smooth=False,
    ),
    Function(
        "grad",
        (AUTOGRAD,),
        "outputs, inputs, grad_outputs=None, retain_graph=None, create_graph=False, *, allow_unused=None",
        torch.autograd.grad,
        "The gradients, as a tuple, without touching `.grad`.",
        "",
        "f = (x ** 3).sum()\ng, = grad(f, x, create_graph=True)\ng",
        backward_pass,
    ),
    Function(
        "detach",
        (METHOD,),
        "input",
        Tensor.detach,
        "The same numbers, cut off from the graph.",
        "0",
        "y * x.detach()",
        no_tensor,
        is_smooth=False,
    ),
    Function(
        "requires_grad_",
        (METHOD,),
        "input, requires_grad=True",
        Tensor.requires_grad_,
        "From here on gradients are wanted for this leaf.",
        "",
        "w = tensor([2.0])\nw.requires_grad_()\nw * x",
        no_tensor,
        in_place=True,
    ),
    Function(
        "retain_grad",
        (METHOD,),
        "input",
        Tensor.retain_grad,
        "Keep `.grad` of a value that is not a leaf.",
        "",
        "f = x * x\nf.retain_grad()\nf.sum()",
        no_tensor,
    ),
    in_place(
        "add_",
        "input, other, *, alpha=1",
        Tensor.add_,
        "x += y, in the same memory.",
        r"1,\ \alpha",
        "z = x * 2\nz.add_(y)",
    ),
    in_place(
        "sub_",
        "input, other, *, alpha=1",
        Tensor.sub_,
        "x -= y, in the same memory.",
        r"1,\ -\alpha",
        "z = x * 2\nz.sub_(y)",
    ),
    in_place("mul_", "input, other", Tensor.mul_, "x *= y, in the same memory.", r"y,\ x", "z = x * 2\nz.mul_(y)"),
    in_place(
        "div_",
        "input, other",
        Tensor.div_,
        "x /= y, in the same memory.",
        r"\frac{1}{y},\ -\frac{x}{y^2}",
        "z = x * 2\nz.div_(y)",
    ),
    in_place(
        "copy_",
        "input, src",
        Tensor.copy_,
        "The numbers of src, written into the same memory.",
        r"0,\ 1",
        "z = x * 2\nz.copy_(y * 3)\nz * x",
    ),
    in_place(
        "fill_",
        "input, value",
        Tensor.fill_,
        "One number everywhere, in the same memory.",
        r"0,\ \sum \bar y",
        "z = x * 2\nz.fill_(s * 3)\nz * x",
    ),
    in_place("zero_", "input", Tensor.zero_, "Fills with 0, in the same memory.", "0", "z = x * 2\nz.zero_()\nz + x"),
    Function(
        "relu_",
        (TORCH, METHOD, F),
        "input",
        torch.relu_,
        "relu in the same memory.",
        "[x > 0]",
        "z = y * 2\nz.relu_()",
        same_size,
        in_place=True,
    ),
)
