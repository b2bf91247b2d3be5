"""`auditor demo`: the whole loop on a recorded fleet."""

from __future__ import annotations


def demo(step: bool) -> int:
    """Placeholder until the recording is made."""
    raise NotImplementedError(step)
