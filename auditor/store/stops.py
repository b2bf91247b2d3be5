"""The cases that made stop rules hold, and who lifted them: append-only, each with its entry in the ledger."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Sequence

import msgspec

from auditor.ledger.record import record
from auditor.policy.case import Case, Seen
from auditor.store.database import Database
from auditor.store.runs import now


class Lift(msgspec.Struct, frozen=True, kw_only=True):
    """A stop that a person lifted: in which scope, which rule, and which case of it (of a failed verification, the
    run). `how` is by what means they were known; `signature` is their key's over `statement`, where it was one."""

    scope: str
    stop: str
    cause: str
    person: str
    how: str
    at: str
    reason: str
    statement: str = ""
    signature: str = ""


class Stops:
    """The stops of a store."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def note(self, run: str, scope: str, stop: str, seen: Sequence[Seen], *, whole: bool = True) -> None:
        """Remember what a look saw of a stop rule in a scope: what is not in `seen` is gone, if the look
        was `whole`. What is known already writes nothing."""
        with self.database.transaction() as connection:
            known = {case.cause: case for case in _cases(connection, scope) if case.stop == stop}
            for one in seen:
                case = known.pop(one.cause, None)
                if case is None or (case.lifted and (case.state == "gone" or one.size > case.size)):
                    self._write(scope, _new(one, run))
                elif case.state == "gone" or one.size > case.size:
                    self._write(scope, _of(case, one, run))
            for case in known.values():
                if whole and case.state == "seen":
                    self._write(scope, msgspec.structs.replace(case, state="gone", run=run, at=now()))

    def add(self, run: str, scope: str, seen: Seen) -> Case:
        """Remember what a look saw as a new case."""
        case = _new(seen, run)
        self._write(scope, case)
        return case

    def cases(self, scope: str) -> tuple[Case, ...]:
        """The newest case of every cause in a scope, oldest first."""
        with self.database.reading() as connection:
            return tuple(_cases(connection, scope))

    def lifted(self, scope: str, stop: str) -> dict[str, str]:
        """The causes of a stop that were lifted in a scope, and by whom."""
        query = "SELECT cause, person FROM lifts WHERE scope = ? AND stop = ? ORDER BY rowid"
        with self.database.reading() as connection:
            return dict(connection.execute(query, (scope, stop)).fetchall())

    def lift(self, lifts: Sequence[Lift]) -> None:
        """Lift stops, all of them or none, each with its entry in the ledger."""
        with self.database.transaction() as connection:
            for lift in lifts:
                told = {name: value for name, value in msgspec.structs.asdict(lift).items() if value}
                kept = (lift.scope, lift.stop, lift.cause, lift.person, lift.how, lift.at, lift.reason)
                name = "l-" + secrets.token_hex(8)
                connection.execute("INSERT INTO lifts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (name, *kept))
                record(self.database, "lift", {"lift": name, **told})

    def _write(self, scope: str, case: Case) -> None:
        told = {"case": case.id, "scope": scope, "stop": case.stop, "cause": case.cause, "size": float(case.size)}
        told |= {"state": case.state, "run": case.run, "at": case.at, "detail": case.detail}
        with self.database.transaction() as connection:
            number = connection.execute(
                "INSERT INTO stops (id, scope, stop, cause, size, state, run, at, detail)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                tuple(told.values()),
            ).lastrowid
            record(self.database, "stop", {"number": number, **told})


def _new(seen: Seen, run: str) -> Case:
    told = {"stop": seen.stop, "cause": seen.cause, "size": seen.size, "detail": seen.detail}
    return msgspec.convert({"id": "s-" + secrets.token_hex(4), "state": "seen", "run": run, "at": now(), **told}, Case)


def _of(case: Case, seen: Seen, run: str) -> Case:
    """The same case, as large as it was at its largest."""
    size = max(case.size, seen.size)
    return msgspec.structs.replace(case, size=size, state="seen", run=run, at=now(), detail=seen.detail)


def _cases(connection: sqlite3.Connection, scope: str) -> list[Case]:
    rows = connection.execute(
        "SELECT s.id, s.stop, s.cause, s.size, s.state, s.run, s.at, s.detail,"
        " coalesce((SELECT l.person FROM lifts l WHERE l.scope = s.scope AND l.stop = s.stop AND l.cause = s.id"
        " LIMIT 1), '') FROM stops s WHERE s.number IN"
        " (SELECT max(number) FROM stops WHERE scope = ? GROUP BY stop, cause) ORDER BY s.number",
        (scope,),
    ).fetchall()
    return [msgspec.convert(dict(zip(Case.__struct_fields__, row, strict=True)), Case) for row in rows]
