"""The kinds of layers, one row each, by family; `playground.layers.catalogue` joins them."""
