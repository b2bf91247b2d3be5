"""Holds the store's own tables against the ledger: a run, an approval or an action that was edited, removed or slipped
in behind it is found, though the chain itself be whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from auditor.ledger.chain import Fault
from auditor.ledger.entry import Body, Entry, fingerprint
from auditor.ledger.record import EARLIER

if TYPE_CHECKING:
    from auditor.store.database import Database

Told = dict[str, tuple[int, dict[str, Any]]]
"""What the ledger says last of each thing, by its name: in which entry, and what."""

_ROWS = {
    "runs": "SELECT id, rowid, source, state, snapshot, report, plan, outcome FROM runs",
    "approvals": "SELECT id, rowid, run, plan, data, consumed_at FROM approvals",
    "journal": "SELECT plan || '#' || step, rowid, state, write_id, actor FROM journal",
    "refusals": "SELECT number, number, run, code, message FROM refusals",
    "stops": "SELECT number, number, id, scope, stop, cause, size, state, run, at, detail FROM stops",
    "lifts": "SELECT id, rowid, scope, stop, cause, person, how, at, reason FROM lifts",
}
_WORDS = {
    "runs": "run",
    "approvals": "approval",
    "journal": "the journal's step",
    "refusals": "refusal",
    "stops": "the stop's case",
    "lifts": "lifted stop",
}
_KINDS = {
    "run": "runs",
    "approval": "approvals",
    "step": "journal",
    "refusal": "refusals",
    "stop": "stops",
    "lift": "lifts",
}
_NAMED = {"runs": "run", "approvals": "approval", "refusals": "refusal", "stops": "number", "lifts": "lift"}


def held_against(database: Database, proven: tuple[tuple[Entry, Body], ...]) -> list[Fault]:
    """Every difference between the tables and the proven entries. Raises `AuditorError` where they can't be read."""
    told: dict[str, Told] = {table: {} for table in EARLIER}
    spent: dict[str, int] = {}
    for entry, body in proven:
        if table := _KINDS.get(body.kind):
            name = (
                f"{body.about['plan']}#{body.about['step']}" if table == "journal" else str(body.about[_NAMED[table]])
            )
            told[table][name] = (entry.number, body.about)
        for approval in body.about.get("approvals", ()):
            spent.setdefault(approval, entry.number)
    earlier: dict[str, int] = proven[0][1].about["earlier"] if proven else {}
    with database.reading() as connection:
        faults = [fault for table in EARLIER for fault in _table(connection, table, told[table], earlier)]
        return [*faults, *_unspent(connection, spent)]


def older(database: Database, proven: tuple[tuple[Entry, Body], ...]) -> int:
    """How many runs are older than the ledger, so that it says nothing of them."""
    told = {body.about["run"] for _, body in proven if body.kind == "run"}
    with database.reading() as connection:
        return sum(name not in told for (name,) in connection.execute("SELECT id FROM runs"))


def _table(connection: sqlite3.Connection, table: str, told: Told, earlier: dict[str, int]) -> Iterator[Fault]:
    seen = set()
    for name, row, *values in connection.execute(_ROWS[table]):
        named, word = str(name), f"{_WORDS[table]} {name}"
        seen.add(named)
        if named not in told:
            if row > earlier.get(table, 0):
                yield Fault(0, "store-edited", f"{word} is in the store and not in the ledger")
            continue
        number, about = told[named]
        if not _same(table, values, about):
            yield Fault(number, "store-edited", f"{word} is not what entry {number} says of it")
    for named, (number, _) in told.items():
        if named not in seen:
            yield Fault(
                number, "store-edited", f"{_WORDS[table]} {named} of entry {number} is not in the store any more"
            )


def _same(table: str, values: list[Any], about: dict[str, Any]) -> bool:
    if table == "runs":
        return values == [about[key] for key in ("source", "state", "snapshot", "report", "plan", "outcome")]
    if table == "approvals":
        run, plan, data, _ = values
        data = data if isinstance(data, bytes) else str(data).encode()  # text, where somebody edited it
        return (run, plan, fingerprint(data)) == (about["run"], about["plan"], about["sha256"])
    if table == "journal":
        return values == [about[key] for key in ("state", "write_id", "actor")]
    if table == "stops":
        return values == [about[k] for k in ("case", "scope", "stop", "cause", "size", "state", "run", "at", "detail")]
    if table == "lifts":
        return values == [about[key] for key in ("scope", "stop", "cause", "person", "how", "at", "reason")]
    return values == [about[key] for key in ("run", "code", "message")]


def _unspent(connection: sqlite3.Connection, spent: dict[str, int]) -> Iterator[Fault]:
    """Approvals that the ledger says were used, and the store says were not: they could be used again."""
    for approval, consumed in connection.execute("SELECT id, consumed_at FROM approvals"):
        if consumed is None and approval in spent:
            number = spent[approval]
            yield Fault(number, "store-edited", f"approval {approval} was used by entry {number}; the store denies it")
