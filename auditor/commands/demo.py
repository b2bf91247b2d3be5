"""`auditor demo`: the whole loop on an embedded AWS and a recorded cluster; no cluster, key or account needed."""

from __future__ import annotations

import sys

from auditor.demo import RECORDING as RECORDING
from tools.errors import UsageError


def demo(step: bool, yes: bool) -> int:
    """Audit, trace, explain, plan, ask, execute and verify. Keeps nothing. 0 where the remedy was verified, 1 where it
    was not approved or not verified. Raises `UsageError` where there is nobody to ask."""
    if not (yes or sys.stdin.isatty()):
        raise UsageError("it asks for an approval, and there is no terminal to ask on", mend="auditor demo --yes")
    from auditor.demo.stage import staged
    from auditor.demo.walk import Walk

    with staged() as stage:
        return Walk(stage, step, yes).all()
