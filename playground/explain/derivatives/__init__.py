"""The table of derivatives: what each of PyTorch's backward nodes does, in words, symbols, LaTeX and numbers."""
