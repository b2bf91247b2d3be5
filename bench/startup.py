"""What it costs to start: the interpreter alone, `auditor --help` (target: 0.15 CPU-s), and the smallest commands."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.measure import AUDITOR, median, row, scratch

RUNS = 11
SHOP = Path(__file__).parent.parent / "auditor" / "demo" / "shop"


def main() -> None:
    """Print the median of each."""
    print(f"start-up, median of {RUNS}")
    row("python -c pass", median([sys.executable, "-c", "pass"], RUNS))
    row("auditor --help", median([AUDITOR, "--help"], RUNS), "target 0.150 CPU-s")
    row("auditor checks", median([AUDITOR, "checks"], RUNS))
    with scratch() as folder:
        row("auditor audit, the demo's fleet", median([AUDITOR, "audit", str(SHOP), "--store", f"{folder}/s"], RUNS))


if __name__ == "__main__":
    main()
