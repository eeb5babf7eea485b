"""LaTeX written as the language has it; what stands above or behind a letter becomes part of its name."""

from __future__ import annotations

import re

_ROUNDS = 30  # of rules that work from the inside out
_SIGNS = {
    **dict.fromkeys(("cdot", "times", "ast", "odot"), "*"),
    **dict.fromkeys(("div", "over"), "/"),
    **dict.fromkeys(("le", "leq"), "<="),
    **dict.fromkeys(("ge", "geq"), ">="),
    **dict.fromkeys(("ne", "neq"), "!="),
    **dict.fromkeys(("left", "right", "displaystyle", "quad", "qquad", "big", "Big", "bigl", "bigr"), ""),
    "infty": "inf",
    "ln": "log",
    "lVert": "|",
    "rVert": "|",
}
_ACCENTS = {  # what makes another name of a letter -> what the name ends with
    **dict.fromkeys(("hat", "widehat"), "hat"),
    **dict.fromkeys(("tilde", "widetilde"), "tilde"),
    **dict.fromkeys(("bar", "overline"), "bar"),
    **{accent: accent for accent in ("dot", "ddot", "check", "breve", "acute", "grave", "mathring", "underline")},
}
_MARKS = {"prime": "prime", "ast": "star", "star": "star", "*": "star", "dagger": "dagger", "'": "prime"}
_LETTER = r"(?:\s*\{\s*\\?([A-Za-z]\w*)\s*\}|\s+([A-Za-z])(?![A-Za-z])|\s*\\([A-Za-z]+))"
_ACCENT = re.compile(rf"\\({'|'.join(_ACCENTS)})(?![A-Za-z]){_LETTER}")
_MARK = re.compile(
    r"(?<![A-Za-z_\\])\\?([A-Za-z]\w*+)(?:\^\s*\{?\s*(?:\\(prime|ast|star|dagger)(?![A-Za-z])|(\*))\s*\}?|(')(?!'))(?!\s*\()"
)
_NUMBERED = re.compile(
    r"(?<![A-Za-z_])([A-Za-z]\w*+)\s*\^\s*\{\s*\(\s*(\w+)\s*\)\s*\}"
)  # `x^{(i)}` counts, it is no power
_FONTS = "mathbf|mathrm|mathit|mathcal|boldsymbol|bm|vec|text|operatorname"
_WRAPPED = re.compile(rf"\\({_FONTS})\s*\{{([^{{}}]*)\}}")
_TRANSPOSED = re.compile(
    r"\^\s*(?:\{\s*)?(?:\\(?:top|intercal)(?![A-Za-z])|\\math\w+\s*\{\s*T\s*\}|T(?![A-Za-z]))(?:\s*\})?"
)
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_ROOT = re.compile(r"\\sqrt\s*\{([^{}]*)\}")
_POWER = re.compile(r"\^\s*\{([^{}]*)\}")
_INDEX = re.compile(r"_\s*\{(\w*)\}")
_INDEX_OF_A_LETTER = re.compile(r"(?<=\w)_\s*\{(\w*)\}")
IN_LATEX = re.compile(r"\\[A-Za-z]+|\$|[\^_]\s*\{")
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_PUNCTUATION = re.compile(r"\\[,;:!> ()\[\]]|\$+")


def from_latex(text: str) -> str:
    r"""The text without LaTeX, which is left as it is where there is none.

    >>> from_latex(r"L = (\hat{y} - y)^2 + \bar x \cdot \theta'")
    'L = (y_hat - y)**2 + x_bar * theta_prime'
    """
    if not IN_LATEX.search(text):
        return text
    text = _with_names(_TRANSPOSED.sub(".T", _PUNCTUATION.sub(" ", text)))
    for _ in range(_ROUNDS):
        before = text
        text = _INDEX.sub(r"\1", text)
        text = _POWER.sub(r"**(\1)", text)
        text = _FRACTION.sub(r"((\1)/(\2))", text)
        text = _ROOT.sub(r"sqrt(\1)", text)
        if text == before:
            break
    text = re.sub(r"\\sigma(?=\s*(?:\\left)?\s*\()", "sigmoid", text)
    text = _COMMAND.sub(lambda found: _SIGNS.get(found[1], f" {found[1]}"), text)
    return (
        re.sub(r"(?<=[({])[ \t]+", "", re.sub(r"[ \t]+", " ", text))
        .strip()
        .replace("{", "(")
        .replace("}", ")")
        .replace("^", "**")
    )


def without_indices(text: str) -> str:
    """`x_{1}` as `x1`."""
    return _INDEX.sub(r"\1", text)


def _with_names(text: str) -> str:
    """Fonts left out where they tell no two names apart; a hat, a bar, a prime as the end of a name."""
    for _ in range(_ROUNDS):
        before = text
        text = _INDEX_OF_A_LETTER.sub(r"\1", text)
        text = _ACCENT.sub(
            lambda found: _apart(found, f"{found[2] or found[3] or found[4]}_{_ACCENTS[found[1]]}"), text
        )
        text = _font_as_name(text)
        if text == before:
            break
    text = _NUMBERED.sub(lambda found: _apart(found, f"{found[1]}_{found[2]}"), text)
    return _MARK.sub(lambda found: _apart(found, f"{found[1]}_{_MARKS[found[2] or found[3] or found[4]]}"), text)


def _apart(found: re.Match[str], name: str) -> str:
    """The name in place of what was found, apart from letters and numbers beside it."""
    before, after = found.string[: found.start()][-1:], found.string[found.end() :][:1]
    return f"{' ' if before.isalnum() else ''}{name}{' ' if after.isalnum() else ''}"


def _font_as_name(text: str) -> str:
    r"""`\mathbf{x}` as `x`; as `x_mathbf` where there is an `x` without it as well, or in another font."""
    written: dict[str, set[str]] = {}
    for found in _WRAPPED.finditer(text):
        written.setdefault(found[2].strip(), set()).add(found[1])
    plain = set(re.findall(r"(?<![A-Za-z\\])[A-Za-z]\w*", _WRAPPED.sub(" ", text)))

    def named(found: re.Match[str]) -> str:
        font, name = found[1], found[2].strip()
        is_alone = len(written[name]) == 1 and name not in plain
        return _apart(found, name if is_alone or not name.isidentifier() else f"{name}_{font}")

    return _WRAPPED.sub(named, text)
