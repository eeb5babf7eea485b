"""Nets: the catalogue of layers, a net as a stack of them or as a pasted class, its run and its script."""
