"""What an audit costs: generated recordings of 1,000 and 10,000 pods, with the report kept in a fresh store.

Peak memory counts the pages of the recording that were mapped while it was read.
"""

from __future__ import annotations

import sys
from pathlib import Path

from bench import fleet
from bench.measure import AUDITOR, median, row, scratch

RUNS = 3
SIZES = (1_000, 10_000)


def main() -> None:
    """Print the median for each size."""
    print(f"audit of a recording, median of {RUNS}")
    for pods in SIZES:
        with scratch() as folder:
            recording = Path(folder) / "fleet"
            fleet.write(pods, recording)
            size = sum(file.stat().st_size for file in recording.iterdir()) / 1e6
            cost = median([AUDITOR, "audit", str(recording), "--json", "--store", f"{folder}/store"], RUNS)
            core = median([sys.executable, "-m", "bench.core", str(recording)], RUNS)
            row(f"{pods:,} pods: read, paths, checks", core, f"{size:.0f} MB of the memory is the mapped recording")
            row(f"{pods:,} pods, {size:.1f} MB of JSON", cost, f"{pods / cost.cpu:,.0f} pods a CPU-s")


if __name__ == "__main__":
    main()
