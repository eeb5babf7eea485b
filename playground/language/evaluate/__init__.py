"""From our tree to values: PyTorch, called through the table of functions."""
