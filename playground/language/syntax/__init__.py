"""From the text to our own tree, and back."""
