"""Waivers, as a function of a report, the waivers and a moment: nothing is lost, nothing is made better than it is."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.commands.demo import RECORDING
from auditor.planning import choose
from auditor.settings import load_settings
from auditor.since import Since, compare
from auditor.store.store import Store
from auditor.waivers.apply import SOON, waive
from tools.catalogue import convert_settings, discover
from tools.check import View
from tools.collect.kubernetes.recording import collect
from tools.engine import audit
from tools.errors import Refused
from tools.model.observation import Gap
from tools.model.report import Finding, Report, Waived
from tools.model.waiver import Waiver, WaiverUse, named

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
FACTS = collect(RECORDING)
CHECKS = discover()
SETTINGS = convert_settings(CHECKS, load_settings(str(RECORDING / "auditor.toml")).checks)
REPORT = audit(FACTS, "s-0", CHECKS, SETTINGS)
VIOLATIONS = [f for f in REPORT.findings if f.verdict == "violation"]
PINNED = next(f for f in VIOLATIONS if f.check == "image-pinned-by-digest")
HALF = next(f for f in VIOLATIONS if f.check == "rollout-complete" and len(f.subjects) == 3)
UNDECIDED = next(f for f in REPORT.findings if f.verdict == "inconclusive")


def waiver(
    fingerprint: str = "", check: str = "", subject: str = "", scope: str = "*", days: float = 100, owner: str = "Bob"
) -> Waiver:
    end = NOW + timedelta(days=days)
    return named(
        Waiver(
            fingerprint=fingerprint, check=check, subject=subject, scope=scope, owner=owner, reason="so", expires=end
        )
    )


def waived(report: Report) -> list[str]:
    return [one.finding.fingerprint for one in report.waived]


def use_of(report: Report) -> WaiverUse:
    (use,) = report.waivers
    return use


NAMES = [str(f.owner) for f in REPORT.findings] + [str(r) for f in REPORT.findings for r in f.subjects]
PATTERNS = st.sampled_from([*NAMES, "*", "Deployment/*", "Pod/*", "Deployment/catalog/?alf", "nothing"])
WAIVERS = st.lists(
    st.one_of(
        st.builds(
            waiver,
            fingerprint=st.sampled_from([f.fingerprint for f in REPORT.findings] + ["f-000000000000"]),
            scope=st.sampled_from(["*", "shop", "other", REPORT.scopes[0].id]),
            days=st.sampled_from([-400, -1, 0, 1, 14, 15, 400]),
        ),
        st.builds(
            waiver,
            check=st.sampled_from([c.id for c in CHECKS]),
            subject=PATTERNS,
            scope=st.sampled_from(["*", "shop", "other"]),
            days=st.sampled_from([-400, -1, 0, 1, 14, 15, 400]),
        ),
    ),
    max_size=8,
)


def same(one: Sequence[Finding], other: Sequence[Finding]) -> bool:
    return sorted(map(repr, one)) == sorted(map(repr, other))


@given(WAIVERS)
def test_no_finding_is_lost_and_none_is_made(waivers: list[Waiver]) -> None:
    report = waive(REPORT, waivers, NOW)
    assert same(report.found, REPORT.findings)
    assert [f for f in REPORT.findings if f in report.findings] == list(report.findings), "in the order that was"
    assert {one.finding.verdict for one in report.waived} <= {"violation"}
    assert report.coverage == REPORT.coverage
    assert report.gaps == REPORT.gaps
    assert {use.waiver.id for use in report.waivers} == {one.id for one in waivers}, "and every waiver is told"


@given(WAIVERS, st.randoms())
def test_their_order_and_repetition_do_not_matter(waivers: list[Waiver], chance: random.Random) -> None:
    other = [*waivers, *waivers[:2]]
    chance.shuffle(other)
    once = waive(REPORT, waivers, NOW)
    assert waive(REPORT, other, NOW) == once
    again = waive(once, waivers, NOW)
    assert (same(again.found, REPORT.findings), waived(again)) == (True, waived(once)), "applied twice is applied once"
    assert same(waive(once, (), NOW).findings, REPORT.findings)


@given(WAIVERS, WAIVERS)
def test_an_expired_one_makes_nothing_better(waivers: list[Waiver], others: list[Waiver]) -> None:
    expired = [named(msgspec.structs.replace(one, expires=NOW - timedelta(seconds=n))) for n, one in enumerate(others)]
    without, report = waive(REPORT, waivers, NOW), waive(REPORT, [*waivers, *expired], NOW)
    assert report.findings == without.findings
    assert report.exit_code == without.exit_code
    assert waive(REPORT, expired, NOW).findings == REPORT.findings


@given(WAIVERS)
def test_whatever_is_waived_is_so_by_one_that_holds_and_says_so(waivers: list[Waiver]) -> None:
    report = waive(REPORT, waivers, NOW)
    uses = {use.waiver.id: use for use in report.waivers}
    for one in report.waived:
        assert one.by
        assert [uses[name].waiver.expires for name in one.by] == sorted(
            (uses[name].waiver.expires for name in one.by), reverse=True
        )
        for name in one.by:
            assert uses[name].waiver.expires > NOW
            assert one.finding.fingerprint in uses[name].findings
    for use in report.waivers:
        if use.state == "expired":
            assert not set(use.findings) & set(waived(report)), "what another waives does not count again"
        else:
            assert set(use.findings) <= set(waived(report))


def test_by_fingerprint_and_by_check_and_subject() -> None:
    for one in (
        waiver(PINNED.fingerprint),
        waiver(check=PINNED.check, subject=str(PINNED.owner)),
        waiver(check=PINNED.check, subject="Deployment/search/*", scope="sh*"),
        waiver(PINNED.fingerprint, scope=REPORT.scopes[0].id),
    ):
        report = waive(REPORT, [one], NOW)
        assert waived(report) == [PINNED.fingerprint]
        assert (use_of(report).state, use_of(report).findings) == ("holds", (PINNED.fingerprint,))
    for one in (
        waiver(PINNED.fingerprint, scope="other"),
        waiver(check="host-baseline", subject=str(PINNED.owner)),
        waiver(check=PINNED.check, subject="search/*"),
    ):
        report = waive(REPORT, [one], NOW)
        assert waived(report) == []
        assert (use_of(report).unused, use_of(report).note) == (True, "")


def test_of_several_the_one_that_holds_longest_is_named_first() -> None:
    short, long = (waiver(PINNED.fingerprint, days=days) for days in (20, 30))
    report = waive(REPORT, [long, short, waiver(PINNED.fingerprint, days=-1)], NOW)
    assert report.waived[0].by == (long.id, short.id)
    assert [use.findings for use in report.waivers] == [(), (PINNED.fingerprint,), (PINNED.fingerprint,)]


def test_a_finding_is_waived_whole_or_not_at_all() -> None:
    every = waive(REPORT, [waiver(check=HALF.check, subject="Pod/catalog/half-*")], NOW)
    assert waived(every) == [HALF.fingerprint]
    one = waive(REPORT, [waiver(check=HALF.check, subject=str(HALF.subjects[0]))], NOW)
    assert waived(one) == []
    assert use_of(one).note == (
        f"it names 1 of the 3 subjects of {HALF.fingerprint}, which is waived whole or not at all"
    )


def test_what_is_undecided_is_never_waived() -> None:
    report = waive(REPORT, [waiver(UNDECIDED.fingerprint)], NOW)
    assert report.findings == REPORT.findings
    assert "inconclusive, and that is never waived" in use_of(report).note


def everything() -> list[Waiver]:
    """Waivers of every check on everything."""
    return [waiver(check=check.id, subject="*") for check in CHECKS]


@pytest.mark.parametrize(
    ("verdict", "gap", "code"),
    [("violation", False, 0), ("error", False, 1), ("inconclusive", True, 3), ("violation", True, 3)],
)
def test_errors_and_required_gaps_stand_whatever_is_waived(verdict: str, gap: bool, code: int) -> None:
    gaps = (Gap(scope="s", noun="Host", namespace="", code="forbidden", reason="no"),) if gap else ()
    findings = (msgspec.structs.replace(PINNED, verdict=verdict),)
    report = msgspec.structs.replace(REPORT, findings=findings, gaps=gaps)
    assert waive(report, everything(), NOW).exit_code == code


def test_no_violation_left_is_exit_0_and_one_left_is_10() -> None:
    report = msgspec.structs.replace(REPORT, gaps=())
    assert waive(report, everything(), NOW).exit_code == 0
    most = [waiver(f.fingerprint) for f in VIOLATIONS[1:]]
    assert waive(report, most, NOW).exit_code == 10


@pytest.mark.parametrize(
    ("left", "state"),
    [
        (timedelta(0), "expired"),
        (timedelta(microseconds=1), "expiring"),
        (SOON, "expiring"),
        (SOON + timedelta(microseconds=1), "holds"),
    ],
)
def test_the_very_moment_at_which_one_ends(left: timedelta, state: str) -> None:
    one = named(msgspec.structs.replace(waiver(PINNED.fingerprint), expires=NOW + left))
    report = waive(REPORT, [one], NOW)
    assert use_of(report).state == state
    assert (waived(report) == []) == (state == "expired")
    assert use_of(report).findings == (PINNED.fingerprint,)


def test_no_remedy_is_chosen_for_what_is_waived() -> None:
    view = View(FACTS, SETTINGS)
    worst = choose(REPORT, "", view, CHECKS)
    report = waive(REPORT, [waiver(worst.fingerprint)], NOW)
    with pytest.raises(Refused) as none:
        choose(waive(REPORT, everything(), NOW), "", view, CHECKS)
    assert none.value.code == "nothing-to-do"
    with pytest.raises(Refused) as asked:
        choose(report, worst.fingerprint, view, CHECKS)
    assert (asked.value.code, asked.value.cause) == ("waived", "Bob: so")
    other = choose(report, "", view, CHECKS)
    assert other != worst
    assert other in report.findings
    lapsed = waive(REPORT, [waiver(worst.fingerprint, days=-1)], NOW)
    assert choose(lapsed, "", view, CHECKS) == worst


def told(since: Since) -> tuple[list[str], ...]:
    of = [f.fingerprint for f in since.new], [f.fingerprint for f in since.gone]
    moved = [c.finding.fingerprint for c in since.waived], [c.finding.fingerprint for c in since.unwaived]
    return (*of, *moved, [c.finding.fingerprint for c in since.changed])


def test_since_tells_what_is_waived_now_and_no_longer() -> None:
    name, by = PINNED.fingerprint, [waiver(PINNED.fingerprint)]
    without = msgspec.structs.replace(REPORT, findings=tuple(f for f in REPORT.findings if f != PINNED))
    plain, kept = REPORT, waive(REPORT, by, NOW)
    assert told(compare("r", plain, kept)) == ([], [], [name], [], [])
    assert told(compare("r", kept, plain)) == ([], [], [], [name], [])
    assert compare("r", kept, plain).unwaived[0].by == tuple(by)
    assert told(compare("r", kept, kept)) == ([], [], [], [], [])
    assert told(compare("r", kept, waive(without, by, NOW))) == ([], [name], [], [], [])
    assert told(compare("r", without, kept)) == ([], [], [name], [], [])
    other = msgspec.structs.replace(PINNED, severity="low")
    worse = msgspec.structs.replace(kept, waived=(Waived(finding=other, by=kept.waived[0].by),))
    assert told(compare("r", kept, worse)) == ([], [], [], [], [name])


def test_a_subject_that_became_undecided_is_no_longer_waived() -> None:
    """A violation and an undecided subject of it have one fingerprint: the waiver is about the first alone."""
    kept = waive(REPORT, [waiver(PINNED.fingerprint)], NOW)
    undecided = msgspec.structs.replace(PINNED, verdict="inconclusive")
    both = msgspec.structs.replace(kept, findings=(*kept.findings, undecided))
    lost = msgspec.structs.replace(both, waived=(), waivers=())
    assert told(compare("r", kept, lost)) == ([], [], [], [PINNED.fingerprint], [])
    plain = msgspec.structs.replace(REPORT, findings=(*REPORT.findings, undecided))
    assert told(compare("r", plain, both)) == ([], [], [PINNED.fingerprint], [], []), "once, and not the undecided one"
    assert waived(waive(both, [waiver(PINNED.fingerprint)], NOW)) == [PINNED.fingerprint]
    assert undecided in waive(both, [waiver(PINNED.fingerprint)], NOW).findings


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(str(tmp_path_factory.mktemp("home") / "store" / "store.db"))


@given(waivers=WAIVERS)
def test_the_store_keeps_what_was_waived_by_which(store: Store, waivers: list[Waiver]) -> None:
    report = waive(REPORT, waivers, NOW)
    name = store.runs.save_report(report)
    assert store.runs.load_report(name) == report
    assert store.runs.summary(name).waived == len(report.waived)
    assert store.runs.summary(name).exit == report.exit_code


def test_a_report_without_waivers_is_stored_as_before(store: Store) -> None:
    name = store.runs.save_report(REPORT)
    assert waive(REPORT, (), NOW) == REPORT
    assert store.runs.save_report(waive(REPORT, (), NOW)) == name
    assert store.runs.load_report(name) == REPORT
