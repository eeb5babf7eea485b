"""Formulas of whole calls, by their name and the path of the argument: where one call makes several nodes."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from playground.explain.derivatives.derivative import Formula
from playground.explain.derivatives.losses import one_hot
from playground.explain.derivatives.recorded import Recorded

_TRANSPOSED = Formula("@gᵀ", r"{@g}^{\top}", lambda r: r.g.mT)
_QUOTIENT = Formula("−@b/@a²", r"-\frac{@b}{{@a}^{2}}", lambda r: -r.b / (r.a * r.a))
_POWER = Formula("@b·@a^@p", r"@b \, {@a}^{@p}", lambda r: r.b * r.a ** (r.b - 1))
_EXPONENTIAL = Formula("@y · log(@a)", r"@y \log @a", lambda r: r.y * r.a.log())


def _zeroth(r: Recorded) -> float:
    """`x ** 0`."""
    if r.setting("1", 1) != 0:
        raise ValueError("another exponent")
    return 0.0


def _of_zero(r: Recorded) -> float:
    """`0 ** x` of positive exponents."""
    if r.setting("1", 1) != 0 or not bool((r.a > 0).all()):
        raise ValueError("another base, or not 0 on both sides")
    return 0.0


def _exponential(r: Recorded) -> Tensor:
    return r.y * torch.log(r.b)


def _classes(r: Recorded) -> int:
    return 1 if len(r.like) > 1 else 0


def _shares(r: Recorded) -> Tensor:
    return r.a.softmax(_classes(r))


def _ignored(r: Recorded) -> int:
    return int(r.setting("ignore_index", -100))


def _labels(r: Recorded, *, all_kept: bool = True) -> Tensor:
    if r.b.is_floating_point():
        raise ValueError("the target holds shares, not classes")
    if all_kept and not bool((r.b != _ignored(r)).all()):
        raise ValueError("some targets are ignored")
    return r.b


def _weights(r: Recorded) -> Tensor:
    """One weight per target: 0 for those that are ignored."""
    labels = _labels(r, all_kept=r.knows("weight"))
    kept = labels != _ignored(r)
    weights = r.operand("weight")[labels] if r.knows("weight") else torch.ones(labels.shape)
    return weights.to(torch.float64) * kept


def _plain(r: Recorded) -> None:
    if r.knows("weight"):
        raise ValueError("the classes are weighted")


def _whole(r: Recorded, found: Tensor, total: Tensor | float) -> Tensor:
    """A loss of each row, reduced as the call says."""
    reduction = r.setting("reduction", "mean")
    if reduction == "none":
        return r.g.unsqueeze(_classes(r)) * found
    return r.g * found / (total if reduction == "mean" else 1.0)


def _usual(r: Recorded) -> Tensor:
    _plain(r)
    labels = _labels(r)
    return _whole(r, _shares(r) - one_hot(r, labels), labels.numel())


def _chosen(r: Recorded) -> Tensor:
    weights = _weights(r)
    found = (_shares(r) - one_hot(r, r.b)) * weights.unsqueeze(_classes(r))
    return _whole(r, found, weights.sum())


def _unweighted(r: Recorded) -> Tensor:
    _plain(r)
    return _chosen(r)


def _smoothed(r: Recorded) -> Tensor:
    _plain(r)
    epsilon, labels = r.number("label_smoothing"), _labels(r)
    count = r.like[_classes(r)]
    found = _shares(r) - (1 - epsilon) * one_hot(r, labels) - epsilon / count
    return _whole(r, found, labels.numel())


def _shared(r: Recorded) -> Tensor:
    _plain(r)
    return _whole(r, _shares(r) - r.b, r.b.numel() / r.like[_classes(r)])


def _shared_any(r: Recorded) -> Tensor:
    _plain(r)
    found = _shares(r) * r.b.sum(_classes(r), keepdim=True) - r.b
    return _whole(r, found, r.b.numel() / r.like[_classes(r)])


def _entropy(
    text: str, latex: str, value: Callable[[Recorded], Tensor], total: str = "@{targets}", latex_total: str = ""
) -> tuple[Formula, ...]:
    """A formula of cross-entropy for each reduction."""

    def only(reduction: str) -> Callable[[Recorded], Tensor]:
        def checked(r: Recorded) -> Tensor:
            if r.setting("reduction", "mean") != reduction:
                raise ValueError("another reduction")
            return value(r)

        return checked

    return (
        Formula(f"@g · {text}/{total}", rf"\tfrac{{@g}}{{{latex_total or total}}} {latex}", only("mean")),
        Formula(f"@g · {text}", rf"@g \, {latex}", only("sum")),
        Formula(f"@{{by_class}} · {text}", rf"@{{by_class}} \, {latex}", only("none")),
    )


_SOFTMAX = "softmax(@a, dim=@{classes})"
_LATEX_SOFTMAX = r"\operatorname{softmax}(@a)"

CROSS_ENTROPY = (
    *_entropy(f"({_SOFTMAX} − onehot(@b))", rf"\left({_LATEX_SOFTMAX} - \mathbf{{1}}_{{@b}}\right)", _usual),
    *_entropy(
        f"[@b ≠ @{{ignore_index}}]@{{rows}} · ({_SOFTMAX} − onehot(@b))",
        rf"[@b \ne @{{ignore_index}}] \left({_LATEX_SOFTMAX} - \mathbf{{1}}_{{@b}}\right)",
        _unweighted,
        "@{kept}",
    ),
    *_entropy(
        f"@{{weight}}[@b]@{{rows}} · ({_SOFTMAX} − onehot(@b))",
        rf"{{@{{weight}}}}_{{[@b]}} \left({_LATEX_SOFTMAX} - \mathbf{{1}}_{{@b}}\right)",
        _chosen,
        "sum(@{weight}[@b])",
        r"\textstyle\sum {@{weight}}_{[@b]}",
    ),
    *_entropy(f"({_SOFTMAX} − @b)", rf"\left({_LATEX_SOFTMAX} - @b\right)", _shared, "@{targets}"),
    *_entropy(
        f"({_SOFTMAX} · sum(@b, dim=@{{classes}}, keepdim=True) − @b)",
        rf"\left({_LATEX_SOFTMAX} \left(\textstyle\sum @b\right) - @b\right)",
        _shared_any,
    ),
    *_entropy(
        f"({_SOFTMAX} − (1 − @{{label_smoothing}})·onehot(@b) − @{{label_smoothing}}/@{{count}})",
        rf"\left({_LATEX_SOFTMAX} - (1 - @{{label_smoothing}}) \mathbf{{1}}_{{@b}} - "
        r"\tfrac{@{label_smoothing}}{@{count}}\right)",
        _smoothed,
    ),
)

_Argument = dict[str, tuple[Formula, ...]]
_OUTER: _Argument = {
    "0": (Formula("@g @ @b", r"@g \, @b", lambda r: r.g @ r.b),),
    "1": (Formula("@gᵀ @ @a", r"{@g}^{\top} @a", lambda r: r.g.mT @ r.a),),
}
_T: _Argument = {"0": (_TRANSPOSED,)}
_RDIV: _Argument = {"0": (_QUOTIENT,)}


def _logits(r: Recorded) -> Tensor:
    if r.setting("reduction", "mean") != "mean" or r.knows("weight") or r.knows("pos_weight"):
        raise ValueError("other settings")
    return r.g * (torch.sigmoid(r.a) - r.b) / r.a.numel()


CALLS: dict[str, _Argument] = {
    "linear": {
        "0": (Formula("@g @ @b", r"@g \, @b", lambda r: r.g @ r.b),),
        "1": (
            Formula("@gᵀ @ @a", r"{@g}^{\top} @a", lambda r: r.g.mT @ r.a),
            Formula("@g ⊗ @a", r"@g \; {@a}^{\top}", lambda r: torch.outer(r.g, r.a)),
            Formula("sum(@gᵀ @ @a)", r"\textstyle\sum {@g}^{\top} @a", lambda r: (r.g.mT @ r.a).sum_to_size(r.like)),
        ),
        "2": (
            Formula("@g", "@g", lambda r: r.g),
            Formula("sum(@g)", r"\textstyle\sum @g", lambda r: r.g.sum_to_size(r.like)),
        ),
    },
    "binary_cross_entropy_with_logits": {
        "0": (Formula("@g · (σ(@a) − @b)/n", r"\tfrac{@g}{n} \left(\sigma(@a) - @b\right)", _logits),),
    },
    "outer": _OUTER,
    "T": _T,
    "t": _T,
    "cross_entropy": {"0": CROSS_ENTROPY},
    "rtruediv": _RDIV,
    "rdiv": _RDIV,
    "rpow": {
        "0": (
            Formula("0", "0", _of_zero),
            Formula("@y · log(@b)", r"@y \log @b", _exponential),
            Formula(
                "where(@b ≠ 0, @y · log(@b), 0)",
                r"\begin{cases} @y \log @b & @b \ne 0 \\ 0 & \text{else} \end{cases}",
                lambda r: torch.where(r.b == 0, 0.0, _exponential(r)),
            ),
        )
    },
    "pow": {"0": (Formula("0", "0", _zeroth), _POWER), "1": (_EXPONENTIAL,)},
    "square": {"0": (Formula("2·@a", "2 @a", lambda r: 2 * r.a),)},
}

# Of a backward node that is differentiated in turn: by its argument, @h being the adjoint that had come to it.
_SECOND: dict[str, tuple[str, str, Callable[[Recorded], Tensor | float]]] = {
    "SinBackward": ("(−sin(@a))", r"(-\sin @a)", lambda r: -r.a.sin()),
    "CosBackward": ("(−cos(@a))", r"(-\cos @a)", lambda r: -r.a.cos()),
    "ExpBackward": ("@y", "@y", lambda r: r.y),
    "LogBackward": ("(−1/@a²)", r"\left(-\frac{1}{{@a}^{2}}\right)", lambda r: -1 / r.a**2),
    "SinhBackward": ("sinh(@a)", r"\sinh @a", lambda r: r.a.sinh()),
    "CoshBackward": ("cosh(@a)", r"\cosh @a", lambda r: r.a.cosh()),
    "ReciprocalBackward": ("2/@a³", r"\frac{2}{{@a}^{3}}", lambda r: 2 / r.a**3),
}


def second(name: str) -> tuple[Formula, ...]:
    """The derivative of a backward node by its argument, without and with the adjoint that had come to it."""
    found = _SECOND.get(name)
    if name == "PowBackward":
        return (
            Formula("@{falling}·@a^@{twoless}", r"@{falling} \, {@a}^{@{twoless}}", _second_power),
            Formula(
                "@h · @{falling}·@a^@{twoless}",
                r"@h \, @{falling} \, {@a}^{@{twoless}}",
                lambda r: r.h * _second_power(r),
            ),
        )
    if found is None:
        return ()
    text, latex, value = found
    return Formula(text, latex, value), Formula(f"@h · {text}", rf"@h \, {latex}", lambda r: r.h * value(r))


def _second_power(r: Recorded) -> Tensor:
    return r.b * (r.b - 1) * r.a ** (r.b - 2)
