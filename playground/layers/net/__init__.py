"""A net, whatever says it: a list of layers, or a pasted class."""
