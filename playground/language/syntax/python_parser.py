"""Python's own parser, with every way in which it can fail turned into one PlaygroundError."""

from __future__ import annotations

import ast
import keyword
import re
import threading
from collections.abc import Iterator
from typing import NoReturn

from playground.errors import PlaygroundError, Repair, Span
from playground.language.limits import LIMITS, spell
from playground.language.syntax.scan import Token, scan

_PARSER = threading.Lock()  # CPython 3.11 counts the depth of its trees once for all threads, and raises SystemError
DEFINED = re.compile(r"([^\W\d]\w*)\s*\(\s*([^\W\d]\w*(?:\s*,\s*[^\W\d]\w*)*)\s*\)")  # `f(x, y)`
_ON_LINE = re.compile(r" on line (\d+)$")  # the line that opens the block
_INDENT = re.compile(r"^[ \t]*", re.MULTILINE)
_COMPARED = re.compile(r"\b(?:if|elif|while)\b[^=:\n(]*?[^=:\n(<>!+*/%-](=)(?!=)")  # `if x = 1`
_TABS = (8, 4, 2)  # how wide a tab may be meant
INDENTED = re.compile(r"\A(?:[ \t]*(?:\#[^\n]*)?\n)*[ \t]+[^\s\#]")


class Places:
    """Where things stand: Python counts lines and UTF-8 bytes, a Span counts characters from the start of the text."""

    def __init__(self, text: str, first_line: int) -> None:
        self._lines = text.split("\n")
        self._first_line = first_line  # the parser's number of our first line
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line) + 1)

    def at(self, line_number: int, byte: int) -> int:
        """The character position of a byte in a line, both as `ast` counts them."""
        index = min(max(line_number - self._first_line, 0), len(self._lines) - 1)
        line = self._lines[index]
        column = byte if line.isascii() else len(line.encode()[:byte].decode(errors="ignore"))
        return self._starts[index] + min(column, len(line))

    def at_character(self, line_number: int, column: int) -> int:
        """The same for a column that counts characters."""
        index = min(max(line_number - self._first_line, 0), len(self._lines) - 1)
        return self._starts[index] + min(max(column, 0), len(self._lines[index]))

    def of(self, node: ast.stmt | ast.expr | ast.keyword) -> Span:
        """The span of a node of Python's tree."""
        end_line, end_byte = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
        return Span(self.at(node.lineno, node.col_offset), self.at(end_line, end_byte))


def tree_if_read(text: str) -> tuple[ast.Module, Places] | None:
    """Python's tree of a text as it is, before anything is checked; None where Python cannot read it."""
    is_indented = INDENTED.match(text) is not None
    try:
        with _PARSER:
            module = ast.parse("if 1:\n" + text if is_indented else text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # a UnicodeEncodeError is a ValueError
        return None
    first = module.body[0] if is_indented else None
    body = first.body if isinstance(first, ast.If) else module.body
    return ast.Module(body, []), Places(text, 2 if is_indented else 1)


def python_tree(
    text: str, scanned: str | None = None, most: int = LIMITS.nodes, longest: int = LIMITS.text_length
) -> tuple[ast.Module, Places]:
    """Python's tree of a normalised text, within the limits on nodes and depth.

    `scanned`: the text as the first look takes it, of the same length, where more characters are allowed than usual;
    `most`: how many nodes; `longest`: how many characters.
    """
    tokens = scan(text if scanned is None else scanned, longest)
    if all(token.kind in ("space", "newline") or token.text == ";" for token in tokens):
        refuse_empty(text)
    is_indented = INDENTED.match(text) is not None  # a whole text may be indented: it is the body of an `if` then
    places = Places(text, 2 if is_indented else 1)
    try:
        with _PARSER:
            module = ast.parse("if 1:\n" + text if is_indented else text)
    except SyntaxError as error:
        _explain(text, tokens, places, error)
    except UnicodeEncodeError as error:
        place = min(max(error.start - (6 if is_indented else 0), 0), len(text))
        raise PlaygroundError("half a character", span=Span(place, place + 1), text=text) from None
    except (RecursionError, MemoryError):
        _refuse_depth(text, Span(0, len(text)))
    except ValueError:
        raise PlaygroundError("this text cannot be read", span=Span(0, len(text)), text=text) from None
    if is_indented:
        first = module.body[0]
        if len(module.body) != 1 or not isinstance(first, ast.If):
            raise PlaygroundError("the lines are not indented alike", span=Span(0, len(text)), text=text)
        module = ast.Module(body=first.body, type_ignores=[])
    _check_size(text, module, places, most)
    return module, places


def refuse_empty(text: str) -> NoReturn:
    """Refuse a text without anything to compute."""
    raise PlaygroundError(
        "there is nothing to compute yet",
        span=Span(0, len(text)),
        hint="type an expression, for instance log(x1) + x1*x2 - sin(x2)",
        text=text,
    )


def _children(node: ast.AST) -> Iterator[ast.AST]:
    return (child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt | ast.expr | ast.keyword))


def _check_size(text: str, module: ast.Module, places: Places, most: int) -> None:
    nodes, waiting = 0, [(child, 1) for child in _children(module)]
    while waiting:
        node, depth = waiting.pop()
        nodes += 1
        span = places.of(node) if isinstance(node, ast.stmt | ast.expr | ast.keyword) else Span(0, len(text))
        if depth > LIMITS.depth:
            _refuse_depth(text, span)
        if nodes > most:
            raise PlaygroundError(
                f"a text of more than {spell(most)} parts",
                span=span,
                hint=f"the limit is {spell(most)} names, numbers and operations",
                text=text,
            )
        waiting.extend((child, depth + 1) for child in _children(node))


def _refuse_depth(text: str, span: Span) -> NoReturn:
    raise PlaygroundError(
        f"nested more than {LIMITS.depth} deep",
        span=span,
        hint=f"the limit is {LIMITS.depth}; give the inner part a name on a line of its own",
        text=text,
    ) from None


def _explain(text: str, tokens: tuple[Token, ...], places: Places, error: SyntaxError) -> NoReturn:
    """The parser's complaint, in the user's words and at the user's character."""
    start = places.at_character(error.lineno or 1, (error.offset or 1) - 1)
    end = start + 1
    if error.end_lineno == error.lineno and (error.end_offset or 0) > (error.offset or 0):
        end = places.at_character(error.lineno or 1, (error.end_offset or 1) - 1)
    span = Span(start, max(end, start + 1))
    solid = [token for token in tokens if token.kind not in ("space", "newline")]
    before = next((token for token in reversed(solid) if token.span.end <= start), None)
    here = next((token for token in solid if token.span.start <= start < token.span.end), None)
    complaint = error.msg or "invalid syntax"
    message, hint, repair = "this is not understood", "", None
    if "cannot assign" in complaint or "Maybe you meant '=='" in complaint:
        message, hint, repair = _explain_assignment(text, solid, span)
    elif (compared := _COMPARED.search(text, text.rfind("\n", 0, start) + 1, _line_end(text, start))) is not None:
        message, span = "`=` gives a value to a name", Span(*compared.span(1))
        hint = "a comparison is written `==`"
        repair = Repair("write ==", text[: span.start] + "==" + text[span.end :])
    elif "expected ':'" in complaint:
        message, hint = "a `:` is missing", "a line that starts with `for` or `with` ends with a colon"
        line_end = text.find("\n", start) if "\n" in text[start:] else len(text)
        repair = Repair("add :", text[:line_end].rstrip() + ":" + text[line_end:])
    elif "expected an indented block" in complaint:
        message, hint = "an indented line is missing", "what belongs to `for` or `with` is moved in by four spaces"
        line_start = text.rfind("\n", 0, start) + 1
        opener = _ON_LINE.search(complaint)
        opens = line_start if opener is None else places.at_character(int(opener[1]), 0)
        if opens < line_start and text[line_start : _line_end(text, line_start)].strip():
            indent = _INDENT.match(text, opens)[0] + "    "  # type: ignore[index]  # matches all
            repair = Repair("move the line in", text[:line_start] + indent + text[line_start:].lstrip(" \t"))
    elif isinstance(error, IndentationError):
        message, hint = "this line is indented differently", "lines that belong together begin in the same column"
        line_start = text.rfind("\n", 0, start) + 1
        if "\t" in "".join(_INDENT.findall(text)):
            hint = "indent every line by spaces: how wide a tab is depends on who reads it"
            repair = _without_tabs(text)
        elif "unexpected indent" in complaint:  # nothing opened a block: the line belongs to those before it
            lines_before = [line for line in text[:line_start].split("\n") if line.strip()]
            indent_before = _INDENT.match(lines_before[-1])[0] if lines_before else ""  # type: ignore[index]  # matches all
            repair = Repair("move the line out", text[:line_start] + indent_before + text[line_start:].lstrip(" \t"))
        indent = len(text[line_start:]) - len(text[line_start:].lstrip(" \t"))
        span = Span(line_start, line_start + max(indent, 1))
    elif "leading zeros" in complaint:
        message, hint = "a whole number does not begin with 0", "write 7, not 007"
    elif "4300" in complaint or "decimal literal" in complaint or "integer" in complaint:
        message, hint = "this is not a number", "numbers are written 3, 0.5, 1e-3"
    elif "positional argument follows" in complaint:
        message, hint = "an argument without a name after one with a name", "named arguments (dim=1) stand last"
    elif "comma" in complaint:
        message, hint = "something is missing between two values", "write an operator or a comma between them"
    else:
        message, hint, span = _explain_token(text, solid, before, here, span)
        word = next((token for token in (here, before) if token and keyword.iskeyword(token.text)), None)
        if word is not None and re.search(rf"^[ \t]*{word.text}[ \t]*=[^=]", text, re.MULTILINE):
            message, span = f"`{word.text}` is a word of Python and cannot be a name", word.span
            hint, repair = "take another name", _rename(text, tokens, word.text)
    if span.end > len(text):  # what is missing belongs after the last character: that one is marked
        span = Span(min(span.start, max(len(text) - 1, 0)), len(text))
    raise PlaygroundError(message, span=span, hint=hint, repair=repair, text=text) from None


def _line_end(text: str, place: int) -> int:
    end = text.find("\n", place)
    return len(text) if end < 0 else end


def _without_tabs(text: str) -> Repair | None:
    """Spaces for the tabs that lines begin with; None where it depends on their width which lines belong together."""
    found: dict[str, str] = {}
    for width in _TABS:
        spaced = _INDENT.sub(lambda indent: indent[0].expandtabs(width), text)  # noqa: B023  # called at once
        try:
            with _PARSER:
                found.setdefault(ast.dump(ast.parse(spaced)), spaced)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return Repair("write spaces for the tabs", next(iter(found.values()))) if len(found) == 1 else None


def _explain_assignment(text: str, solid: list[Token], span: Span) -> tuple[str, str, Repair | None]:
    equals = next((token for token in solid if token.text == "=" and token.span.start >= span.start), None)
    hint = "a name stands left of `=`; to compare, write `==`"
    if equals is None:
        return "only a name can be given a value", hint, None
    line_start = text.rfind("\n", 0, equals.span.start) + 1
    line_end = text.find("\n", equals.span.end) if "\n" in text[equals.span.end :] else len(text)
    left, right = text[line_start : equals.span.start].strip(), text[equals.span.end : line_end].strip()
    defined = DEFINED.fullmatch(left)
    if defined is not None:
        name, parameters = defined.groups()
        is_called = re.search(rf"\b{name}\s*\(", text[:line_start] + text[line_end:]) is not None
        new = f"def {name}({parameters}): return {right}" if is_called else f"{name} = {right}"
        repair = Repair(
            f"write {new}" if len(new) < 40 else f"write {new[:30]}...", text[:line_start] + new + text[line_end:]
        )
        hint = f"write {name} = ..., or def {name}({parameters}): return ... and call it"
        return f"a function is not defined by `{left} =`", hint, repair
    if right.isidentifier() and not keyword.iskeyword(right):
        mended = f"{text[:line_start]}{right} = {left}{text[line_end:]}"
        return "only a name can be given a value", hint, Repair(f"write {right} = {left}", mended, is_guess=True)
    mended = text[: equals.span.start] + "==" + text[equals.span.end :]
    return "only a name can be given a value", hint, Repair("write ==", mended, is_guess=True)


def _explain_token(
    text: str, solid: list[Token], before: Token | None, here: Token | None, span: Span
) -> tuple[str, str, Span]:
    if here is None and before is not None:
        return f"something is missing after `{before.text}`", "expected a name, a number or a bracket", before.span
    if here is None:
        return "this is not understood", "", span
    if keyword.iskeyword(here.text):
        return f"`{here.text}` cannot stand here", "expected a name, a number or a bracket", here.span
    if before is not None and before.kind == "other" and before.text not in (")", "]"):
        return f"`{here.text}` cannot stand after `{before.text}`", "expected a name, a number or a bracket", here.span
    return f"`{here.text}` cannot stand here", "expected an operator or the end of the line", here.span


def _rename(text: str, tokens: tuple[Token, ...], word: str) -> Repair:
    new = f"{word}_"
    parts, position = [], 0
    for token in tokens:
        if token.text == word:
            parts += [text[position : token.span.start], new]
            position = token.span.end
    return Repair(f"write {new}", "".join([*parts, text[position:]]))
