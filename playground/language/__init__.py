"""Typed text to values: `parse` understands it, `interpret` computes it, `run` records it, all over a whitelist.

The stages: `scan` (characters) → `syntax` (Python's tree) → `program` and `expressions` (our tree, free names) →
`interpreter` (values, every call bounded first). What may be called stands in one table (`table`, `functions/`).
"""

from playground.language.codegen import to_python
from playground.language.function import Function
from playground.language.interpreter import interpret
from playground.language.leaves import Leaf
from playground.language.program import Program, parse
from playground.language.run import run, run_program
from playground.language.table import FAMILIES, FUNCTIONS, search, suggest
from playground.language.tree import FreeName
from playground.language.unparse import unparse

__all__ = [
    "FAMILIES",
    "FUNCTIONS",
    "FreeName",
    "Function",
    "Leaf",
    "Program",
    "interpret",
    "parse",
    "run",
    "run_program",
    "search",
    "suggest",
    "to_python",
    "unparse",
]
