"""The functions of the language, one row each, one file a family; `table` joins them."""
