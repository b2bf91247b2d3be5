"""From sorted records to changes: equal acts become one, with how often and from when to when."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tools.collect.kubernetes.auditlog.comparing import Comparing
from tools.collect.kubernetes.auditlog.doing import AGENT, Doing
from tools.collect.kubernetes.auditlog.known import written
from tools.collect.kubernetes.auditlog.reading import Reader
from tools.collect.kubernetes.auditlog.records import Record
from tools.model.change import Change, FieldChange

_INFERRED = "its owner is inferred from its name"


class Series:
    """Equal acts: the first of them, the time of the last, and how many."""

    __slots__ = ("count", "doing", "fields", "first", "last")

    def __init__(self, doing: Doing, fields: tuple[FieldChange, ...] | None, first: Record) -> None:
        self.doing, self.fields, self.first = doing, fields, first
        self.last, self.count = first.time, 1


def fold(records: Iterable[Record], reader: Reader) -> list[Change]:
    """The changes that records in their order make, oldest first."""
    comparing = Comparing(reader.contents)
    series: dict[Any, Series] = {}
    for record in records:
        doing = reader.doings[record.doing]
        fields = comparing.fields(record, doing.act, doing.ref)
        own = doing.actor.kind == "controller" and not doing.actor.impersonator
        if own and doing.act == "write" and fields == ():
            continue
        alone = record.audit if doing.plan or doing.tool == AGENT else b""  # each by its own audit id
        known = series.get((record.doing, fields, alone, record.time if alone else 0))
        if known is None:
            series[record.doing, fields, alone, record.time if alone else 0] = Series(doing, fields, record)
        else:
            known.last, known.count = record.time, known.count + 1
    return sorted((_change(one, reader) for one in series.values()), key=lambda change: (change.order, change.ref))


def _change(one: Series, reader: Reader) -> Change:
    doing, first = one.doing, one.first
    root, inferred = reader.owners.root_of(doing.ref, first.time)
    return Change(
        ref=doing.ref,
        time=written(first.time),
        act=doing.act,
        version=reader.ids.text(first.audit),
        source="audit-log",
        root=root,
        last=written(one.last) if one.count > 1 else "",
        count=one.count,
        actor_seen=doing.actor,
        tool=doing.tool,
        container=doing.container,
        command=doing.command,
        fields_seen=one.fields,
        plan=doing.plan,
        verb=doing.verb,
        note="; ".join(part for part in (doing.note, inferred and _INFERRED) if part),
    )
