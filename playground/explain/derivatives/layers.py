"""Rows of what moves elements or goes through a window: shapes, selections, embeddings, normalisation, pooling."""

from __future__ import annotations

import torch
from torch import Tensor

from playground.explain.derivatives.derivative import Derivative, Formula, Row
from playground.explain.derivatives.recorded import Recorded

_VIEW = "with the elements moved back to where they came from"
_ROWS = "into the rows that were looked up"
_OFTEN = ", over how often each row was looked up"
_PADDING = ", none into the row of padding, @{padding_idx}"


def _channels(r: Recorded, tensor: Tensor) -> Tensor:
    return tensor.reshape(1, -1, *[1] * (r.g.dim() - 2))


def _scale(r: Recorded) -> Tensor:
    return 1 / torch.sqrt(r.saved("running_var") + r.number("eps"))


def _by_constants(r: Recorded) -> Tensor:
    scale = _scale(r) * (r.saved("weight") if r.keeps("weight") else 1.0)
    return r.g * _channels(r, scale)


def _over_channels(r: Recorded, tensor: Tensor) -> Tensor:
    return tensor.sum([axis for axis in range(tensor.dim()) if axis != 1])


def _normalised(r: Recorded) -> Tensor:
    normal = (r.a - _channels(r, r.saved("running_mean"))) * _channels(r, _scale(r))
    return _over_channels(r, r.g * normal)


_BY_CONSTANTS = "times the weight over the root of the running variance: in evaluation the statistics are constants"
_EVALUATION = Derivative(  # its formulas are not written, since channels do not stretch by themselves
    _BY_CONSTANTS,
    (
        Formula("@g · weight/√(running_var + eps)", "", _by_constants, is_written=False),
        Formula("sum(@g · (@a − running_mean)/√(running_var + eps))", "", _normalised, is_written=False),
        Formula("sum(@g)", "", lambda r: _over_channels(r, r.g), is_written=False),
    ),
    each=(
        _BY_CONSTANTS,
        "times the input normalised by the running statistics, summed",
        "summed over all axes but the channels'",
    ),
    settings=(("training", "False"),),
)

_NO_CHANNELS = "all axes but the channels'"


def _normalisation(statistics: str, summed: str) -> Derivative:
    """A normalisation by statistics of the input itself: its edges go to input, weight and bias."""
    through = f"through the mean and variance of {statistics}"
    return Derivative(
        f"{through} to the input, times the normalised input to the weight, unchanged to the bias, both summed over "
        f"{summed}",
        each=(through, f"times the normalised input, summed over {summed}", f"summed over {summed}"),
    )


_CONVOLUTION = Derivative(
    "through the kernel to the places where it was laid, times what it was laid on to the kernel, unchanged to the "
    "bias, both summed over all places and examples",
    each=(
        "through the kernel, to the places where it was laid",
        "times what the kernel was laid on, summed over all places and examples",
        "summed over all places and examples",
    ),
)

_ATTENTION = Derivative(
    "to the values by the weights of attention, to queries and keys through the softmax that made the weights",
    each=(
        "through the softmax of the weights, by the keys",
        "through the softmax of the weights, by the queries",
        "by the weights of attention, transposed",
    ),
)

LAYERS: dict[str, Row] = {
    **{
        name + "Backward": (Derivative(_VIEW),)
        for name in (
            *("View", "ReshapeAlias", "UnsafeView", "Permute", "Squeeze", "Unsqueeze", "Alias", "Unbind", "Flip"),
            *("Roll", "Diagonal", "DiagEmbed"),
        )
    },
    "ExpandBackward": (Derivative("summed over the axes that were stretched"),),
    "RepeatBackward": (Derivative("summed over the copies"),),
    "SelectBackward": (Derivative("into the place that was picked, zeros elsewhere"),),
    "SliceBackward": (Derivative("into the slice that was taken, zeros elsewhere"),),
    "IndexBackward": (Derivative("into the places that were picked, zeros elsewhere"),),
    "IndexSelectBackward": (Derivative("into the slices that were picked, zeros elsewhere"),),
    "TakeBackward": (Derivative("into the places that were picked, zeros elsewhere"),),
    "GatherBackward": (Derivative("into the places that were gathered, zeros elsewhere"),),
    "MaskedSelectBackward": (Derivative("into the places that were picked, zeros elsewhere"),),
    "EmbeddingBackward": (
        Derivative(_ROWS, settings=(("padding_idx", "-1"), ("scale_grad_by_freq", "False"))),
        Derivative(_ROWS + _OFTEN, settings=(("padding_idx", "-1"), ("scale_grad_by_freq", "True"))),
        Derivative(_ROWS + _PADDING, settings=(("padding_idx", "*"), ("scale_grad_by_freq", "False"))),
        Derivative(_ROWS + _PADDING + _OFTEN, settings=(("padding_idx", "*"), ("scale_grad_by_freq", "True"))),
        Derivative(_ROWS),
    ),
    "CatBackward": (Derivative("cut into the pieces that were joined"),),
    "StackBackward": (Derivative("cut into the pieces that were stacked"),),
    "SplitBackward": (Derivative("joined from the pieces"),),
    "UnsafeSplitBackward": (Derivative("joined from the pieces"),),
    "UnsafeChunkBackward": (Derivative("joined from the pieces"),),
    "ConstantPadNdBackward": (Derivative("cut back to what was padded"),),
    "ConvolutionBackward": (_CONVOLUTION,),
    "MaxPool2DWithIndicesBackward": (Derivative("to the element of each window that was picked as the largest"),),
    **{
        f"UpsampleNearest{axes}DBackward": (Derivative("summed over the elements that each one became"),)
        for axes in (1, 2, 3)
    },
    **{
        f"Upsample{mode}2DBackward": (Derivative("to the elements that each one was mixed of, by their shares"),)
        for mode in ("Bilinear", "Bicubic")
    },
    "ReflectionPad2DBackward": (Derivative("cut back to what was padded, with what stood in the mirror added"),),
    "PixelShuffleBackward": (Derivative(_VIEW),),
    "PreluKernelBackward": (
        Derivative(
            "unchanged where the input is positive, else times the slope, to the input; times the input where that is "
            "not positive to the slope",
            each=("unchanged where it is positive, else times the slope", "times the input where that is not positive"),
        ),
    ),
    **{
        f"AvgPool{axes}DBackward": (
            Derivative("spread evenly over each window", settings=(("divisor_override", ""),)),
            Derivative("over @{divisor_override}, to each element of its window"),
        )
        for axes in (2, 3)
    },
    "NativeBatchNormBackward": (_EVALUATION, _normalisation("the batch", _NO_CHANNELS)),
    "NativeLayerNormBackward": (_normalisation("each sample", "the samples"),),
    "NativeGroupNormBackward": (_normalisation("each group", _NO_CHANNELS),),
    "NativeDropoutBackward": (Derivative("over 1 − p where the element was kept, and 0 elsewhere"),),
    **{
        f"ScaledDotProduct{kernel}Backward": (_ATTENTION,)
        for kernel in ("FlashAttentionForCpu", "FlashAttention", "EfficientAttention", "CudnnAttention")
    },
    "CopySlices": (Derivative("split between the part that was overwritten and the rest"),),
}
