"""Nets: of a list of layers, or of a pasted class."""
