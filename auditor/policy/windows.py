"""Wall clocks: when a window is open and when a freeze holds, by the IANA time zone's own rules, both ways over a clock
change."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00", re.ASCII)


def zone(name: str) -> ZoneInfo:
    """A time zone by its IANA name. Raises ValueError where there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError(f"no time zone is named {name!r}; one is such as 'Europe/Berlin'") from error


def minutes_of(clock: str) -> int:
    """Minutes since midnight of "HH:MM", from 00:00 to 24:00. Raises ValueError for anything else."""
    if not _CLOCK.fullmatch(clock):
        raise ValueError(f"{clock!r} is no time of day such as '22:30'")
    return int(clock[:2]) * 60 + int(clock[3:])


def is_open(days: Sequence[str], begins: str, ends: str, time_zone: str, moment: datetime) -> bool:
    """Whether a window is open at a moment: the wall clock there is at or after `begins` and before `ends`, on one of
    the days; one that goes over midnight belongs to the day on which it begins.

    A wall-clock time that a clock change leaves out is never; one that comes twice is in the window twice.
    """
    local = moment.astimezone(zone(time_zone))
    now, first, last = local.hour * 60 + local.minute, minutes_of(begins), minutes_of(ends)
    today, yesterday = DAYS[local.weekday()], DAYS[local.weekday() - 1]
    if first < last:
        return today in days and first <= now < last
    return (today in days and now >= first) or (yesterday in days and now < last)


def instant(time: datetime, time_zone: str | None, latest: bool) -> datetime:
    """A time in UTC. A local time that a clock change makes ambiguous or leaves out stands for its earliest or latest
    reading."""
    if time.tzinfo is not None:
        return time.astimezone(UTC)
    there = zone(time_zone or "UTC")
    readings = [time.replace(tzinfo=there, fold=fold).astimezone(UTC) for fold in (0, 1)]
    return max(readings) if latest else min(readings)
