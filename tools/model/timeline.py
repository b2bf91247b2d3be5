"""The timeline: a workload's life and each change to it, with who did it and the evidence."""

from __future__ import annotations

import msgspec

from tools.model.identity import Ref
from tools.model.path import Standing
from tools.model.report import Evidence


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened. `time` is RFC 3339 UTC, `last` the end of a series of `count` equal ones. `who` is the
    actor where the audit log proves one, else who claims it, else empty; `standing` says which: verified by the control
    plane or the audit log, or reported by a claim (a field manager, an event). `alarming` marks what a release does not
    describe."""

    time: str
    ref: Ref
    what: str
    who: str = ""
    standing: Standing = "verified"
    last: str = ""
    count: int = 1
    alarming: bool = False
    evidence: tuple[Evidence, ...] = ()


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """The entries of one root owner, oldest first, and why there may be more than were seen (empty: there are not)."""

    owner: Ref
    entries: tuple[Entry, ...]
    unseen: str = ""
