"""Functions between layers: activations, and the shares that softmax makes of scores."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional

from playground.language.bounds.bound import elementwise, same_size
from playground.language.function import METHOD, TORCH, F, Function


def activation(
    name: str,
    call: Callable[..., Any],
    meaning: str,
    derivative: str,
    signature: str = "input",
    homes: tuple[str, ...] = (F,),
) -> Function:
    """A function of each element, used between layers."""
    return Function(name, homes, signature, call, meaning, derivative, f"{name}(y)", elementwise)


def along(name: str, call: Callable[..., Any], meaning: str, derivative: str, homes: tuple[str, ...]) -> Function:
    """A function of all scores along `dim`."""
    return Function(
        name, homes, "input, dim, *, dtype=None", call, meaning, derivative, f"{name}(scores, dim=1)", same_size
    )


ACTIVATIONS = (
    activation(
        "relu",
        torch.relu,
        "x where positive, else 0; its derivative at 0 is taken as 0.",
        "[x > 0]",
        homes=(TORCH, METHOD, F),
    ),
    activation("relu6", functional.relu6, "Held between 0 and 6.", "[0 < x < 6]"),
    activation(
        "leaky_relu",
        functional.leaky_relu,
        "x where positive, else slope * x.",
        r"1\ \text{or}\ \alpha",
        "input, negative_slope=0.01",
    ),
    activation(
        "elu",
        functional.elu,
        "x where positive, else alpha * (exp(x) - 1).",
        r"1\ \text{or}\ \alpha e^x",
        "input, alpha=1.0",
    ),
    activation(
        "selu",
        torch.selu,
        "elu scaled to keep mean 0 and variance 1.",
        r"\lambda\ \text{or}\ \lambda\alpha e^x",
        homes=(TORCH, F),
    ),
    activation(
        "celu",
        torch.celu,
        "A smooth elu: max(0, x) + min(0, alpha * (exp(x / alpha) - 1)).",
        r"1\ \text{or}\ e^{x/\alpha}",
        "input, alpha=1.0",
        homes=(TORCH, F),
    ),
    activation(
        "gelu",
        functional.gelu,
        "x times the normal distribution function of x.",
        r"\Phi(x) + x\,\varphi(x)",
        "input, *, approximate='none'",
    ),
    activation("silu", functional.silu, "x * sigmoid(x), also called swish.", r"\sigma(x)\,(1 + x(1 - \sigma(x)))"),
    activation("mish", functional.mish, "x * tanh(softplus(x)).", ""),
    activation(
        "softplus",
        functional.softplus,
        "log(1 + exp(x)), a smooth relu.",
        r"\sigma(x)",
        "input, beta=1.0, threshold=20.0",
    ),
    activation("softsign", functional.softsign, "x / (1 + |x|).", r"\frac{1}{(1 + |x|)^2}"),
    activation("logsigmoid", functional.logsigmoid, "log(sigmoid(x)), without overflow.", r"1 - \sigma(x)"),
    activation(
        "hardtanh", functional.hardtanh, "Held between -1 and 1.", "[-1 < x < 1]", "input, min_val=-1.0, max_val=1.0"
    ),
    activation(
        "hardsigmoid", functional.hardsigmoid, "x / 6 + 1/2, held between 0 and 1.", r"\frac{1}{6}\ \text{or}\ 0"
    ),
    activation("hardswish", functional.hardswish, "x * hardsigmoid(x).", r"\frac{2x + 3}{6}"),
    activation("tanhshrink", functional.tanhshrink, "x - tanh(x).", r"\tanh^2 x"),
    activation(
        "softshrink",
        functional.softshrink,
        "Moved towards 0 by lambd, and 0 near it.",
        r"[|x| > \lambda]",
        "input, lambd=0.5",
    ),
    activation(
        "hardshrink", torch.hardshrink, "0 near 0, else x.", r"[|x| > \lambda]", "input, lambd=0.5", homes=(TORCH, F)
    ),
    Function(
        "threshold",
        (F,),
        "input, threshold, value",
        functional.threshold,
        "x above the threshold, else value.",
        r"[x > t]",
        "threshold(y, 0.5, -1.0)",
        elementwise,
    ),
    along(
        "softmax",
        torch.softmax,
        "exp of the scores, divided by their sum: shares that add to 1.",
        r"s_i([i = j] - s_j)",
        (TORCH, METHOD, F),
    ),
    along("log_softmax", torch.log_softmax, "log of softmax, without overflow.", r"[i = j] - s_j", (TORCH, METHOD, F)),
    along("softmin", functional.softmin, "softmax of -x.", r"-s_i([i = j] - s_j)", (F,)),
)
