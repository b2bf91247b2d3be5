"""From a log's lines to records: each event is looked at, those that are acts are read, resolved and kept."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from tools.collect.actors import Actors
from tools.collect.kubernetes.auditlog import acts, lines, wire
from tools.collect.kubernetes.auditlog.content import Content, Contents
from tools.collect.kubernetes.auditlog.doing import Doing, plan_of, quiet
from tools.collect.kubernetes.auditlog.known import Known, parse_time, ticks
from tools.collect.kubernetes.auditlog.lines import Unreadable
from tools.collect.kubernetes.auditlog.owners import Owners
from tools.collect.kubernetes.auditlog.records import AuditIds, Record, Table
from tools.collect.kubernetes.auditlog.tally import Reading
from tools.model.change import Act, Actor
from tools.model.identity import Ref

_SWITCHED = 101
"""The code of a WebSocket that was opened."""
_STAGES = {"ResponseComplete": 0, "ResponseStarted": 1}
_ENTERING = ("exec", "attach", "port-forward")
_WRITING = ("create", "write", "scale", "ephemeral-container", "resize")


class Reader:
    """Reads files into records. What it interns is shared by all of them. `until` is the last moment that is judged."""

    def __init__(self, known: Known, rules: Actors, until: datetime) -> None:
        self.known = known
        self.until = until
        self.owners = Owners(known)
        self.contents = Contents()
        self.ids = AuditIds()
        self.doings: Table[Doing] = Table()
        self._rules = rules
        self._actors: dict[tuple[str, tuple[str, ...], str, str, tuple[str, ...]], Actor] = {}

    def read(self, file: Path) -> Reading:
        """Read one file."""
        reading = Reading(file)
        source = lines.events_of if lines.kind_of(file) == "document" else lines.lines_of
        try:
            for number, line, ended in source(file):
                self._line(line, number, ended, reading)
        except Unreadable as error:
            reading.say(error.code, error.reason)
        reading.records.close()
        return reading

    def _line(self, line: bytes, number: int, ended: bool, into: Reading) -> None:
        try:
            head = wire.head.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            if line.strip() or not line:
                into.say(
                    "broken" if ended else "truncated",
                    f"{into.at(number)}: {error if line else 'the line is too long'}",
                )
            return
        if head.kind != "Event" or not (head.api_version or "audit.k8s.io/").startswith(wire.GROUP) or not head.stage:
            into.say("not-audit", into.at(number))
            return
        try:
            received = parse_time(head.request_received_timestamp or head.stage_timestamp)
            staged = parse_time(head.stage_timestamp or head.request_received_timestamp)
        except ValueError as error:
            into.say("broken", f"{into.at(number)}: {error}")
            return
        into.events += 1
        if received > self.until:
            into.later += 1
            return
        if into.first is None or staged < into.first:
            into.first = staged
        if into.last is None or staged > into.last:
            into.last = staged
        target = head.object_ref
        if target is None or head.stage not in _STAGES:
            return
        if not into.ours + into.named or target.uid:
            self._whose(target, received, into)
        what = acts.act_of(target.api_group or "", target.resource or "", target.subresource or "", head.verb)
        if what is not None:
            self._act(line, what, ticks(received), into.at(number), into)

    def _whose(self, target: wire.Target, received: datetime, into: Reading) -> None:
        """Count whose object an event is about, whatever it did: also heartbeats tell which cluster a log is of."""
        kind = acts.KINDS.get(target.resource or "")
        if target.resource == "leases" and target.namespace == "kube-node-lease":
            into.count(self.known.find(("Node", "", target.name or ""), "", ticks(received)), "")
        elif kind is not None and (target.name or target.uid):
            name = (kind, target.namespace or "", target.name or "")
            into.count(self.known.find(name, target.uid or "", ticks(received)), target.uid or "")

    def _act(self, line: bytes, what: tuple[Act, str], time: int, place: str, into: Reading) -> None:
        act, kind = what
        try:
            event = wire.event.decode(line)
            code = event.response_status.code if event.response_status else 0
            if not (200 <= code < 300 or code == _SWITCHED):
                return
            actor = self._actor(event, place, into)
            still = quiet(act, kind, actor)
            if still and act != "create":
                return
            asked, made = _body(event.request_object), _body(event.response_object)
            query = acts.query_of(event.request_uri)
            if "All" in query.get("dryRun", ()) or (asked is not None and asked.dry):
                return
            ref = self._object(act, kind, event, asked, made, time, into)
            if ref is None or still:
                return
            content = self.contents.of(act, asked, made, event) if act in _WRITING else Content()
            plan = plan_of(asked, event.request_object)
        except (msgspec.DecodeError, RecursionError, ValueError) as error:
            into.say("broken", f"{place}: {error}")
            return
        container = command = note = ""
        if act in _ENTERING:
            act, container, command, note = acts.entering(act, query)
        elif act == "ephemeral-container":
            container, command = self.contents.debugged(content)
        elif not ref.name:
            note = "a whole collection" if event.verb == "deletecollection" else ""
        tool = acts.tool_of(query, event.user_agent)
        doing = self.doings.number(Doing(ref, act, actor, tool, container, command, plan, note, event.verb))
        into.records.add(Record(time, self.ids.pack(event.audit_id), _STAGES[event.stage], doing, *content))

    def _object(
        self,
        act: Act,
        kind: str,
        event: wire.Event,
        asked: wire.Body | None,
        made: wire.Body | None,
        time: int,
        into: Reading,
    ) -> Ref | None:
        """The object of an act; None where it is another cluster's under one of the snapshot's names. On its creation
        its owner is learned."""
        where = event.object_ref or wire.ObjectRef()
        answered = made.metadata if made is not None else None
        meta = answered or (asked.metadata if asked is not None else None)
        if act == "create" and meta is not None and kind in ("Pod", "ReplicaSet", "Job"):
            self.owners.learn(kind, where.namespace, meta)
            into.ours += any(owner.uid in self.known.refs for owner in meta.owner_references or ())
        name = where.name or (answered.name if answered is not None else "") or ""
        uid = where.uid or (answered.uid if answered is not None else "") or (asked.evicts if asked is not None else "")
        found = self.known.find((kind, where.namespace, name), uid, time)
        into.count(found, uid)
        if found.strange:
            return None
        return self.known.refs.get(found.uid) or Ref(self.known.scope, kind, where.namespace, name, found.uid)

    def _actor(self, event: wire.Event, place: str, into: Reading) -> Actor:
        user, other = event.user or wire.User(), event.impersonated_user or wire.User()
        if not user.username:
            into.say("no-user", place)
        key = (user.username, tuple(user.groups or ()), event.user_agent, other.username, tuple(other.groups or ()))
        found = self._actors.get(key)
        if found is None:
            found = self._rules.actor(user.username, key[1], event.user_agent)
            if other.username:
                found = self._rules.impersonated(other.username, key[4], found)
            self._actors[key] = found
        return found


def _body(raw: msgspec.Raw) -> wire.Body | None:
    """A body that is an object; a JSON patch is none."""
    return wire.body.decode(raw) if wire.first_of(raw) == b"{" else None
