"""`parse(text) -> Program`: the statements of a text as our own tree, and its free names, which become leaves."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from playground.errors import PlaygroundError
from playground.language.syntax.left_out import LeftOut, readable
from playground.language.syntax.name_words import words_on_names
from playground.language.syntax.notation import IN_PROMPT, explained
from playground.language.syntax.program_expressions import ProgramExpressions
from playground.language.syntax.program_statements import ProgramStatements
from playground.language.syntax.python_parser import python_tree, refuse_empty
from playground.language.syntax.scan import check_length, normalise
from playground.language.syntax.stated import stated_leaves, with_stated
from playground.language.syntax.tree import FreeName, Statement


@dataclass(frozen=True, slots=True)
class Program:
    """A parsed text. `free_names` are its leaves, in order of first use; of some the text itself says the value.

    >>> program = parse("f = log(x1) + x1*x2 - sin(x2)")
    >>> [free.name for free in program.free_names]
    ['x1', 'x2']
    >>> [(free.name, free.stated.value) for free in parse("x = 3\\nf = x*x").free_names if free.stated]
    [('x', '3')]
    """

    text: str = field(compare=False)
    statements: tuple[Statement, ...]
    free_names: tuple[FreeName, ...]
    left_out: tuple[LeftOut, ...] = field(default=(), compare=False)  # lines that mean nothing here
    on_names: tuple[str, ...] = field(default=(), compare=False)  # a sentence for each that is probably meant otherwise


@lru_cache(maxsize=64)  # one edit asks for the program of its text half a dozen times
def parse(text: str) -> Program:
    """Parse a text, or raise the one PlaygroundError that says where and why not."""
    check_length(text)
    text = normalise(text)
    read, left_out = readable(text)
    try:
        if IN_PROMPT.match(read):
            refuse_empty(text)
        module, places = python_tree(read)
    except PlaygroundError as error:
        raise explained(error, text) from None
    expressions = ProgramExpressions(text, places)
    statements = ProgramStatements(expressions, module)
    body = statements.convert(module.body)
    if not body:
        refuse_empty(text)
    free = [FreeName(name, tuple(spans)) for name, spans in expressions.free.items()]
    stated = stated_leaves(text, body, frozenset(expressions.free), "requires_grad" in text)
    names = sorted((*free, *stated), key=lambda name: name.spans[0].start) if stated else free
    body = with_stated(body, stated)
    on_names = words_on_names(body, [name.name for name in names if name.stated is None])
    return Program(text, body, tuple(names), (*left_out, *statements.left_out), on_names)
