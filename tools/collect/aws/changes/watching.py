"""What CloudTrail could have seen: its own history where it was asked, and a trail's files, from when to when.

Both hold the management events of one account and region. What enters a server through no API of AWS (ssh, an agent of
somebody else's) is in neither.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import msgspec

from tools.collect.aws.answers import Answers
from tools.collect.aws.changes.covering import POLICY, of_files, written
from tools.collect.aws.changes.events import ACTS_OF
from tools.collect.aws.changes.making import Unresolved
from tools.collect.aws.changes.trail import SLACK, Trail
from tools.collect.aws.reads_acts import LOOKED_UP, LOOKUP_EVENTS, MOST
from tools.collect.aws.wire.cloudtrail import Lookup
from tools.model.change import ENTERING, Blind, Watch
from tools.model.times import parsed

HISTORY = "CloudTrail's event history"
MEND = "allow the reader ssm:List*, ssm:Describe* and codedeploy:*Get*, codedeploy:List*"
"""What closes a blind spot, as long as the service still tells."""
LIMIT = "limit"
"""The code of a call of which no more pages were waited for (`call.py`)."""


def watches_of(answers: Answers, found: Trail, unresolved: list[Unresolved]) -> tuple[Watch, ...]:
    """What could have been seen of the scope. What is known to have happened to nobody knows which instance is a blind
    spot of the time before it: of whatever was made later it says nothing."""
    spots = list(_spots(unresolved))
    files = list(of_files(answers, found))
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
    """Each act that is so, and the instances where they are known, with the last time."""
    for act, names in sorted({(one.act, one.names) for one in unresolved}):
        alike = (one for one in unresolved if (one.act, one.names) == (act, names))
        some = sorted(alike, key=lambda one: (one.time, one.reason))
        more = f" (and {len(some) - 1} more)" if len(some) > 1 else ""
        blind = Blind(act, f"{some[-1].reason}{more}", kinds=("Instance",), mend=MEND, names=names)
        yield written(some[-1].time), blind


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
    until = written(end - SLACK) if end is not None else asked_to
    if not since:
        broken = broken or "the interval that was asked for is not told"
        since = until
    yield Watch(
        scope=answers.scope,
        since=written(since),
        until=max(written(since), written(until)),
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
                yield written(oldest), blind


def _blind(name: str, why: str) -> Iterator[Blind]:
    for act in ACTS_OF[name]:
        kinds = ("Instance",) if act in ENTERING else ("AutoScalingGroup",)
        yield Blind(act, f"{name} {why}", kinds=kinds, mend="give the trail's files with --audit-log")
