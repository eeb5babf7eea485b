"""Functions that rearrange elements: reshaped, stretched, joined, split."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from playground.language.bounds.bound import elementwise, joined, new_shape, one_more_axis, pieces, split_axis, view
from playground.language.bounds.creation import grids, repeated, repeated_along, sized
from playground.language.function import METHOD, TORCH, Arguments, Cost, Function

HERE = (TORCH, METHOD)
BACK = r"\text{the gradient, rearranged back}"


def moved(
    name: str,
    signature: str,
    call: Callable[..., Any],
    meaning: str,
    example: str,
    method: Callable[..., Any] | None = None,
    homes: tuple[str, ...] = HERE,
    is_smooth: bool = True,
    bound: Callable[[Arguments], Cost] = view,
) -> Function:
    """Elements that only change places: so do their gradients."""
    return Function(name, homes, signature, call, meaning, BACK, example, bound, method=method, is_smooth=is_smooth)


SHAPES = (
    Function(
        "reshape",
        (TORCH, METHOD),
        "input, *shape",
        torch.reshape,
        "The same elements in another shape; -1 is worked out.",
        BACK,
        "reshape(A, (3, 2))",
        new_shape,
        method=Tensor.reshape,
    ),
    Function(
        "view",
        (METHOD,),
        "input, *shape",
        Tensor.view,
        "The same memory read in another shape.",
        BACK,
        "A.view(6)",
        new_shape,
    ),
    Function(
        "view_as",
        (METHOD,),
        "input, other",
        Tensor.view_as,
        "The shape of another tensor.",
        BACK,
        "A.view_as(B)",
        elementwise,
    ),
    Function(
        "reshape_as",
        (METHOD,),
        "input, other",
        Tensor.reshape_as,
        "The shape of another tensor.",
        BACK,
        "A.reshape_as(B)",
        elementwise,
    ),
    moved("permute", "input, *dims", torch.permute, "Axes in another order.", "batch.permute(2, 0, 1)", Tensor.permute),
    moved("transpose", "input, dim0, dim1", torch.transpose, "Two axes swapped.", "transpose(A, 0, 1)"),
    moved("swapaxes", "input, axis0, axis1", torch.swapaxes, "Two axes swapped.", "swapaxes(A, 0, 1)"),
    moved("t", "input", torch.t, "Rows and columns swapped.", "A.t()"),
    moved("movedim", "input, source, destination", torch.movedim, "One axis moved.", "movedim(batch, 0, 2)"),
    moved("flatten", "input, start_dim=0, end_dim=-1", torch.flatten, "Several axes made one.", "flatten(A)"),
    moved(
        "unflatten",
        "input, dim, sizes",
        torch.unflatten,
        "One axis made several.",
        "unflatten(x, 0, (3, 1))",
        bound=split_axis,
    ),
    moved("ravel", "input", torch.ravel, "All axes made one.", "ravel(A)"),
    moved("squeeze", "input, dim=None", torch.squeeze, "Axes of length 1 taken out.", "squeeze(A[None], 0)"),
    Function(
        "unsqueeze",
        HERE,
        "input, dim",
        torch.unsqueeze,
        "An axis of length 1 put in.",
        BACK,
        "unsqueeze(x, 1)",
        one_more_axis,
    ),
    Function(
        "expand",
        (METHOD,),
        "input, *size",
        Tensor.expand,
        "Axes of length 1 stretched without copying.",
        r"\text{summed over the stretched axes}",
        "x.expand(2, 3)",
        sized,
    ),
    Function(
        "expand_as",
        (METHOD,),
        "input, other",
        Tensor.expand_as,
        "Stretched to the shape of another tensor.",
        r"\text{summed over the stretched axes}",
        "x.expand_as(A)",
        elementwise,
    ),
    Function(
        "broadcast_to",
        HERE,
        "input, size",
        torch.broadcast_to,
        "Stretched to a shape.",
        r"\text{summed over the stretched axes}",
        "broadcast_to(x, (2, 3))",
        sized,
    ),
    Function(
        "repeat",
        (METHOD,),
        "input, *repeats",
        Tensor.repeat,
        "Copies side by side.",
        r"\text{summed over the copies}",
        "x.repeat(2, 2)",
        repeated,
    ),
    Function(
        "tile",
        HERE,
        "input, *repeats",
        torch.tile,
        "Copies side by side.",
        r"\text{summed over the copies}",
        "tile(x, (2,))",
        repeated,
        method=Tensor.tile,
    ),
    Function(
        "repeat_interleave",
        HERE,
        "input, repeats, dim=None",
        torch.repeat_interleave,
        "Each element several times.",
        r"\text{summed over the copies}",
        "repeat_interleave(x, 2)",
        repeated_along,
    ),
    Function(
        "cat",
        (TORCH,),
        "tensors, dim=0",
        torch.cat,
        "Tensors one after the other along dim.",
        r"\text{the gradient, cut apart}",
        "cat([A, M], dim=0)",
        joined,
    ),
    Function(
        "concat",
        (TORCH,),
        "tensors, dim=0",
        torch.concat,
        "Another name of cat.",
        r"\text{the gradient, cut apart}",
        "concat((x, y))",
        joined,
    ),
    Function(
        "stack",
        (TORCH,),
        "tensors, dim=0",
        torch.stack,
        "Tensors of one shape along a new axis.",
        r"\text{the gradient, cut apart}",
        "stack([x, y], dim=1)",
        joined,
    ),
    Function(
        "hstack",
        (TORCH,),
        "tensors",
        torch.hstack,
        "Side by side.",
        r"\text{the gradient, cut apart}",
        "hstack([x, y])",
        joined,
    ),
    Function(
        "vstack",
        (TORCH,),
        "tensors",
        torch.vstack,
        "One below the other.",
        r"\text{the gradient, cut apart}",
        "vstack([x, y])",
        joined,
    ),
    Function(
        "meshgrid",
        (TORCH,),
        "*tensors, indexing='ij'",
        torch.meshgrid,
        "Grids of coordinates from vectors.",
        r"\text{summed over the stretched axes}",
        "meshgrid(x, y, indexing='ij')[0]",
        grids,
    ),
    moved(
        "split", "input, split_size, dim=0", torch.split, "Pieces of a given length.", "split(x, 2)[0]", bound=pieces
    ),
    moved("chunk", "input, chunks, dim=0", torch.chunk, "So many pieces.", "chunk(x, 2)[1]", bound=pieces),
    moved(
        "unbind", "input, dim=0", torch.unbind, "The slices along an axis, as a tuple.", "unbind(A)[0]", bound=pieces
    ),
    moved("flip", "input, *dims", torch.flip, "Backwards along axes.", "flip(x, (0,))", Tensor.flip),
    moved("roll", "input, shifts, dims=None", torch.roll, "Shifted round along axes.", "roll(x, 1)"),
)
