"""Data sets and training."""
