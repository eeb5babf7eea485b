"""One recorded run of PyTorch as plain data: `Trace` and its records."""
