"""Scan a text into tokens, and refuse what no Python text may hold, with a repair.

It runs before `ast.parse`, so that common slips (`2x`, `x²`, `x ^ 2`, a missing bracket) are named for what they are,
and so that nothing reaches the parser that makes it warn or recurse too deeply.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from dataclasses import dataclass
from typing import NoReturn

from playground.errors import PlaygroundError, Repair, Span
from playground.language.limits import LIMITS, spell

_PI = re.compile(r"([a-zA-Z]\d*)?(π)([a-zA-Z]\d*)?")  # `πr`: the circle's number and one letter
SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ"
ESCAPE = r"""\\[\\'"abfnrtv\n]"""  # the backslashes that Python reads without a warning
TOKEN = re.compile(
    rf"""(?P<comment>\#[^\n]*)
    |(?P<string>[fFrRuU]{{0,2}}(?:
        [']{{3}}(?:[^\\']|{ESCAPE}|'(?!''))*+[']{{3}}|["]{{3}}(?:[^\\"]|{ESCAPE}|"(?!["]["]))*+["]{{3}}
        |'(?:[^'\\\n]|{ESCAPE})*+'|"(?:[^"\\\n]|{ESCAPE})*+"))
    |(?P<unclosed>[']{{3}}(?:[^\\']|{ESCAPE}|'(?!''))*+|["]{{3}}(?:[^\\"]|{ESCAPE}|"(?!["]["]))*+
        |'(?:[^'\\\n]|{ESCAPE})*+|"(?:[^"\\\n]|{ESCAPE})*+)
    |(?P<number>0[xXoObB][0-9a-fA-F_]+|(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9][0-9_]*)?)
    |(?P<name>[^\W\d{SUPERSCRIPTS}][^\W{SUPERSCRIPTS}]*)
    |(?P<power>[{SUPERSCRIPTS}]+)
    |(?P<space>[ \t]+|\\\n)
    |(?P<newline>\n)
    |(?P<other>\*\*|//|[=!<>+\-*/]=|.)""",
    re.VERBOSE | re.DOTALL,
)
PLAIN = {*"+-*/%@()[],.:;=<>~&|", "**", "//", "==", "!=", "<=", ">=", "+=", "-=", "*=", "/="}
SPACES = "\u00a0\u2002\u2003\u2007\u2009\u200a\u202f\u205f\u3000"
SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉"
SAME_LENGTH = str.maketrans(SPACES + SUBSCRIPTS, " " * len(SPACES) + "0123456789")
POWERS = str.maketrans(SUPERSCRIPTS, "0123456789+-n")
OPENING = {"(": ")", "[": "]"}
INSTEAD = {
    "^": "**",
    "π": "pi",
    "∞": "inf",
    "√": "sqrt",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "“": '"',
    "”": '"',
    "„": '"',
    "‘": "'",
    "’": "'",
    **dict.fromkeys("×·⋅∙•⊙∗", "*"),
    **dict.fromkeys("−–—‒", "-"),
    **dict.fromkeys("÷∕⁄", "/"),
    **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff", ""),
    "½": "0.5",
    "¼": "0.25",
    "¾": "0.75",
}
SPOKEN = frozenset(  # words between formulas, which are no factors
    {
        *("at", "of", "be", "the", "then", "where", "when", "let", "var", "const", "val", "given", "to", "by", "over"),
        *("plus", "minus", "times", "equals", "squared", "cubed", "through", "divided", "set", "define", "find"),
        *("compute", "calculate", "evaluate", "subject", "such", "that", "what", "otherwise"),
    }
)
NOT_HERE = frozenset({"lim", "limit", "integral", "integrate", "derivative", "solve", "plot", "diff", "differentiate"})
REFUSED = {
    "{": "curly brackets have no meaning here; write ( ) to group and [ ] for tensors",
    "}": "curly brackets have no meaning here; write ( ) to group and [ ] for tensors",
    "\\": "a backslash has no meaning here; a line may be broken inside brackets",
    "!": "for a factorial write exp(lgamma(n + 1))",
    '"': "a quoted word ends on its line with the same quote sign; of backslashes it holds only \\n, \\t and the like",
    "'": "a quoted word ends on its line with the same quote sign; of backslashes it holds only \\n, \\t and the like",
    **dict.fromkeys("∂∇", "every gradient stands beside its leaf; as a value: grad(y, x)[0]"),
    "∫": "integrals are not computed here",
    "?": "allowed are names, numbers and + - * / ** @ // % ( ) [ ] , . : = < >",
}


@dataclass(frozen=True, slots=True)
class Token:
    """One word of the text: its kind (a group of `TOKEN`), its characters, where they stand."""

    kind: str
    text: str
    span: Span

    @property
    def is_operand(self) -> bool:
        """A number, or a name that is not a word of Python."""
        return self.kind == "number" or (self.kind == "name" and not keyword.iskeyword(self.text))


def normalise(text: str) -> str:
    """Unify newlines and spaces, drop a byte-order mark, write `x₁` as `x1`. Other characters stay where they were."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\f", " ").replace("\v", " ")
    return text.translate(SAME_LENGTH)


def check_length(text: str, most: int = LIMITS.text_length) -> None:
    """PlaygroundError for a text that is longer than it may be, before anything looks at its characters."""
    if not isinstance(text, str):
        raise PlaygroundError(f"a {type(text).__name__} is no text", hint="write it between quotes")
    if len(text) > most:
        raise PlaygroundError(
            f"a text of {spell(len(text))} characters; the limit is {spell(most)}",
            span=Span(most, len(text)),
            text=text,
        )


def scan(text: str, most: int = LIMITS.text_length) -> tuple[Token, ...]:
    """The tokens of a normalised text; PlaygroundError at the first that cannot stand where it does."""
    check_length(text, most)
    tokens: list[Token] = []
    brackets: list[Token] = []
    for found in TOKEN.finditer(text):
        token = Token(str(found.lastgroup), found.group(), Span(found.start(), found.end()))
        previous = tokens[-1] if tokens else None
        if token.kind == "unclosed":
            _refuse_unclosed(text, token, previous)
        if token.kind == "power" or token.text in INSTEAD or (token.kind == "other" and token.text not in PLAIN):
            _refuse_character(text, token)
        if token.kind == "name" and "π" in token.text and instead_of(token) and not _is_given(text, token.text):
            _refuse_character(text, token)
        if token.kind == "other":
            _match_brackets(text, token, brackets)
        if previous is not None:
            _check_neighbours(text, previous, token, tokens)
        if token.kind != "comment":
            tokens.append(token)
    if brackets:
        _refuse_open(text, tokens, brackets)
    return tuple(tokens)


def _refuse_unclosed(text: str, token: Token, previous: Token | None) -> NoReturn:
    """A quote sign that begins a word and does not end it; behind a name it is meant as a derivative."""
    place = Span(token.span.start, token.span.start + 1)
    if token.text[0] == "'" and previous is not None and (previous.kind == "name" or previous.text in (")", "]")):
        hint = "a gradient stands beside its leaf; as a value: grad(y, x)[0]; a matrix is transposed by .T"
        raise PlaygroundError("`'` is no sign of a derivative here", span=place, hint=hint, text=text)
    raise PlaygroundError("this quoted word never ends", span=place, hint=REFUSED[token.text[0]], text=text)


def instead_of(token: Token) -> str | None:
    """Suggest what to write for a character that Python does not know, or None."""
    if token.kind == "power":
        exponent = token.text.translate(POWERS)
        return f"**{exponent}" if exponent.isalnum() else f"**({exponent})"
    if token.text in INSTEAD:
        return INSTEAD[token.text]
    if token.kind == "name" and (found := _PI.fullmatch(token.text)) is not None:
        return "*".join(part.replace("π", "pi") for part in found.groups() if part)
    plain = unicodedata.normalize("NFKC", token.text)
    return plain if token.kind == "other" and plain in PLAIN and plain != token.text else None


def _refuse_character(text: str, token: Token) -> NoReturn:
    instead = instead_of(token)
    shown = token.text if token.text.isprintable() and not token.text.isspace() else f"U+{ord(token.text[0]):04X}"
    if instead is not None and token.kind == "name" and text[: token.span.start].rstrip()[-1:] == "/":
        hint = f"write /({instead}) or /{instead}, whichever is meant"
        raise PlaygroundError(f"`/{shown}` is read in two ways", span=token.span, hint=hint, text=text)
    if instead is not None:
        what = f"write `{instead}`" if instead else "it is invisible; take it out"
        hint = "powers are written with **, as in x ** 2" if instead.startswith("**") else what
        label = f"write {instead}" if instead else "take it out"
        repair = Repair(label, _with_signs_replaced(text))
        raise PlaygroundError(f"`{shown}` is not understood", span=token.span, hint=hint, repair=repair, text=text)
    hint = REFUSED.get(token.text, REFUSED["?"])
    raise PlaygroundError(f"`{shown}` is not understood", span=token.span, hint=hint, text=text)


def _with_signs_replaced(text: str) -> str:
    """Replace every character that Python does not know and that stands for something."""
    parts = (Token(str(found.lastgroup), found.group(), Span(*found.span())) for found in TOKEN.finditer(text))
    return "".join(part.text if (instead := _in_place_of(text, part)) is None else instead for part in parts)


def _in_place_of(text: str, part: Token) -> str | None:
    instead = instead_of(part)
    if instead is None or part.kind != "name" or part.text == "π":
        return instead
    is_below = text[: part.span.start].rstrip()[-1:] == "/"  # `/πr` is read in two ways
    return None if is_below or _is_given(text, part.text) else instead


def _is_given(text: str, name: str) -> bool:
    """Tell whether a line gives this name a value."""
    return re.search(rf"^[ \t]*{name}[ \t]*=(?!=)", text, re.MULTILINE) is not None


def _match_brackets(text: str, token: Token, brackets: list[Token]) -> None:
    if token.text in OPENING:
        brackets.append(token)
        if len(brackets) > LIMITS.depth:
            raise PlaygroundError(
                f"brackets nested more than {LIMITS.depth} deep",
                span=token.span,
                hint=f"the limit is {LIMITS.depth}; give the inner part a name on a line of its own",
                text=text,
            )
    elif token.text in OPENING.values():
        without = text[: token.span.start] + text[token.span.end :]
        if not brackets:
            raise PlaygroundError(
                f"this `{token.text}` closes nothing",
                span=token.span,
                hint="a bracket was opened nowhere before it",
                repair=Repair(f"take out {token.text}", without),
                text=text,
            )
        expected = OPENING[brackets.pop().text]
        if token.text != expected:
            raise PlaygroundError(
                f"`{token.text}` closes a bracket that was opened with another sign",
                span=token.span,
                hint=f"expected `{expected}`",
                repair=Repair(f"write {expected}", text[: token.span.start] + expected + text[token.span.end :]),
                text=text,
            )


def _refuse_open(text: str, tokens: list[Token], brackets: list[Token]) -> NoReturn:
    opened = brackets[-1]
    closing = "".join(OPENING[bracket.text] for bracket in reversed(brackets))
    line_end = text.find("\n", opened.span.start)
    on_line = [t for t in tokens if t.kind not in ("space", "newline") and (line_end < 0 or t.span.end <= line_end)]
    place = on_line[-1].span.end
    raise PlaygroundError(
        f"this `{opened.text}` is never closed",
        span=opened.span,
        hint=f"expected `{OPENING[opened.text]}`",
        repair=Repair(f"add {closing}", text[:place] + closing + text[place:]),
        text=text,
    )


def _check_neighbours(text: str, previous: Token, token: Token, tokens: list[Token]) -> None:
    """Two operands with nothing between them: `2x`, `2(x + 1)`, `x y`, `(x + 1) y`."""
    if previous.kind == "number" and token.kind == "name":
        _refuse_missing_operator(text, Span(previous.span.start, token.span.end), previous, token)
    if previous.kind == "number" and token.text == "(":
        _refuse_missing_operator(text, Span(previous.span.start, token.span.end), previous, token)
    if previous.kind == "name" and token.kind == "string":
        raise PlaygroundError(
            f"`{previous.text}{token.text}` is not understood",
            span=Span(previous.span.start, token.span.end),
            hint="a quoted word stands alone, as in reduction='sum'",
            text=text,
        )
    before = tokens[-2] if previous.kind == "space" and len(tokens) > 1 else previous
    ends_value = before.is_operand or before.text in (")", "]")
    starts_value = token.is_operand
    if ends_value and starts_value:
        if before.kind == "name" and before.text in ("print", "exec", "match", "type", "case"):
            return
        _refuse_missing_operator(text, token.span, before, token)


def _refuse_missing_operator(text: str, span: Span, before: Token, token: Token) -> NoReturn:
    if before.text in NOT_HERE:
        hint = "every value and every gradient of the text is shown; grad(y, x)[0] is one as a value"
        raise PlaygroundError(f"`{before.text}` is not here", span=before.span, hint=hint, text=text)
    word = next((part.text for part in (before, token) if part.text.lower() in SPOKEN), None)
    if word is not None:
        message, hint = (
            f"`{word}` is a word, and no part of a formula",
            "write names, numbers and the signs between them",
        )
        raise PlaygroundError(message, span=span, hint=hint, text=text)
    if (meant := _two_readings(text, before, token)) is not None:
        behind = text[: before.span.start].rstrip()[-2:].strip()
        message = f"`{before.text}{token.text}` behind `{behind}` is read in two ways"
        raise PlaygroundError(message, span=span, hint=meant, text=text)
    line = text[text.rfind("\n", 0, span.start) + 1 :].partition("\n")[0]
    sign = "@" if re.search(r"\.T\b", line) else "*"  # `x.T A x` is a product of matrices
    mended = text[: before.span.end] + sign + text[token.span.start :]
    whole = f"{before.text}{sign}{token.text}" if token.text != "(" else f"{before.text}{sign}( )"
    raise PlaygroundError(
        f"something is missing between `{before.text}` and `{token.text}`",
        span=span,
        hint=f"write the multiplication: {whole}"
        if before.text not in (")", "]")
        else f"write the multiplication: {sign}",
        repair=Repair(f"write {sign}", mended),
        text=text,
    )


def _two_readings(text: str, before: Token, token: Token) -> str | None:
    """How `1/2x` and `e^2x` can be written so that they say one thing; None for what is read in one way."""
    if before.kind != "number" or before.span.end != token.span.start:
        return None
    head = text[: before.span.start].rstrip(" \t")
    minus = "-" if head.endswith("-") else ""
    head = head.removesuffix("-").rstrip(" \t")
    sign = next((sign for sign in ("**", "/") if head.endswith(sign)), None)
    if sign is None:
        return None
    words = re.findall(r"[\w.]+", head[-40:].removesuffix(sign).rstrip(" \t"))
    above = words[-1] if words and head.removesuffix(sign).rstrip(" \t").endswith(words[-1]) else "( )"
    if sign == "**" and above != "e" and not above.replace(".", "").isdigit():
        return None
    factor = token.text if token.text != "(" else "( )"
    number = minus + before.text
    apart = f"({number})" if minus else number
    return f"write {above}{sign}({number}*{factor}) or {above}{sign}{apart}*{factor}, whichever is meant"
