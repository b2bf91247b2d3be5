"""History out of the store, for one audit: what looks before its moment saw, and nothing that came later.

The values of an object are read when they are asked for, as of the look that was the newest one when the history was
opened: what another process appends meanwhile is not in it, so it says the same however long it is read.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TypeVar

import msgspec

from auditor.store.database import Database
from auditor.store.looks import Blind, covers, noun_of
from auditor.store.sanctions import load_sanctions
from tools.errors import AuditorError
from tools.model.change import Change, Watch
from tools.model.facts import Facts
from tools.model.history import History, Past
from tools.model.identity import Ref
from tools.model.sanction import Sanctions

T = TypeVar("T")
_Rows = list[tuple[int, str | None]]
"""Looks and the values that a fact had from them on, oldest first; None where it was not seen any more."""
_Series = tuple[str, str, Ref, str, str]


class StoredHistory(History):
    """History whose values stay in the store until they are asked for. `upto` is the number of the newest look of each
    scope that it may remember."""

    def __init__(
        self,
        database: Database,
        upto: dict[str, tuple[int, int, str]],
        changes: tuple[Change, ...],
        watches: tuple[Watch, ...],
        sanctions: Sanctions,
    ) -> None:
        moment = max((moment for _, _, moment in upto.values()), default="")
        super().__init__((), moment, changes, watches, sanctions)
        self.database = database
        self.upto = upto
        self._read: dict[Ref, dict[str, list[Past]]] = {}
        self._lasts: dict[tuple[int, int, int, tuple[int, ...]], str] = {}
        self._moments: dict[tuple[int, int], str] = {}
        self._wide: dict[tuple[int, str, str], tuple[int, ...]] = {}
        self._ways: dict[int, list[tuple[int, list[Blind]]]] = {}

    def of(self, ref: Ref, fact: str) -> list[Past]:
        """The values that a fact of one object had, oldest first."""
        if ref.scope not in self.upto:
            return []
        if ref not in self._read:
            self._read[ref] = self._facts_of(ref)
        return list(self._read[ref].get(fact, ()))

    def _facts_of(self, ref: Ref) -> dict[str, list[Past]]:
        scope, newest, _ = self.upto[ref.scope]
        facts: dict[str, _Rows] = {}
        with self.database.reading():
            for name, look, value, word in self.database.connection.execute(
                "SELECT f.text, h.look, v.text, h.value FROM history h LEFT JOIN words f ON f.number = h.fact"
                " LEFT JOIN words v ON v.number = h.value WHERE h.subject ="
                " (SELECT number FROM subjects WHERE scope = ? AND uid = ? AND subject = ?) AND h.look <= ?"
                " ORDER BY h.fact, h.look",
                (scope, ref.uid, ref.key, newest),
            ):
                if name is None or (word is not None and value is None):
                    raise _undecodable(self.database, f"of {ref} at look {look}", "its words are not there")
                facts.setdefault(name, []).append((look, value))
        return {name: self._intervals(ref, name, rows) for name, rows in facts.items()}

    def _intervals(self, ref: Ref, fact: str, rows: _Rows) -> list[Past]:
        scope, newest, _ = self.upto[ref.scope]
        found, wide = [], self._whole(scope, ref.key, fact)
        for (begun, value), (ended, _) in pairwise([*rows, (newest + 1, None)]):
            if value is not None:
                first = self._moment(scope, begun)
                found.append(Past(first, max(first, self._last(scope, begun, ended, wide)), value))
        return sorted(found)

    def _moment(self, scope: int, look: int) -> str:
        if (scope, look) not in self._moments:
            row = self.database.connection.execute(
                "SELECT moment FROM looks WHERE scope = ? AND number = ?", (scope, look)
            ).fetchone()
            if row is None:
                raise _undecodable(self.database, f"of scope {scope} at look {look}", "there is no such look")
            self._moments[scope, look] = str(row[0])
        return self._moments[scope, look]

    def _last(self, scope: int, begun: int, ended: int, wide: tuple[int, ...]) -> str:
        """The moment of the newest look before one, back to another, that was not blind where it mattered."""
        if (scope, begun, ended, wide) not in self._lasts:
            marks = ",".join("?" * len(wide))
            row = self.database.connection.execute(
                "SELECT moment FROM looks WHERE scope = ? AND number >= ? AND number < ? AND late = 0"  # noqa: S608
                f" AND unseen IN ({marks}) ORDER BY number DESC LIMIT 1",
                (scope, begun, ended, *wide),
            ).fetchone()
            self._lasts[scope, begun, ended, wide] = str(row[0]) if row else ""
        return self._lasts[scope, begun, ended, wide]

    def _whole(self, scope: int, subject: str, fact: str) -> tuple[int, ...]:
        """The ways of not being whole (words) that would not have hidden a subject."""
        if scope not in self._ways:
            rows = self.database.connection.execute(
                "SELECT DISTINCT l.unseen, w.text FROM looks l LEFT JOIN words w ON w.number = l.unseen"
                " WHERE l.scope = ? ORDER BY l.unseen",
                (scope,),
            )
            self._ways[scope] = [
                (word, _decoded(self.database, text or "", list[Blind], f"word {word}, what a look could not see"))
                for word, text in rows
            ]
        place = (scope, subject.rpartition("/")[0], noun_of(fact))
        if place not in self._wide:
            self._wide[place] = tuple(word for word, blind in self._ways[scope] if not covers(blind, subject, fact))
        return self._wide[place]


def load_history(database: Database, facts: Facts) -> History:
    """What looks before these facts' moment remembered of their scopes. Raises `AuditorError` where it can't be read,
    naming the row."""
    upto: dict[str, tuple[int, int, str]] = {}
    changes: list[Change] = []
    watches: list[Watch] = []
    with database.reading():
        for scope in facts.scopes:
            newest = _newest(database, scope.id, facts.moment)
            if newest is not None:
                upto[scope.id] = newest
            changes += _changes(database, scope.id, facts)
            watches += _watches(database, scope.id, facts.moment)
    ordered = tuple(sorted(changes, key=lambda c: c.order))
    return StoredHistory(database, upto, ordered, tuple(watches), load_sanctions(database))


def _newest(database: Database, scope: str, moment: str) -> tuple[int, int, str] | None:
    """The newest look at a scope before a moment: the scope's number, the look's, and its moment."""
    found: tuple[int, int, str] | None = database.connection.execute(
        "SELECT scope, number, moment FROM looks WHERE scope = (SELECT number FROM scopes WHERE id = ?)"
        " AND late = 0 AND moment < ? ORDER BY number DESC LIMIT 1",
        (scope, moment),
    ).fetchone()
    return found


def _changes(database: Database, scope: str, facts: Facts) -> list[Change]:
    """The remembered changes to what is there now, and to what hung under it; of a series the longest, and none whose
    series the facts themselves go on with."""
    things = (facts.workloads, facts.releases, facts.instances, facts.hosts)
    there = {thing.ref.uid for some in things for thing in some if thing.ref.scope == scope}
    found: dict[_Series, Change] = {}
    for name, uid, root, data in database.connection.execute(
        "SELECT c.id, c.uid, c.root, c.data FROM changes c JOIN looks l ON l.scope = c.scope AND l.number = c.look"
        " WHERE c.scope = (SELECT number FROM scopes WHERE id = ?) AND l.moment < ? ORDER BY c.number",
        (scope, facts.moment),
    ):
        if uid in there or root in there:
            change = _decoded(database, data, Change, f"change {name}")
            known = found.get(_series(change), change)
            if change.time <= facts.moment and (known.last, known.count) <= (change.last, change.count):
                found[_series(change)] = change
    here = {_series(change) for change in facts.changes}
    return [change for series, change in found.items() if series not in here]


def _series(change: Change) -> _Series:
    """What a series is known by; an audit id alone is not enough, for its sender chooses it."""
    return change.version, change.act, change.ref, change.time, change.actor_seen.name if change.actor_seen else ""


def _watches(database: Database, scope: str, moment: str) -> list[Watch]:
    """The remembered intervals of each log, those that touch made one, none beyond the moment."""
    found: list[Watch] = []
    for number, text, since, until in database.connection.execute(
        "SELECT w.log, t.text, w.since, w.until FROM watched w LEFT JOIN words t ON t.number = w.log"
        " JOIN looks l ON l.scope = w.scope AND l.number = w.look"
        " WHERE w.scope = (SELECT number FROM scopes WHERE id = ?) AND l.moment < ? AND w.since <= ?"
        " ORDER BY w.log, w.since, w.until",
        (scope, moment, moment),
    ):
        body = _decoded(database, text or "", Watch, f"log {number}")
        watch = msgspec.structs.replace(body, scope=scope, since=since, until=min(until, moment))
        before = found[-1] if found else None
        if before is not None and watch.since <= before.until and _same_log(before, watch):
            found[-1] = msgspec.structs.replace(before, until=max(before.until, watch.until))
        else:
            found.append(watch)
    return sorted(found)


def _same_log(one: Watch, other: Watch) -> bool:
    return one == msgspec.structs.replace(other, since=one.since, until=one.until)


def _decoded(database: Database, data: bytes | str, form: type[T], what: str) -> T:
    try:
        return msgspec.json.decode(data, type=form)
    except msgspec.DecodeError as error:
        raise _undecodable(database, what, str(error)) from error


def _undecodable(database: Database, what: str, why: str) -> AuditorError:
    return AuditorError(
        f"history in the store {database.path} can't be read: {what}",
        why,
        "use the version of the program that wrote it; nothing in the store was changed",
    )
