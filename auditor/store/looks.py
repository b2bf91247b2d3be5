"""Looks: what one look at a scope leaves to be remembered, appended where it differs from what was known.

An unchanged look appends its own row and none per subject. A fact that a look did not see any more ends with a row
without a value; a subject that was not seen ends only where the look was whole for it. A look that is older than the
newest one of its scope (a recording, audited late) says nothing of values: later ones are known already.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable

import msgspec

from tools.model.change import Change, Watch
from tools.model.facts import Facts
from tools.model.history import Observation, observations
from tools.model.observation import Gap

Key = tuple[str, str, str]
"""Subject, uid and fact."""
Blind = tuple[str, str, str]
"""What a look could not see: of a noun, in a namespace and of a kind (both empty: any)."""
_SKIPPED = frozenset({"", "Change", "Budget"})


def noun_of(fact: str) -> str:
    """The noun whose list a fact was read from."""
    return "Workload" if fact in ("template", "healthy") else "Instance"


def blind_spots(gaps: Iterable[Gap], scope: str) -> list[Blind]:
    """Where a look was not whole, as it is kept."""
    found = {(g.noun, g.namespace, g.kind) for g in gaps if g.scope in (scope, "") and g.noun not in _SKIPPED}
    return sorted(found)


def covers(blind: Iterable[Blind], subject: str, fact: str) -> bool:
    """Whether a subject's absence proves nothing, because the look could not have seen it."""
    kind, namespace, _ = subject.split("/", 2)
    noun = noun_of(fact)
    return any(n == noun and ns in ("", namespace) and k in ("", kind) for n, ns, k in blind)


def remember(connection: sqlite3.Connection, run: str, facts: Facts) -> None:
    """Append what a look saw, scope by scope. Stands inside the transaction that keeps the run."""
    seen: dict[str, dict[Key, str]] = {scope.id: {} for scope in facts.scopes}
    for one in observations(facts):
        seen[one.scope][one.subject, one.uid, one.fact] = one.value
    for scope in seen:
        changes = [change for change in facts.changes if change.ref.scope == scope]
        watches = [watch for watch in facts.watches if watch.scope == scope]
        _Scope(connection, scope).look(run, facts, seen[scope], changes, watches)


class _Scope:
    """One scope of a store, while a look at it is appended."""

    def __init__(self, connection: sqlite3.Connection, scope: str) -> None:
        self.connection = connection
        self.id = scope
        self.words: dict[str, int] = {}
        self.number = self._number("scopes", "id", scope)

    def look(self, run: str, facts: Facts, seen: dict[Key, str], changes: list[Change], watches: list[Watch]) -> None:
        newest = self.connection.execute(
            "SELECT number, moment, digest, unseen FROM looks WHERE scope = ? AND late = 0 ORDER BY number DESC",
            (self.number,),
        ).fetchone()
        blind = blind_spots(facts.gaps, self.id)
        unseen = self.word(msgspec.json.encode(blind).decode())
        state = hashlib.sha256(msgspec.msgpack.encode(list(seen.items()))).digest()[:16]
        late = newest is not None and facts.moment <= newest[1]
        acts, logs = self._new_changes(changes), self._new_watches(watches)
        if late and not acts and not logs:
            return
        number = (
            1
            + self.connection.execute(
                "SELECT coalesce(max(number), 0) FROM looks WHERE scope = ?", (self.number,)
            ).fetchone()[0]
        )
        row = (self.number, number, facts.moment, run, state, unseen, late)
        self.connection.execute("INSERT INTO looks VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        if not late and (newest is None or (newest[2], newest[3]) != (state, unseen)):
            self._values(number, seen, blind)
        self.connection.executemany(
            "INSERT INTO changes (scope, id, look, uid, root, data) VALUES (?, ?, ?, ?, ?, ?)",
            [(self.number, name, number, act.ref.uid, act.root.uid, data) for name, (act, data) in acts.items()],
        )
        self.connection.executemany(
            "INSERT INTO watched VALUES (?, ?, ?, ?, ?)", [(self.number, *log, number) for log in logs]
        )

    def _values(self, look: int, seen: dict[Key, str], blind: list[Blind]) -> None:
        """Append what is new, what is other than it was, and what is no longer so; and keep what stands."""
        standing = self._standing()
        there = {(subject, uid) for subject, uid, _ in seen}
        begun = [
            (self.subject(subject, uid), self.word(fact), self.word(value))
            for (subject, uid, fact), value in seen.items()
            if (subject, uid, fact) not in standing or standing[subject, uid, fact][2] != value
        ]
        ended = [
            standing[key][:2]
            for key in standing.keys() - seen.keys()
            if key[:2] in there or not covers(blind, key[0], key[2])
        ]
        rows: list[tuple[int, int, int, int | None]] = [(one, fact, look, value) for one, fact, value in begun]
        rows += [(subject, fact, look, None) for subject, fact in ended]
        rows.sort(key=lambda row: row[:3])
        self.connection.executemany("INSERT INTO history VALUES (?, ?, ?, ?)", rows)
        self.connection.executemany(
            "DELETE FROM present WHERE scope = ? AND subject = ? AND fact = ?", [(self.number, *end) for end in ended]
        )
        begun.sort()
        self.connection.executemany(
            "INSERT OR REPLACE INTO present VALUES (?, ?, ?, ?)", [(self.number, *row) for row in begun]
        )

    def _standing(self) -> dict[Key, tuple[int, int, str]]:
        """What stands as of the newest look: numbers of subject and fact, and the value."""
        return {
            (subject, uid, fact): (number, word, value)
            for number, word, subject, uid, fact, value in self.connection.execute(
                "SELECT p.subject, p.fact, s.subject, s.uid, f.text, v.text FROM present p"
                " JOIN subjects s ON s.number = p.subject JOIN words f ON f.number = p.fact"
                " JOIN words v ON v.number = p.value WHERE p.scope = ?",
                (self.number,),
            )
        }

    def _new_changes(self, changes: list[Change]) -> dict[str, tuple[Change, bytes]]:
        """The changes that no look at this scope has remembered, by the ids of their content."""
        found: dict[str, tuple[Change, bytes]] = {}
        for change in changes:
            data = msgspec.json.encode(change, order="deterministic")
            name = hashlib.sha256(data).hexdigest()[:32]
            known = "SELECT 1 FROM changes WHERE scope = ? AND id = ?"
            if not self.connection.execute(known, (self.number, name)).fetchone():
                found[name] = (change, data)
        return found

    def _new_watches(self, watches: list[Watch]) -> list[tuple[int, str, str]]:
        """The intervals that none of the remembered ones of the same log holds, with that log."""
        found: list[tuple[int, str, str]] = []
        for watch in sorted(set(watches)):
            body = msgspec.structs.replace(watch, scope="", since="", until="")
            log = msgspec.json.encode(body, order="deterministic").decode()
            number = self.word(log)
            known = "SELECT 1 FROM watched WHERE scope = ? AND log = ? AND since <= ? AND until >= ?"
            if not self.connection.execute(known, (self.number, number, watch.since, watch.until)).fetchone():
                found.append((number, watch.since, watch.until))
        return found

    def subject(self, subject: str, uid: str) -> int:
        """The number of an object of this scope."""
        return self._number("subjects", "scope, uid, subject", self.number, uid, subject)

    def word(self, text: str) -> int:
        """The number of a word."""
        if text not in self.words:
            self.words[text] = self._number("words", "text", text)
        return self.words[text]

    def _number(self, table: str, columns: str, *values: object) -> int:
        """The number of a row, which is added where it was not there."""
        where = " AND ".join(f"{column} = ?" for column in columns.split(", "))
        marks = ", ".join("?" * len(values))
        row = self.connection.execute(f"SELECT number FROM {table} WHERE {where}", values).fetchone()  # noqa: S608
        if row is None:
            row = self.connection.execute(
                f"INSERT INTO {table} ({columns}) VALUES ({marks}) RETURNING number",  # noqa: S608 - names are ours
                values,
            ).fetchone()
        return int(row[0])


def wholly_different(connection: sqlite3.Connection, scope: str, seen: Iterable[Observation]) -> bool:
    """Whether a scope held objects at its newest look, and none of those that are seen now."""
    before = {
        tuple(row)
        for row in connection.execute(
            "SELECT DISTINCT s.subject, s.uid FROM present p JOIN subjects s ON s.number = p.subject"
            " WHERE p.scope = (SELECT number FROM scopes WHERE id = ?)",
            (scope,),
        )
    }
    now = {(one.subject, one.uid) for one in seen if one.scope == scope}
    return bool(before) and bool(now) and before.isdisjoint(now)
