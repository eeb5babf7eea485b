"""How a net is trained: settings, the loop, its records and checkpoints."""
