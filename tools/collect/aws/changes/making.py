"""What acts are made into: changes, and what is known to have happened to nobody knows which instance."""

from __future__ import annotations

from typing import Any

import msgspec

from tools.collect.actors import Actors
from tools.collect.aws.changes.services import Services
from tools.collect.aws.changes.subjects import Subjects
from tools.collect.aws.changes.whom import actor_of, note_of, tool_of
from tools.collect.aws.wire.acts import Applied
from tools.collect.aws.wire.cloudtrail import Event
from tools.model.change import Act, Actor, Change, FieldChange
from tools.model.identity import Ref


class Unresolved(msgspec.Struct, frozen=True, order=True):
    """An act that is recorded, and not on which instances, or not whether it changed them: when, why, and on which
    where that is known (empty: on any)."""

    act: Act
    time: str
    reason: str
    names: tuple[str, ...] = ()


class Making:
    """Where changes are gathered. `told` are the ids of what CloudTrail has told, so that the service's own record of
    the same act is none of its own; `moment` is when it was looked."""

    def __init__(self, subjects: Subjects, services: Services, rules: Actors, moment: str) -> None:
        self.moment = moment
        self.subjects = subjects
        self.services = services
        self.rules = rules
        self.changes: list[Change] = []
        self.unresolved: list[Unresolved] = []
        self.told: set[str] = set()

    def event(
        self,
        event: Event,
        ref: Ref,
        root: Ref,
        act: Act,
        fields: tuple[FieldChange, ...] | None = None,
        command: str = "",
        note: str = "",
    ) -> None:
        """A change that CloudTrail tells."""
        notes = [text for text in (note_of(event), note) if text]
        self.changes.append(
            Change(
                ref=ref,
                time=event.event_time,
                act=act,
                version=event.event_id,
                source="cloudtrail",
                root=root,
                actor_seen=actor_of(event, self.rules),
                tool=tool_of(event),
                command=command,
                fields_seen=fields,
                verb=event.event_name,
                note="; ".join(notes),
            )
        )

    def on_instances(self, event: Event, names: list[str], act: Act, **said: Any) -> None:
        """A change of each of these instances that CloudTrail tells."""
        for name in names:
            self.event(event, *self.subjects.instance(name), act, **said)

    def service(
        self, name: str, time: str, act: Act, version: str, command: str, actor: Actor | None = None, note: str = ""
    ) -> None:
        """A change of an instance that only the service itself tells, without who asked for it unless that is said."""
        ref, root = self.subjects.instance(name)
        self.changes.append(
            Change(
                ref=ref,
                time=time,
                act=act,
                version=version,
                source="control-plane",
                root=root,
                actor_seen=actor,
                command=command,
                note=note,
            )
        )

    def scheduled(self, run: Applied, document: str) -> None:
        """An association that State Manager applied by itself, at an instance's launch or on its schedule."""
        version = run.execution_id or run.association_id
        actor = Actor("ssm.amazonaws.com", "controller", "State Manager applies its associations itself")
        self.service(run.resource_id, run.last_execution_date, "association", version, document, actor)

    def unknown(self, act: Act, time: str, reason: str, names: tuple[str, ...] = ()) -> None:
        """An act of which it is not known on which instances, or not whether it changed these."""
        self.unresolved.append(Unresolved(act, time, reason, names))


def folded(changes: list[Change]) -> tuple[Change, ...]:
    """Equal acts as one, with how often and from when to when; oldest first."""
    series: dict[Change, list[Change]] = {}
    for change in sorted(changes, key=lambda one: (one.order, one.ref)):
        alike = msgspec.structs.replace(change, time="", version="")
        series.setdefault(alike, []).append(change)
    made = []
    for same in series.values():
        last = same[-1].time if len(same) > 1 else ""
        made.append(msgspec.structs.replace(same[0], last=last, count=len(same)))
    return tuple(sorted(made, key=lambda one: (one.order, one.ref)))
