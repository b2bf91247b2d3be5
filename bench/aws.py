"""What an audit of servers costs: 10,000 instances in 200 groups, read over HTTP from an endpoint on loopback.

The generated fleet says everything that an audit asks for: 20,000 scaling activities, 1,000 launch template versions,
10,000 managed instances and so on. CPU and peak memory are the auditor's own; the endpoint is another process.
"""

from __future__ import annotations

import subprocess
import sys

from bench.aws_objects import REGION
from bench.aws_served import served
from bench.measure import AUDITOR, once, row, scratch

INSTANCES = 10_000
LIMIT = 600.0


def main() -> None:
    """Print the whole command, and where its time goes."""
    print(f"audit of servers over HTTP, {INSTANCES:,} instances in {INSTANCES // 50} groups, single runs")
    with served(INSTANCES) as fleet, scratch() as folder:
        argv = [AUDITOR, "audit", f"aws:@{REGION}", "--json", "--store", f"{folder}/store"]
        cost = once(argv, folder, fleet.environment(folder), LIMIT)
        row("auditor audit aws:", cost, f"{INSTANCES / cost.cpu:,.0f} instances a CPU-s; exit code {cost.code}")
        core = [sys.executable, "-m", "bench.aws_core"]
        env = fleet.environment(folder)
        done = subprocess.run(core, env=env, capture_output=True, text=True, timeout=LIMIT)
        for line in done.stdout.splitlines():
            name, cpu, wall, peak = line.split("\t")
            print(f"    {name:<32} {float(cpu):7.3f} CPU-s {float(wall):7.2f} s {peak:>7} MB at its end")
        if done.returncode:
            sys.exit(done.stderr.splitlines()[-1])


if __name__ == "__main__":
    main()
