"""The first NaN or infinity of a run: which call made it, and why."""
