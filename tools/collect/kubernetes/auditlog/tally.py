"""What reading one file of a log came to: its records, its interval, and what was wrong with it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tools.collect.kubernetes.auditlog.known import Found
from tools.collect.kubernetes.auditlog.records import Records


@dataclass
class Reading:
    """What one file held: its records, from when to when it goes, how many of its events are about the snapshot's
    objects (`ours` by their uid, `named` by name alone) and how many about another cluster's (`strange`), how many are
    after the last moment that is judged (`later`), and what was wrong with it: `counts` by code, with the first place
    of each."""

    path: Path
    records: Records = field(default_factory=Records)
    first: datetime | None = None
    last: datetime | None = None
    events: int = 0
    ours: int = 0
    named: int = 0
    strange: int = 0
    later: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    places: dict[str, str] = field(default_factory=dict)

    def count(self, found: Found, uid: str) -> None:
        """Count whose an object is: ours by its uid, ours by its name alone, or another cluster's."""
        self.ours += found.ours and bool(uid)
        self.named += found.ours and not uid
        self.strange += found.strange

    def at(self, number: int) -> str:
        """A place in it."""
        return f"{self.path.name}:{number}"

    def say(self, code: str, place: str) -> None:
        """Count something, and remember where it was first."""
        self.counts[code] += 1
        self.places.setdefault(code, place)
