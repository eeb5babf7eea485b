"""A net as a plain PyTorch script: sequential, as a module, from scratch, or as it was pasted."""
