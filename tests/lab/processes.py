"""Daemons of the lab, each known by its own pid file: pid, start time, and the boot it belongs to.

A pid alone may belong to somebody else after a crash or a reboot; together with the process's start time and
the boot id it cannot. A process is only ever signalled through such a record.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from tests.lab import settings
from tests.lab.basics import DaemonEnded, wait, write


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat after the command's name, from the state on; None if it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None


def _identity(pid: int) -> str | None:
    """`PID START BOOT`, or None for a process that is gone or a zombie."""
    fields = _stat(pid)
    if fields is None or fields[0] == "Z":
        return None
    return f"{pid} {fields[19]} {Path('/proc/sys/kernel/random/boot_id').read_text().strip()}"


def pid_file(name: str) -> Path:
    return settings.RUN / f"{name}.pid"


def recorded() -> list[str]:
    """The names of all daemons that have a pid file, alive or not."""
    return sorted(path.stem for path in settings.RUN.glob("*.pid"))


def alive(name: str) -> int | None:
    """The daemon's pid if it is alive and is the very process that was started under that name."""
    try:
        record = pid_file(name).read_text()
        pid = int(record.split()[0])
    except (OSError, ValueError, IndexError):
        return None
    return pid if _identity(pid) == record else None


def started_at(name: str) -> float:
    """When the daemon was started, in seconds since the epoch."""
    return pid_file(name).stat().st_mtime


def executable(name: str) -> Path | None:
    """The program that the daemon runs."""
    pid = alive(name)
    return Path(f"/proc/{pid}/exe").readlink() if pid else None


def start(name: str, argv: Sequence[str | Path]) -> bool:
    """Start the daemon unless it is alive; True if it was started now."""
    if alive(name):
        return False
    with (settings.LOG / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            [str(word) for word in argv],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            cwd=settings.STATE, start_new_session=True,
        )  # fmt: skip
    write(pid_file(name), _identity(process.pid) or "")
    print(f"started {name}, pid {process.pid}", flush=True)
    return True


def stop(name: str, grace: float = 10) -> None:
    """End the daemon: SIGTERM, and SIGKILL after `grace` seconds; its pid file goes too."""
    if pid := alive(name):
        os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + grace
        while alive(name) and time.monotonic() < end:
            time.sleep(0.05)
        if alive(name):
            os.kill(pid, signal.SIGKILL)
            wait(f"{name} to end", lambda: not alive(name), 5)
        print(f"stopped {name}, pid {pid}", flush=True)
    pid_file(name).unlink(missing_ok=True)


def require(name: str) -> None:
    """Raise DaemonEnded with the end of its log if the daemon is not alive (its port may be taken, say)."""
    if not alive(name):
        log = settings.LOG / f"{name}.log"
        raise DaemonEnded(f"{name} has ended; its log ends with:\n{log.read_text(errors='replace')[-1500:]}")


def usage(name: str) -> str:
    """One line of status: pid, resident memory and processor time."""
    pid = alive(name)
    fields = _stat(pid) if pid else None
    if pid is None or fields is None:
        return "dead"
    memory = int(fields[21]) * os.sysconf("SC_PAGE_SIZE") >> 20
    seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return f"pid {pid}, {memory} MB, {seconds:.1f} s of processor time"
