"""Traces and runs as pictures, tables, charts and files: readers of plain data."""
