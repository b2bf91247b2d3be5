"""The scorers, against mutants: an auditor, a label or a catalogue that is wrong must change the score, and fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from evals.case import Case, Unit
from evals.scorecard import ALL, Score, Scorecard, score, total
from evals.scorers import detection
from evals.thresholds import Least, Thresholds, Trace, unmet
from tests.eval_case import CHECKS, IDS, PINNED, PLANTED, RUNS, healthy_case, planted_case
from tools.check import AnyCheck, Violation
from tools.engine import audit
from tools.model.path import Edge
from tools.model.path import Path as Deployed
from tools.model.report import Finding
from tools.path import path_of

MEASURED = Least(1.0, 1.0, 1)
LEAST = Thresholds(
    cases={"lab": 1},
    each=Least(1.0, 1.0, 0),
    tracing=Trace(1.0, 12, 0),
    false_passes=0,
    failed=0,
    left_alone=1.0,
    check={PINNED: MEASURED, RUNS: MEASURED},
)


def failures(card: Scorecard) -> list[str]:
    """The thresholds that a card does not reach."""
    return list(unmet(card, LEAST, IDS))


def scored(case: Case, checks: list[AnyCheck] = CHECKS, **trace: Any) -> Score:
    """The score of one case; it must not reach the thresholds."""
    card = total([score(case, checks, **trace)])
    assert failures(card), "a mutant reaches every threshold"
    return card.scores[ALL]


def mutated(of: str, examine: Callable[..., Iterator[Violation]]) -> list[AnyCheck]:
    """The checks, one of them (or `all`) with another examination."""
    return [msgspec.structs.replace(c, examine=examine) if of in (c.id, ALL) else c for c in CHECKS]


def nothing(subject: Any, view: Any) -> Iterator[Violation]:
    """An examination that finds nothing."""
    return iter(())


def anything(subject: Any, view: Any) -> Iterator[Violation]:
    """An examination that accuses whatever it sees."""
    yield Violation("mutant", "it is there", [])


def broken(subject: Any, view: Any) -> Iterator[Violation]:
    """An examination with a bug."""
    raise KeyError("a bug")


def test_the_auditor_itself_has_a_full_score(tmp_path: Path) -> None:
    card = total([score(planted_case(tmp_path), CHECKS), score(healthy_case(tmp_path), CHECKS)])
    whole = card.scores[ALL]
    assert not card.misses
    assert not failures(card)
    assert (whole.sum.true_positives, whole.sum.undecided, whole.sum.false_passes) == (2, 1, 0)
    assert (whole.checks[PINNED].precision, whole.checks[RUNS].recall) == (1.0, 1.0)
    assert (whole.healthy.cases, whole.healthy.left_alone) == (1, 1)
    assert (whole.tracing.edges, whole.tracing.accuracy) == (12, 1.0)
    assert whole.tracing.confusion == {"verified": {"verified": 10}, "contradicted": {"contradicted": 1}} | {
        "unknown": {"unknown": 1}
    }


def test_an_auditor_that_finds_nothing(tmp_path: Path) -> None:
    whole = scored(planted_case(tmp_path), mutated(ALL, nothing))
    assert whole.sum.recall == 0
    assert whole.sum.precision is None
    assert whole.sum.false_passes == 1


def test_an_auditor_that_accuses_everything(tmp_path: Path) -> None:
    card = total([score(case, mutated(ALL, anything)) for case in (planted_case(tmp_path), healthy_case(tmp_path))])
    whole = card.scores[ALL]
    assert whole.sum.recall == 1
    assert whole.sum.precision is not None
    assert whole.sum.precision < 0.5
    assert (whole.healthy.cases, whole.healthy.left_alone) == (1, 0)
    assert "healthy fleets left alone: 0, at least 1" in failures(card)
    assert any("labelled inconclusive" in miss.instead for miss in card.misses)


@pytest.mark.parametrize(("check", "other"), [(PINNED, RUNS), (RUNS, PINNED)])
def test_a_check_that_finds_nothing_any_more(check: str, other: str, tmp_path: Path) -> None:
    whole = scored(planted_case(tmp_path), mutated(check, nothing))
    assert whole.checks[check].recall == 0
    assert whole.checks[other].recall == 1


def test_a_check_that_breaks(tmp_path: Path) -> None:
    whole = scored(planted_case(tmp_path), mutated(PINNED, broken))
    assert whole.checks[PINNED].failed == 4
    assert whole.checks[PINNED].recall == 0


def test_a_check_that_breaks_over_a_healthy_fleet(tmp_path: Path) -> None:
    whole = scored(healthy_case(tmp_path), mutated(PINNED, broken))
    assert whole.healthy.left_alone == 0


def test_a_check_dropped_from_the_catalogue(tmp_path: Path) -> None:
    whole = scored(planted_case(tmp_path), [check for check in CHECKS if check.id != PINNED])
    assert whole.checks[PINNED].false_negatives == 1


def edited(case: Case, edit: Callable[[Finding], Finding | None]) -> detection.Detection:
    """The detection score of a report whose findings were edited (None: taken out)."""
    report = audit(case.facts, "s-0", CHECKS, case.settings)
    findings = tuple(f for f in map(edit, report.findings) if f is not None)
    return detection.score(case.name, case.labels, msgspec.structs.replace(report, findings=findings))


def test_a_finding_moved_to_another_subject(tmp_path: Path) -> None:
    def edit(finding: Finding) -> Finding:
        moved = tuple(msgspec.structs.replace(ref, name="web-1-x") for ref in finding.subjects)
        return msgspec.structs.replace(finding, subjects=moved) if finding.code == "patched-in-place" else finding

    counts = edited(planted_case(tmp_path), edit).counts[RUNS]
    assert (counts.true_positives, counts.false_positives, counts.false_negatives) == (0, 1, 1)


def test_a_finding_of_the_owner_instead_of_its_pods(tmp_path: Path) -> None:
    def edit(finding: Finding) -> Finding:
        return msgspec.structs.replace(finding, subjects=(finding.owner,))

    found = edited(planted_case(tmp_path), edit)
    assert found.counts[PINNED].precision == found.counts[PINNED].recall == 0
    assert found.counts[RUNS].false_passes == 1


def test_a_finding_moved_to_another_part(tmp_path: Path) -> None:
    def edit(finding: Finding) -> Finding:
        return msgspec.structs.replace(finding, part="sidecar" if finding.check == PINNED else finding.part)

    counts = edited(planted_case(tmp_path), edit).counts[PINNED]
    assert (counts.precision, counts.recall) == (0, 0)


def test_a_finding_of_another_check(tmp_path: Path) -> None:
    def edit(finding: Finding) -> Finding:
        return msgspec.structs.replace(finding, check=RUNS if finding.check == PINNED else finding.check)

    found = edited(planted_case(tmp_path), edit)
    assert found.counts[PINNED].recall == 0
    assert found.counts[RUNS].precision == 0.5


def test_an_inconclusive_turned_into_a_pass(tmp_path: Path) -> None:
    found = edited(planted_case(tmp_path), lambda f: f if f.verdict == "violation" else None)
    assert found.counts[RUNS].false_passes == 1
    assert found.counts[RUNS].precision == found.counts[RUNS].recall == 1
    assert [miss.kind for miss in found.misses] == ["false pass"]


def test_an_inconclusive_turned_into_a_violation(tmp_path: Path) -> None:
    found = edited(planted_case(tmp_path), lambda f: msgspec.structs.replace(f, verdict="violation"))
    assert (found.counts[RUNS].false_positives, found.counts[RUNS].false_passes) == (2, 0)


def test_a_violation_turned_into_an_inconclusive(tmp_path: Path) -> None:
    found = edited(planted_case(tmp_path), lambda f: msgspec.structs.replace(f, verdict="inconclusive"))
    assert found.counts[RUNS].recall == 0
    assert "inconclusive patched-in-place" in " ".join(miss.instead for miss in found.misses)


def test_an_edge_turned_to_verified(tmp_path: Path) -> None:
    def trace(container: Any, view: Any) -> Deployed:
        path = path_of(container, view)
        return msgspec.structs.replace(path, edges=tuple(Edge("verified", "so it says") for _ in path.edges))

    whole = scored(planted_case(tmp_path), trace=trace)
    assert whole.tracing.falsely_verified == 2
    assert whole.tracing.accuracy == 10 / 12
    assert whole.tracing.confusion["contradicted"] == {"verified": 1}


def test_an_edge_turned_to_unknown_is_not_falsely_verified(tmp_path: Path) -> None:
    def trace(container: Any, view: Any) -> Deployed:
        path = path_of(container, view)
        return msgspec.structs.replace(path, edges=tuple(Edge("unknown", "so it says") for _ in path.edges))

    whole = scored(planted_case(tmp_path), trace=trace)
    assert (whole.tracing.falsely_verified, whole.tracing.right) == (0, 1)


def test_a_label_removed(tmp_path: Path) -> None:
    whole = scored(planted_case(tmp_path, violations=PLANTED["violations"][:1]))
    assert whole.checks[PINNED].false_positives == 1
    assert whole.checks[RUNS].precision == 1


def test_a_label_added(tmp_path: Path) -> None:
    more = Unit(PINNED, "Pod/default/web-1-x", "app")
    whole = scored(planted_case(tmp_path, violations=[*PLANTED["violations"], msgspec.to_builtins(more)]))
    assert whole.checks[PINNED].recall == 0.5
    assert whole.checks[RUNS].recall == 1


def test_a_label_of_inconclusive_added_where_it_passes(tmp_path: Path) -> None:
    more = Unit(PINNED, "Pod/default/web-1-x", "app")
    whole = scored(planted_case(tmp_path, inconclusive=[msgspec.to_builtins(more)]))
    assert whole.checks[PINNED].false_passes == 1


def test_a_path_that_is_labelled_no_more_is_missed(tmp_path: Path) -> None:
    card = total([score(planted_case(tmp_path, paths=PLANTED["paths"][:2]), CHECKS)])
    assert failures(card) == ["tracing: labelled edges: 8, at least 12"]


def test_a_case_that_is_gone_is_missed() -> None:
    assert "cases of lab: 0, at least 1" in failures(total([]))
    assert f"{RUNS}: labelled violations: 0, at least 1" in failures(total([]))


def test_one_case_alone_needs_no_least_numbers(tmp_path: Path) -> None:
    card = total([score(healthy_case(tmp_path), CHECKS)])
    assert failures(card)
    assert not list(unmet(card, LEAST, IDS, whole=False))
