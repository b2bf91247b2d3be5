"""Contents: bytes that go by what they are. The same bytes are stored once, and are checked whenever they are read."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping

from auditor.store.database import Database
from tools.errors import AuditorError

Stored = tuple[str, bytes]
"""The kind of a content, and its bytes."""
Row = tuple[str, str, bytes]
"""A content as it lies in the store: its id, its kind, and its bytes compressed."""
_AT_ONCE = 500
"""Ids in one question to the database."""


def digest(prefix: str, data: bytes, digits: int = 32) -> str:
    """The id that bytes go by: a prefix that says what they are, and the first hex digits of their SHA-256."""
    return f"{prefix}-{hashlib.sha256(data).hexdigest()[:digits]}"


def key(name: str) -> bytes:
    """An id's digits as bytes, as lists of contents hold them: half as long."""
    return bytes.fromhex(name.partition("-")[2])


class Contents:
    """The contents of a store."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def save(self, things: Mapping[str, Stored]) -> None:
        """Store what is not there yet."""
        self.write(self.pressed(things))

    def pressed(self, things: Mapping[str, Stored]) -> list[Row]:
        """What is not there yet, compressed: that takes its time, and needs no lock."""
        there = self._there(list(things))
        return [(name, kind, zlib.compress(data, 6)) for name, (kind, data) in things.items() if name not in there]

    def write(self, rows: list[Row]) -> None:
        """Store what was compressed."""
        if rows:
            with self.database.transaction() as connection:
                connection.executemany("INSERT OR IGNORE INTO contents (id, kind, data) VALUES (?, ?, ?)", rows)

    def kind(self, name: str) -> str:
        """The kind of a content; empty where there is none of that id."""
        row = self.database.connection.execute("SELECT kind FROM contents WHERE id = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    def load(self, name: str, kind: str) -> bytes:
        """A content, read back. Raises `AuditorError` where it is not there, or is not what its id says."""
        row = self.database.connection.execute(
            "SELECT data FROM contents WHERE id = ? AND kind = ?", (name, kind)
        ).fetchone()
        if row is None:
            raise AuditorError(f"the store holds no {kind} {name}", f"the store is {self.database.path}")
        try:
            data = zlib.decompress(row[0])
        except (zlib.error, TypeError) as error:
            raise self.damaged(kind, name, str(error)) from error
        prefix, _, digits = name.partition("-")
        if digest(prefix, data, len(digits)) != name:
            raise self.damaged(kind, name, "its content is not what its id says")
        return data

    def damaged(self, kind: str, name: str, why: str) -> AuditorError:
        """The error for a content that can't be used."""
        return AuditorError(f"{kind} {name} in the store {self.database.path} is damaged", why, "audit again")

    def _there(self, names: list[str]) -> set[str]:
        found: set[str] = set()
        for start in range(0, len(names), _AT_ONCE):
            some = names[start : start + _AT_ONCE]
            marks = ",".join("?" * len(some))
            query = f"SELECT id FROM contents WHERE id IN ({marks})"  # noqa: S608 - marks alone
            found.update(row[0] for row in self.database.connection.execute(query, some))
        return found
