"""Tests of the app.

A package, so that child processes find this one: a peer of the benchmarks installs a package `tests` of its own.
"""
