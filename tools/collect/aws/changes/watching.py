"""What CloudTrail could have seen: its own history where it was asked, and a trail's files, from when to when.

Both hold the management events of one account and region. What enters a server through no API of AWS (ssh, an agent of
somebody else's) is in neither.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from tools.collect.aws.answers import Answers
from tools.collect.aws.changes.events import ACTS_OF
from tools.collect.aws.changes.making import Unresolved
from tools.collect.aws.changes.trail import SLACK, Seen, Trail, delivered
from tools.collect.aws.reads_acts import LOOKED_UP, LOOKUP_EVENTS, MOST
from tools.collect.aws.wire.cloudtrail import Digest, Lookup
from tools.model.change import ENTERING, Blind, Watch
from tools.model.times import parsed

POLICY = "management events, through the API: what comes by ssh is in no log of AWS"
HISTORY = "CloudTrail's event history"
FILES = "the trail's files"
HOLE = timedelta(hours=1)
"""How long a region may be silent in a trail's files before a file is missing, where no digest says that there is none:
the agents of its servers alone call more often."""
MEND = "allow the reader ssm:List*, ssm:Describe* and codedeploy:*Get*, codedeploy:List*"
"""What closes a blind spot, as long as the service still tells."""
LIMIT = "limit"
"""The code of a call of which no more pages were waited for (`call.py`)."""
BREAKING = ("truncated", "broken", "too-large")
"""What makes a file not whole. (One of another kind is none of the trail's.)"""


def watches_of(answers: Answers, found: Trail, unresolved: list[Unresolved]) -> tuple[Watch, ...]:
    """What could have been seen of the scope. What is known to have happened to nobody knows which instance is a blind
    spot of the time before it: of whatever was made later it says nothing."""
    spots = list(_spots(unresolved))
    files = list(_files(answers, found))
    history = [part for watch in _history(answers) for part in _parted(watch, list(_cut_short(answers)))]
    whole = [*_left(history, files), *_left(files, history)]
    return tuple(sorted({part for watch in whole for part in _parted(watch, spots)}))


def _left(watches: list[Watch], others: list[Watch]) -> list[Watch]:
    """Those that still say something: one that is not whole, or blind, says nothing where another log was whole."""
    clean = [watch for watch in others if not watch.broken and not watch.blind]
    holes = [watch for watch in others if watch.broken or watch.blind]
    return [
        watch
        for watch in watches
        if not (watch.broken or watch.blind)
        or not any(other.since <= watch.since and watch.until <= other.until for other in clean)
        or any(hole.since <= watch.until and watch.since <= hole.until for hole in holes)
    ]


def _spots(unresolved: list[Unresolved]) -> Iterator[tuple[str, Blind]]:
    """Each act that is so, with the last time."""
    for act in sorted({one.act for one in unresolved}):
        some = sorted((one for one in unresolved if one.act == act), key=lambda one: (one.time, one.reason))
        more = f" (and {len(some) - 1} more)" if len(some) > 1 else ""
        yield _text(some[-1].time), Blind(act, f"{some[-1].reason}{more}", kinds=("Instance",), mend=MEND)


def _parted(watch: Watch, spots: list[tuple[str, Blind]]) -> Iterator[Watch]:
    """A watch as intervals, each with what it is blind to."""
    since = watch.since
    for until in sorted({time for time, _ in spots if watch.since < time < watch.until} | {watch.until}):
        blind = {*watch.blind, *(spot for time, spot in spots if time > since)}
        yield msgspec.structs.replace(watch, since=since, until=until, blind=tuple(sorted(blind)))
        since = until


def _history(answers: Answers) -> Iterator[Watch]:
    """The event history, as far as it was asked, less the minutes that an event may take to be in it: a name that was
    not asked for is a blind spot of its acts."""
    pages = answers.of(LOOKUP_EVENTS)
    failures = [f for f in answers.failures if f.operation == LOOKUP_EVENTS.key]
    if not pages:
        return
    asked = {a.attribute_value for page in pages for a in page.lookup_attributes if a.attribute_key == "EventName"}
    missed = [name for name in LOOKED_UP if asked and name not in asked]
    broken = next((f"{f.code} {f.reason}".strip() for f in failures if f.code != LIMIT), "")
    since = max((page.start_time for page in pages), default="")
    asked_to = min((page.end_time for page in pages if page.end_time), default="") or answers.moment
    end = parsed(asked_to)
    until = _text(end - SLACK) if end is not None else asked_to
    if not since:
        broken = broken or "the interval that was asked for is not told"
        since = until
    yield Watch(
        scope=answers.scope,
        since=_text(since),
        until=max(_text(since), _text(until)),
        name=HISTORY,
        policy=POLICY,
        blind=tuple(sorted({blind for name in missed for blind in _blind(name, "was not looked up")})),
        broken=broken,
    )


def _cut_short(answers: Answers) -> Iterator[tuple[str, Blind]]:
    """The names of which only the newest pages were waited for: blind to what was before."""
    if not any(f.operation == LOOKUP_EVENTS.key and f.code == LIMIT for f in answers.failures):
        return
    pages: dict[str, list[Lookup]] = defaultdict(list)
    for page in answers.of(LOOKUP_EVENTS):
        for attribute in page.lookup_attributes:
            pages[attribute.attribute_value].append(page)
    for name, some in sorted(pages.items()):
        if len(some) >= MOST and name in ACTS_OF:
            oldest = min((one.event_time for one in some[-1].events if parsed(one.event_time)), default=answers.moment)
            for blind in _blind(name, f"was looked up to {oldest} alone: there are too many"):
                yield _text(oldest), blind


def _blind(name: str, why: str) -> Iterator[Blind]:
    for act in ACTS_OF[name]:
        kinds = ("Instance",) if act in ENTERING else ("AutoScalingGroup",)
        yield Blind(act, f"{name} {why}", kinds=kinds, mend="give the trail's files with --audit-log")


def _files(answers: Answers, found: Trail) -> Iterator[Watch]:
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
    return Watch(scope=scope, since=_text(since), until=_text(until), name=FILES, policy=POLICY, broken=broken)


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


def _text(time: datetime | str) -> str:
    told = parsed(time) if isinstance(time, str) else time
    return told.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if told is not None else str(time)
