"""A round is all or nothing: killed between any two statements, or beside another process that does the same."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from auditor.store.database import Database
from auditor.store.snapshots import pack
from auditor.store.store import Store
from tests.looks import change, instance, look, moment, pod, watch
from tests.objects import BORN, fleet, record
from tests.running import auditor
from tools.engine import audit
from tools.model.history import Past

TABLES = ("contents", "runs", "looks", "history", "present", "subjects", "scopes", "words", "changes", "watched")
State = dict[str, int]


def keep(store: Store, hour: int) -> None:
    """One round; each differs from the others in all that a round can write."""
    made = look(hour, *(instance(f"a/{name}", f"image-{hour}") for name in "xyz"))
    facts = msgspec.structs.replace(made, changes=(change(hour, pod("a/x")),), watches=(watch(hour - 1, hour),))
    packed = pack(facts)
    store.keep_audit("test", packed, audit(packed.facts, packed.id, [], {}, store.history(packed.facts)))


def state(file: Path) -> State:
    """How many rows each table of a store has; the store is whole."""
    connection = sqlite3.connect(file)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        return {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES}
    finally:
        connection.close()


def in_a_child(file: Path, statement: int) -> bool:
    """Keep a round in a process of its own that is killed (SIGKILL) as it begins its n-th statement; whether it was."""
    child = os.fork()
    if child == 0:
        store, seen = Store(str(file)), iter(range(1, 1_000_000))

        def on(_: str) -> None:
            if next(seen) == statement:
                os.kill(os.getpid(), signal.SIGKILL)

        store.database.connection.set_trace_callback(on)
        keep(store, 2)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def partial(folder: Path) -> list[State]:
    """The states after kills at each statement of a round that are neither the state before nor the one after it."""
    found, statement, killed = [], 1, True
    while killed:
        file = folder / f"{statement}.db"
        store = Store(str(file))
        keep(store, 1)
        store.database.connection.close()
        before = state(file)
        killed = in_a_child(file, statement)
        after = state(file)
        if killed and after != before:
            found.append(after)
        assert killed or after["runs"] == before["runs"] + 1
        statement += 1
    assert statement > 30, "a round has more statements than that"
    return found


def test_a_round_that_is_killed_leaves_nothing(tmp_path: Path) -> None:
    assert partial(tmp_path) == []


def test_a_round_in_several_transactions_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mutant: without one transaction around it, a kill leaves half a round."""

    @contextmanager
    def none(database: Database) -> Iterator[sqlite3.Connection]:
        yield database.connection

    monkeypatch.setattr(Database, "transaction", none)
    assert partial(tmp_path) != []


def test_a_killed_round_can_be_kept_again(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    store = Store(str(file))
    keep(store, 1)
    assert in_a_child(file, 30)
    keep(store, 2)
    history = store.history(look(3, instance("a/x")))
    assert history.of(pod("a/x"), "image:app") == [
        Past(moment(1), moment(1), "image-1"),
        Past(moment(2), moment(2), "image-2"),
    ]
    store.database.connection.close()


def test_two_processes_audit_at_once(tmp_path: Path) -> None:
    """On a store that neither has made yet: every run is kept, and looks are numbered without a hole."""
    files = []
    for hour in range(4):
        objects = fleet()
        objects[-1]["metadata"]["creationTimestamp"] = BORN.replace("T10", f"T1{hour}")
        files.append(record(tmp_path / f"{hour}.json", *objects))
    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda file: auditor(tmp_path, "audit", file, "--json"), files))
    assert {one.code for one in said} <= {0, 10}, said
    store = Store(str(tmp_path / "store" / "store.db"))
    runs = store.runs.newest()
    assert len(runs) == 4
    for run in runs:
        assert store.runs.load_report(run.report or "").snapshot == run.snapshot
    looks = store.database.connection.execute("SELECT number, moment, late FROM looks ORDER BY number").fetchall()
    assert [row[0] for row in looks] == list(range(1, len(looks) + 1))
    kept = [row[1] for row in looks if not row[2]]
    assert kept == sorted(set(kept))
    assert max(kept) == max(json.loads(one.out)["moment"] for one in said)
    store.database.connection.close()
