"""What `from playground import ...` gives in a notebook."""
