"""Data sets, from files to examples: how they are fetched, read and split."""
