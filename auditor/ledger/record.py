"""Writes the ledger: an entry is part of the very transaction that writes what it is about."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from auditor.ledger.entry import NOTHING, Body, Kind, encoded, hash_of
from auditor.ledger.key import key_file, line_of, load_key, make_key, public_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from auditor.store.database import Database

EARLIER = {
    "runs": "rowid",
    "approvals": "rowid",
    "journal": "rowid",
    "refusals": "number",
    "stops": "number",
    "lifts": "rowid",
}
"""The tables whose rows have entries, and what numbers their rows: what was there before the ledger has none."""


def record(database: Database, kind: Kind, about: dict[str, Any]) -> None:
    """Add an entry. Raises `AuditorError` where it can't be signed: then nothing of the transaction is kept either."""
    with database.transaction() as connection:
        last = connection.execute("SELECT number, hash FROM ledger ORDER BY number DESC LIMIT 1").fetchone()
        if database.key is None:
            file = key_file(database.path)
            database.key = load_key(file) if last else make_key(file)
        if last is None:
            told = {"public": line_of(public_of(database.key)), "earlier": _earlier(connection)}
            last = _append(connection, database.key, (0, NOTHING), "key", told)
        _append(connection, database.key, (last[0], last[1]), kind, about)


def _append(
    connection: sqlite3.Connection, key: Ed25519PrivateKey, last: tuple[int, bytes], kind: Kind, about: dict[str, Any]
) -> tuple[int, bytes]:
    number = last[0] + 1
    body = encoded(Body(kind, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), about))
    name = hash_of(number, last[1], body)
    connection.execute("INSERT INTO ledger VALUES (?, ?, ?, ?, ?)", (number, body, last[1], name, key.sign(name)))
    return number, name


def _earlier(connection: sqlite3.Connection) -> dict[str, int]:
    """The last row of each table that was there before the ledger was begun; what this transaction is about to say has
    been written by now, and gets its entry."""
    return {
        table: connection.execute(f"SELECT coalesce(max({number}), 0) FROM {table}").fetchone()[0]  # noqa: S608
        for table, number in EARLIER.items()
    }
