"""Names that `from playground import ...` gives in a notebook."""
