"""Lenses as data for the browser."""
