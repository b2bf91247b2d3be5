"""The embedded AWS's time: days go by in a moment while the fleet's past is made; from then on it is the machine's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class StoryClock:
    """A clock that stands some days before now and is moved on, until it is `released`: then it tells the time."""

    def __init__(self, days: float) -> None:
        self._told: datetime | None = _now() - timedelta(days=days)

    def now(self) -> datetime:
        """UTC, without zone, as moto has it."""
        return self._told or _now()

    def until(self, **before: float) -> None:
        """Move on to so long before now (`days=5, minutes=3`); never back."""
        self._told = max(self.now(), _now() - timedelta(**before))

    def release(self) -> None:
        """From here on, the machine's time."""
        self._told = None


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
