"""How many persons it takes, and who counts as one: the gate over all approvals that a run has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor import gate
from auditor.approvers import Approver
from auditor.policy.model import Policy, Rule
from auditor.settings import Settings
from auditor.store.journal import StoreJournal
from auditor.store.store import Store
from tests.planned import planned
from tools.errors import Refused
from tools.execute.journal import FIRST
from tools.model.plan import Approval, Plan, short_code

TWO = gate.Needed("two-approvers", 2)
ONE = Policy(rules=[Rule(mode="one-approver")])
PLAIN = Settings(policy=ONE)
NAMED = Settings(
    policy=ONE, approvers=[Approver(name="alice", users=["alice-1", "alice-2"]), Approver(name="bob", users=["bob-1"])]
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(str(tmp_path / "store.db"))
    yield store
    store.database.connection.close()


def approve(store: Store, plan: Plan, user: str) -> Approval:
    return gate.approve(plan, user, short_code(plan), 30, store)


def refusal(store: Store, plan: Plan, settings: Settings, needed: gate.Needed, *given: str) -> str:
    with pytest.raises(Refused) as caught:
        gate.authorize(plan, given, settings, store, needed=needed)
    return caught.value.code


def test_two_users_are_two_persons_where_no_approver_is_named(store: Store) -> None:
    plan = planned(store, proposer="carol")
    first, second = approve(store, plan, "alice"), approve(store, plan, "bob")
    assert {a.id for a in gate.authorize(plan, (), PLAIN, store, needed=TWO)} == {first.id, second.id}


def test_two_users_of_one_approver_are_one_person(store: Store) -> None:
    plan = planned(store, proposer="carol")
    given = [approve(store, plan, "alice-1").id, approve(store, plan, "alice-2").id]
    assert refusal(store, plan, NAMED, TWO) == "not-enough"
    assert refusal(store, plan, NAMED, TWO, *given) == "not-enough"
    given.append(approve(store, plan, "bob-1").id)
    assert len(gate.authorize(plan, given, NAMED, store, needed=TWO)) == 2


def test_the_same_approval_named_twice_is_one(store: Store) -> None:
    plan = planned(store, proposer="carol")
    given = approve(store, plan, "alice").id
    assert refusal(store, plan, PLAIN, TWO, given, given) == "not-enough"


def test_the_proposers_other_user_is_the_proposer(store: Store) -> None:
    plan = planned(store, proposer="alice-1")
    approve(store, plan, "alice-2")
    approve(store, plan, "bob-1")
    assert refusal(store, plan, NAMED, TWO) == "not-enough"
    assert gate.authorize(plan, (), NAMED, store, needed=gate.ONE), "for one approver it may be the proposer"


def test_where_nobody_knows_who_proposed_it_nobody_is_surely_another(store: Store) -> None:
    plan = planned(store)
    approve(store, plan, "alice")
    approve(store, plan, "bob")
    assert refusal(store, plan, PLAIN, TWO) == "own-plan"


def test_an_approval_that_holds_is_found_among_those_that_do_not(store: Store) -> None:
    plan = planned(store)
    good = approve(store, plan, "bob-1")
    bad = approve(store, plan, "mallory")
    assert gate.authorize(plan, (), NAMED, store, needed=gate.ONE) == (good,)
    assert refusal(store, plan, NAMED, gate.ONE, bad.id) == "approver-left"


def test_none_given_and_none_there(store: Store) -> None:
    assert refusal(store, planned(store), PLAIN, gate.ONE) == "no-approval"


@pytest.mark.parametrize("mode", ["propose", "forbidden"])
def test_what_the_policy_does_not_let_run_runs_with_no_approval(store: Store, mode: gate.Mode) -> None:
    plan = planned(store)
    approve(store, plan, "alice")
    assert refusal(store, plan, PLAIN, gate.Needed(mode, 0)) == mode


def test_unattended_is_an_approval_of_the_policys_own_and_ends_with_it(store: Store) -> None:
    plan = planned(store)
    needed = gate.Needed("unattended", 0)
    (approval,) = gate.authorize(plan, (), PLAIN, store, needed=needed)
    assert (approval.how, approval.bounds) == ("policy", plan.bounds)
    assert gate.authorize(plan, (approval.id,), PLAIN, store, needed=needed) == (approval,)
    assert refusal(store, plan, PLAIN, gate.ONE, approval.id) == "not-unattended"


def test_one_intent_uses_up_every_approval_of_a_claim_or_none(store: Store) -> None:
    plan = planned(store, proposer="carol")
    first, second = approve(store, plan, "alice"), approve(store, plan, "bob")
    given = tuple(a.id for a in gate.authorize(plan, (), PLAIN, store, needed=TWO))
    journal = StoreJournal(store.database, store.claims.take(plan.run, "i", given))
    with store.database.transaction() as connection:
        connection.execute("UPDATE approvals SET consumed_at = 'x' WHERE id = ?", (second.id,))
    with pytest.raises(Refused, match="used before"):
        journal.intent(plan.id, FIRST, "cordon")
    assert store.approvals.get(first.id)[1] is None, "the other was used up all the same"
    with store.database.transaction() as connection:
        connection.execute("UPDATE approvals SET consumed_at = NULL")
    journal.intent(plan.id, FIRST, "cordon")
    assert all(store.approvals.get(a)[1] for a in given)


def test_a_plan_that_was_begun_is_finished_whatever_the_policy_has_become(store: Store) -> None:
    plan = planned(store)
    given = (approve(store, plan, "alice").id,)
    StoreJournal(store.database, store.claims.take(plan.run, "i", given)).intent(plan.id, FIRST, "cordon")
    assert gate.authorize(plan, given, PLAIN, store, needed=gate.Needed("forbidden", 0))
