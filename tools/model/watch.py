"""What an audit log could have seen: whether the absence of an act in it proves that there was none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from tools.model.change import Act, Blind, Watch
from tools.model.host import Host
from tools.model.identity import Ref
from tools.model.instance import Instance
from tools.model.observation import NotObserved
from tools.model.times import parsed
from tools.model.workload import Release, Workload

STALE = timedelta(hours=1)
"""How much older than the snapshot a log's end may be, and still speak for it: its interval is said with a pass."""


def unwatched(
    watches: Iterable[Watch],
    thing: Host | Instance | Release | Workload,
    acts: tuple[Act, ...],
    moment: str,
    none: NotObserved,
) -> NotObserved | None:
    """Why the logs could have missed one of these acts on an object since it was made; None where they could not.
    `none` is the answer where there is no log at all."""
    own = sorted(watches)
    if not own:
        return none
    made = parsed(thing.created)
    chain = _last_chain([watch for watch in own if _matters(watch, made, own)] or own[-1:])
    since, until, name = chain[0].since, max(watch.until for watch in chain), chain[-1].name
    for watch in chain:
        if watch.broken:
            return NotObserved(f"{watch.name} is not whole: {watch.broken}", "log-broken", "give the whole log")
        if not watch.policy:
            return NotObserved(
                f"{watch.name} does not show what it leaves out: its policy was not given, so absence in it proves "
                "nothing",
                "policy-unknown",
                "give the API server's audit policy with --audit-policy",
            )
        for blind in _blind_spots(watch, thing.ref, acts):
            return NotObserved(
                f"{watch.name} could not have recorded every {blind.act}: {blind.reason}",
                "policy-blind",
                blind.mend or "let the audit policy record it before the rule that drops it",
            )
    if made is None:
        return NotObserved(f"{thing.ref} does not report when it was made", "not-reported")
    begun = parsed(since)
    if begun is None or made < begun:
        return NotObserved(
            f"{name} begins at {since}, after {thing.ref} was made ({thing.created})",
            "log-begins-later",
            "give the older logs too; from now on every run remembers what was watched",
        )
    if _older(until, moment):
        return NotObserved(f"{name} ends at {until}, long before {moment}", "log-ends-early", "give the newest log")
    return None


def _matters(watch: Watch, made: datetime | None, others: list[Watch]) -> bool:
    """Whether a log has a say about an object made then: not one that had ended, nor one that is not whole, was read
    without its policy or is blind, where the same log was read again and better."""
    until = parsed(watch.until)
    if made is not None and until is not None and until < made:
        return False
    worse = bool(watch.broken) or not watch.policy
    return not (worse or watch.blind) or not any(_replaces(other, watch, worse) for other in others)


def _replaces(other: Watch, watch: Watch, worse: bool) -> bool:
    """Whether a log was read again and better: whole, and under its policy; or under the same one with no blind spot
    left (what had happened to nobody knew which server is known by now)."""
    better = other.policy and not other.broken and (worse or (other.policy == watch.policy and not other.blind))
    return bool(better) and other.name == watch.name and other.since <= watch.since and watch.until <= other.until


def _blind_spots(watch: Watch, ref: Ref, acts: tuple[Act, ...]) -> Iterator[Blind]:
    for blind in watch.blind:
        if (
            (not acts or blind.act in acts)
            and (not blind.namespaces or ref.namespace in blind.namespaces)
            and (not blind.kinds or ref.kind in blind.kinds)
            and (not blind.names or ref.name in blind.names)
        ):
            yield blind


def _last_chain(watches: list[Watch]) -> list[Watch]:
    """The newest run of intervals without a hole between them."""
    begin = 0
    for index, (_, after) in enumerate(pairwise(watches), 1):
        if max(w.until for w in watches[begin:index]) < after.since:
            begin = index
    return watches[begin:]


def _older(until: str, moment: str) -> bool:
    end, now = parsed(until), parsed(moment)
    return end is None or now is None or now - end > STALE
