"""Claims: one process at a time may act for a run. LangGraph lets two processes resume one interrupt; this does not.

A claim is a unique row (run, interrupt), taken before the graph is resumed. It is taken over only from a holder that is
provably dead (same machine since the same boot, and no such process), or whose lease ran out; every journal write
asks again whether this process still holds it.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import time
from pathlib import Path

import msgspec

from auditor.store.database import Database
from tools.errors import Refused

LEASE = 60.0
"""Seconds for which a claim holds without being prolonged."""


class Claim(msgspec.Struct, frozen=True):
    """The right of this process to act for a run, and under which approvals."""

    run: str
    interrupt: str
    approvals: tuple[str, ...]
    token: str


class Claims:
    """The claims of a store."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def take(self, run: str, interrupt: str, approvals: tuple[str, ...], begun: bool = False) -> Claim:
        """Claim a run's interrupt for its approvals. Raises `Refused` where somebody holds it, or where the run was
        begun (its first step is in the journal) under others."""
        token = secrets.token_hex(16)
        approvals = tuple(sorted(approvals))
        row = (run, interrupt, json.dumps(approvals), json.dumps(_holder()), token, time.time() + LEASE)
        with self.database.transaction() as connection:
            held = connection.execute(
                "SELECT approval, holder, lease_until FROM claims WHERE run = ? AND interrupt = ?", (run, interrupt)
            ).fetchone()
            if held is not None:
                holder = json.loads(held[1])
                if held[2] > time.time() and not _dead(holder):
                    raise Refused(
                        "claimed",
                        f"run {run} is being executed by process {holder['pid']} on {holder['host']}",
                        mend="wait for it; `auditor resume` goes on if it dies",
                    )
                if begun and _approvals(held[0]) != approvals:
                    raise Refused(
                        "claimed",
                        f"run {run} was begun under another approval ({', '.join(_approvals(held[0]))})",
                        mend=f"auditor resume {run} goes on with that one",
                    )
            connection.execute("INSERT OR REPLACE INTO claims VALUES (?, ?, ?, ?, ?, ?)", row)
        return Claim(run, interrupt, approvals, token)

    def find(self, run: str) -> tuple[str, tuple[str, ...]] | None:
        """The (interrupt, approvals) that a run was claimed for, if it ever was."""
        row = self.database.connection.execute(
            "SELECT interrupt, approval FROM claims WHERE run = ? ORDER BY rowid DESC LIMIT 1", (run,)
        ).fetchone()
        return (row[0], _approvals(row[1])) if row else None


def _approvals(kept: str) -> tuple[str, ...]:
    """The approvals of a claim's row: a JSON list; one bare id in a row that an earlier version wrote."""
    return tuple(json.loads(kept)) if kept.startswith("[") else (kept,)


def _holder() -> dict[str, str | int]:
    return {"pid": os.getpid(), "started": _started(os.getpid()), "host": socket.gethostname(), "boot": _boot()}


def _dead(holder: dict[str, str | int]) -> bool:
    """Whether a holder is provably dead: on this machine and boot, and its process is gone or is another one."""
    if holder["host"] != socket.gethostname() or holder["boot"] != _boot() or not holder["boot"]:
        return False
    return _started(int(holder["pid"])) != holder["started"]


def _started(pid: int) -> str:
    """The start time of a process (field 22 of /proc/PID/stat, in clock ticks since boot); empty where it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]


def _boot() -> str:
    """The id of this boot; empty where the system has none, and then nobody is provably dead."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
