"""Every regular expression of the project takes time in proportion to the text, whatever stands in it.

A pattern is tried on texts made of its own characters: repeated, after its own beginning and before what it does not
match. One whose time grows with the square of the length holds the interpreter's lock, and so every visitor.
"""

from __future__ import annotations

import ast
import importlib
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sampled import sampled

ROOT = Path(__file__).parents[1] / "playground"
SHORT, LONG = 8_000, 100_000  # characters; a square of the first takes a second, of the other minutes
SECONDS = {SHORT: 0.1, LONG: 0.5}  # of CPU time
CALLS = ("search", "match", "fullmatch", "sub", "split", "finditer", "findall")
OURS = {"views/stepper/html.py"}  # its patterns read our own files only, while a stepper is exported


def compiled() -> Iterator[tuple[str, Pattern]]:
    """Those that modules keep under a name, and those that are written where they are used."""
    for file in sorted(ROOT.rglob("*.py")):
        place = file.relative_to(ROOT).as_posix()
        text = file.read_text(encoding="utf-8")
        if "re." not in text or place in OURS:
            continue
        name = "playground." + place.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        module = importlib.import_module(name)
        for word, kept in vars(module).items():
            rows = kept if isinstance(kept, tuple) else (kept,)
            for number, row in enumerate(rows):
                pattern = row if isinstance(row, re.Pattern) else getattr(row, "pattern", None)
                if isinstance(pattern, re.Pattern) and isinstance(pattern.pattern, str):
                    used = {method for method in CALLS if f"{word}.{method}(" in text} or {"finditer"}
                    yield f"{place}:{word}{f'[{number}]' if len(rows) > 1 else ''}", (pattern, used)
        for node in ast.walk(ast.parse(text)):
            if (written := inline(node)) is not None:
                pattern, method = written
                yield f"{place}:{node.lineno}", (pattern, {method})  # type: ignore[attr-defined]


def inline(node: ast.AST) -> tuple[re.Pattern[str], str] | None:
    """The pattern and the method of a call like `re.search(...)`; a name that is put in stands for any word."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CALLS):
        return None
    if not (isinstance(node.func.value, ast.Name) and node.func.value.id == "re" and node.args):
        return None
    first, flags = node.args[0], re.NOFLAG
    for word in (*node.args[2:], *(keyword.value for keyword in node.keywords)):
        for part in ast.walk(word):
            if isinstance(part, ast.Attribute) and part.attr in ("MULTILINE", "M", "DOTALL", "S", "VERBOSE", "X"):
                flags |= re.RegexFlag[part.attr]
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        return re.compile(first.value, flags), node.func.attr
    if isinstance(first, ast.JoinedStr):
        parts = [str(part.value) if isinstance(part, ast.Constant) else r"(?:x\w*)" for part in first.values]
        return re.compile("".join(parts), flags), node.func.attr
    return None


Pattern = tuple[re.Pattern[str], set[str]]  # and the methods by which it is used
UNITS = (
    "a",
    "a ",
    "a.",
    "1",
    "1.",
    "1 ",
    " ",
    "\n",
    "\t",
    "\n ",
    " \n",
    "_",
    "²",
    "a=",
    "= ",
    "a\n",
    "#\n",
    "\r",
    "()",
    "{a",
    "}",
)
PIECES = ("class ", "\\frac{a}", "\\sqrt{", "a^", "slice(", "f(x,", "[1 ", "||a", "In [1]:", '"""', "import ", "super(")


def texts(pattern: re.Pattern[str], length: int) -> Iterator[str]:
    """Long texts that a pattern may be slow on, from its own letters and signs."""
    letters = "".join(dict.fromkeys(re.sub(r"\\.|[\w\s]", "", pattern.pattern)))
    words = re.findall(r"(?<!\\)[A-Za-z]{3,}", pattern.pattern)
    units = dict.fromkeys((*UNITS, *PIECES, *letters, *(f"{sign} " for sign in letters), *words[:4]))
    for unit in units:
        row = (unit * (length // len(unit)))[:length]
        for before, after in (("", "!"), ("[", "\x00"), ("a(", "}"), ("a", "\n!")):
            yield before + row + after


def seconds(pattern: Pattern, length: int) -> tuple[float, str]:
    """The longest that it takes on any of the texts, used as it is, and the beginning of that one."""
    worst = (0.0, "")
    for text in texts(pattern[0], length):
        started = time.process_time()
        for method in pattern[1]:
            if method in ("match", "fullmatch"):
                getattr(pattern[0], method)(text)
            else:
                sum(1 for _ in pattern[0].finditer(text))
        worst = max(worst, (time.process_time() - started, text[:20]))
        if worst[0] > SECONDS[length]:
            break
    return worst


def check(pattern: Pattern, length: int) -> None:
    """It takes no longer than it may; once more where it does, for others' work counts in the first try's caches."""
    taken, text = seconds(pattern, length)
    assert taken < SECONDS[length] or seconds(pattern, length)[0] < SECONDS[length], (taken, text)


ALL = dict(compiled())


def test_they_are_found() -> None:
    assert len(ALL) > 60 and "ui/expressions/links.py:_USED" in ALL and "layers/document.py:_CLASS" in ALL


@pytest.mark.parametrize("name", sampled(ALL, 4))
def test_a_pattern_takes_time_in_proportion(name: str) -> None:
    check(ALL[name], SHORT)


@pytest.mark.slow
@pytest.mark.parametrize("pattern", ALL.values(), ids=list(ALL))
def test_on_very_long_texts(pattern: Pattern) -> None:
    check(pattern, LONG)
