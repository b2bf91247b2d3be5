"""Budgets: of two plans at once that fit alone, one is begun; every workload's acts are counted; a clock that went
back begins nothing."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import msgspec
import pytest

from auditor import gate
from auditor.policy.clock import newest
from auditor.policy.decide import decide
from auditor.policy.record import record_of
from auditor.settings import Settings
from auditor.store.journal import StoreJournal
from auditor.store.store import Store
from tests.planned import NODE, planned
from tools.errors import Refused
from tools.execute.journal import FIRST
from tools.model.action import Action, Cordon, Drain, ReplaceInstance, Uncordon
from tools.model.identity import Ref
from tools.model.plan import Plan, short_code

WEB, DB = Ref("cluster", "Deployment", "shop", "web", "u-web"), Ref("cluster", "Deployment", "shop", "db", "u-db")
POD, THIRD = Ref("cluster", "Pod", "shop", "x", "u-x"), Ref("cluster", "Node", "", "node-c", "uid-c")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(str(tmp_path / "store.db"))
    yield store
    store.database.connection.close()


def budget(**limits: Any) -> Settings:
    return Settings.model_validate({"policy": {"rules": [{"mode": "one-approver", **limits}]}})


def of_actions(store: Store, *actions: Action) -> Plan:
    """A plan of these actions, on a node."""
    one = planned(store).steps[0]
    return planned(store, steps=tuple(msgspec.structs.replace(one, action=action) for action in actions))


def journal(store: Store, plan: Plan, settings: Settings) -> StoreJournal:
    """The journal as `Stages.execute` opens it."""
    given = (gate.approve(plan, "alice", short_code(plan), 30, store).id,)
    gate.authorize(plan, given, settings, store)
    claim = store.claims.take(plan.run, "i", given)
    return StoreJournal(store.database, claim, "actor", lambda: gate.check_now(plan, settings, store))


def racer(file: str, run: str, barrier: Barrier, answers: Any) -> None:
    """One process: authorized while nothing was begun, it begins its plan when the other does."""
    store = Store(file)
    opened = journal(store, plan := store.runs.load_plan(run), budget(per_hour=1))
    barrier.wait(30)
    try:
        opened.intent(plan.id, FIRST, "cordon")
        answers.put("begun")
    except Refused as refused:
        answers.put(refused.code)


def test_of_two_processes_at_once_one_alone_is_within_the_budget(store: Store, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    for _ in range(3):
        with store.database.transaction() as connection:
            connection.execute("DELETE FROM journal_lines")
        runs = [planned(store).run for _ in range(2)]
        answers, barrier = context.Queue(), context.Barrier(2)
        racers = [
            context.Process(target=racer, args=(str(tmp_path / "store.db"), run, barrier, answers)) for run in runs
        ]
        for one in racers:
            one.start()
        said = sorted(answers.get(timeout=60) for _ in racers)
        for one in racers:
            one.join(30)
        assert said == ["begun", "policy"]


def test_what_was_refused_at_its_first_intent_spent_nothing(store: Store) -> None:
    settings = budget(per_hour=1)
    first, second = planned(store), planned(store)
    one, other = journal(store, first, settings), journal(store, second, settings)
    one.intent(first.id, FIRST, "cordon")
    with pytest.raises(Refused, match="allows 1 acts in an hour"):
        other.intent(second.id, FIRST, "cordon")
    assert store.journal_state(second.id, FIRST) is None
    assert store.approvals.get(other.claim.approvals[0])[1] is None


def test_steps_that_are_still_to_come_count_until_their_plan_is_done(store: Store) -> None:
    settings = budget(per_hour=3)
    first = of_actions(store, Drain(NODE, ()), Uncordon(NODE))
    second = of_actions(store, Drain(NODE, ()), Uncordon(NODE))
    journal(store, first, settings).intent(first.id, FIRST, "drain")
    found = gate.needed_for(second, settings, store, datetime.now(UTC))
    assert "2 were, and this plan has 2" in found.blocked[0]
    store.runs.update(first.run, state="done")
    assert not gate.needed_for(second, settings, store, datetime.now(UTC)).blocked
    hour = datetime.now(UTC) + timedelta(hours=1, seconds=2)
    store.runs.update(first.run, state="executing")
    assert not gate.needed_for(second, settings, store, hour).blocked


@pytest.mark.parametrize(
    ("limit", "actions", "fits"),
    [
        (1, (Drain(NODE, (DB,)),), True),
        (1, (Drain(NODE, (DB, WEB)),), False),
        (2, (Drain(NODE, (DB, WEB)),), True),
        (2, (Drain(NODE, (WEB,)), Drain(THIRD, (WEB,))), False),  # two of its own steps, and one before
        (2, (Cordon(NODE), Drain(THIRD, (WEB,)), Uncordon(NODE)), True),  # one step of three ends an instance of it
        (1, (ReplaceInstance(POD, WEB),), False),
        (1, (ReplaceInstance(POD, DB),), True),
    ],
)
def test_acts_are_counted_workload_by_workload(
    store: Store, limit: int, actions: tuple[Action, ...], fits: bool
) -> None:
    before = of_actions(store, Drain(Ref("cluster", "Node", "", "node-z", "uid-z"), (WEB,)))
    journal(store, before, budget()).intent(before.id, FIRST, "drain")
    settings = budget(per_workload_per_hour=limit)
    found = gate.needed_for(of_actions(store, *actions), settings, store, datetime.now(UTC))
    told = [reason for reason in found.blocked if WEB.key in reason]
    assert bool(told) != fits
    assert fits or f"on {WEB.key}: 1 were" in told[0]


def test_a_step_that_was_not_verified_is_a_failed_verification(store: Store) -> None:
    plan = planned(store)
    journal(store, plan, budget()).intent(plan.id, FIRST, "cordon")
    store.runs.update(plan.run, state="executing")
    policy = Settings.model_validate({"policy": {"stops": [{"when": "verification-failed"}]}}).policy
    now, other = datetime.now(UTC), planned(store)
    assert not record_of(other, policy, store, now).failed
    store.runs.refuse(plan.run, "not-verified", "it did not settle")
    assert [run for run, _ in record_of(other, policy, store, now).failed] == [plan.run]
    assert "was not verified" in decide(policy, other, now, record_of(other, policy, store, now)).blocked[0]
    store.runs.update(plan.run, state="done")
    assert not record_of(other, policy, store, now).failed, "a resume has verified it"


@pytest.mark.parametrize(("seconds", "refused"), [(0, False), (-4, False), (-8, True), (-3600, True), (60, False)])
def test_a_clock_that_went_back_authorizes_nothing(store: Store, seconds: int, refused: bool) -> None:
    plan, settings = planned(store), budget()
    given = (gate.approve(plan, "alice", short_code(plan), 30, store).id,)
    last = newest(store.database)
    assert last is not None
    moment = last + timedelta(seconds=seconds)
    if not refused:
        gate.authorize(plan, given, settings, store, moment)
        return
    with pytest.raises(Refused) as caught:
        gate.authorize(plan, given, settings, store, moment)
    assert caught.value.code == "clock"
    for time in (moment, last):
        assert f"{time:%Y-%m-%dT%H:%M:%SZ}" in caught.value.message


def test_the_newest_time_is_the_journals_too_and_the_first_intent_asks_again(store: Store) -> None:
    plan, settings = planned(store), budget()
    opened = journal(store, plan, settings)
    ahead = (datetime.now(UTC) + timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    with store.database.transaction() as connection:
        connection.execute(
            "INSERT INTO journal_lines (plan, step, at, state, detail) VALUES ('p-0', 1, ?, 'note', '')", (ahead,)
        )
    with pytest.raises(Refused, match="went back"):
        opened.intent(plan.id, FIRST, "cordon")
    assert store.journal_state(plan.id, FIRST) is None
