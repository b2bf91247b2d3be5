"""The audit log joined to the facts of its cluster: changes, what the log could have seen, and what was wrong with it.

It works on facts alone, so it serves a live cluster and a recording. A log is only used for the cluster that it is of:
one that gives our objects' names to objects of other uids, while ours were there, is another cluster's; one that names
none of ours says nothing about this one. In a cluster with several API servers each writes a log of its own, and
nothing in one of them tells of the others: give them all.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from tools.collect.actors import Actors
from tools.collect.kubernetes.auditlog import lines, said
from tools.collect.kubernetes.auditlog.folding import fold
from tools.collect.kubernetes.auditlog.known import Known, parse_time, ticks
from tools.collect.kubernetes.auditlog.policy import Eyes, eyes_of, read_policy
from tools.collect.kubernetes.auditlog.reading import Reader
from tools.collect.kubernetes.auditlog.records import in_order
from tools.collect.kubernetes.auditlog.tally import Reading
from tools.collect.kubernetes.auditlog.watching import Interval, second, watches_of
from tools.errors import SourceError
from tools.model.facts import Facts

AFTER_RECORDING = timedelta(hours=1)
"""How long after a recording's newest time events still belong to its moment."""
AFTER_NOW = timedelta(minutes=5)
"""How far ahead of ours the API server's clock may be."""


def attach(
    facts: Facts, files: list[Path], policy: Path | None, rules: Actors, since: str = "", until: str = ""
) -> Facts:
    """The facts with what an audit log adds to them. `files` are logs or folders of them, `policy` the API server's
    audit policy; `since` and `until` (RFC 3339) are the interval that the log is declared to cover, by default from its
    first event to its last. Raises `SourceError` where a file does not exist or the policy is none."""
    declared = Interval.of(since, until)
    scope = facts.scopes[0]
    moment = _moment(facts)
    limit = _plus(moment, AFTER_RECORDING if scope.recorded else AFTER_NOW)
    eyes = Eyes("", (), ()) if policy is None else eyes_of(*read_policy(policy), rules)
    reader = Reader(Known(facts, ticks(moment)), rules, limit)
    readings = [reader.read(file) for file in logs_of(files)]
    used, foreign = apart(readings)
    changes = fold(in_order(reading.records for reading in used), reader)
    newest = max((reading.last for reading in used if reading.last is not None), default=None)
    if scope.recorded and newest is not None:
        moment = max(moment, second(min(newest, limit), up=True)) if facts.moment else second(newest, up=True)
    told = [
        *(
            gap
            for gap in facts.gaps
            if not (gap.noun == "Change" and gap.code == "not-given" and gap.scope == scope.id)
        ),
        *said.of_files(scope.id, used, foreign, facts.moment),
        *said.of_content(scope.id, changes, eyes),
    ]
    return msgspec.structs.replace(
        facts,
        moment=moment.strftime("%Y-%m-%dT%H:%M:%SZ") if scope.recorded and newest is not None else facts.moment,
        changes=(*facts.changes, *changes),
        watches=(*facts.watches, *watches_of(scope.id, used, eyes, declared, moment if scope.recorded else limit)),
        gaps=tuple(sorted(set(told))),
    )


def logs_of(files: list[Path]) -> list[Path]:
    """The log files that were named: a file as it is, of a folder those that are logs by their content. Raises
    `SourceError`."""
    found: dict[Path, None] = {}
    for file in files:
        if file.is_file():
            found[file] = None
            continue
        if not file.is_dir():
            raise SourceError(f"{file} does not exist", mend="name an audit log, or a folder of them")
        logs = [f for f in sorted(file.rglob("*")) if f.is_file() and lines.kind_of(f) in ("lines", "document")]
        if not logs:
            raise SourceError(f"{file} holds no audit log", "no file in it begins with an audit.k8s.io Event")
        found.update(dict.fromkeys(logs))
    return list(found)


def apart(readings: list[Reading]) -> tuple[list[Reading], list[Reading]]:
    """The files that are this cluster's, and those that are not: they name our objects under other uids and none under
    our own. Where no file names one of ours by its uid, one such file speaks for all."""
    strange = [reading for reading in readings if reading.strange and not reading.ours]
    if strange and not any(reading.ours for reading in readings):
        return [], readings
    used = [reading for reading in readings if reading not in strange]
    if not any(reading.ours + reading.named for reading in used):
        return [], readings
    return used, strange


def _moment(facts: Facts) -> datetime:
    """When the facts were read; for a recording without any time, no time is too late."""
    try:
        return parse_time(facts.moment)
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)


def _plus(moment: datetime, more: timedelta) -> datetime:
    try:
        return moment + more
    except OverflowError:
        return moment
