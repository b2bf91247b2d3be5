"""What the embedded AWS knows besides moto, and its time. There is one at a time in a process, as there is one moto."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Protocol

from auditor.embedded_aws.clock import Clock


class Moving(Protocol):
    """Something that changes as time goes by: a group, a refresh."""

    def step(self, now: datetime) -> None:
        """Do what is due now."""

    def due(self, now: datetime) -> datetime | None:
        """The next moment after now at which something is due, None where nothing is."""


class World:
    """`shelf` keeps a list for each kind of thing, account and region; `tick` lets everything happen that is due."""

    def __init__(self, clock: Clock, boot_seconds: float) -> None:
        self.clock = clock
        self.boot = timedelta(seconds=boot_seconds)
        self.refused_launches: dict[str, str] = {}
        self._shelves: dict[tuple[str, str, str], list[Any]] = defaultdict(list)
        self._moment: datetime | None = None

    def shelf(self, kind: str, account: str, region: str) -> list[Any]:
        """The things of a kind in an account and region."""
        return self._shelves[kind, account, region]

    def now(self) -> datetime:
        """The time: while `tick` catches up, that of what happens."""
        return self._moment or self.clock.now()

    def tick(self, moving: Iterable[Moving]) -> None:
        """Let everything happen that is due until now, each at its own time and in its order."""
        everything = list(moving)
        end = self.clock.now()
        moment = min(self._last, end)
        try:
            while moment < end:
                due = [at for one in everything if (at := one.due(moment)) is not None and at <= end]
                self._moment = moment = min(due, default=end)
                for one in everything:
                    one.step(moment)
            for one in everything:
                one.step(end)
        finally:
            self._moment = None
            self._last = end

    _last: datetime = datetime.min

    def clear(self) -> None:
        """Forget everything but the clock."""
        self._shelves.clear()
        self.refused_launches.clear()


_current: list[World] = []


def enter(world: World | None) -> None:
    """Make this the one world; None ends it."""
    _current[:] = [world] if world else []


def current() -> World:
    """The world of the running embedded AWS."""
    return _current[0]


def running() -> bool:
    """Whether there is one."""
    return bool(_current)


def utcnow() -> datetime:
    """What moto calls for the time while the embedded AWS runs."""
    return current().now()
