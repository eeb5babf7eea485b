"""What is typeset says the same as the plain line beside it, which other tests compare with PyTorch's numbers."""

from __future__ import annotations

import numpy as np
import pytest

from playground.explain.derivatives.calls import _SECOND, CALLS, second
from playground.explain.derivatives.derivative import Formula
from playground.explain.derivatives.table import ROWS
from tests.explain.typeset import Typeset, draws, plain_value, slips, written
from tests.sampled import sampled

FORMULAS: dict[str, Formula] = {
    **{
        f"{name} {row} {edge}": formula
        for name, derivatives in ROWS.items()
        for row, derivative in enumerate(derivatives)
        for edge, formula in enumerate(derivative.formulas)
        if formula.is_written
    },
    **{
        f"{name} argument {path} {row}": formula
        for name, arguments in CALLS.items()
        for path, formulas in arguments.items()
        for row, formula in enumerate(formulas)
    },
    **{
        f"{name} again {row}": formula for name in (*_SECOND, "PowBackward") for row, formula in enumerate(second(name))
    },
}


@pytest.mark.parametrize("name", sampled(FORMULAS, 4))
def test_a_formula_is_typeset_as_it_is_written(name: str) -> None:
    formula = FORMULAS[name]
    plain, latex = written(formula.text, latex=False), written(formula.latex, latex=True)
    compared = 0
    with np.errstate(all="ignore"):
        for names in draws(60):
            expected, found = plain_value(plain, names), Typeset(latex, names).value()
            assert np.isclose(found, expected, rtol=1e-9, equal_nan=True), (formula.text, formula.latex, names)
            compared += bool(np.isfinite(expected))
    assert compared > 10
    assert list(slips(latex)) == []


@pytest.mark.parametrize(
    "latex", ["c_{2}_{[t]}", "{x}^{2}^{3}", "{a}^{(b − 1)}", "1 - t²", r"\left(x", r"\frac{1}{x_{1}_{2}}"]
)
def test_slips_are_found(latex: str) -> None:
    assert list(slips(latex))


@pytest.mark.parametrize(
    "latex", [r"\bar{v}_{1}^{2}", "{c_{2}}_{[t]}", r"x_{1} \, y_{1}", r"\mathrm{a\_b}_{1} + e^{x_{1}}"]
)
def test_what_is_right_is_no_slip(latex: str) -> None:
    assert list(slips(latex)) == []
