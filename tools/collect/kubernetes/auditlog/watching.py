"""From when to when a log speaks: its files' intervals, joined where nothing lies between them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from tools.collect.kubernetes.auditlog.known import parse_time
from tools.collect.kubernetes.auditlog.policy import Eyes
from tools.collect.kubernetes.auditlog.tally import Reading
from tools.errors import UsageError
from tools.model.change import Watch

SILENCE = timedelta(minutes=10)
"""How long it may be quiet from the end of one file to the beginning of the next: a log is rotated when it is written
to, so a longer silence is a file that is not there."""
BROKEN = ("truncated", "broken", "not-audit")
"""What makes a file not whole."""


class Interval(NamedTuple):
    """The interval that a log is declared to cover; None where nothing is declared."""

    since: datetime | None
    until: datetime | None

    @classmethod
    def of(cls, since: str, until: str) -> Interval:
        """From RFC 3339 texts, empty where nothing is declared. Raises `UsageError`."""
        ends: list[datetime | None] = []
        for name, text in (("since", since), ("until", until)):
            try:
                ends.append(parse_time(text).astimezone(UTC) if text else None)
            except ValueError as error:
                raise UsageError(
                    f"the audit log's {name} is no time: {text}", str(error), "write it as 2026-11-23T19:58:45Z"
                ) from error
        begin, end = ends
        if begin is not None and end is not None and end < begin:
            raise UsageError("the audit log ends before it begins", f"since {since}, until {until}")
        return cls(begin, end)


class _Span:
    """An interval without a hole, and the files that it is made of."""

    def __init__(self, since: datetime, until: datetime, files: list[Reading]) -> None:
        self.since, self.until, self.files = since, until, files


def watches_of(scope: str, readings: list[Reading], eyes: Eyes, declared: Interval, latest: datetime) -> list[Watch]:
    """What the files could have seen, as one interval for all that join; as one where it is declared. Nothing after
    `latest` is judged."""
    spans = _spans(readings)
    if spans and (declared.since or declared.until):
        files = [file for span in spans for file in span.files]
        spans = [_Span(declared.since or spans[0].since, declared.until or max(s.until for s in spans), files)]
    return [
        Watch(
            scope=scope,
            since=_text(second(span.since, up=True)),
            until=_text(second(min(span.until, latest), up=False)),
            name=name_of(span.files),
            policy=eyes.name,
            blind=eyes.blind,
            broken=broken_of(span.files),
        )
        for span in spans
    ]


def holes(readings: list[Reading]) -> list[tuple[str, str]]:
    """The intervals between files that no file covers, as texts."""
    spans = _spans(readings)
    return [(_text(before.until), _text(after.since)) for before, after in pairwise(spans)]


def name_of(files: list[Reading]) -> str:
    """What a set of files is called."""
    names = sorted({file.path.name for file in files})
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"the audit log {names[0]}{more}"


def broken_of(files: list[Reading]) -> str:
    """Why a set of files is not whole; empty where it is."""
    for file in files:
        for code in BROKEN:
            if file.counts[code]:
                return file.places[code]
        if file.strange:
            return f"{file.path.name} holds events of another cluster"
    return ""


def second(moment: datetime, *, up: bool) -> datetime:
    """A moment in whole seconds, which is how objects tell when they were made: what begins is rounded up, what ends
    down."""
    whole = moment.astimezone(UTC).replace(microsecond=0)
    return whole + timedelta(seconds=1) if up and whole < moment else whole


def _spans(readings: list[Reading]) -> list[_Span]:
    spans: list[_Span] = []
    with_times = [(r.first, r.last, r) for r in readings if r.first is not None and r.last is not None]
    for first, last, reading in sorted(with_times, key=lambda row: (row[0], row[1], row[2].path.name)):
        if spans and first - spans[-1].until <= SILENCE:
            spans[-1].until = max(spans[-1].until, last)
            spans[-1].files.append(reading)
        else:
            spans.append(_Span(first, last, [reading]))
    return spans


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
