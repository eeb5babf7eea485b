"""Runs of a shared server: the store, the host and its workers, and the limits of a shared server."""
