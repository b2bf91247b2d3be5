"""What is other than it was: the findings of one report against those of an earlier one, by their fingerprints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tools.model.report import Finding, Report
from tools.model.waiver import Waiver


class Changed(msgspec.Struct, frozen=True):
    """A finding that stands, and what of it is other than it was: `verdict`, `severity`, `subjects`, `evidence`."""

    finding: Finding
    what: tuple[str, ...]
    was: dict[str, Any]


class WaiverChange(msgspec.Struct, frozen=True):
    """A finding that is waived now, or no longer; and the waivers by which it is, or was."""

    finding: Finding
    by: tuple[Waiver, ...]


class Since(msgspec.Struct, frozen=True):
    """New, gone and changed findings against a run (None: there was no earlier one to compare with); `waived` are those
    that are waived now and were not, `unwaived` those that count and were waived. `other_settings` says that it judged
    by other settings: what is gone may only be asked otherwise."""

    run: str | None
    new: tuple[Finding, ...] = ()
    gone: tuple[Finding, ...] = ()
    changed: tuple[Changed, ...] = ()
    other_settings: bool = False
    waived: tuple[WaiverChange, ...] = ()
    unwaived: tuple[WaiverChange, ...] = ()


def compare(run: str, before: Report, after: Report) -> Since:
    """What one report has that another had not, and the other way round; in the order of the reports."""
    old, new = _by_name(before), _by_name(after)
    was, waived = _waivers(before), _waivers(after)
    moved = {name for name, one in new.items() if name in old and _is_in(waived, one) != _is_in(was, old[name])}
    both = (_difference(old[name], one) for name, one in new.items() if name in old and name not in moved)
    return Since(
        run,
        tuple(one for name, one in new.items() if name not in old and not _is_in(waived, one)),
        tuple(finding for name, finding in old.items() if name not in new),
        tuple(changed for changed in both if changed is not None),
        before.settings != after.settings,
        tuple(
            WaiverChange(one, waived[one.fingerprint])
            for name, one in new.items()
            if _is_in(waived, one) and (name in moved or name not in old)
        ),
        tuple(
            WaiverChange(one, was[one.fingerprint])
            for name, one in new.items()
            if name in moved and not _is_in(waived, one)
        ),
    )


def _waivers(report: Report) -> dict[str, tuple[Waiver, ...]]:
    """The waivers of what is waived in a report, by fingerprint."""
    known = {use.waiver.id: use.waiver for use in report.waivers}
    return {one.finding.fingerprint: tuple(known[name] for name in one.by) for one in report.waived}


def _is_in(waived: Mapping[str, object], finding: Finding) -> bool:
    return finding.verdict == "violation" and finding.fingerprint in waived


def _by_name(report: Report) -> dict[tuple[str, int], Finding]:
    """Findings by fingerprint, and where several have one (a violation, and a subject of it that is undecided), by
    their order."""
    found: dict[tuple[str, int], Finding] = {}
    for finding in report.found:
        place = 0
        while (finding.fingerprint, place) in found:
            place += 1
        found[finding.fingerprint, place] = finding
    return found


def _difference(old: Finding, new: Finding) -> Changed | None:
    before, after = _shown(old), _shown(new)
    what = tuple(name for name in after if before[name] != after[name])
    return Changed(new, what, {name: before[name] for name in what}) if what else None


def _shown(finding: Finding) -> dict[str, Any]:
    """What of a finding counts as a change: no resourceVersion, and no id that follows from one."""
    return {
        "verdict": finding.verdict,
        "severity": finding.severity,
        "subjects": sorted(finding.subjects),
        "evidence": sorted({(e.ref, e.field, e.value) for e in finding.evidence}, key=repr),
    }
