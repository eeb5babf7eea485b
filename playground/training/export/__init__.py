"""Write the files of a run: records, weights, a plain script."""
