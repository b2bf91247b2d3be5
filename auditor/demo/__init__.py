"""The demonstration fleet: what `auditor demo` shows, recorded from a real cluster by `python -m tests.lab.record`."""
