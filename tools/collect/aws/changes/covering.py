"""From when to when a trail's files speak: as is declared, else as their digests prove, else from event to event."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from tools.collect.aws.answers import Answers
from tools.collect.aws.changes.trail import SLACK, Seen, Trail, delivered
from tools.collect.aws.wire.cloudtrail import Digest
from tools.model.change import Watch
from tools.model.times import parsed

POLICY = "management events, through the API: what comes by ssh is in no log of AWS"
FILES = "the trail's files"
HOLE = timedelta(hours=1)
"""How long a region may be silent in a trail's files before a file is missing, where no digest says that there is none:
the agents of its servers alone call more often."""
BREAKING = ("truncated", "broken", "too-large")
"""What makes a file not whole. (One of another kind is none of the trail's.)"""


def of_files(answers: Answers, found: Trail) -> Iterator[Watch]:
    """The files' intervals: as declared, else as their digests prove, else from event to event without a hole."""
    seen = found.seen.get((answers.account, answers.region))
    spans = _declared(found, seen) or _joined([*_digested(answers, found), *(_silent(seen) if seen else ())])
    silent = "" if seen is None or seen.writes else "it holds no event that writes: a trail of reads alone?"
    latest = parsed(answers.moment)
    for since, until in spans:
        until = min(until, latest) if latest is not None else until
        if until < since:
            continue
        yield _watch(answers.scope, since, until, silent)
        yield from _broken(answers, found, since, until)


def _declared(found: Trail, seen: Seen | None) -> list[tuple[datetime, datetime]]:
    since, until = parsed(found.since), parsed(found.until)
    if seen is None or not (since or until):
        return []
    return [(since or _at(min(seen.minutes)), until or _at(max(seen.minutes) + 1))]


def _silent(seen: Seen) -> Iterator[tuple[datetime, datetime]]:
    minutes = sorted(seen.minutes)
    begin = before = minutes[0]
    for minute in minutes[1:]:
        if _at(minute) - _at(before) > HOLE:
            yield _at(begin + 1), _at(before)
            begin = minute
        before = minute
    yield _at(begin + 1), _at(before)


def _digested(answers: Answers, found: Trail) -> Iterator[tuple[datetime, datetime]]:
    """The hours whose files a digest lists."""
    for digest in found.digests:
        begin, end = parsed(digest.digest_start_time), parsed(digest.digest_end_time)
        if begin and end and _ours(digest, answers):
            yield begin, end


def _ours(digest: Digest, answers: Answers) -> bool:
    region = f"/{answers.region}/"
    places = [digest.digest_s3_object, *(file.s3_object for file in digest.log_files)]
    return digest.aws_account_id == answers.account and any(region in place for place in places)


def missing(answers: Answers, found: Trail) -> Iterator[tuple[str, Digest]]:
    """The log files that a digest lists and that are not there (compressed or not)."""
    for digest in found.digests:
        for file in digest.log_files if _ours(digest, answers) else ():
            name = file.s3_object.rpartition("/")[2]
            if not found.files & {name, name.removesuffix(".gz")}:
                yield name, digest


def _broken(answers: Answers, found: Trail, since: datetime, until: datetime) -> Iterator[Watch]:
    """Where a file is not whole: around its delivery where its name tells that, else all of the interval."""
    for fault in found.faults:
        time = delivered(fault.place)
        if fault.code not in BREAKING or (time is not None and not since <= time <= until + SLACK):
            continue
        begin, end = (since, until) if time is None else (max(since, time - SLACK), min(until, time))
        yield _watch(answers.scope, begin, end, f"{fault.place}: {fault.reason}")
    for name, digest in missing(answers, found):
        first, last = parsed(digest.digest_start_time), parsed(digest.digest_end_time)
        if first is not None and last is not None and first <= until and last >= since:
            yield _watch(
                answers.scope, max(since, first - SLACK), min(until, last), f"{name} was delivered and is not here"
            )


def _watch(scope: str, since: datetime, until: datetime, broken: str) -> Watch:
    return Watch(scope=scope, since=written(since), until=written(until), name=FILES, policy=POLICY, broken=broken)


def _joined(spans: list[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    joined: list[tuple[datetime, datetime]] = []
    for since, until in sorted(spans):
        if joined and since <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], until))
        else:
            joined.append((since, until))
    return joined


def _at(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)


def written(time: datetime | str) -> str:
    """A time in UTC, to the second; what is none as it is."""
    told = parsed(time) if isinstance(time, str) else time
    return told.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if told is not None else str(time)
