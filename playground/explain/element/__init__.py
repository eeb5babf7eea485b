"""One element of a tensor opened to its own arithmetic."""
