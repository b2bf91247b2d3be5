"""Detection: which units the auditor accuses, against those that a case's labels say are violations.

A finding counts once for each of its subjects. A check whose sentence is about workloads may name the offending
instances: then the workload is the unit, for findings and labels alike. A unit that is labelled inconclusive and came
out as neither inconclusive nor a violation is a *false pass*: the auditor would have vouched for what nobody could
see.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from evals.case import Labels, Unit
from evals.scorers.miss import Kind, Miss, share
from tools.model.report import Finding, Report, Verdict


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How often a check was right and wrong. `undecided` are units labelled inconclusive, `failed` subjects over which
    the check itself broke."""

    true_positives: int = 0
    false_positives: int = 0
    false_negatives: int = 0
    undecided: int = 0
    false_passes: int = 0
    failed: int = 0

    @property
    def labelled(self) -> int:
        """Labelled violations."""
        return self.true_positives + self.false_negatives

    @property
    def precision(self) -> float | None:
        """The share of accusations that are right; None where nothing was accused."""
        return share(self.true_positives, self.true_positives + self.false_positives)

    @property
    def recall(self) -> float | None:
        """The share of labelled violations that were found; None where there are none."""
        return share(self.true_positives, self.labelled)


class Detection(msgspec.Struct, frozen=True, kw_only=True):
    """The score of one case, by check. `healthy` says that nothing is labelled a violation, `left_alone` that nothing
    was accused."""

    counts: dict[str, Counts]
    misses: tuple[Miss, ...]
    healthy: bool
    left_alone: bool


def score(case: str, labels: Labels, report: Report) -> Detection:
    """Score one report against the labels of its case."""
    said: dict[Verdict, dict[Unit, Finding]] = {"violation": {}, "inconclusive": {}, "error": {}}
    whose: dict[tuple[str, str], str] = {}
    of_workloads = {row.check for row in report.coverage if row.noun == "workload"}
    for finding in report.findings:
        for subject in finding.subjects:
            if finding.check in of_workloads:
                whose[finding.check, str(subject)] = str(finding.owner)
            unit = _whole(Unit(finding.check, str(subject), finding.part), whose)
            said[finding.verdict].setdefault(unit, finding)
    accused, undecided, failed = said["violation"], said["inconclusive"], said["error"]
    wanted = {_whole(unit, whose) for unit in labels.violations}
    open_ones = {_whole(unit, whose) for unit in labels.inconclusive}
    wrong: dict[Kind, set[Unit]] = {
        "check failed": set(failed),
        "false pass": open_ones - accused.keys() - undecided.keys(),
        "false negative": wanted - accused.keys(),
        "false positive": accused.keys() - wanted,
    }
    checks = {unit.check for unit in (*wanted, *open_ones, *accused, *failed)} | {row.check for row in report.coverage}
    counts = {
        check: Counts(
            true_positives=_of(check, wanted & accused.keys()),
            false_positives=_of(check, wrong["false positive"]),
            false_negatives=_of(check, wrong["false negative"]),
            undecided=_of(check, open_ones),
            false_passes=_of(check, wrong["false pass"]),
            failed=_of(check, failed),
        )
        for check in sorted(checks)
    }
    misses = tuple(
        Miss(case, kind, str(unit), "; ".join(_instead(unit, open_ones, said, report)))
        for kind, units in wrong.items()
        for unit in sorted(units)
    )
    return Detection(counts=counts, misses=misses, healthy=not wanted, left_alone=not accused and not failed)


def _whole(unit: Unit, whose: dict[tuple[str, str], str]) -> Unit:
    """The unit of a check about workloads: the workload, where one of its instances is named."""
    return Unit(unit.check, whose.get((unit.check, unit.subject), unit.subject), unit.part)


def add(parts: Iterable[Counts]) -> Counts:
    """The sum of counts."""
    rows = list(parts)
    return Counts(**{field: sum(getattr(row, field) for row in rows) for field in Counts.__struct_fields__})


def _of(check: str, units: Iterable[Unit]) -> int:
    return sum(1 for unit in units if unit.check == check)


def _instead(
    unit: Unit, open_ones: set[Unit], said: dict[Verdict, dict[Unit, Finding]], report: Report
) -> Iterator[str]:
    """What was said of a unit; where nothing was, whom else its check accused."""
    here = [(verdict, units[unit]) for verdict, units in said.items() if unit in units]
    for verdict, finding in here:
        yield f"{verdict} {finding.code}: {finding.message}"
    if unit in open_ones and here:
        yield "labelled inconclusive"
    if here:
        return
    others = sorted(other for other in said["violation"] if other.check == unit.check)
    accused = ", ".join(f"{other.subject} {other.part}".strip() for other in others[:3])
    row = next((row for row in report.coverage if row.check == unit.check), None)
    told = row and f"no finding ({row.passed} {row.noun}s passed, to {row.not_applicable} it does not apply)"
    yield told or "the check did not run"
    if accused:
        yield f"it accuses {accused}" + (f" and {len(others) - 3} more" if len(others) > 3 else "")
