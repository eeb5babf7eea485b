"""Notation of mathematics, of LaTeX and of notebooks, written as the language has it: what a repair is made of."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from playground.errors import PlaygroundError, Repair, Span
from playground.language.functions.synonyms import CALLED_HERE
from playground.language.functions.table import find
from playground.language.limits import LIMITS
from playground.language.syntax.latex import IN_LATEX, from_latex, without_indices
from playground.language.syntax.scan import TOKEN

_ROUNDS = 30  # of rules that work from the inside out
_NAMES = r"[^\W\d]\w*"


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A text in the language's own notation, and what is said of the first place that was not."""

    text: str
    message: str
    hint: str
    span: Span  # of that place, in the text as it was


@dataclass(frozen=True, slots=True)
class Rule:
    """One notation: what finds it, what is said, what it becomes."""

    pattern: re.Pattern[str]
    message: str
    hint: str
    rewrite: Callable[[str], str]
    of_functions: bool = False  # only where the name that is found is one of a function

    def find(self, text: str) -> re.Match[str] | None:
        """The first place that is written like this."""
        found = self.pattern.finditer(text)
        return next((one for one in found if not self.of_functions or is_function(one[1])), None)


def in_our_notation(text: str) -> Rewritten | None:
    """The text with every known notation rewritten; None where there is none.

    >>> in_our_notation("sin 2x + |y| + √z").text
    'sin(2x) + abs(y) + sqrt(z)'
    >>> in_our_notation(r"\\frac{\\sin x}{2} y^{2}").text
    '((sin(x))/(2)) y**(2)'
    """
    first: tuple[Rule, re.Match[str]] | None = None
    mended = text
    for rule in RULES:
        found = rule.find(text)
        after = rule.rewrite(mended)
        if after != mended and found is not None and (first is None or found.start() < first[1].start()):
            first = rule, found
        mended = after
    if first is None or mended == text:
        return None
    rule, found = first
    written = " ".join(found.group().split())
    return Rewritten(mended, rule.message.format(written[:40]), rule.hint, Span(*found.span()))


def names_of(text: str) -> frozenset[str]:
    """Every name that a text holds, in whatever notation: `x_{1}` is `x1`, and `πr` holds `r`."""
    return frozenset(
        found.group()
        for written in (text, without_indices(text), from_latex(text), text.replace("π", " "))
        for found in TOKEN.finditer(written)
        if found.lastgroup == "name"
    )


def explained(error: PlaygroundError, text: str) -> PlaygroundError:
    """The error of a text that cannot be read, where it comes from such a notation; any other as it is."""
    place = len(text) if error.span is None else error.span.end
    for pattern, message, hint in _WORDS_ALONE:
        if len(text) <= LIMITS.text_length and (written := pattern.search(text, 0, place + 2)) is not None:
            return PlaygroundError(message.format(written[0]), span=Span(*written.span()), hint=hint, text=text)
    found = in_our_notation(text) if len(text) <= LIMITS.text_length else None
    if found is None or found.span.start > place:
        return error
    label = f"write {found.text}" if len(found.text) <= 30 and "\n" not in found.text else "write it so"
    return PlaygroundError(found.message, span=found.span, hint=found.hint, repair=Repair(label, found.text), text=text)


def _prompts(text: str) -> str:
    if not IN_PROMPT.search(text):
        return text
    kept, is_output = [], False
    for line in text.split("\n"):
        if IN_PROMPT.match(line):
            is_output = False
            kept.append(IN_PROMPT.sub("", line, count=1))
        elif _OUT.match(line):
            is_output = True
        elif (more := _MORE.match(line)) is not None:
            kept.append(line[more.end() :])
        elif not is_output:
            kept.append(line)
    return "\n".join(kept)


def _transposed(text: str) -> str:
    return _TRANSPOSE.sub(".T", text)


def _bars(text: str) -> str:
    text = _NORM.sub(r"\1norm(\2)", text)
    return _BARS.sub(r"\1abs(\2)", text)


def _signs_before(text: str) -> str:
    for sign, name in _BEFORE.items():
        text = re.sub(rf"{sign}\s*(?=\()", name, text)
        text = re.sub(rf"{sign}\s*({_NAMES}|[0-9.]+)", rf"{name}(\1)", text)
    return text


def _powers_of_functions(text: str) -> str:
    """`sin²(x)` and `sin^2(x)` are powers of what the function gives."""
    text = re.sub(r"(?<=[^\W\d])([²³])(?=\s*[\w(])", lambda found: "^" + "23"["²³".index(found[1])], text)
    for _ in range(_ROUNDS):
        found = next((one for one in _FUNCTION_POWER.finditer(text) if is_function(one[1])), None)
        if found is None:
            return text
        closed = _closing(text, found.end() - 1)
        if closed is None:
            return text
        argument = text[found.end() - 1 : closed]
        text = f"{text[: found.start()]}{found[1]}{argument}**{found[2]}{text[closed:]}"
    return text


def _closing(text: str, opened: int) -> int | None:
    """Find the end of a bracket that opens here."""
    depth = 0
    for place in range(opened, len(text)):
        depth += (text[place] == "(") - (text[place] == ")")
        if depth == 0:
            return place + 1
    return None


def is_function(name: str) -> bool:
    """Tell whether a name is one of a function, here or elsewhere: `sin`, `ln`."""
    return len(name) > 1 and find("", CALLED_HERE.get(name, name)) is not None


def _calls(text: str) -> str:
    """`sin x` as `sin(x)`: the argument is all that stands together behind the space."""
    tokens = [(str(found.lastgroup), found.group(), found.start(), found.end()) for found in TOKEN.finditer(text)]
    pieces: list[str] = []
    place = closing = 0
    while place < len(tokens):
        kind, word, _, _ = tokens[place]
        if kind == "name" and is_function(word) and _operand_follows(tokens, place):
            pieces.append(f"{CALLED_HERE.get(word, word)}(")
            closing += 1
            place += 2
            continue
        pieces.append(word)
        place += 1
        if closing and not _goes_on(tokens, place):
            pieces.append(")" * closing)
            closing = 0
        elif closing and word in "([":
            place = _copied(tokens, place, pieces)
            if not _goes_on(tokens, place):
                pieces.append(")" * closing)
                closing = 0
    return "".join(pieces) + ")" * closing


def _operand_follows(tokens: list[tuple[str, str, int, int]], place: int) -> bool:
    """Tell whether a space and a name or a number come next."""
    if place + 2 >= len(tokens) or tokens[place + 1][0] != "space":
        return False
    kind, word, _, _ = tokens[place + 2]
    return kind in ("name", "number") and word not in _WORDS


def _goes_on(tokens: list[tuple[str, str, int, int]], place: int) -> bool:
    """Tell whether the next token stands close and belongs to the same operand."""
    if place >= len(tokens):
        return False
    kind, word, _, _ = tokens[place]
    return kind in ("name", "number", "power") or word in ("(", "[", ".", "^", "**")


def _copied(tokens: list[tuple[str, str, int, int]], place: int, pieces: list[str]) -> int:
    """Copy what stands in a bracket that has just been opened, and the bracket that closes it."""
    depth = 1
    while place < len(tokens) and depth:
        word = tokens[place][1]
        depth += (word in "([") - (word in ")]")
        pieces.append(word)
        place += 1
    return place


_WORDS = frozenset({"if", "else", "for", "in", "and", "or", "not", "is", "as", "import", "from", "lambda", "with"})
IN_PROMPT = re.compile(r"^[ \t]*In ?\[\d*\]:[ \t]?", re.MULTILINE)
_OUT = re.compile(r"^[ \t]*Out ?\[\d*\]:")
_MORE = re.compile(r"^[ \t]*\.\.\.:[ \t]?")
_TRANSPOSE = re.compile(r"(?<=[\w)\]])(?:\s*\^\s*(?:T\b|\{T\}|\\top\b)|ᵀ)")
_NORM = re.compile(r"(^|[-+*/(=,\[<>:]\s*)\|\|([^|\n]+)\|\|", re.MULTILINE)
_BARS = re.compile(r"(^|[-+*/(=,\[<>:]\s*)\|([^|\n]+)\|", re.MULTILINE)
_BEFORE = {"√": "sqrt", "∑": "sum", "∏": "prod"}
_FUNCTION_POWER = re.compile(rf"\b({_NAMES})\s*(?:\^|\*\*)\s*(\d+)\s*\(")
_NUMBERS = re.compile(r"\[\s*(-?\d[\d.]*(?:[ \t]+-?\d[\d.]*)+)\s*\]")

_DECLARED = re.compile(  # `let y = 3`, `const float y = 3`
    rf"^([ \t]*)((?:let|var|const|val|auto|mut|local|float|double|int)[ \t]+)+(?={_NAMES}[ \t]*=(?!=))", re.MULTILINE
)
_AT_A_VALUE = re.compile(  # `f = x^2 at x = 3`
    rf"^([ \t]*+)([^\n#]*?),?(?<![ \t])[ \t]+(at|for|where|when|with|if)[ \t]+({_NAMES}[ \t]*=[ \t]*-?[\d.]+)[ \t]*$",
    re.MULTILINE,
)

_WORDS_ALONE = (  # notations that have no repair, what is said of them, and what to write
    (
        re.compile(rf"\bd[ \t]*/[ \t]*d{_NAMES}\b"),
        "`{}` does not differentiate here",
        "every gradient stands beside its leaf; as a value: grad(y, x)[0]",
    ),
    (
        re.compile(r"(?<![\w.])\d+\.\d*[jJ]\b"),  # `2j` may be meant as a product
        "`{}` is not read as an imaginary number",
        "write torch.complex(tensor(1.0), tensor(2.0)), of the real and the imaginary part",
    ),
)

RULES = (
    Rule(
        _DECLARED,
        "`{}` belongs to another language",
        "a name is given its value by x = ...",
        lambda text: _DECLARED.sub(r"\1", text),
    ),
    Rule(
        _AT_A_VALUE,
        "`{}` says in words where a formula is taken",
        "give the name its value on a line before: x = 3",
        lambda text: _AT_A_VALUE.sub(r"\1\4\n\1\2", text),
    ),
    Rule(IN_PROMPT, "`{}` is a notebook's prompt", "only the lines behind it are part of the text", _prompts),
    Rule(IN_LATEX, "`{}` is LaTeX", "write it as PyTorch has it: sqrt(x), x**2, x / 2", from_latex),
    Rule(_TRANSPOSE, "a transposed matrix is not written with `{}`", "write A.T", _transposed),
    Rule(re.compile("[√∑∏]"), "`{}` is not understood", "write sqrt(x), sum(x), prod(x)", _signs_before),
    Rule(
        re.compile(r"\|{1,2}[^|\n]+\|"),
        "bars are not understood as an absolute value",
        "write abs(x); norm(x) is the length of a vector",
        _bars,
    ),
    Rule(
        re.compile(r"\b([^\W\d²³][^\W²³]*)(?:[²³]|\s*\^\s*\d)"),
        "`{}` is not understood",
        "a power of a function stands behind it: sin(x)**2",
        _powers_of_functions,
        of_functions=True,
    ),
    Rule(
        re.compile(rf"\b({_NAMES})[ \t]+(?={_NAMES}|[0-9])"),
        "the argument of `{}` stands in brackets",
        "a call is written sin(x)",
        _calls,
        of_functions=True,
    ),
    Rule(
        _NUMBERS,
        "the numbers of a list stand apart by commas",
        "write [1, 2, 3]",
        lambda text: _NUMBERS.sub(lambda found: f"[{', '.join(found[1].split())}]", text),
    ),
    Rule(
        re.compile(rf"^([ \t]*{_NAMES})[ \t]*:=", re.MULTILINE),
        "`:=` is not understood",
        "write x = ...",
        lambda text: re.sub(rf"^([ \t]*{_NAMES})[ \t]*:=[ \t]*", r"\1 = ", text, flags=re.MULTILINE),
    ),
)
