"""The objects that a snapshot holds, as an audit log names them: by uid, or by kind, namespace, name and time."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from tools.model.facts import Facts
from tools.model.identity import Ref

Name = tuple[str, str, str]
"""Kind, namespace and name."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_SETTLED = 2_000_000
"""How long after an object's creation its predecessor of the same name can't be written to any more: creation times
have whole seconds."""


def ticks(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - EPOCH) // _TICK


def parse_time(text: str) -> datetime:
    """An RFC 3339 time. Raises `ValueError`, also for one without a zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment


def written(tick: int) -> str:
    """Microseconds since 1970 as RFC 3339 UTC, as the audit log writes it."""
    return (EPOCH + timedelta(microseconds=tick)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Found(NamedTuple):
    """What an event's object is: its uid (empty: an object that is gone), whether it is one of the snapshot's, and
    whether the event gives one of the snapshot's names to another object, while the snapshot's was already there."""

    uid: str
    ours: bool
    strange: bool = False


class Known:
    """The snapshot's objects. `moment` is when it was read (ticks): until then a name is its object's own."""

    def __init__(self, facts: Facts, moment: int) -> None:
        self.scope = facts.scopes[0].id
        self.moment = moment
        self.roots: dict[str, Ref] = {}
        self.refs: dict[str, Ref] = {}
        self._by_name: dict[Name, list[tuple[int, str]]] = defaultdict(list)
        for workload in facts.workloads:
            self._add(workload.ref, workload.ref, workload.created)
        for release in facts.releases:
            self._add(release.ref, release.workload, release.created)
        for instance in facts.instances:
            self._add(instance.ref, instance.workload, instance.created)
        for host in facts.hosts:
            self._add(host.ref, host.ref, host.created)

    def _add(self, ref: Ref, root: Ref, created: str) -> None:
        if ref.uid in self.refs:
            return
        self.refs[ref.uid], self.roots[ref.uid] = ref, root
        try:
            made = ticks(parse_time(created))
        except ValueError:
            made = 0
        self._by_name[ref.kind, ref.namespace, ref.name].append((made, ref.uid))

    def find(self, name: Name, uid: str, time: int) -> Found:
        """What object an event at this time is about. A uid decides; without one it is the object that had this name
        then."""
        if uid in self.refs:
            return Found(uid, ours=True)
        had = [(made, known) for made, known in self._by_name.get(name, ()) if made <= time]
        if not uid:
            return Found(max(had)[1], ours=True) if had else Found("", ours=False)
        strange = any(made and made + _SETTLED < time <= self.moment for made, _ in had)
        return Found(uid, ours=False, strange=strange)

    def named(self, name: Name, time: int) -> Ref | None:
        """The object that had this name at this time, among those of the snapshot."""
        had = [(made, uid) for made, uid in self._by_name.get(name, ()) if made <= time]
        return self.refs[max(had)[1]] if had else None
