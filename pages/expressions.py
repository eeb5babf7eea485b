"""Type an expression, step through its graph."""

from playground.ui.start.loading import load

load()  # what follows needs PyTorch

from playground.ui.expressions.page import expressions_page  # noqa: E402

expressions_page()
