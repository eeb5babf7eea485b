"""Stacks of layers: what they are, what their shapes are, and how they are built."""
