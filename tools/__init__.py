"""The deterministic core: domain model, collectors, path, checks, planner, executors.

Imports nothing else of this product. The way that data goes: collect → model.Snapshot → path → engine (checks) →
model.Report → plan → execute.
"""
