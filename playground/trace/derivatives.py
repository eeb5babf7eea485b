"""One table: what each of PyTorch's backward nodes multiplies by, in words, plain symbols and LaTeX.

In the symbols `@a`, `@b`, `@c` stand for the arguments of the forward call, `@y` for its result, `@g` for the adjoint
that comes in, `@p` for `@b` less one. A row without `@g` is a local derivative (a factor of the incoming adjoint);
with it, the whole product.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from playground.trace.records import Op

_TOKEN = re.compile(r"@([abcypg])")
_FIRST_POWER = re.compile(r"\^1(?![\d.])|\^\{1\}")
_TWICE_TRANSPOSED = re.compile(r"\{([^{}]*(?:\{[^{}]*\})?)\^\{\\top\}\}\^\{\\top\}")


@dataclass(frozen=True, slots=True)
class Rule:
    """What a backward node does: a phrase, and per gradient that it hands on a formula in text and in LaTeX."""

    phrase: str
    text: tuple[str, ...] = ()
    latex: tuple[str, ...] = ()
    letters: str = "abc"  # which letter each edge's argument is


def _one(text: str, latex: str, phrase: str = "") -> Rule:
    return Rule(phrase or f"times {text}", (text,), (latex,))


def _same(phrase: str, *factors: str) -> Rule:
    return Rule(phrase, factors, factors)


_MM = Rule(
    "times the other matrix, transposed",
    ("@g @ @bᵀ", "@aᵀ @ @g"),
    (r"@g \, {@b}^{\top}", r"{@a}^{\top} @g"),
)
_VIEW = "with the elements moved back to where they came from"

RULES: dict[str, Rule] = {
    "AddBackward": _same("unchanged to each term", "1", "1"),
    "SubBackward": Rule("unchanged to the first term, negated to the second", ("1", "−1"), ("1", "-1")),
    "RsubBackward": Rule("negated", ("−1", "1"), ("-1", "1")),
    "MulBackward": _same("each times the other factor", "@b", "@a"),
    "DivBackward": Rule(
        "over the denominator, and the quotient rule's −a/b² to the denominator",
        ("1/@b", "−@a/@b²"),
        (r"\frac{1}{@b}", r"-\frac{@a}{{@b}^{2}}"),
    ),
    "NegBackward": Rule("negated", ("−1",), ("-1",)),
    "PowBackward": Rule(
        "times the exponent and one power less",
        ("@b·@a^@p", "@y · log(@a)"),
        (r"@b \, {@a}^{@p}", r"@y \log @a"),
    ),
    "ReciprocalBackward": Rule("times minus the square of the reciprocal", ("−1/@a²",), (r"-\frac{1}{{@a}^{2}}",)),
    "SquareBackward": _one("2·@a", "2 @a"),
    "SqrtBackward": _one("1/(2·@y)", r"\frac{1}{2 @y}"),
    "RsqrtBackward": _one("−@y³/2", r"-\frac{{@y}^{3}}{2}"),
    "ExpBackward": _one("@y", "@y", "times its own result"),
    "Exp2Backward": _one("@y · log(2)", r"@y \log 2"),
    "Expm1Backward": _one("@y + 1", "@y + 1"),
    "LogBackward": _one("1/@a", r"\frac{1}{@a}"),
    "Log2Backward": _one("1/(@a · log(2))", r"\frac{1}{@a \log 2}"),
    "Log10Backward": _one("1/(@a · log(10))", r"\frac{1}{@a \log 10}"),
    "Log1PBackward": _one("1/(1 + @a)", r"\frac{1}{1 + @a}"),
    "SinBackward": _one("cos(@a)", r"\cos @a"),
    "CosBackward": _one("−sin(@a)", r"-\sin @a"),
    "TanBackward": _one("1 + @y²", "1 + {@y}^{2}"),
    "AsinBackward": _one("1/√(1 − @a²)", r"\frac{1}{\sqrt{1 - {@a}^{2}}}"),
    "AcosBackward": _one("−1/√(1 − @a²)", r"-\frac{1}{\sqrt{1 - {@a}^{2}}}"),
    "AtanBackward": _one("1/(1 + @a²)", r"\frac{1}{1 + {@a}^{2}}"),
    "SinhBackward": _one("cosh(@a)", r"\cosh @a"),
    "CoshBackward": _one("sinh(@a)", r"\sinh @a"),
    "TanhBackward": _one("1 − @y²", "1 - {@y}^{2}"),
    "SigmoidBackward": _one("@y · (1 − @y)", r"@y \, (1 - @y)"),
    "LogSigmoidBackward": _one("σ(−@a)", r"\sigma(-@a)"),
    "SoftplusBackward": _one("σ(@a)", r"\sigma(@a)"),
    "ReluBackward": _one("[@a > 0]", r"[@a > 0]", "where the input was positive, and 0 elsewhere"),
    "LeakyReluBackward": _one("1 or the slope", r"[@a > 0] + \alpha \, [@a \le 0]", "times 1 or the small slope"),
    "EluBackward": _one("1 or @y + 1", r"[@a > 0] + (@y + 1) \, [@a \le 0]"),
    "HardtanhBackward": _one(
        "[inside the limits]", r"[\text{inside the limits}]", "where the input was inside the limits"
    ),
    "GeluBackward": _one("Φ(@a) + @a·φ(@a)", r"\Phi(@a) + @a \, \varphi(@a)"),
    "SiluBackward": _one("σ(@a) · (1 + @a · (1 − σ(@a)))", r"\sigma(@a) \, (1 + @a (1 - \sigma(@a)))"),
    "ErfBackward": _one("2/√π · exp(−@a²)", r"\tfrac{2}{\sqrt{\pi}} e^{-{@a}^{2}}"),
    "AbsBackward": _one("sign(@a)", r"\operatorname{sign} @a"),
    "ClampBackward": _one(
        "[inside the limits]", r"[\text{inside the limits}]", "where the input was inside the limits"
    ),
    "ClampMinBackward": _one("[@a ≥ minimum]", r"[@a \ge \min]"),
    "ClampMaxBackward": _one("[@a ≤ maximum]", r"[@a \le \max]"),
    "MaximumBackward": Rule("to whichever was larger", ("[@a > @b]", "[@b > @a]"), (r"[@a > @b]", r"[@b > @a]")),
    "MinimumBackward": Rule("to whichever was smaller", ("[@a < @b]", "[@b < @a]"), (r"[@a < @b]", r"[@b < @a]")),
    "MaxBackward": _one("[largest element]", r"[\text{largest}]", "to the largest element only"),
    "MinBackward": _one("[smallest element]", r"[\text{smallest}]", "to the smallest element only"),
    "SumBackward": _one("1", "1", "unchanged to every element that was summed"),
    "MeanBackward": _one("1/n", r"\tfrac{1}{n}", "divided by the number of elements, to each of them"),
    "ProdBackward": _one("@y / @a", r"\frac{@y}{@a}", "times the product of the other elements"),
    "CumsumBackward": _one("1 from here on", r"[\text{from here on}]", "summed from each place to the end"),
    "LogsumexpBackward": _one("exp(@a − @y)", "e^{@a - @y}", "times the softmax of the input"),
    "SoftmaxBackward": _one(
        "@y · (@g − sum(@g · @y))", r"@y \odot \left(@g - \textstyle\sum @g \odot @y\right)", "through the softmax"
    ),
    "LogSoftmaxBackward": _one(
        "@g − softmax · sum(@g)", r"@g - e^{@y} \textstyle\sum @g", "minus the softmax times their sum"
    ),
    "NllLossBackward": _one(
        "−1/N at the target", r"-\tfrac{1}{N} [\text{target}]", "to each row's target class, negated"
    ),
    "MseLossBackward": Rule(
        "times twice the difference",
        ("2 · (@a − @b)/n", "2 · (@b − @a)/n"),
        (r"\tfrac{2}{n} (@a - @b)", r"\tfrac{2}{n} (@b - @a)"),
    ),
    "MmBackward": _MM,
    "BmmBackward": _MM,
    "MvBackward": Rule(
        "as an outer product to the matrix, through its transpose to the vector",
        ("@g ⊗ @b", "@aᵀ @ @g"),
        (r"@g \, {@b}^{\top}", r"{@a}^{\top} @g"),
    ),
    "DotBackward": _same("each times the other vector", "@b", "@a"),
    "AddmmBackward": Rule(
        "to the bias summed over the rows, and to each matrix times the other one, transposed",
        ("@g", "@g @ @bᵀ", "@aᵀ @ @g"),
        ("@g", r"@g \, {@b}^{\top}", r"{@a}^{\top} @g"),
        "cab",
    ),
    "TBackward": _one("@gᵀ", r"{@g}^{\top}", "transposed back"),
    "TransposeBackward": _one("@gᵀ", r"{@g}^{\top}", "transposed back"),
    "WhereBackward": _same("to the branch that was taken", "[condition]", "[not condition]"),
    **{
        name + "Backward": Rule(_VIEW)
        for name in ("View", "ReshapeAlias", "UnsafeView", "Permute", "Squeeze", "Unsqueeze", "Alias", "Unbind", "Flip")
    },
    "CloneBackward": _one("1", "1", "unchanged"),
    "ToCopyBackward": _one("1", "1", "unchanged, in the argument's dtype"),
    "ExpandBackward": Rule("summed over the axes that were stretched"),
    "RepeatBackward": Rule("summed over the copies"),
    "SelectBackward": Rule("into the place that was picked, zeros elsewhere"),
    "SliceBackward": Rule("into the slice that was taken, zeros elsewhere"),
    "IndexBackward": Rule("into the places that were picked, zeros elsewhere"),
    "GatherBackward": Rule("into the places that were gathered, zeros elsewhere"),
    "EmbeddingBackward": Rule("into the rows that were looked up"),
    "CatBackward": Rule("cut into the pieces that were joined"),
    "StackBackward": Rule("cut into the pieces that were stacked"),
    "SplitBackward": Rule("joined from the pieces"),
    "ConvolutionBackward": Rule("slid back over the input, and correlated with the input for the kernel"),
    "MaxPool2DWithIndicesBackward": Rule("to the largest element of each window"),
    "AvgPool2DBackward": Rule("spread evenly over each window"),
    "NativeBatchNormBackward": Rule("through the mean and variance of the batch"),
    "NativeLayerNormBackward": Rule("through the mean and variance of each sample"),
    "NativeDropoutBackward": Rule("where the element was kept"),
    "CopySlices": Rule("split between the part that was overwritten and the rest"),
}
GENERIC = Rule("as a vector–Jacobian product")

# For a whole call, by its name and the path of the argument: where one call makes several nodes.
CALLS: dict[str, dict[str, tuple[str, str]]] = {
    "linear": {
        "0": ("@g @ @b", r"@g \, @b"),
        "1": ("@gᵀ @ @a", r"{@g}^{\top} @a"),
        "2": ("@g", "@g"),
    },
    "cross_entropy": {
        "0": (
            "@g · (softmax(@a) − onehot(@b))/N",
            r"\tfrac{@g}{N} \left(\operatorname{softmax}(@a) - \mathbf{1}_{@b}\right)",
        ),
    },
    "rtruediv": {"0": ("−@b/@a²", r"-\frac{@b}{{@a}^{2}}")},
    "rdiv": {"0": ("−@b/@a²", r"-\frac{@b}{{@a}^{2}}")},
    "rpow": {"0": ("@y · log(@b)", r"@y \log @b")},
    "pow": {
        "0": ("@b·@a^@p", r"@b \, {@a}^{@p}"),
        "1": ("@y · log(@a)", r"@y \log @a"),
    },
    "square": {"0": ("2·@a", "2 @a")},
}
_DEFAULTS = {"-100", "'mean'", "0.0", "None", "False"}  # with other settings the formulas above do not hold


def call_rule(op: Op, path: str) -> tuple[str, str] | None:
    """The formula of one argument of a whole call: text and LaTeX; None where the table has none for these settings."""
    usual = op.name != "cross_entropy" or all(constant.text in _DEFAULTS for constant in op.constants)
    return CALLS.get(op.name, {}).get(path) if usual and not op.in_place else None


def rule(node: str) -> Rule:
    """The row of a node by PyTorch's name for it; nodes not in the table get a phrase only.

    >>> rule("SinBackward0").text
    ('cos(@a)',)
    """
    return RULES.get(node.rstrip("0123456789"), GENERIC)


def fill(formula: str, symbols: dict[str, str]) -> str:
    """A formula with names or numbers in place of `@a`; '' where one of them is not known.

    >>> fill("2·@a", {"a": "x1"}), fill("@b·@a^@p", {"a": "x", "b": "2", "p": "1"}), fill("cos(@a)", {})
    ('2·x1', '2·x', '')
    """
    if any(letter not in symbols for letter in _TOKEN.findall(formula)):
        return ""
    text = _TOKEN.sub(lambda match: symbols[match[1]], formula)
    text = _TWICE_TRANSPOSED.sub(r"\1", text.replace("ᵀᵀ", ""))
    return _FIRST_POWER.sub("", text)


def less_one(exponent: str) -> str:
    """An exponent less one: a number where it is one.

    >>> less_one("3"), less_one("2.5"), less_one("n")
    ('2', '1.5', '(n − 1)')
    """
    try:
        return f"{float(exponent) - 1:g}"
    except ValueError:
        return f"({exponent} − 1)"


__all__ = ["CALLS", "GENERIC", "RULES", "Rule", "call_rule", "fill", "less_one", "rule"]
