"""A run as files: records, weights, a plain script."""
