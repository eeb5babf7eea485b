"""Rows of reductions and of what goes along an axis: sums, extremes, norms, softmax, running sums."""

from __future__ import annotations

import torch
from torch import Tensor

from playground.explain.derivatives.derivative import Derivative, Formula, Row, one
from playground.explain.derivatives.recorded import Recorded

_WHOLE = (("dim", ""),)  # no axes were named: one number is the result
_UNIT = Formula("1", "1", lambda r: 1.0)


def _mean(r: Recorded) -> Tensor:
    return r.a.mean(r.axes(), keepdim=True) if r.like else r.a


def _freedom(r: Recorded) -> float:
    return r.count() - float(r.setting("correction", 1))


def _sum(r: Recorded, tensor: Tensor) -> Tensor:
    return tensor.sum(r.axes(), keepdim=True) if tensor.dim() else tensor


def _others(r: Recorded) -> Tensor:
    """For each element the product of the others along the axes: of those before it, times of those after it."""
    axes = r.axes()
    if len(axes) not in (1, len(r.like)):
        raise ValueError("a product goes over one axis or over all")
    rows = r.a.reshape(-1) if len(axes) != 1 else r.a.movedim(axes[0], -1)
    ones = torch.ones_like(rows[..., :1])
    before = torch.cat([ones, rows[..., :-1]], -1).cumprod(-1)
    after = torch.cat([ones, rows.flip(-1)[..., :-1]], -1).cumprod(-1).flip(-1)
    product = before * after
    return product.reshape(r.like) if len(axes) != 1 else product.movedim(-1, axes[0])


def _extreme(word: str) -> Row:
    """The largest or smallest element; those that are equally large share."""

    def tied(r: Recorded) -> Tensor:
        return (r.a == r.z).to(r.g.dtype)

    return (
        one(
            "@s · [@a = @z]",
            r"@s \, [@a = @z]",
            lambda r: r.s * tied(r),
            f"to the {word} element only",
            by_numbers=True,
        ),
        one(
            "@s · [@a = @z] / sum([@a = @z]@{along})",
            r"\frac{@s \, [@a = @z]}{\textstyle\sum [@a = @z]}",
            lambda r: r.s * tied(r) / _sum(r, tied(r)),
            f"to the {word} element, shared evenly by those that are equal to it",
        ),
    )


def _by_index(word: str) -> Derivative:
    return Derivative(f"to the place of each {word} that was picked, zeros elsewhere")


def _ratio(r: Recorded) -> Tensor:
    return r.a / r.z


_NORM_RULE = "in the direction of the vector itself, over its norm"


def norms(power: str) -> Row:
    """The norm of a vector, its power saved under this name."""

    def rest(r: Recorded) -> Tensor:
        p = r.number(power)
        return r.s * r.a.sgn() * (r.a.abs() / r.z) ** (p - 1)

    def largest(r: Recorded) -> Tensor:
        tied = (r.a.abs() == r.z).to(r.z.dtype)
        return r.s * r.a.sgn() * tied / _sum(r, tied)

    def euclidean(r: Recorded) -> Tensor:
        if r.setting(power, 2.0) != 2:
            raise ValueError("another norm")
        return r.s * _ratio(r)

    two = ((power, "2"),)
    return (
        one("@s · @a/@z", r"@s \, \frac{@a}{@z}", euclidean, _NORM_RULE, settings=two, by_numbers=True),
        one(
            "where(@z ≠ 0, @s · @a/@z, 0)",
            r"\begin{cases} @s \, @a / @z & @z \ne 0 \\ 0 & \text{else} \end{cases}",
            lambda r: torch.where(r.z == 0, 0.0, r.s * _ratio(r)),
            f"{_NORM_RULE}, and 0 where the norm is 0",
            settings=two,
        ),
        one(
            "@s · sign(@a)",
            r"@s \operatorname{sign} @a",
            lambda r: r.s * r.a.sgn(),
            "by sign",
            settings=((power, "1"),),
        ),
        one(
            "@s · sign(@a)·[|@a| = @z] / sum([|@a| = @z]@{along})",
            r"\frac{@s \operatorname{sign} @a \, [|@a| = @z]}{\textstyle\sum [|@a| = @z]}",
            largest,
            "to the element of the largest magnitude, by its sign; shared evenly by those that are equal to it",
            settings=((power, "inf"),),
        ),
        one(
            "@s · sign(@a)·[|@a| = @z] / sum([|@a| = @z]@{along})",
            r"\frac{@s \operatorname{sign} @a \, [|@a| = @z]}{\textstyle\sum [|@a| = @z]}",
            largest,
            "to the element of the smallest magnitude, by its sign; shared evenly by those that are equal to it",
            settings=((power, "-inf"),),
        ),
        one("0", "0", lambda r: 0.0, "times 0: a count of elements is flat", settings=((power, "0"),)),
        one(
            f"@s · sign(@a)·(|@a|/@z)^(@{{{power}}} − 1)",
            rf"@s \operatorname{{sign}} @a \left(\frac{{|@a|}}{{@z}}\right)^{{@{{{power}}} - 1}}",
            rest,
            "by sign, times a power of each element's share in the norm",
        ),
    )


_SPREAD = "in proportion to each element's distance from the mean"

_SOFTMAX = (
    one(
        "@y · (@g − sum(@g · @y@{along}))",
        r"@y \odot \left(@g - \textstyle\sum @g \odot @y\right)",
        lambda r: r.y * (r.g - _sum(r, r.g * r.y)),
        "through the softmax",
    ),
)

REDUCTIONS: dict[str, Row] = {
    "SumBackward": (
        Derivative("unchanged to every element that was summed", (_UNIT,), settings=_WHOLE),
        one("@s", "@s", lambda r: r.s, "unchanged to every element that was summed"),
    ),
    "NansumBackward": (
        one(
            "@s · [@a is a number]",
            r"@s \, [@a\ \text{is a number}]",
            lambda r: r.s * ~r.a.isnan(),
            "unchanged to every element that is not NaN",
        ),
    ),
    "MeanBackward": (
        one(
            "1/@{n}",
            r"\tfrac{1}{@{n}}",
            lambda r: 1 / r.count(),
            "divided by the number of elements, to each of them",
            settings=_WHOLE,
        ),
        one(
            "@s/@{n}",
            r"\tfrac{1}{@{n}} @s",
            lambda r: r.s / r.count(),
            "divided by the number of elements along the axes, to each of them",
        ),
    ),
    "ProdBackward": (
        one(
            "@y / @a",
            r"\frac{@y}{@a}",
            lambda r: r.y / r.a,
            "times the product of the other elements",
            settings=_WHOLE,
            by_numbers=True,
        ),
        one(
            "@s · @z / @a",
            r"@s \, \frac{@z}{@a}",
            lambda r: r.s * r.z / r.a,
            "times the product of the other elements along the axis",
            settings=(("dim", "*"),),
            by_numbers=True,
        ),
        one(
            "@s · product of the others",
            r"@s \textstyle\prod_{\text{others}} @a",
            lambda r: r.s * _others(r),
            "times the product of the other elements",
        ),
    ),
    "CumsumBackward": (
        one(
            "@g summed from the end",
            r"\textstyle\sum_{\text{from here on}} @g",
            lambda r: r.g.flip(r.axes()).cumsum(r.axes()[0]).flip(r.axes()) if r.like else r.g,
            "summed from each place to the end",
        ),
    ),
    "CumprodBackward": (Derivative("to each factor, times the products of the others that it stands in"),),
    "VarBackward": (
        one(
            "@s · 2·(@a − mean(@a@{along}))/@{freedom}",
            r"@s \, \tfrac{2}{@{freedom}} \left(@a - \operatorname{mean} @a\right)",
            lambda r: r.s * 2 * (r.a - _mean(r)) / _freedom(r),
            _SPREAD,
        ),
    ),
    "StdBackward": (
        one(
            "@s · (@a − mean(@a@{along}))/(@{freedom}·@z)",
            r"@s \, \frac{@a - \operatorname{mean} @a}{@{freedom} \, @z}",
            lambda r: r.s * (r.a - _mean(r)) / (_freedom(r) * r.z),
            _SPREAD,
            by_numbers=True,
        ),
        one(
            "where(@z ≠ 0, @s · (@a − mean(@a@{along}))/(@{freedom}·@z), 0)",
            r"\begin{cases} @s \, \frac{@a - \operatorname{mean} @a}{@{freedom} \, @z} & @z \ne 0 \\ "
            r"0 & \text{else} \end{cases}",
            lambda r: torch.where(r.z == 0, 0.0, r.s * (r.a - _mean(r)) / (_freedom(r) * r.z)),
            f"{_SPREAD}, and 0 where all elements are equal",
        ),
    ),
    "LinalgVectorNormBackward": norms("ord"),
    "NormBackward": norms("p"),
    "MaxBackward1": _extreme("largest"),
    "MinBackward1": _extreme("smallest"),
    "AmaxBackward": _extreme("largest"),
    "AminBackward": _extreme("smallest"),
    "MedianBackward": _extreme("median"),
    "MaxBackward0": (_by_index("largest element"),),
    "MinBackward0": (_by_index("smallest element"),),
    "MedianBackward1": (_by_index("median element"),),
    "KthvalueBackward": (_by_index("element"),),
    "ModeBackward": (_by_index("element"),),
    "CummaxBackward": (_by_index("largest element so far"),),
    "CumminBackward": (_by_index("smallest element so far"),),
    "SortBackward": (Derivative("back to where each element stood"),),
    "TopkBackward": (Derivative("to the elements that were picked, zeros elsewhere"),),
    "TraceBackward": (Derivative("to the diagonal, zeros elsewhere"),),
    "LogsumexpBackward": (
        one(
            "@s · exp(@a − @z)",
            "@s \\, e^{@a - @z}",
            lambda r: r.s * torch.exp(r.a - r.z),
            "times the softmax of the input",
        ),
    ),
    "SoftmaxBackward": _SOFTMAX,
    "SafeSoftmaxBackward": _SOFTMAX,  # of attention: zeros for a row that is masked throughout
    "LogSoftmaxBackward": (
        one(
            "@g − exp(@y) · sum(@g@{along})",
            r"@g - e^{@y} \textstyle\sum @g",
            lambda r: r.g - torch.exp(r.y) * _sum(r, r.g),
            "less the softmax times the sum of all that came",
        ),
    ),
    "DistBackward": (
        Derivative(
            "by the difference of the two, over their distance",
            (
                Formula("(@a − @b)/@y", r"\frac{@a - @b}{@y}", lambda r: (r.a - r.b) / r.y),
                Formula("(@b − @a)/@y", r"\frac{@b - @a}{@y}", lambda r: (r.b - r.a) / r.y),
            ),
            settings=(("p", "2"),),
        ),
    ),
}
