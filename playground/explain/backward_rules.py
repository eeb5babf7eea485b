"""One table: what each of PyTorch's backward nodes multiplies by, in words, plain symbols and LaTeX.

In the symbols `@a`, `@b`, `@c` stand for the arguments of the forward call, `@y` for its result, `@g` for the adjoint
that comes in, `@p` for `@b` less one. A row without `@g` is a local derivative (a factor of the incoming adjoint);
with it, the whole product.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from playground.trace.records import BackwardNode, Op

_TOKEN = re.compile(r"@([abcypg])")
_FIRST_POWER = re.compile(r"\^1(?![\d.])|\^\{1\}")
_WHOLE_POWER = re.compile(r"\^(\d+)(?![\d.])")
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_TWICE_TRANSPOSED = re.compile(r"\{([^{}]*(?:\{[^{}]*\})?)\^\{\\top\}\}\^\{\\top\}")


@dataclass(frozen=True, slots=True)
class Derivative:
    """The derivative rule of a backward node: a phrase, and per gradient a formula in text and in LaTeX.

    `each` is a phrase per gradient, for where only one of them is handed on.
    """

    phrase: str
    text: tuple[str, ...] = ()
    latex: tuple[str, ...] = ()
    letters: str = "abc"  # which letter each edge's argument is
    each: tuple[str, ...] = ()


def _one(text: str, latex: str, phrase: str = "") -> Derivative:
    return Derivative(phrase or f"times {text}", (text,), (latex,))


def _same(phrase: str, *factors: str) -> Derivative:
    return Derivative(phrase, factors, factors)


_TRANSPOSED = "times the other matrix, transposed"
_MM = Derivative(
    _TRANSPOSED,
    ("@g @ @bᵀ", "@aᵀ @ @g"),
    (r"@g \, {@b}^{\top}", r"{@a}^{\top} @g"),
)
_SPREAD = "in proportion to each element's distance from the mean"
_VIEW = "with the elements moved back to where they came from"

RULES: dict[str, Derivative] = {
    "AddBackward": Derivative("unchanged to each term", ("1", "1"), ("1", "1"), each=("unchanged", "unchanged")),
    "SubBackward": Derivative(
        "unchanged to the first term, negated to the second", ("1", "−1"), ("1", "-1"), each=("unchanged", "negated")
    ),
    "RsubBackward": Derivative(
        "negated to the first term, unchanged to the second", ("−1", "1"), ("-1", "1"), each=("negated", "unchanged")
    ),
    "MulBackward": Derivative(
        "each times the other factor", ("@b", "@a"), ("@b", "@a"), each=("times the other factor",) * 2
    ),
    "DivBackward": Derivative(
        "divided by the denominator to the numerator, times −a/b² to the denominator b",
        ("1/@b", "−@a/@b²"),
        (r"\frac{1}{@b}", r"-\frac{@a}{{@b}^{2}}"),
        each=("divided by the denominator", "times minus the numerator over the denominator squared"),
    ),
    "NegBackward": Derivative("negated", ("−1",), ("-1",)),
    "PowBackward": Derivative(
        "times the exponent and one power less to the base, times the power and its logarithm to the exponent",
        ("@b·@a^@p", "@y · log(@a)"),
        (r"@b \, {@a}^{@p}", r"@y \log @a"),
        each=("times the exponent and one power less", "times the result and the logarithm of the base"),
    ),
    "PowBackward2": Derivative("times the result and the logarithm of the base"),  # 2**x: the formula is in CALLS
    "ReciprocalBackward": Derivative(
        "times minus the square of the reciprocal", ("−1/@a²",), (r"-\frac{1}{{@a}^{2}}",)
    ),
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
    "EluBackward": _one(
        "[@a > 0] + (@y + 1)·[@a ≤ 0]",
        r"[@a > 0] + (@y + 1) \, [@a \le 0]",
        "unchanged where the input was positive, times the result plus 1 elsewhere",
    ),
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
    "MaximumBackward": Derivative("to whichever was larger", ("[@a > @b]", "[@b > @a]"), (r"[@a > @b]", r"[@b > @a]")),
    "MinimumBackward": Derivative("to whichever was smaller", ("[@a < @b]", "[@b < @a]"), (r"[@a < @b]", r"[@b < @a]")),
    "MaxBackward": _one("[largest element]", r"[\text{largest}]", "to the largest element only"),
    "MinBackward": _one("[smallest element]", r"[\text{smallest}]", "to the smallest element only"),
    "SumBackward": _one("1", "1", "unchanged to every element that was summed"),
    "MeanBackward": _one("1/n", r"\tfrac{1}{n}", "divided by the number of elements, to each of them"),
    "ProdBackward": _one("@y / @a", r"\frac{@y}{@a}", "times the product of the other elements"),
    "CumsumBackward": _one(
        "@g summed from the end", r"\textstyle\sum_{\text{from here on}} @g", "summed from each place to the end"
    ),
    "VarBackward": Derivative(_SPREAD),
    "StdBackward": Derivative(_SPREAD),
    "LinalgVectorNormBackward": Derivative("in the direction of the vector itself, over its norm"),
    "SortBackward": Derivative("back to where each element stood"),
    "TopkBackward": Derivative("to the elements that were picked, zeros elsewhere"),
    "MedianBackward": Derivative("to the median element only"),
    "TraceBackward": Derivative("to the diagonal, zeros elsewhere"),
    "LinalgDetBackward": Derivative(
        "times the determinant and the inverse, transposed",
        ("@g · @y · (@a⁻¹)ᵀ",),
        (r"@g \, @y \, {@a}^{-\top}",),
    ),
    "Atan2Backward": Derivative(
        "each times the other side over the squared distance",
        ("@b/(@a² + @b²)", "−@a/(@a² + @b²)"),
        (r"\frac{@b}{{@a}^{2} + {@b}^{2}}", r"-\frac{@a}{{@a}^{2} + {@b}^{2}}"),
    ),
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
    "MseLossBackward": Derivative(
        "times twice the difference, over the number of elements",
        ("2 · (@a − @b)/n", "2 · (@b − @a)/n"),
        (r"\tfrac{2}{n} (@a - @b)", r"\tfrac{2}{n} (@b - @a)"),
    ),
    "MmBackward": _MM,
    "BmmBackward": _MM,
    "MvBackward": Derivative(
        "as an outer product to the matrix, through its transpose to the vector",
        ("@g ⊗ @b", "@aᵀ @ @g"),
        (r"@g \; {@b}^{\top}", r"{@a}^{\top} @g"),
        each=("as an outer product with the vector", "through the matrix, transposed"),
    ),
    "DotBackward": Derivative(
        "each times the other vector", ("@b", "@a"), ("@b", "@a"), each=("times the other vector",) * 2
    ),
    "AddmmBackward": Derivative(
        "to the bias summed over the rows, and to each matrix times the other one, transposed",
        ("sum(@g)", "@g @ @bᵀ", "@aᵀ @ @g"),
        (r"\textstyle\sum @g", r"@g \, {@b}^{\top}", r"{@a}^{\top} @g"),
        "cab",
        ("summed over the rows", _TRANSPOSED, _TRANSPOSED),
    ),
    "TBackward": _one("@gᵀ", r"{@g}^{\top}", "transposed back"),
    "TransposeBackward": _one("@gᵀ", r"{@g}^{\top}", "transposed back"),
    "WhereBackward": _same("to whichever of the two was taken", "[condition]", "[not condition]"),
    **{
        name + "Backward": Derivative(_VIEW)
        for name in ("View", "ReshapeAlias", "UnsafeView", "Permute", "Squeeze", "Unsqueeze", "Alias", "Unbind", "Flip")
    },
    "CloneBackward": _one("1", "1", "unchanged"),
    "ToCopyBackward": _one("1", "1", "unchanged, in the argument's dtype"),
    "ExpandBackward": Derivative("summed over the axes that were stretched"),
    "RepeatBackward": Derivative("summed over the copies"),
    "SelectBackward": Derivative("into the place that was picked, zeros elsewhere"),
    "SliceBackward": Derivative("into the slice that was taken, zeros elsewhere"),
    "IndexBackward": Derivative("into the places that were picked, zeros elsewhere"),
    "GatherBackward": Derivative("into the places that were gathered, zeros elsewhere"),
    "EmbeddingBackward": Derivative("into the rows that were looked up"),
    "CatBackward": Derivative("cut into the pieces that were joined"),
    "StackBackward": Derivative("cut into the pieces that were stacked"),
    "SplitBackward": Derivative("joined from the pieces"),
    "ConvolutionBackward": Derivative("slid back over the input, and correlated with the input for the kernel"),
    "MaxPool2DWithIndicesBackward": Derivative("to the largest element of each window"),
    "AvgPool2DBackward": Derivative("spread evenly over each window"),
    "NativeBatchNormBackward": Derivative("through the mean and variance of the batch"),
    "NativeLayerNormBackward": Derivative("through the mean and variance of each sample"),
    "NativeDropoutBackward": Derivative("where the element was kept"),
    "CopySlices": Derivative("split between the part that was overwritten and the rest"),
}
GENERIC = Derivative("as a vector–Jacobian product")

# For a whole call, by its name and the path of the argument: where one call makes several nodes.
CALLS: dict[str, dict[str, tuple[str, str]]] = {
    "linear": {
        "0": ("@g @ @b", r"@g \, @b"),
        "1": ("@gᵀ @ @a", r"{@g}^{\top} @a"),
        "2": ("sum(@g)", r"\textstyle\sum @g"),
    },
    "binary_cross_entropy_with_logits": {
        "0": ("@g · (σ(@a) − @b)/n", r"\tfrac{@g}{n} \left(\sigma(@a) - @b\right)"),
    },
    "outer": {
        "0": ("@g @ @b", r"@g \, @b"),
        "1": ("@gᵀ @ @a", r"{@g}^{\top} @a"),
    },
    "T": {"0": ("@gᵀ", r"{@g}^{\top}")},
    "t": {"0": ("@gᵀ", r"{@g}^{\top}")},
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
_LOSSES = ("cross_entropy", "binary_cross_entropy_with_logits")
_DEFAULTS = {"-100", "'mean'", "0.0", "None", "False"}  # with other settings the formulas above do not hold
# What a node keeps besides tensors, where the formulas of `RULES` count on it.
_USUAL = {"reduction": "1", "alpha": "1", "beta": "1", "approximate": "none"}


def call_rule(op: Op, path: str) -> tuple[str, str] | None:
    """The formula of one argument of a whole call: text and LaTeX; None where the table has none for these settings."""
    plain = len(op.inputs) == 2 and all(constant.text in _DEFAULTS for constant in op.constants)
    usual = plain or op.name not in _LOSSES
    return CALLS.get(op.name, {}).get(path) if usual and not op.in_place else None


def rule(node: str) -> Derivative:
    """The row of a node by PyTorch's name for it; nodes not in the table get a phrase only.

    >>> rule("SinBackward0").text
    ('cos(@a)',)
    """
    return RULES.get(node) or RULES.get(node.rstrip("0123456789"), GENERIC)


def rule_of(node: BackwardNode) -> Derivative:
    """The row of a node; only its phrases where it was called with settings that the formulas do not hold for."""
    row = rule(node.name)
    settings = {saved.name: saved.text.strip("'\"") for saved in node.saved if saved.text}
    unusual = any(settings.get(name) not in (None, usual) for name, usual in _USUAL.items())
    return Derivative(row.phrase, letters=row.letters, each=row.each) if unusual else row


def fill(formula: str, symbols: dict[str, str]) -> str:
    """A formula with names or numbers in place of `@a`; '' where one of them is not known.

    >>> fill("2·@a", {"a": "x1"}), fill("@b·@a^@p", {"a": "x", "b": "2", "p": "1"}), fill("cos(@a)", {})
    ('2·x1', '2·x', '')
    >>> fill("@b·@a^@p", {"a": "x", "b": "3", "p": "2"})
    '3·x²'
    """
    if any(letter not in symbols for letter in _TOKEN.findall(formula)):
        return ""
    text = _TOKEN.sub(lambda match: symbols[match[1]], formula)
    text = _TWICE_TRANSPOSED.sub(r"\1", text.replace("ᵀᵀ", ""))
    text = _FIRST_POWER.sub("", text)
    return _WHOLE_POWER.sub(lambda match: match[1].translate(_SUPERSCRIPTS), text)


def less_one(exponent: str) -> str:
    """An exponent less one: a number where it is one.

    >>> less_one("3"), less_one("2.5"), less_one("n")
    ('2', '1.5', '(n − 1)')
    """
    try:
        return f"{float(exponent) - 1:g}"
    except ValueError:
        return f"({exponent} − 1)"
