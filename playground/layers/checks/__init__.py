"""The checks of a stack, one row each, by subject; `playground.layers.warnings` joins them."""
