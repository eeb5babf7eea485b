"""The kinds of layers: arguments, shape rules, PyTorch's modules."""
