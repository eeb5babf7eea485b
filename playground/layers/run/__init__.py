"""A batch through a net, recorded; and warnings of what PyTorch accepts in silence."""
