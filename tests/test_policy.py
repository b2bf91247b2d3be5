"""What the policy asks of a plan: the strictest wins, what no rule mentions is proposed, and what blocks it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor import gate
from auditor.policy.case import Seen
from auditor.policy.decide import STRICTEST, Act, Needed, Record, decide
from auditor.policy.model import Policy, Rule
from auditor.policy.record import record_of
from auditor.settings import Settings
from auditor.store.journal import StoreJournal
from auditor.store.store import Store
from tests.planned import NODE, planned
from tests.running import auditor
from tools.errors import Refused
from tools.execute.journal import FIRST
from tools.model.action import Cordon, Uncordon
from tools.model.plan import Plan, Preview, Reach, Step, short_code

ORDER = [str(mode) for mode in STRICTEST].index
DRIFTING: dict[str, Any] = {"known": ("hosts-drifting-alike",)}
HEALTH: dict[str, Any] = {"known": ("cluster-unhealthy",)}
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(str(tmp_path / "store.db"))
    yield store
    store.database.connection.close()


@pytest.fixture
def plan(store: Store) -> Plan:
    return planned(store)


def policy(*rules: dict[str, Any], **rest: Any) -> Policy:
    return Policy.model_validate({"rules": rules, **rest})


def needed(plan: Plan, *rules: dict[str, Any], record: Record | None = None, **rest: Any) -> Needed:
    return decide(policy(*rules, **rest), plan, NOON, record or Record())


def act(plan: Plan, minutes: float, **changes: object) -> Act:
    done = Act(
        NOON - timedelta(minutes=minutes), plan.scope, plan.scope_name, "cordon", "Node/node-b", ("Node//node-b",)
    )
    return msgspec.structs.replace(done, **changes)


def two_steps(store: Store) -> Plan:
    """Cordon, then uncordon, the same node."""
    step = planned(store).steps[0]
    again = msgspec.structs.replace(step, action=Uncordon(step.bounds[0].ref), inverse=step.action)
    return planned(store, steps=(step, again))


def test_unsaid_means_propose(plan: Plan) -> None:
    asked = needed(plan)
    assert (asked.mode, asked.approvers) == ("propose", 0)
    assert "no rule mentions it" in asked.reasons[0]


@pytest.mark.parametrize(
    ("about", "mode"),
    [
        ({}, "one-approver"),
        ({"scope": "lab"}, "one-approver"),
        ({"scope": "cluster"}, "one-approver"),
        ({"scope": "prod"}, "propose"),
        ({"scope": "LAB"}, "propose"),
        ({"actions": ["cordon"]}, "one-approver"),
        ({"actions": ["drain", "uncordon"]}, "propose"),
        ({"subject": "Node/*"}, "one-approver"),
        ({"subject": "Node/node-c"}, "propose"),
    ],
)
def test_a_rule_is_about_what_it_names_alone(plan: Plan, about: dict[str, Any], mode: str) -> None:
    assert needed(plan, {**about, "mode": "one-approver"}).mode == mode


def test_the_first_rule_that_matches_decides(plan: Plan) -> None:
    assert needed(plan, {"mode": "forbidden"}, {"mode": "unattended"}).mode == "forbidden"
    assert needed(plan, {"mode": "unattended"}, {"mode": "forbidden"}).mode == "unattended"


@pytest.mark.parametrize("first", STRICTEST)
@pytest.mark.parametrize("second", STRICTEST)
def test_the_strictest_of_all_steps_wins(store: Store, first: str, second: str) -> None:
    rules = {"actions": ["cordon"], "mode": first}, {"actions": ["uncordon"], "mode": second}
    assert ORDER(needed(two_steps(store), *rules).mode) == min(map(ORDER, (first, second)))


def test_who_may_approve_must_be_allowed_to_approve_every_step(store: Store) -> None:
    plan = two_steps(store)
    both = {"actions": ["cordon"], "mode": "one-approver", "approvers": ["alice", "bob"]}
    assert needed(plan, both, {"mode": "one-approver", "approvers": ["bob", "carol"]}).allowed == ("bob",)
    nobody = needed(plan, both, {"mode": "one-approver", "approvers": ["carol"]})
    assert nobody.blocked, "an empty intersection would read as: anybody"
    assert needed(plan, both, {"mode": "two-approvers", "approvers": ["bob", "carol"]}).blocked


@pytest.mark.parametrize(
    ("minutes", "fits"), [(61, True), (60, True), (59.9, False), (0, False), (-5, False), (-600, False)]
)
def test_acts_of_the_past_hour_count_and_of_a_future_that_a_clock_left_behind(
    plan: Plan, minutes: float, fits: bool
) -> None:
    record = Record(acts=(act(plan, minutes),))
    for budget in ("per_hour", "per_workload_per_hour"):
        assert bool(needed(plan, {"mode": "one-approver", budget: 1}, record=record).blocked) != fits


@pytest.mark.parametrize("other", [{"scope": "c-2"}, {"action": "drain"}, {"subject": "Node/node-c"}], ids=str)
def test_acts_that_the_rule_is_not_about_do_not_count(plan: Plan, other: dict[str, str]) -> None:
    rule = {"mode": "one-approver", "per_hour": 1, "actions": ["cordon"], "subject": "Node/node-b"}
    assert not needed(plan, rule, record=Record(acts=(act(plan, 1, **other),))).blocked
    assert needed(plan, rule, record=Record(acts=(act(plan, 1),))).blocked


def test_every_step_of_the_plan_itself_counts(store: Store) -> None:
    assert needed(two_steps(store), {"mode": "one-approver", "per_hour": 1}).blocked
    assert not needed(two_steps(store), {"mode": "one-approver", "per_hour": 2}).blocked


@pytest.mark.parametrize(("limit", "fits"), [("50%", True), ("49%", False), (1, True), (0, False), ("0%", False)])
def test_the_largest_share_of_hosts(plan: Plan, limit: object, fits: bool) -> None:
    assert bool(needed(plan, {"mode": "one-approver", "max_hosts": limit}).blocked) != fits  # it is one of two


def test_a_freeze_blocks_what_a_rule_allows(plan: Plan) -> None:
    freeze = {"name": "sale", "from": NOON, "until": NOON + timedelta(seconds=1), "reason": "the sale"}
    assert "the sale" in needed(plan, {"mode": "unattended"}, freezes=[freeze]).blocked[0]
    over = {"name": "sale", "from": NOON - timedelta(hours=1), "until": NOON}
    assert not needed(plan, {"mode": "unattended"}, freezes=[over]).blocked


@pytest.mark.parametrize(("hour", "is_open"), [(7, False), (8, True), (11, True), (15, True), (16, False)])
@pytest.mark.parametrize("order", [1, -1])
def test_windows_that_overlap_are_open_while_one_of_them_is(plan: Plan, hour: int, is_open: bool, order: int) -> None:
    windows = [
        {"name": name, "days": ["mon"], "from": begins, "to": ends, "time_zone": "UTC"}
        for name, begins, ends in (("early", "08:00", "12:00"), ("late", "10:00", "16:00"))
    ]
    allowed = policy({"mode": "unattended", "windows": ["early", "late"][::order]}, windows=windows[::order])
    assert bool(decide(allowed, plan, NOON.replace(hour=hour), Record()).blocked) != is_open


@pytest.mark.parametrize(
    ("stop", "holds", "not_yet"),
    [
        ({"when": "verification-failed", "for_hours": 2}, {"failed": (("r-1", NOON - timedelta(hours=1)),)},
         {"failed": (("r-1", NOON - timedelta(hours=2)),)}),
        ({"when": "hosts-drifting-alike", "at": 3}, {**DRIFTING, "seen": (Seen("hosts-drifting-alike", "f", 3, "3"),)},
         {**DRIFTING, "seen": (Seen("hosts-drifting-alike", "f", 2, "2"),)}),
        ({"when": "hosts-drifting-alike", "at": 3}, {}, DRIFTING),
        ({"when": "cluster-unhealthy"}, {**HEALTH, "seen": (Seen("cluster-unhealthy", "unready", 25.0, "25%"),)},
         {**HEALTH, "seen": (Seen("cluster-unhealthy", "unready", 24.9, "25%"),)}),
        ({"when": "cluster-unhealthy", "share": "25%"}, {}, HEALTH),
    ],
)  # fmt: skip
def test_a_stop_holds_also_where_it_is_not_known(
    plan: Plan, stop: dict[str, Any], holds: dict[str, Any], not_yet: dict[str, Any]
) -> None:
    rule = {"mode": "unattended"}
    assert needed(plan, rule, record=Record(**holds), stops=[stop]).blocked
    assert not needed(plan, rule, record=Record(**not_yet), stops=[stop]).blocked


PLAN = Plan(
    version=2,
    run="r-1",
    scope="cluster",
    scope_name="lab",
    recorded=False,
    finding="",
    steps=(Step(action=Cordon(NODE), bounds=(), preview=Preview(by="", diff=""), inverse=None),),
    reach=Reach(instances=1, instances_total=3, hosts=1, hosts_total=2),
    why="",
    notes=(),
)
RESTRICTIONS = st.fixed_dictionaries(
    {},
    optional={
        "per_hour": st.integers(0, 3),
        "per_workload_per_hour": st.integers(0, 3),
        "max_hosts": st.one_of(st.integers(0, 3), st.integers(0, 100).map("{}%".format)),
        "max_instances": st.integers(0, 3),
        "windows": st.just(["mondays"]),
        "approvers": st.sets(st.sampled_from(["alice", "bob", "carol"]), min_size=2).map(sorted),
    },
)
WINDOWS = [{"name": "mondays", "days": ["mon"], "from": "09:00", "to": "11:00", "time_zone": "UTC"}]


@given(
    base=RESTRICTIONS,
    more=RESTRICTIONS,
    modes=st.tuples(st.sampled_from(STRICTEST), st.sampled_from(STRICTEST)),
    acts=st.integers(0, 3),
)
def test_a_restriction_never_widens(
    base: dict[str, Any], more: dict[str, Any], modes: tuple[str, str], acts: int
) -> None:
    plan = PLAN
    record = Record(acts=tuple(act(plan, minutes) for minutes in range(acts)))
    wide, strict = sorted(modes, key=ORDER, reverse=True)
    kept = {k: v for k, v in more.items() if k not in base}
    one = needed(plan, {"mode": wide, **base}, record=record, windows=WINDOWS)
    two = needed(plan, {"mode": strict, **base, **kept}, record=record, windows=WINDOWS)
    assert STRICTEST.index(two.mode) <= STRICTEST.index(one.mode)
    assert set(one.blocked) <= set(two.blocked)
    assert not one.allowed or set(two.allowed) <= set(one.allowed)


@pytest.mark.parametrize(("rules", "code"), [([], "propose"), ([Rule(mode="forbidden")], "forbidden")])
def test_the_gate_asks_the_settings_policy(store: Store, plan: Plan, rules: list[Rule], code: str) -> None:
    given = gate.approve(plan, "alice", short_code(plan), 30, store).id
    with pytest.raises(Refused) as caught:
        gate.authorize(plan, (given,), Settings(policy=Policy(rules=rules)), store)
    assert caught.value.code == code


def test_what_is_blocked_is_refused_with_its_reasons(store: Store, plan: Plan) -> None:
    given = gate.approve(plan, "alice", short_code(plan), 30, store).id
    settings = Settings(policy=policy({"mode": "one-approver", "max_hosts": 0}))
    with pytest.raises(Refused, match="touches 1 of 2") as caught:
        gate.authorize(plan, (given,), settings, store)
    assert caught.value.code == "policy"


def test_the_record_is_the_journals_of_other_plans(store: Store, plan: Plan) -> None:
    asked = policy({"mode": "one-approver"}, stops=[{"when": "verification-failed"}])
    now = datetime.now(UTC)
    assert record_of(plan, asked, store, now) == Record()
    given = (gate.approve(plan, "alice", short_code(plan), 30, store).id,)
    StoreJournal(store.database, store.claims.take(plan.run, "i", given)).intent(plan.id, FIRST, "cordon")
    store.runs.update(plan.run, state="failed")
    found = record_of(planned(store), asked, store, now)
    assert [(a.action, a.subject, a.workloads) for a in found.acts] == [("cordon", "Node/node-b", ("Node//node-b",))]
    assert [run for run, _ in found.failed] == [plan.run]
    assert record_of(planned(store), asked, store, now + timedelta(hours=25)) == Record()
    assert record_of(plan, asked, store, now).acts == (), "its own act"
    elsewhere = record_of(planned(store, scope="c-2"), asked, store, now)
    assert elsewhere.failed == ()


def test_an_act_whose_plan_cannot_be_read_is_not_taken_for_none(store: Store, plan: Plan) -> None:
    given = (gate.approve(plan, "alice", short_code(plan), 30, store).id,)
    StoreJournal(store.database, store.claims.take(plan.run, "i", given)).intent(plan.id, FIRST, "cordon")
    with store.database.transaction() as connection:
        connection.execute("UPDATE plans SET data = x'00'")
    with pytest.raises(Refused, match="can't be counted"):
        record_of(planned(store), policy(), store, datetime.now(UTC))


@pytest.mark.parametrize(
    ("toml", "code", "words"),
    [
        ("", 1, ["proposed, and no more", "no rule mentions it", "[[policy.rules]]", 'actions = ["cordon"]']),
        ('[[policy.rules]]\nmode = "one-approver"\n', 0, ["one person must approve it", "rule 1 says one-approver"]),
        ('[[policy.rules]]\nmode = "unattended"\nmax_hosts = "10%"\n', 1, ["touches 1 of 2", "blocked"]),
    ],
)
def test_explain_says_what_would_happen_and_why(tmp_path: Path, toml: str, code: int, words: list[str]) -> None:
    store = Store(str(tmp_path / "store" / "store.db"))
    plan = planned(store)
    store.database.connection.close()
    (tmp_path / "auditor.toml").write_text(toml)
    said = auditor(tmp_path, "policy", "explain", plan.run)
    assert said.code == code, said
    assert [word for word in words if word not in said.out] == []
    report = auditor(tmp_path, "policy", "explain", plan.run, "--json").report
    assert (report["run"], bool(report["blocked"])) == (plan.run, "blocked" in words)
