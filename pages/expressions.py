"""Type an expression, step through its graph."""

from playground.ui.opening import opening

opening()  # what follows needs PyTorch

from playground.ui.expressions import expressions_page  # noqa: E402

expressions_page()
