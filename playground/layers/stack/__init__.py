"""A net as a list of layers: its text, shapes, costs, edits and repairs."""
