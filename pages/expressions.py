"""Type an expression, step through its graph."""

from playground.ui.expressions import expressions_page

expressions_page()
