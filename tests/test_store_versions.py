"""A store that another release wrote: an older one is brought up to date and nothing is lost; a newer is refused."""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from pathlib import Path

import msgspec
import pytest

from auditor.store import schema
from auditor.store.database import Database
from auditor.store.store import Store
from tests.looks import instance, look
from tests.planned import planned
from tools.engine import audit
from tools.errors import AuditorError
from tools.model import facts as model_facts
from tools.model.report import Report

VERSION_1 = """
CREATE TABLE contents (id TEXT PRIMARY KEY, kind TEXT NOT NULL, data BLOB NOT NULL);
CREATE TABLE runs (
    id TEXT PRIMARY KEY, at TEXT NOT NULL, source TEXT NOT NULL, state TEXT NOT NULL,
    snapshot TEXT, report TEXT, plan TEXT, outcome TEXT NOT NULL DEFAULT '');
CREATE TABLE plans (id TEXT PRIMARY KEY, run TEXT NOT NULL REFERENCES runs(id), data BLOB NOT NULL);
CREATE TABLE approvals (
    id TEXT PRIMARY KEY, run TEXT NOT NULL REFERENCES runs(id), plan TEXT NOT NULL, data BLOB NOT NULL,
    consumed_at TEXT);
CREATE TABLE claims (
    run TEXT NOT NULL REFERENCES runs(id), interrupt TEXT NOT NULL, approval TEXT NOT NULL, holder TEXT NOT NULL,
    token TEXT NOT NULL, lease_until REAL NOT NULL, PRIMARY KEY (run, interrupt));
CREATE TABLE journal (plan TEXT NOT NULL, step INTEGER NOT NULL, state TEXT NOT NULL, PRIMARY KEY (plan, step));
CREATE TABLE journal_lines (
    number INTEGER PRIMARY KEY, plan TEXT NOT NULL, step INTEGER NOT NULL, at TEXT NOT NULL, state TEXT NOT NULL,
    detail TEXT NOT NULL);
CREATE TABLE refusals (
    number INTEGER PRIMARY KEY, run TEXT NOT NULL, at TEXT NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL);
PRAGMA application_id = 1096107092;
PRAGMA user_version = 1;
"""
"""The tables as the release before history made them."""
FACTS = look(1, instance("a/x"))
REPORT = audit(FACTS, "s-0", [], {})


def first_release(file: Path) -> tuple[str, str]:
    """A store as that release left it, with one run; the ids of its snapshot and its report."""
    file.touch(mode=0o600)
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.executescript(VERSION_1)
    facts = model_facts.encode(FACTS)
    report = msgspec.json.encode(REPORT, order="deterministic")
    snapshot, name = model_facts.content_id(facts), "o-" + hashlib.sha256(report).hexdigest()[:16]
    for row in ((snapshot, "facts", facts), (name, "report", report)):
        connection.execute("INSERT INTO contents VALUES (?, ?, ?)", (*row[:2], zlib.compress(row[2], 1)))
    run = ("r-1", "2026-11-01T00:00:00Z", "kubernetes:lab", "audited", snapshot, name, None, "")
    connection.execute("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?)", run)
    connection.execute("INSERT INTO refusals VALUES (1, 'r-1', '2026-11-01T00:00:00Z', 'recorded', 'no')")
    connection.close()
    return snapshot, name


def everything(file: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table of the first release."""
    connection = sqlite3.connect(file)
    tables = ("contents", "runs", "plans", "approvals", "claims", "journal", "journal_lines", "refusals")
    found = {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables}
    connection.close()
    return found


def version_of(file: Path) -> int:
    connection = sqlite3.connect(file)
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    connection.close()
    return found


def test_the_last_releases_store_is_brought_up_to_date_and_nothing_is_lost(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    snapshot, name = first_release(file)
    before = everything(file)
    store = Store(str(file))
    assert version_of(file) == schema.SCHEMA_VERSION
    assert everything(file) == before
    assert store.runs.load_facts(snapshot) == FACTS
    assert store.runs.load_report(name) == REPORT
    assert store.runs.summary(name).exit == REPORT.exit_code
    assert store.runs.refused() == {"r-1": 1}
    assert store.history(look(2, instance("a/x"))).moment == ""
    planned(store)  # and it goes on
    store.database.connection.close()


def test_both_releases_make_the_same_tables(tmp_path: Path) -> None:
    first_release(tmp_path / "old.db")
    made = []
    for name in ("old.db", "new.db"):
        database = Database(tmp_path / name)
        rows = database.connection.execute("SELECT type, name FROM sqlite_master ORDER BY 1, 2").fetchall()
        made.append(rows)
        database.connection.close()
    assert made[0] == made[1]


def test_a_migration_that_fails_leaves_the_store_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "store.db"
    first_release(file)
    before = everything(file)
    steps = {**schema.STEPS, 1: (*schema.STEPS[1][:5], "CREATE TABLE runs (already TEXT)")}
    monkeypatch.setattr("auditor.store.database.STEPS", steps)
    with pytest.raises(AuditorError, match="can't be used"):
        Store(str(file))
    monkeypatch.undo()
    assert (version_of(file), everything(file)) == (1, before)
    Store(str(file)).database.connection.close()
    assert version_of(file) == schema.SCHEMA_VERSION


def test_a_newer_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    Store(str(file)).database.connection.close()
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = file.read_bytes()
    with pytest.raises(AuditorError, match="reads up to"):
        Store(str(file))
    assert file.read_bytes() == before


def test_an_empty_database_that_a_killed_process_left_is_made_whole(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    file.touch(mode=0o600)
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()
    assert file.stat().st_size > 0
    store = Store(str(file))
    assert store.runs.newest() == []
    store.database.connection.close()


def test_a_report_of_a_field_that_this_release_does_not_know_is_read(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "store.db"))
    data = msgspec.json.encode({**msgspec.to_builtins(REPORT), "colour": "blue"})
    name = "o-" + hashlib.sha256(data).hexdigest()[:16]
    store.runs.contents.save({name: ("report", data)})
    read: Report = store.runs.load_report(name)
    assert read == REPORT
    store.database.connection.close()
