"""The engine: runs each check over all subjects of its noun, and makes the report.

The one place that catches `Exception`: a bug in a check fails loudly as that check's own error, discards what it had
yielded for that subject, and leaves the other checks alone.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from typing import Any

import msgspec

from tools.check import AnyCheck, Thing, View, Violation
from tools.evidence import quote
from tools.model.facts import Facts
from tools.model.history import History, Memory
from tools.model.identity import Ref
from tools.model.nouns import Budget, Change, Container, Host, Instance, Part, Pool, Release, Workload, Write
from tools.model.observation import NotApplicable, NotObserved
from tools.model.report import (
    REPORT_VERSION,
    SEVERITIES,
    VERDICTS,
    Coverage,
    Evidence,
    Finding,
    Report,
    Verdict,
    fingerprint,
)

NOUNS: tuple[Any, ...] = (Container, Host, Instance, Pool, Release, Workload)


_Group = tuple[Verdict, tuple[str, str], str, str]
"""Verdict, scope and owner, part, cause code: what makes outcomes one finding."""


class _Tally:
    """The outcomes of one check, on the way to findings and coverage."""

    def __init__(self, check: AnyCheck, view: View) -> None:
        self.check = check
        self.view = view
        self.counts: Counter[str] = Counter()
        self.groups: dict[_Group, list[tuple[Ref, Violation, list[Evidence]]]] = defaultdict(list)
        self.owners: dict[tuple[str, str], Ref] = {}

    def add(self, verdict: Verdict, thing: Thing, violation: Violation, evidence: list[Evidence]) -> None:
        owner = owner_of(thing)
        key = (owner.scope, owner.key)
        self.owners[key] = owner
        part = thing.name if isinstance(thing, Container | Part) else ""
        self.groups[verdict, key, part, violation.code].append((thing.ref, violation, evidence))

    def findings(self) -> list[Finding]:
        """One finding for each group of outcomes that share verdict, owner, part and cause."""
        made = []
        for (verdict, key, part, code), members in self.groups.items():
            members.sort(key=lambda member: member[0])
            owner, first = self.owners[key], members[0][1]
            made.append(
                Finding(
                    fingerprint=fingerprint(owner.scope, owner, part, self.check.id, code),
                    check=self.check.id,
                    principle=self.check.principle,
                    severity=self.check.severity,
                    verdict=verdict,
                    code=code,
                    message=_message([member[1].message for member in members]),
                    owner=owner,
                    part=part,
                    subjects=tuple(sorted({member[0] for member in members})),
                    evidence=tuple(dict.fromkeys(e for member in members for e in member[2])),
                    since=min((m[1].since for m in members if m[1].since), default=""),
                    mend=_mend(first),
                    remedy=first.remedy,
                )
            )
        return made


def _message(told: list[str]) -> str:
    """What the members of a group say: the first, and how many others say something else."""
    others = len(set(told)) - 1
    return told[0] if not others else f"{told[0]} (and {others} more like it)"


class _Unsettled(Violation, frozen=True, gc=False):
    """An inconclusive outcome on its way to a finding: a cause code and a reason, and what would settle it."""

    mend: str = ""


def _mend(violation: Violation) -> str:
    return violation.mend if isinstance(violation, _Unsettled) else ""


def examine(check: AnyCheck, view: View) -> tuple[list[Finding], Coverage]:
    """Run one check over every subject that was seen, and say how far that came."""
    tally = _Tally(check, view)
    spoken_of = _scopes_of(check, view)
    for subject in view.seen(check.noun):
        if check.scopes and subject.ref.scope not in spoken_of:
            continue
        tally.counts[_examine_one(check, subject, view, tally)] += 1
    missing = view.unseen(check.noun.__name__, scopes=spoken_of)
    counts = tally.counts
    return tally.findings(), Coverage(
        check=check.id,
        noun=check.noun.__name__.lower(),
        passed=counts["pass"],
        violations=counts["violation"],
        inconclusive=counts["inconclusive"],
        not_applicable=counts["not-applicable"],
        errors=counts["error"],
        unseen=missing.reason if missing else "",
        within=_within(view) if check.watched else "",
    )


def _scopes_of(check: AnyCheck, view: View) -> set[str]:
    """The ids of the scopes that a check speaks of."""
    return {scope.id for scope in view.scopes.values() if not check.scopes or scope.kind in check.scopes}


def _within(view: View) -> str:
    """The intervals in which an audit log was kept: a pass says no more than what went through the API in them."""
    watches = [watch for scope in view.scopes for watch in view.watched(scope)]
    told = ", ".join(f"{watch.since} to {watch.until}" for watch in watches)
    return f"through the API, {told}" if told else ""


def _examine_one(check: AnyCheck, subject: Any, view: View, tally: _Tally) -> str:
    found: list[tuple[Violation, list[Evidence]]] = []
    unsettled: _Unsettled | None = None
    try:
        for violation in check(subject, view):
            found.append((violation, [quote(view, thing, field) for thing, field in violation.evidence]))
    except NotApplicable:
        if not found:
            return "not-applicable"
    except NotObserved as missing:
        unsettled = _Unsettled(missing.code, missing.reason, [], mend=missing.mend)
    except Exception as bug:  # noqa: BLE001 - the one place: a check's own bug is its own error, never another's
        reason = f"the check failed: {type(bug).__name__}: {bug}"
        tally.add("error", subject, _Unsettled("check-failed", reason, [], mend="report this; it is a bug"), [])
        return "error"
    for violation, evidence in found:
        tally.add("violation", violation.on or subject, violation, evidence)
    if unsettled is not None:
        tally.add("inconclusive", subject, unsettled, [])
    return "violation" if found else "inconclusive" if unsettled is not None else "pass"


def owner_of(thing: Thing) -> Ref:
    """The root owner that a finding about this thing hangs on."""
    if isinstance(thing, Instance | Release):
        return thing.workload
    if isinstance(thing, Container | Part | Write | Change | Memory):
        return thing.root
    if isinstance(thing, Budget) and thing.covers:
        return thing.covers[0]
    if isinstance(thing, Host):
        return Ref(thing.ref.scope, "Host", thing.pool, thing.ref.name, thing.ref.uid)
    return thing.ref


def audit(
    facts: Facts,
    snapshot_id: str,
    checks: list[AnyCheck],
    settings: dict[str, msgspec.Struct],
    history: History | None = None,
) -> Report:
    """Run every check over the facts. Deterministic: the same input gives the same report."""
    view = View(facts, settings, history)
    findings: list[Finding] = []
    coverage: list[Coverage] = []
    for check in checks:
        if not _scopes_of(check, view):
            continue
        found, reached = examine(check, view)
        findings += found
        coverage.append(reached)
    findings.sort(key=_worst_first)
    return Report(
        version=REPORT_VERSION,
        snapshot=snapshot_id,
        settings=hashlib.sha256(msgspec.json.encode(settings, order="deterministic")).hexdigest()[:12],
        moment=facts.moment,
        scopes=facts.scopes,
        counts={str(noun.__name__).lower(): len(list(view.seen(noun))) for noun in NOUNS},
        findings=tuple(findings),
        coverage=tuple(coverage),
        gaps=tuple(sorted(facts.gaps)),
        history=view.history.moment,
    )


def _worst_first(finding: Finding) -> tuple[Any, ...]:
    return (
        VERDICTS.index(finding.verdict),
        SEVERITIES.index(finding.severity),
        finding.owner.key,
        finding.owner.scope,
        finding.check,
        finding.part,
        finding.code,
    )
