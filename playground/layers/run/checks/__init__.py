"""The checks of a stack, one row each, by subject; `playground.layers.run.warnings` joins them."""
