"""Why a call that reads whole tensors made a NaN or an infinity: determinants, spreads, means, norms, losses."""

from __future__ import annotations

from collections.abc import Callable

import torch

from playground.trace.non_finite.broken import Broken
from playground.trace.non_finite.functions import UNKNOWN

NO_NUMBERS = "it was given no numbers to compute it from"
_NO_MEAN = "0 / 0 has no value: it is the mean of no numbers"
_LOSSES = frozenset({"cross_entropy", "binary_cross_entropy", "binary_cross_entropy_with_logits", "kl_div"})


def reason_of_call(broken: Broken, name: str) -> str:
    """Say why; '' where it is to be told by what the call does to each element, or by overflow."""
    if name.endswith("loss") or name in _LOSSES:
        return _loss(broken)
    rule = _RULES.get(name)
    return "" if rule is None else rule(broken)


def _determinant(broken: Broken) -> str:
    """The logarithm of a determinant, by the sign of the determinant."""
    matrices = broken.tensor("0", "input", "A")
    if matrices is None or not matrices.is_exact or broken.place is None:
        return UNKNOWN
    sign = torch.linalg.slogdet(matrices.dense()[broken.place]).sign
    if sign == 0:
        return "the determinant comes out as 0, and the logarithm of 0 is -infinity"
    if not sign.is_complex() and sign < 0 and broken.what == "NaN":
        return "the determinant is negative, and the logarithm of a negative number is not real"
    return UNKNOWN


def _spread(broken: Broken) -> str:
    """A variance or a standard deviation: of a single number it is 0 / 0, of several it can overflow."""
    array = broken.tensor("0", "input")
    if array is None or array.numel == 0:
        return NO_NUMBERS
    corrected = bool(broken.text("correction"))
    if array.numel == broken.result.numel and broken.what == "NaN":
        divisor = "" if corrected else ": the spread of a single number is 0, and it is divided by 1 − 1"
        return f"0 / 0 has no value{divisor}"
    return UNKNOWN if corrected else ""


def _mean(broken: Broken) -> str:
    array = broken.tensor("0", "input")
    return _NO_MEAN if array is not None and array.numel == 0 else ""


def _norm(broken: Broken) -> str:
    """Powers and sums, unless the order is negative, or that of a matrix."""
    order = broken.text("1", "p", "ord")
    array = broken.tensor("0", "input", "x", "A")
    of_vector = array is not None and (len(array.shape) < 2 or not broken.op.name.startswith("linalg_"))
    known = ("", "'fro'", "1", "2", "1.0", "2.0") if of_vector else ("", "'fro'")
    return "" if order in known else UNKNOWN


def _loss(broken: Broken) -> str:
    """A mean over no elements, or over targets that are all left out or weigh nothing."""
    if not any(array.numel for array in broken.inputs.values()):
        return _NO_MEAN
    if broken.op.name in ("cross_entropy", "nll_loss"):
        return _left_out(broken)
    return UNKNOWN if broken.tensor("weight") is not None else ""


def _left_out(broken: Broken) -> str:
    target, weight = broken.tensor("1", "target"), broken.tensor("2", "weight")
    if broken.what != "NaN" or target is None or target.dtype.startswith(("float", "bfloat")):
        return UNKNOWN
    ignored = broken.text("4", "ignore_index") or "-100"
    kept = [label for label in target.flat or () if str(label) != ignored]
    if target.is_exact and not kept:
        return "0 / 0 has no value: every target is left out (ignore_index), and it is the mean of the others"
    weights = None if weight is None else weight.flat
    if kept and weights is not None and not any(weights[int(label.real)] for label in kept):
        return "0 / 0 has no value: the weights of all targets are 0, and their sum divides the loss"
    return UNKNOWN


_RULES: dict[str, Callable[[Broken], str]] = {
    **dict.fromkeys(("logdet", "slogdet"), _determinant),
    **dict.fromkeys(("var", "std", "var_mean", "std_mean"), _spread),
    **dict.fromkeys(("mean", "nanmean"), _mean),
    **dict.fromkeys(("norm", "vector_norm", "matrix_norm"), _norm),
}
