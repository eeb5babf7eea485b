"""A text as a plain PyTorch script."""
