"""Labelled cases, scorers and the runner that tells how well the auditor judges."""
