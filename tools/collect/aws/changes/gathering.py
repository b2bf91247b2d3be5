"""From the answers of an account, and the files of its trail, to changes, watches and gaps."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from tools.collect.actors import Actors
from tools.collect.aws.answers import Answers
from tools.collect.aws.changes import events, untold
from tools.collect.aws.changes.making import Making, folded
from tools.collect.aws.changes.said import gaps_of
from tools.collect.aws.changes.services import Services
from tools.collect.aws.changes.subjects import Seen, Subjects
from tools.collect.aws.changes.trail import Fault, Trail
from tools.collect.aws.changes.watching import watches_of
from tools.collect.aws.reads_acts import LOOKUP_EVENTS
from tools.collect.aws.wire import cloudtrail
from tools.model.change import Change, Watch
from tools.model.observation import Gap
from tools.model.times import parsed

CLOCKS = timedelta(minutes=1)


class Acts(msgspec.Struct, frozen=True):
    """What was done in a scope, what could have been seen of it, and what could not; each sorted."""

    changes: tuple[Change, ...] = ()
    watches: tuple[Watch, ...] = ()
    gaps: tuple[Gap, ...] = ()


def of(answers: Answers, compute: Seen, actors: Actors, files: Trail | None = None) -> Acts:
    """The changes of a scope. `compute` is what was made of its answers before, `files` what was read of a trail."""
    found = files if files is not None else Trail()
    making = Making(Subjects(answers.scope, compute), Services(answers), actors, answers.moment)
    told, faults = _looked_up(answers)
    later = 0
    for event in sorted({**told, **found.events}.values(), key=lambda one: (one.event_time, one.event_id)):
        if event.recipient_account_id not in ("", answers.account) or event.aws_region != answers.region:
            continue
        if _later(event.event_time, answers.moment):
            later += 1
            continue
        events.tell(event, making)
    untold.tell(making)
    watches = watches_of(answers, found, making.unresolved)
    gaps = gaps_of(answers, found, watches, making.unresolved, faults, later)
    return Acts(folded(making.changes), watches, gaps)


def _looked_up(answers: Answers) -> tuple[dict[str, cloudtrail.Event], list[Fault]]:
    """The events of LookupEvents' answers by id, and what of them can't be read."""
    found: dict[str, cloudtrail.Event] = {}
    faults: list[Fault] = []
    for page in answers.of(LOOKUP_EVENTS):
        for one in page.events:
            try:
                event = cloudtrail.event.decode(one.cloud_trail_event)
            except (msgspec.DecodeError, RecursionError) as error:
                faults.append(Fault(f"event {one.event_id}", "broken", str(error)))
                continue
            if not event.error_code:
                found[event.event_id or one.event_id] = event
    return found, faults


def _later(time: str, moment: str) -> bool:
    one, other = parsed(time), parsed(moment)
    return one is not None and other is not None and one > other + CLOCKS
