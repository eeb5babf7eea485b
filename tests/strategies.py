"""Hypothesis strategies that several tests share: valid programs with their leaves, and hostile texts."""

from __future__ import annotations

import os

from hypothesis import settings
from hypothesis import strategies as st

from playground.language.functions.synonyms import CALLED_HERE
from playground.language.functions.table import FUNCTIONS
from tests.pasted_pieces import KEPT, PASTED

# What is promised of programs is tried on five times as many of them as there are examples of anything else.
OF_PROGRAMS = settings(max_examples=5_000) if os.environ.get("HYPOTHESIS_PROFILE") == "slow" else settings()

SCALARS = ("x1", "x2", "θ")
SMOOTH = ("sin", "cos", "tanh", "exp", "sigmoid", "softplus", "atan", "relu", "square", "neg")
POSITIVE = ("log", "sqrt", "rsqrt", "log1p", "reciprocal")
values = st.floats(-3, 3, allow_nan=False).map(lambda number: round(number, 3))


TEMPLATES = (
    *(f"{name}(#)" for name in SMOOTH),
    *(f"{name}(1 + (#) ** 2)" for name in POSITIVE),
    "torch.exp(-(#) ** 2)",
    "(# + #)",
    "(# - #)",
    "(# * #)",
    "(# / (1 + # ** 2))",
    "(-#)",
    "where(# > 0, #, #)",
    "maximum(#, #)",
    "[#, #].sum()",
    "([#, #] @ [#, #])",
    "([#, #][None].T * [#, #]).mean()",
    "softmax([#, #], dim=0)[0]",
    "sum([#, #])",
    "sum(t * i for i, t in enumerate([#, #], 1))",
    "(lambda t, u=2: t * u)(#)",
    "(# if 2 > 1 else #)",
)


@st.composite
def expressions(draw: st.DrawFn, names: tuple[str, ...], depth: int = 3) -> str:
    """A scalar-valued expression over these names; `#` in a template is a smaller one."""
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        name = draw(st.sampled_from(names))
        return name if draw(st.booleans()) else f"({name} * {abs(draw(values))})"
    first, *rest = draw(st.sampled_from(TEMPLATES)).split("#")
    return first + "".join(draw(expressions(names, depth - 1)) + part for part in rest)


@st.composite
def programs(draw: st.DrawFn) -> tuple[str, dict[str, float]]:
    """A valid program of one to four lines that ends in a number, and values for its leaves."""
    names: tuple[str, ...] = SCALARS
    lines = []
    for index in range(draw(st.integers(0, 3))):
        lines.append(f"v{index} = {draw(expressions(names, depth=2))}")
        names = (*names, f"v{index}")
    lines.append(f"f = {draw(expressions(names, depth=2))} + 0*x1")
    return "\n".join(lines), {name: draw(values) for name in SCALARS}


SIGNS = "θ x₁ ² × π ^ ( ) [ ] { } , . : ; = == + - * / ** @ // % ~ & | < > ! ? # \\ ' \""
NUMBERS = "0 1 2 -1 0.5 1e308 1e999 10**9 9**9**9 2**53 999999999999 nan inf None True ..."
KEYWORDS = "for in range( with no_grad(): if else lambda import print( def class return not and or is while del"
OPTIONS = "dim=0 dim=-1 dim=99 dtype=float64 requires_grad=True reduction='sum' 'ij,jk->ik' padding='same'"
PIECES = "x y A x.sum( .T .grad .shape .backward() .__class__ __import__ eval( torch. F. torch.linalg. os. [None] [::2]"
OTHERS = ("\n", "\n    ", "\t", "\x00", "\ud800", "\u202e", "\ufeff", "💥")
FUNCTION_NAMES = sorted({function.name for function in FUNCTIONS} | set(CALLED_HERE))
WORDS = (*FUNCTION_NAMES, *f"{SIGNS} {NUMBERS} {KEYWORDS} {OPTIONS} {PIECES}".split(), *PASTED, *OTHERS)
EXPLOSIVE = (
    "10**9",
    "99999",
    "(9999, 9999)",
    "1e12",
    "-1",
    "0",
    "2**31",
    "2**52",
    "x",
    "A",
    "None",
    "[0, 1]",
    "2.5",
    "'a'",
)


def hostile_text() -> st.SearchStrategy[str]:
    """Texts that nobody should type: token soup, calls with wild arguments, arbitrary characters, deep nesting."""
    soup = st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join)
    glued = st.lists(st.sampled_from(WORDS), max_size=25).map("".join)
    names = st.sampled_from([function.name for function in FUNCTIONS])
    arguments = st.lists(st.sampled_from(EXPLOSIVE), max_size=5).map(", ".join)
    calls = st.builds("{}({})".format, names, arguments)
    methods = st.builds("{}.{}({})".format, st.sampled_from(("x", "A", "I")), names, arguments)
    chains = st.builds("{} {} {}".format, calls, st.sampled_from(("+", "@", "**", "*", "//", "<")), methods)
    deep = st.builds("{}x{}".format, st.sampled_from("([-~").map(lambda sign: sign * 3000), st.sampled_from(")]x"))
    pasted = st.lists(st.sampled_from((*PASTED, *KEPT)), max_size=8).map("\n".join)
    wild = st.text(max_size=200)
    return st.one_of(soup, glued, calls, methods, chains, pasted, deep, wild)
