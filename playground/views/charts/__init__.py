"""A training run as curves, as a console and as files."""
