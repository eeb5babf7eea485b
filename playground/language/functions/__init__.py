"""The functions of the language, one row each, by family; `playground.language.table` joins them."""
