"""What a round leaves in the store: 10,000 pods, looked at again and again. Target: 10 kB for a round without changes.

Each round opens the store as a process of its own would, reads the history, keeps the audit in one transaction, and
closes it, which moves the write-ahead log into the file. Counted is what SQLite handed to the kernel in all that time
(`wchar` in /proc/self/io: log frames, their copies in the file, and the log's headers), what the file grew by, and the
bytes of the rows' own values. Every node's heartbeat moves its resourceVersion in each round, as it does in a cluster.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from auditor.store.snapshots import pack
from auditor.store.store import Store
from bench import fleet
from bench.measure import scratch
from tools.catalogue import convert_settings, discover
from tools.collect.kubernetes.recording import collect
from tools.engine import audit
from tools.model.facts import Facts
from tools.model.nouns import Instance

PODS = 10_000
ROUNDS = 20
TARGET = 10_000
TABLES = ("contents", "runs", "scopes", "subjects", "words", "looks", "history", "present", "changes", "watched")


class Ledger:
    """A store's file, and what rounds cost in it."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.checks = discover()
        self.settings = convert_settings(self.checks, {})

    def round(self, facts: Facts, lookup: bool = False) -> tuple[int, int, float, float]:
        """Keep one audit: bytes written, bytes that the file grew by, seconds for the store, seconds to read every
        instance's past."""
        before = self.size()
        packed = pack(facts)
        with opened(self.file) as store:
            history = store.history(packed.facts)
            report = audit(packed.facts, packed.id, self.checks, self.settings, history)
            began = time.perf_counter()
            if lookup:
                for instance in packed.facts.instances:
                    history.of(instance.ref, "host")
            looked = time.perf_counter() - began
        wrote, began = written(), time.perf_counter()
        with opened(self.file) as store:
            store.history(pack(facts).facts)
            store.keep_audit("bench", packed, report)
        return written() - wrote, self.size() - before, time.perf_counter() - began, looked

    def size(self) -> int:
        """The file's size; the log is gone between rounds."""
        return self.file.stat().st_size if self.file.exists() else 0

    def values(self) -> int:
        """The bytes of all rows' own values."""
        with opened(self.file) as store:
            connection, total = store.database.connection, 0
            for table in TABLES:
                columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
                lengths = " + ".join(f"coalesce(length(CAST({column} AS BLOB)), 0)" for column in columns)
                total += connection.execute(f"SELECT coalesce(sum({lengths}), 0) FROM {table}").fetchone()[0]
        return total


@contextmanager
def opened(file: Path) -> Iterator[Store]:
    """The store, closed again at the end."""
    store = Store(str(file))
    try:
        yield store
    finally:
        store.database.connection.close()


def written() -> int:
    """Bytes that this process has handed to write calls."""
    found = re.search(r"^wchar: (\d+)$", Path("/proc/self/io").read_text(), re.MULTILINE)
    return int(found[1]) if found else 0


def later(facts: Facts, number: int, change: Callable[[int, Instance], Instance] = lambda _, i: i) -> Facts:
    """The facts as a later look sees them: another moment, other heartbeats, and instances as `change` makes them."""
    moment = f"2026-11-{2 + number // 24:02}T{number % 24:02}:00:00Z"
    hosts = tuple(msgspec.structs.replace(host, version=f"{host.version}{number}") for host in facts.hosts)
    instances = tuple(change(index, instance) for index, instance in enumerate(facts.instances))
    return msgspec.structs.replace(facts, moment=moment, hosts=hosts, instances=instances)


def moved(every: int) -> Callable[[int, Instance], Instance]:
    """One instance in so many, on another host and at another resourceVersion."""
    return lambda index, i: i if index % every else msgspec.structs.replace(i, host="node-0", version=f"{i.version}9")


def main() -> None:
    """Print what the first round writes, what quiet ones do, and what rounds with changes do."""
    with scratch() as folder:
        recording = Path(folder) / "fleet"
        fleet.write(PODS, recording)
        facts, ledger = collect(recording), Ledger(Path(folder) / "store.db")
        print(f"the store over {PODS:,} pods, for a round: written, growth, seconds in the store")
        show("the first", [ledger.round(later(facts, 1))])
        values = ledger.values()
        quiet = [ledger.round(later(facts, number), number == 2) for number in range(2, 2 + ROUNDS)]
        logical = (ledger.values() - values) / ROUNDS
        show(f"without changes, mean of {ROUNDS}", quiet, f"values {logical:,.0f} B; target {TARGET:,} B")
        print(f"  the past of every pod, read once   {quiet[0][3]:.2f} s")
        for every in (PODS, PODS // 100, 20):
            number = 2 + ROUNDS + (every < PODS) + (every == 20)
            show(f"{PODS // every} pods changed", [ledger.round(later(facts, number, moved(every)))])
    if sum(row[0] for row in quiet) / ROUNDS > TARGET:
        sys.exit("a quiet round wrote more than the target")


def show(name: str, rounds: list[tuple[int, int, float, float]], note: str = "") -> None:
    """Print one line of figures, means of these rounds."""
    wrote, grew, seconds = (sum(row[column] for row in rounds) / len(rounds) for column in range(3))
    print(f"  {name:<34} {wrote:>12,.0f} B {grew:>12,.0f} B {seconds:7.2f} s  {note}".rstrip(), flush=True)


if __name__ == "__main__":
    main()
