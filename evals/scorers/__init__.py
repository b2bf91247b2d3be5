"""Scorers: plain functions from a case's labels and what the auditor said to counts and misses."""
