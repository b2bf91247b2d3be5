"""`python -m bench.core RECORDING`: reads a recording, derives every path and runs every check; no store, no output.

What the deterministic core costs, apart from what the command around it does.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tools.catalogue import discover
from tools.check import View
from tools.collect.kubernetes.recording import collect
from tools.engine import audit
from tools.path import hops_of


def main() -> None:
    """Read, trace, check."""
    facts = collect(Path(sys.argv[1]))
    view = View(facts)
    edges = sum(len(hops_of(container, view)) for instance in facts.instances for container in instance.containers)
    report = audit(facts, "s-0", discover(), {})
    if not edges or not report.findings:
        raise SystemExit(f"nothing was done: {edges} edges, {len(report.findings)} findings")


if __name__ == "__main__":
    main()
