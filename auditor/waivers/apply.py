"""Waivers applied to a report: a function of the report, the waivers and the moment, and of nothing else.

Only violations are waived, each whole or not at all. What a check could not decide, a check that failed and evidence
that is missing stand whatever a waiver says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

import msgspec

from tools.model.report import Finding, Report, Waived
from tools.model.waiver import Waiver, WaiverState, WaiverUse

SOON = timedelta(days=14)
"""A waiver that ends within this time is said to."""


def waive(report: Report, waivers: Iterable[Waiver], now: datetime) -> Report:
    """The report with what is waived at a moment apart, and how each waiver stands. Their order does not matter."""
    ordered = sorted({one.id: one for one in waivers}.values(), key=lambda one: (one.expires, one.id))
    names = {scope.id: scope.name for scope in report.scopes}
    about = {one.id: [f for f in report.found if reaches(one, f, names)] for one in ordered}
    by: dict[str, list[str]] = {}
    for one in reversed(ordered):  # the one that holds longest is named first
        for finding in about[one.id] if state_of(one, now) != "expired" else ():
            by.setdefault(finding.fingerprint, []).append(one.id)
    found = report.found
    return msgspec.structs.replace(
        report,
        findings=tuple(f for f in found if not _taken(f, by)),
        waived=tuple(Waived(finding=f, by=tuple(by[f.fingerprint])) for f in found if _taken(f, by)),
        waivers=tuple(_use(one, about[one.id], by, report, names, now) for one in ordered),
    )


def state_of(waiver: Waiver, now: datetime) -> WaiverState:
    """How a waiver stands at a moment: from the moment at which it expires on it holds no more."""
    if waiver.expires <= now:
        return "expired"
    return "expiring" if waiver.expires - now <= SOON else "holds"


def reaches(waiver: Waiver, finding: Finding, names: Mapping[str, str]) -> bool:
    """Whether a waiver is about a finding, whenever: a violation, in its scope, which it names by its fingerprint, or
    by its check and either its owner or every one of its subjects."""
    return finding.verdict == "violation" and _named(waiver, finding, names) and not _left(waiver, finding)


def _taken(finding: Finding, by: Mapping[str, object]) -> bool:
    return finding.verdict == "violation" and finding.fingerprint in by


def _named(waiver: Waiver, finding: Finding, names: Mapping[str, str]) -> bool:
    """Whether a waiver names a finding's scope and its fingerprint or check, whatever its verdict and its subjects."""
    scope = finding.owner.scope
    if not (fnmatchcase(scope, waiver.scope) or fnmatchcase(names.get(scope, ""), waiver.scope)):
        return False
    return finding.fingerprint == waiver.fingerprint if waiver.fingerprint else finding.check == waiver.check


def _left(waiver: Waiver, finding: Finding) -> int:
    """How many subjects of a finding a waiver does not name."""
    if waiver.fingerprint or fnmatchcase(str(finding.owner), waiver.subject):
        return 0
    return sum(not fnmatchcase(str(ref), waiver.subject) for ref in finding.subjects)


def _use(
    waiver: Waiver,
    about: list[Finding],
    by: Mapping[str, object],
    report: Report,
    names: Mapping[str, str],
    now: datetime,
) -> WaiverUse:
    state = state_of(waiver, now)
    counted = [f.fingerprint for f in about if state != "expired" or f.fingerprint not in by]
    note = (
        "" if about else next(filter(None, (_why_not(waiver, f) for f in report.found if _named(waiver, f, names))), "")
    )
    return WaiverUse(waiver=waiver, state=state, findings=tuple(sorted(counted)), note=note)


def _why_not(waiver: Waiver, finding: Finding) -> str:
    """Why a waiver does not reach a finding of its fingerprint or check; empty where it is about something else."""
    left, total = _left(waiver, finding), len(finding.subjects)
    if left == total:
        return ""
    if finding.verdict != "violation":
        told = "inconclusive" if finding.verdict == "inconclusive" else "a check that failed"
        return f"{finding.fingerprint} is {told}, and that is never waived"
    return (
        f"it names {total - left} of the {total} subjects of {finding.fingerprint}, which is waived whole or not at all"
    )
