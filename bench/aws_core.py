"""`python -m bench.aws_core`: reads an account, maps it, derives every path, runs every check; prints what each took.

What the deterministic core costs, without the store and the output; the endpoint and the keys are of the environment.
A line is a phase, its seconds of CPU and of the clock, and the peak memory in MB when it ended.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.aws_objects import REGION
from tools.catalogue import discover
from tools.check import View
from tools.collect.actors import Actors
from tools.collect.aws.assemble import assemble
from tools.collect.aws.live import read
from tools.collect.aws.options import Options
from tools.collect.aws.session import connect
from tools.engine import audit
from tools.path import hops_of


@contextmanager
def phase(name: str) -> Iterator[None]:
    """Print what happened within it cost."""
    cpu, wall = time.process_time(), time.monotonic()
    yield
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e6 / 1024)
    print(f"{name}\t{time.process_time() - cpu:.3f}\t{time.monotonic() - wall:.3f}\t{peak:.0f}", flush=True)


def main() -> None:
    """Read, map, trace, check."""
    with phase("reading"):
        connection = connect(Options(region=REGION, paced=False))
        answers = read(connection)
    with phase("mapping onto the nouns"):
        facts = assemble(answers, connection.name, Actors())
        del answers
    with phase("paths"):
        view = View(facts)
        edges = sum(len(hops_of(container, view)) for instance in facts.instances for container in instance.containers)
    with phase("checks"):
        report = audit(facts, "s-0", discover(), {})
    if not edges or not report.findings:
        raise SystemExit(f"nothing was done: {edges} edges, {len(report.findings)} findings")


if __name__ == "__main__":
    main()
