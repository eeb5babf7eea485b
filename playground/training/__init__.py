"""Train a net: settings, the loop, its records and checkpoints."""
