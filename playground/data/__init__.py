"""From files to examples: the data sets, how they are fetched, read and split."""
