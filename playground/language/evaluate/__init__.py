"""Evaluate a parsed text: PyTorch is called through the table of functions."""
