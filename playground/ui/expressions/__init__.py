"""The expressions page."""
