"""Run a command several times and say what it cost: CPU seconds (user and system), wall seconds, and peak memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

AUDITOR = str(Path(sys.executable).with_name("auditor"))


@dataclass(frozen=True)
class Cost:
    """What one command cost: seconds of processor time and of the clock, peak resident memory in MB, its exit code."""

    cpu: float
    wall: float
    memory: float
    code: int


def once(
    argv: Sequence[str], cwd: str | Path | None = None, more: Mapping[str, str] | None = None, limit: float = 3600
) -> Cost:
    """Run it, its output thrown away, with more of an environment, ended after so many seconds at most. The peak is the
    kernel's (wait4), so this process must stay small itself."""
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}  # users have their bytecode cached
    began = time.monotonic()
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(argv, stdin=quiet, stdout=quiet, stderr=quiet, env={**env, **(more or {})}, cwd=cwd)
    end = threading.Timer(limit, process.kill)
    end.start()
    _, status, used = os.wait4(process.pid, 0)
    end.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    megabytes = used.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e6 / 1024)
    return Cost(used.ru_utime + used.ru_stime, time.monotonic() - began, megabytes, process.returncode)


def median(argv: Sequence[str], runs: int, cwd: str | Path | None = None) -> Cost:
    """The median of each figure, after one run that warms the caches. Exits where the command could not be run."""
    first = once(argv, cwd)
    if first.code not in (0, 3, 10):
        sys.exit(f"{' '.join(argv)} failed with exit code {first.code}")
    costs = [once(argv, cwd) for _ in range(runs)]
    middle = [statistics.median(getattr(cost, key) for cost in costs) for key in ("cpu", "wall", "memory")]
    return Cost(middle[0], middle[1], middle[2], first.code)


def row(name: str, cost: Cost, note: str = "") -> None:
    """Print one line of figures."""
    print(f"  {name:<34} {cost.cpu:7.3f} CPU-s {cost.wall:7.2f} s {cost.memory:7.0f} MB  {note}".rstrip(), flush=True)


def scratch() -> tempfile.TemporaryDirectory[str]:
    """A folder for generated recordings and stores, gone afterwards."""
    return tempfile.TemporaryDirectory(prefix="auditor-bench-")
