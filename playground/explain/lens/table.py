"""Which lens opens which call: one row for each function of PyTorch whose arithmetic has a picture of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playground.explain.lens.call import Call
from playground.explain.lens.elementwise import elementwise
from playground.explain.lens.frame import LensFrame
from playground.explain.lens.index_map import index_map
from playground.explain.lens.jacobian import jacobian
from playground.explain.lens.places import Picks
from playground.explain.lens.product import product
from playground.explain.lens.reduction import reduction
from playground.explain.lens.window import convolution, pooling, transposed_convolution


@dataclass(frozen=True, slots=True)
class Row:
    """How a call is opened: by which lens, and the names of its arguments in PyTorch's order."""

    lens: Callable[[Call, Picks], LensFrame]
    signature: str


def _rows(lens: Callable[[Call, Picks], LensFrame], signature: str, *names: str) -> dict[str, Row]:
    return dict.fromkeys(names, Row(lens, signature))


_CONVOLUTION = "input, weight, bias, stride, padding, dilation, groups"
_TRANSPOSED = "input, weight, bias, stride, padding, output_padding, groups, dilation"
_MAX = "input, kernel_size, stride, padding, dilation, ceil_mode, return_indices"
_AVERAGE = "input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override"

ANY = Row(jacobian, "input, other")  # of whatever can be differentiated

LENSES: dict[str, Row] = {
    **_rows(product, "input, weight, bias", "linear"),
    **_rows(product, "input, other", "matmul", "rmatmul", "inner", "vdot"),
    **_rows(product, "input, mat2", "mm", "bmm"),
    **_rows(product, "input, vec", "mv"),
    **_rows(product, "input, tensor", "dot"),
    **_rows(product, "input, vec2", "outer", "ger"),
    **_rows(product, "equation, operands", "einsum"),
    **_rows(convolution, _CONVOLUTION, "conv1d", "conv2d", "conv3d"),
    **_rows(transposed_convolution, _TRANSPOSED, *(f"conv_transpose{n}d" for n in (1, 2, 3))),
    **_rows(pooling, _MAX, *(f"max_pool{n}d" for n in (1, 2, 3)), *(f"max_pool{n}d_with_indices" for n in (1, 2, 3))),
    **_rows(pooling, _AVERAGE, *(f"avg_pool{n}d" for n in (1, 2, 3))),
    **_rows(
        pooling,
        "input, output_size, return_indices",
        *(f"adaptive_{kind}_pool{n}d" for kind in ("avg", "max") for n in (1, 2, 3)),
    ),
    **_rows(reduction, "input, dim, keepdim", "sum", "mean", "amax", "amin", "max", "min", "prod", "logsumexp"),
    **_rows(reduction, "input, dim, unbiased, keepdim", "var", "std"),
    **_rows(
        index_map,
        "input, other",
        *("reshape", "view", "view_as", "reshape_as", "permute", "transpose", "swapaxes", "swapdims", "t", "T", "mT"),
        *("movedim", "moveaxis", "flatten", "unflatten", "ravel", "squeeze", "unsqueeze", "expand", "expand_as"),
        *("broadcast_to", "repeat", "tile", "repeat_interleave", "cat", "concat", "concatenate", "stack", "hstack"),
        *("vstack", "dstack", "column_stack", "split", "chunk", "unbind", "flip", "fliplr", "flipud", "roll", "rot90"),
        *("select", "narrow", "diagonal", "diag", "diag_embed", "tril", "triu", "gather", "index_select", "take"),
        *("take_along_dim", "getitem", "clone", "contiguous", "embedding", "pad", "unfold", "pixel_shuffle"),
        *("pixel_unshuffle", "channel_shuffle", "atleast_2d", "block_diag", "masked_select", "positive"),
    ),
    **_rows(
        elementwise,
        "input, other, third",
        *("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "rsqrt", "square", "reciprocal", "neg"),
        *("negative", "abs", "absolute", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh"),
        *("acosh", "atanh", "sigmoid", "logit", "erf", "erfc", "erfinv", "lgamma", "digamma", "sinc", "deg2rad"),
        *("rad2deg", "i0", "sign", "floor", "ceil", "trunc", "round", "frac", "relu", "relu_", "relu6", "leaky_relu"),
        *("elu", "selu", "celu", "gelu", "silu", "mish", "softplus", "softsign", "logsigmoid", "hardtanh"),
        *("hardsigmoid", "hardswish", "tanhshrink", "softshrink", "hardshrink", "threshold", "expit", "erfcx", "ndtr"),
        *("ndtri", "log_ndtr", "entr", "psi", "gammaln", "i0e", "i1", "i1e", "clamp", "clip", "clamp_min", "clamp_max"),
        *("nan_to_num", "add", "radd", "iadd", "add_", "sub", "rsub", "isub", "sub_", "subtract", "mul", "rmul"),
        *("imul", "mul_", "multiply", "div", "rdiv", "truediv", "rtruediv", "itruediv", "div_", "divide", "pow"),
        *("rpow", "atan2", "hypot", "maximum", "minimum", "fmod", "remainder", "floor_divide", "logaddexp"),
        *("logaddexp2", "xlogy", "xlog1py", "copysign", "lerp", "addcmul", "addcdiv", "where", "heaviside"),
        *("float_power", "ldexp", "eq", "ne", "lt", "le", "gt", "ge", "true_divide"),
    ),
}
