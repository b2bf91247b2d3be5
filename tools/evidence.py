"""Quoting: the one place where a field's value becomes evidence, so that nobody can misquote it."""

from __future__ import annotations

import operator
from typing import Any

from tools.check import Thing
from tools.model.nouns import Change, Host, Workload
from tools.model.report import Evidence, make_evidence
from tools.model.snapshot import Snapshot

RECORDS = {"event": "Event", "control-plane": "Record"}
"""What a change's pointers stand under, where it is no entry of a log."""


def quote(view: Snapshot, thing: Thing, field: str) -> Evidence:
    """Read one field of a thing, by its name in the domain, as evidence: a check can't misquote it."""
    if isinstance(thing, Host) and field in thing.facts:
        value: Any = thing.fact(field)
    else:
        value = operator.attrgetter(field)(thing)
    if not isinstance(value, str | int | bool | None):
        raise TypeError(f"{field} of {thing.ref} is no plain value")
    pointers = view.scopes[thing.ref.scope].pointers
    noun = RECORDS.get(thing.source, "Change") if isinstance(thing, Change) else type(thing).__name__
    pattern = pointers.get(f"{thing.ref.kind}.{field}") or pointers.get(f"{noun}.{field}", "")
    slots = {name: str(getattr(thing, name, "")) for name in ("slot", "status_slot")}
    if isinstance(thing, Workload) and thing.rollout_seen is not None:
        slots["status_slot"] = thing.rollout_seen.condition_slot
    return make_evidence(thing.ref, thing.version, pattern.format(**slots), field, value)
