"""The time of the embedded AWS: the machine's, or one that a test holds in its hand. As in moto, UTC without zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What tells the time."""

    def now(self) -> datetime:
        """The time, UTC, without zone."""


class RealClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The time of this machine."""
        return datetime.now(UTC).replace(tzinfo=None)


class HandClock:
    """A clock that stands until it is moved on: what is due meanwhile happens at the next request, at its own time."""

    def __init__(self, start: str = "2026-11-01T08:00:00") -> None:
        self.set(start)

    def set(self, moment: str) -> None:
        """Put it to a time, RFC 3339; back only where nothing is left of what was (`EmbeddedAws.reset`)."""
        self._now = datetime.fromisoformat(moment).replace(tzinfo=None)

    def now(self) -> datetime:
        """The time that it was moved to."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move it on."""
        self._now += timedelta(seconds=seconds)
