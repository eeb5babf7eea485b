"""Parse a text into our own tree, and write the tree as text."""
