"""Proof that the lab is closed to the network: all that its processes listen on is the loopback."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path

from tests.lab import processes
from tests.lab.basics import LabError, run


@dataclass(frozen=True)
class Listener:
    """A socket that a process of the lab listens on."""

    process: str
    pid: int
    address: str
    port: int

    @property
    def is_loopback(self) -> bool:
        return self.address != "*" and ipaddress.ip_address(self.address).is_loopback


def _parents() -> dict[int, int]:
    """Each process's parent (/proc/PID/stat, fourth field)."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            found[int(path.parent.name)] = int(path.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
    return found


def _lab_processes() -> dict[int, str]:
    """The pids of all daemons of the lab and of all that descends from them, with the daemon's name."""
    roots = {pid: name for name in processes.recorded() if (pid := processes.alive(name))}
    parents, found = _parents(), dict(roots)
    for pid in parents:
        ancestor = pid
        while ancestor in parents and ancestor not in roots:
            ancestor = parents[ancestor]
        if ancestor in roots:
            found[pid] = roots[ancestor]
    return found


def parse(text: str) -> list[Listener]:
    """The listeners in the output of `ss -Hlntup`."""
    found = []
    for line in text.splitlines():
        address, _, port = line.split()[4].rpartition(":")
        for name, pid in re.findall(r'\("([^"]+)",pid=(\d+)', line):
            found.append(Listener(name, int(pid), address.split("%")[0].strip("[]"), int(port)))
    return found


def listeners() -> list[Listener]:
    """Every TCP and UDP socket that a process of the lab listens on."""
    ours = _lab_processes()
    return [listener for listener in parse(run(["ss", "-Hlntup"])) if listener.pid in ours]


def require_loopback_only(found: list[Listener]) -> None:
    """Raise LabError naming every listener that is not on the loopback."""
    if open_ones := [listener for listener in found if not listener.is_loopback]:
        said = ", ".join(f"{one.process} (pid {one.pid}) on {one.address}:{one.port}" for one in open_ones)
        raise LabError(f"the lab must listen on the loopback alone, but: {said}")
