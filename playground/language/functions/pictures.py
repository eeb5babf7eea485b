"""Layers that resize, shift, normalise or gate pictures and signals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from playground.language.bounds.layouts import grid_of, put_back, resized, sampled, turned
from playground.language.bounds.scattering import stretched
from playground.language.bounds.slow import neighbouring_channels, several_passes
from playground.language.function import TORCH, Arguments, Cost, F, Function

BACK = r"\text{back to where it came from}"
NORMALISED = r"\frac{1}{s}\left(\bar y - \operatorname{mean}\bar y - \hat x \operatorname{mean}(\bar y\,\hat x)\right)"


def layer(
    name: str,
    signature: str,
    call: Callable[..., Any],
    meaning: str,
    derivative: str,
    example: str,
    bound: Callable[[Arguments], Cost],
    homes: tuple[str, ...] = (F,),
) -> Function:
    """A layer of `torch.nn.functional`."""
    return Function(name, homes, signature, call, meaning, derivative, example, bound)


def grid_sample(
    input: Tensor, grid: Tensor, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool = False
) -> Tensor:
    """PyTorch's, which warns where `align_corners` is not said."""
    return functional.grid_sample(input, grid, mode, padding_mode, align_corners)


def affine_grid(theta: Tensor, size: list[int], align_corners: bool = False) -> Tensor:
    """PyTorch's, which warns where `align_corners` is not said."""
    return functional.affine_grid(theta, size, align_corners)


PICTURES = (
    layer("interpolate", "input, size=None, scale_factor=None, mode='nearest', align_corners=None",
          functional.interpolate, "Pictures (N, C, H, W) in another size: nearest, bilinear, bicubic, area.",
          r"\text{each output's share of each input}", "interpolate(image, scale_factor=2, mode='bilinear')", resized),
    layer("grid_sample", "input, grid, mode='bilinear', padding_mode='zeros', align_corners=False",
          grid_sample, "Pictures read at the places of a grid (N, H, W, 2) from -1 to 1.",
          r"\text{each output's share of each input, and the slope at its place}",
          "grid_sample(image, image.permute(0, 2, 3, 1) / 9, align_corners=False)", sampled),
    layer("affine_grid", "theta, size, align_corners=False", affine_grid,
          "The grid of an affine map theta (N, 2, 3), for grid_sample.", r"\text{summed over the places}",
          "affine_grid(A[None], (1, 1, 2, 2), align_corners=False)", grid_of),
    layer("fold", "input, output_size, kernel_size, dilation=1, padding=0, stride=1", functional.fold,
          "Columns of windows added back into pictures: unfold backwards.", r"\text{the windows}",
          "fold(unfold(image, 2), (4, 4), 2)", put_back),
    layer("pixel_shuffle", "input, upscale_factor", functional.pixel_shuffle,
          "Channels as the pixels of larger pictures.", BACK, "pixel_shuffle(image.reshape(1, 8, 2, 2), 2)", turned,
          (TORCH, F)),
    layer("pixel_unshuffle", "input, downscale_factor", functional.pixel_unshuffle,
          "Pixels as channels of smaller pictures.", BACK, "pixel_unshuffle(image, 2)", turned, (TORCH, F)),
    layer("channel_shuffle", "input, groups", torch.channel_shuffle, "Channels of groups in turn.", BACK,
          "channel_shuffle(image, 2)", turned, (TORCH, F)),
    layer("batch_norm", "input, running_mean, running_var, weight=None, bias=None, training=False, *, eps=1e-05",
          functional.batch_norm,
          "Mean 0 and variance 1 for each channel: over the batch while training, else by the running numbers.",
          NORMALISED, "batch_norm(A, None, None, training=True)", several_passes),
    layer("instance_norm", "input, *, weight=None, bias=None, eps=1e-05", functional.instance_norm,
          "Mean 0 and variance 1 over each channel of each example.", NORMALISED, "instance_norm(image)",
          several_passes),
    layer("local_response_norm", "input, size, alpha=0.0001, beta=0.75, k=1.0", functional.local_response_norm,
          "Divided by (k + alpha times the mean square of so many neighbouring channels) to the power beta.",
          r"\frac{\bar y}{d^\beta} - \frac{2\alpha\beta x}{n} \sum \frac{\bar y\,y}{d}",
          "local_response_norm(image, 2)", neighbouring_channels),
    layer("rms_norm", "input, normalized_shape, weight=None, eps=None", functional.rms_norm,
          "Divided by the root of the mean square over the last axes.",
          r"\frac{1}{r}\left(\bar y - \hat x \operatorname{mean}(\bar y\,\hat x)\right)", "rms_norm(A, (3,))",
          several_passes, (TORCH, F)),
    layer("glu", "input, dim=-1", functional.glu, "The first half times the sigmoid of the second.",
          r"\sigma(b),\ a\,\sigma(b)(1 - \sigma(b))", "glu(image)", stretched),
    layer("prelu", "input, weight", functional.prelu, "x where positive, else weight * x, the weight being learnt.",
          r"1\ \text{or}\ w,\ \sum_{x < 0} x", "prelu(y, s)", stretched, (TORCH, F)),
)  # fmt: skip
