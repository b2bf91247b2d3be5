"""Benchmarks: each prints figures, and none asserts a time."""
