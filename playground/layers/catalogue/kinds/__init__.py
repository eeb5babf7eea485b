"""The kinds of layers, one row each, one file a family; `playground.layers.catalogue.table` joins them."""
