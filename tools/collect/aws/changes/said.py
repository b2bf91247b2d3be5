"""What could not be told of acts, as gaps. None of them is required: an account may be audited without its log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from tools.collect.aws.answers import Answers
from tools.collect.aws.changes.covering import missing
from tools.collect.aws.changes.making import Unresolved
from tools.collect.aws.changes.trail import Fault, Trail
from tools.collect.aws.changes.watching import MEND
from tools.collect.aws.reads_acts import LOOKUP_EVENTS
from tools.model.change import Watch
from tools.model.observation import Gap
from tools.model.times import parsed

_MENDS = {
    "truncated": "give the whole file",
    "broken": "give the file as CloudTrail wrote it",
    "too-large": "give the files as CloudTrail wrote them, not joined",
    "not-cloudtrail": "give the trail's log files (AWSLogs/ACCOUNT/CloudTrail/…) alone",
    "out-of-order": "look for what changed the file's name, or its events, on the way here",
    "empty": "name the folder that the trail's bucket was copied to",
}
_MOST = 20


def gaps_of(
    answers: Answers,
    found: Trail,
    watches: tuple[Watch, ...],
    unresolved: list[Unresolved],
    faults: list[Fault],
    later: int,
) -> tuple[Gap, ...]:
    """What is to be said, sorted."""
    scope = answers.scope
    gaps = [*_wrong(scope, [*found.faults, *faults]), *_foreign(answers, found), *_unresolved(scope, unresolved)]
    lost = sorted({name for name, _ in missing(answers, found)})
    if lost:
        reason = f"{len(lost)} files that the trail's digests list are not here, first {lost[0]}"
        gaps.append(_gap(scope, "log-hole", reason, "give them too", len(lost)))
    gaps += _holes(scope, watches)
    if later:
        reason = f"{later} events are later than {answers.moment}, when this was recorded"
        gaps.append(_gap(scope, "later-than-snapshot", reason, "record the account anew, or look at the clocks", later))
    if not watches and answers.failed(LOOKUP_EVENTS) is None:
        gaps.append(
            _gap(
                scope,
                "no-cloudtrail",
                "CloudTrail was not read",
                "allow cloudtrail:LookupEvents, or give a trail's files with --audit-log",
            )
        )
    return tuple(sorted(set(gaps)))


def _wrong(scope: str, faults: list[Fault]) -> Iterator[Gap]:
    for fault in faults[:_MOST]:
        yield _gap(scope, fault.code, f"{fault.place}: {fault.reason}", _MENDS.get(fault.code, ""))
    if len(faults) > _MOST:
        yield _gap(scope, "broken", f"{len(faults) - _MOST} more faults of the trail's files", "", len(faults) - _MOST)


def _foreign(answers: Answers, found: Trail) -> Iterator[Gap]:
    """Files of other accounts and regions alone say nothing about this one."""
    if (answers.account, answers.region) in found.seen or not (found.seen or found.files):
        return
    others = ", ".join(f"{account or '?'}/{region or '?'}" for account, region in sorted(found.seen))
    told = f"they are of {others}" if others else "they hold no events"
    reason = f"the trail's files say nothing of {answers.scope}: {told}"
    yield _gap(answers.scope, "nothing-matches", reason, "give this account's and region's files")


def _unresolved(scope: str, unresolved: list[Unresolved]) -> Iterator[Gap]:
    for act in sorted({one.act for one in unresolved}):
        some = sorted({one for one in unresolved if one.act == act}, key=lambda one: (one.time, one.reason))
        more = f"; {len(some) - 1} more like it" if len(some) > 1 else ""
        yield _gap(scope, "targets-unknown", f"{some[0].reason}{more}", MEND, len(some))


def _holes(scope: str, watches: tuple[Watch, ...]) -> Iterator[Gap]:
    """The intervals between what was watched that nothing covers."""
    reached = None
    for watch in watches:
        since, until = parsed(watch.since), parsed(watch.until)
        if reached is not None and since is not None and since > reached + timedelta(seconds=1):
            reason = f"{watch.name}: nothing covers {reached:%FT%H:%M:%SZ} to {watch.since}"
            yield _gap(scope, "log-hole", reason, "give the files between, or declare since and until")
        if until is not None:
            reached = until if reached is None else max(reached, until)


def _gap(scope: str, code: str, reason: str, mend: str = "", count: int = 0) -> Gap:
    return Gap(scope=scope, noun="Change", code=code, reason=reason, mend=mend, count=count, required=False)
