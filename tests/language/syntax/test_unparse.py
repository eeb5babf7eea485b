"""Text → tree → text: the normal spelling, and brackets exactly where they are needed."""

from __future__ import annotations

import pytest

from playground.language.functions.table import FUNCTIONS
from playground.language.syntax.program import parse
from playground.language.syntax.unparse import unparse


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        pytest.param("((a+b))*c", "(a + b) * c", id="brackets"),
        pytest.param("a-(b-c)", "a - (b - c)", id="left"),
        pytest.param("(a-b)-c", "a - b - c", id="left-free"),
        pytest.param("a**(b**c)", "a ** b ** c", id="right"),
        pytest.param("(a**b)**c", "(a ** b) ** c", id="right-brackets"),
        pytest.param("(-x)**2", "(-x) ** 2", id="sign-base"),
        pytest.param("-x**2", "-x ** 2", id="sign-of-power"),
        pytest.param("2**-x", "2 ** -x", id="sign-exponent"),
        pytest.param("(2).float()", None, id="number-receiver"),
        pytest.param("(a<b)==c", "(a < b) == c", id="comparison"),
        pytest.param("(a<b)&(c>d)", "(a < b) & (c > d)", id="and"),
        pytest.param("(a+b).T[0].sum(dim=1)", "(a + b).T[0].sum(dim=1)", id="postfix"),
        pytest.param("x[1:,::2,None,...,[0,1]]", "x[1:, ::2, None, ..., [0, 1]]", id="index"),
        pytest.param("x[(1,)]", "x[1,]", id="index-tuple"),
        pytest.param("a,=x", "a, = x", id="one-target"),
        pytest.param("a,b=b,a", "a, b = (b, a)", id="swap"),
        pytest.param("for i in range(2):\n  x*=2 ; y=x", "for i in range(2):\n    x *= 2\n    y = x", id="for"),
        pytest.param("with no_grad():\n  y=x", "with torch.no_grad():\n    y = x", id="with"),
        pytest.param("~(x>0)", "~(x > 0)", id="not"),
        pytest.param("1e999 + 1_000 + .5", "1e999 + 1000 + 0.5", id="numbers"),
        pytest.param("torch.nn.functional.relu(x)", "F.relu(x)", id="prefix"),
        pytest.param("x,y=2,[ .5 ]", "x = 2\ny = [0.5]", id="stated"),
        pytest.param("θ * math.pi", "θ * math.pi", id="constant"),
    ],
)
def test_the_normal_spelling(text: str, normal: str | None) -> None:
    program = parse(text)
    assert normal is None or unparse(program) == normal
    assert parse(unparse(program)) == program


@pytest.mark.parametrize("text", [pytest.param(function.example, id=function.key) for function in FUNCTIONS])
def test_every_example_comes_back(text: str) -> None:
    assert parse(unparse(parse(text))) == parse(text)
