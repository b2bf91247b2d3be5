"""A trail's log files: JSON `{"Records": […]}`, mostly gzip, in folders as S3 lays them out, in any order.

Events are looked at one by one, and only those that are acts on servers are read and kept. CloudTrail promises no order
inside of a file nor among files, so none is asked for; an event that is later than its file's own time of delivery is.
The same event may be in several files: it counts once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from tools.collect.aws.changes.bucket import objects, place_of
from tools.collect.aws.changes.bytes_of import Unreadable, blocks, bytes_of, salvaged
from tools.collect.aws.reads_acts import NAMES
from tools.collect.aws.wire import cloudtrail
from tools.model.times import parsed

SLACK = timedelta(minutes=15)
"""How long after an event its file may be delivered; as much may clocks differ."""
_DELIVERED = re.compile(r"_CloudTrail_[\w-]+_(\d{8}T\d{4})Z_")
_WANTED = frozenset(NAMES)


class Fault(msgspec.Struct, frozen=True, order=True):
    """Something in the files that could not be used: where (file, and record from 1), in machine form and in words."""

    place: str
    code: str
    reason: str


class Seen(msgspec.Struct):
    """What the files hold of one account and region: how many events, from when to when, and at which times (minutes
    since 1970), so that a hole shows. `writes` are those that change something."""

    events: int = 0
    writes: int = 0
    minutes: set[int] = msgspec.field(default_factory=set)


class Trail(msgspec.Struct):
    """What was read of a trail: the events that are acts, by id; what else there was, by account and region; the digest
    files; the names of the files; and what was wrong. `since` and `until` are the interval that somebody declares the
    files to cover (empty: nobody)."""

    events: dict[str, cloudtrail.Event] = msgspec.field(default_factory=dict)
    seen: dict[tuple[str, str], Seen] = msgspec.field(default_factory=dict)
    digests: list[cloudtrail.Digest] = msgspec.field(default_factory=list)
    files: set[str] = msgspec.field(default_factory=set)
    faults: list[Fault] = msgspec.field(default_factory=list)
    doubled: int = 0
    since: str = ""
    until: str = ""


def trail(paths: Iterable[Path], since: str = "", until: str = "", client: Callable[[], Any] | None = None) -> Trail:
    """Read files, folders, and `s3://BUCKET/PREFIX` (`client` makes an S3 client of the account that is looked at).
    What is wrong with one of them is a fault; the rest goes on."""
    found = Trail(since=since, until=until)
    for path in paths:
        if (place := place_of(str(path))) is not None:
            _bucket(found, *place, client)
        elif path.is_dir():
            files = [file for file in sorted(path.rglob("*")) if file.is_file() and ".json" in file.name]
            if not files:
                found.faults.append(Fault(str(path), "empty", "the folder holds no log file of a trail"))
            for file in files:
                read(found, file.name, blocks(file))
        elif path.is_file():
            read(found, path.name, blocks(path))
        else:
            found.faults.append(Fault(str(path), "broken", "there is no such file"))
    return found


def _bucket(into: Trail, bucket: str, prefix: str, client: Callable[[], Any] | None) -> None:
    name = f"s3://{bucket}/{prefix}"
    if client is None:
        into.faults.append(Fault(name, "broken", "a bucket can be read only beside its account (aws:PROFILE@REGION)"))
        return
    before = len(into.files)
    try:
        for file, data in objects(client(), bucket, prefix, into.since, into.until):
            read(into, file, data)
    except OSError as error:
        into.faults.append(Fault(name, "broken", f"it can't be read: {error.strerror or error}"))
        return
    if len(into.files) == before:
        into.faults.append(Fault(name, "empty", "nothing below this prefix is a log file of a trail"))


def is_trail(path: Path) -> bool:
    """Whether a file is a log or a digest of CloudTrail, by what it begins with."""
    try:
        with path.open("rb") as handle:
            head, _ = bytes_of(iter([handle.read(1 << 16)]))
    except OSError:
        return False
    start = head[:4096].lstrip()
    return start.startswith(b"{") and (
        (b'"Records"' in start[:200] and b'"eventVersion"' in head) or b'"digestStartTime"' in start
    )


def read(into: Trail, name: str, data: Iterator[bytes]) -> None:
    """Read one file's bytes."""
    try:
        whole, missing = bytes_of(data)
    except OSError as error:
        into.faults.append(Fault(name, "broken", f"it can't be read: {error.strerror or error}"))
        return
    into.files.add(name)
    if missing is not None:
        into.faults.append(Fault(name, missing.code, missing.reason))
    tally = Counter[str]()
    try:
        for number, record in enumerate(_records(whole, into, cut=missing is not None), 1):
            _record(record, f"{name}, record {number}", delivered(name), into, tally)
    except Unreadable as error:
        if missing is None:
            into.faults.append(Fault(name, error.code, error.reason))
    for code, count in sorted(tally.items()):
        if count > 1:
            into.faults.append(Fault(name, code, f"{count - 1} more records are so"))


def _records(whole: bytes, into: Trail, cut: bool) -> Iterator[msgspec.Raw | bytes]:
    """The records of a document, as they are. Raises `Unreadable` where it is of another kind, or ends early."""
    try:
        document = cloudtrail.records.decode(whole)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        if whole.lstrip()[:1] != b"{" or (not cut and b'"Records"' not in whole[:4096]):
            raise Unreadable("not-cloudtrail", "it is no log file of a trail") from None
        yield from salvaged(whole)
        return
    if document.records is not None:
        yield from document.records
    elif document.events is not None:
        yield from (one.cloud_trail_event.encode() for one in document.events)
    else:
        try:
            into.digests.append(cloudtrail.digest.decode(whole))
        except msgspec.DecodeError:
            raise Unreadable("not-cloudtrail", "it is JSON, and neither a log file of a trail nor a digest") from None


def _record(
    record: msgspec.Raw | bytes, place: str, delivered: datetime | None, into: Trail, tally: Counter[str]
) -> None:
    """Look at one event; keep it where it is an act. Of each kind of fault the first in a file is told with its place,
    the others are counted."""

    def say(code: str, reason: str) -> None:
        tally[code] += 1
        if tally[code] == 1:
            into.faults.append(Fault(place, code, reason))

    try:
        head = cloudtrail.head.decode(record)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        return say("broken", str(error))
    time = parsed(head.event_time)
    if time is None:
        return say("broken", f"its eventTime is no time: {head.event_time[:40]!r}")
    if delivered is not None and time > delivered + SLACK:
        say("out-of-order", f"it happened at {head.event_time}, after its file was delivered ({delivered:%FT%H:%MZ})")
    seen = into.seen.setdefault((head.recipient_account_id, head.aws_region), Seen())
    seen.events += 1
    seen.writes += head.read_only is False
    seen.minutes.add(int(time.timestamp()) // 60)
    if head.event_name not in _WANTED or head.error_code:
        return None
    try:
        event = cloudtrail.event.decode(record)
    except (msgspec.DecodeError, RecursionError) as error:
        return say("broken", str(error))
    if event.event_id and event.event_id in into.events:
        into.doubled += 1
        return None
    into.events[event.event_id or place] = event
    return None


def delivered(name: str) -> datetime | None:
    """When a log file was delivered, as its name says (`ACCOUNT_CloudTrail_REGION_20260710T1200Z_….json.gz`)."""
    found = _DELIVERED.search(name)
    try:
        return datetime.strptime(found[1], "%Y%m%dT%H%M").replace(tzinfo=UTC) if found else None
    except ValueError:
        return None
