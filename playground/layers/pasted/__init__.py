"""A net as a class that was pasted: read by the language, never executed as Python."""
