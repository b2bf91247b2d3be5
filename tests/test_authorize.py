"""How many persons it takes, and who counts as one: the gate over all approvals that a run has."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auditor import gate
from auditor.approvers import Approver
from auditor.policy.model import Policy, Rule
from auditor.settings import Settings
from auditor.signing import sshsig
from auditor.signing.approval import Signed
from auditor.signing.statement import NAMESPACE, encode, state
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


def line(key: Ed25519PrivateKey) -> str:
    """Its public half, as settings have it."""
    public = sshsig.public_of(key)
    return f"{public.kind} {base64.b64encode(public.blob).decode()}"


ALICES, BOBS = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
MIXED = Settings(
    policy=Policy(rules=[Rule(mode="two-approvers")]),
    approvers=[
        Approver(name="alice", users=["oidc:alice"], keys=[line(ALICES)]),
        Approver(name="bob", keys=[line(BOBS)]),
        Approver(name="carol", users=["oidc:carol"]),
    ],
)


def sign(store: Store, plan: Plan, name: str, key: Ed25519PrivateKey) -> Approval:
    message = encode(state(plan, name, 30))
    signed = Signed(statement=message.decode(), signature=sshsig.sign(key, NAMESPACE, message))
    return gate.accept(signed, plan, MIXED.approvers, store)


def authorized(store: Store, plan: Plan, *given: str) -> set[str]:
    """Who the policy of the settings counts, by its own rule."""
    return {approval.approver for approval in gate.authorize(plan, given, MIXED, store)}


def test_a_user_and_anothers_key_are_two_persons(store: Store) -> None:
    plan = planned(store, proposer="dave")
    given = [approve(store, plan, "oidc:alice"), sign(store, plan, "bob", BOBS)]
    assert authorized(store, plan) == {"oidc:alice", "bob"}
    assert authorized(store, plan, *(approval.id for approval in given)) == {"oidc:alice", "bob"}
    assert [approval.how.split()[0] for approval in given] == ["SelfSubjectReview", "ssh-ed25519"]


def test_a_user_and_the_same_persons_key_are_one(store: Store) -> None:
    """In either order, found or named; what is lacking is said, and another person's word makes it two."""
    for first_by_key in (True, False):
        plan = planned(store, proposer="dave")
        means = [lambda p: sign(store, p, "alice", ALICES), lambda p: approve(store, p, "oidc:alice")]
        given = [give(plan).id for give in (means if first_by_key else reversed(means))]
        for named in ((), given, given[::-1]):
            with pytest.raises(Refused, match="needs 2 persons' approval and has 1") as caught:
                gate.authorize(plan, named, MIXED, store)
            assert (caught.value.code, caught.value.cause) == ("not-enough", "alice")
        approve(store, plan, "oidc:carol")
        assert len(gate.authorize(plan, (), MIXED, store)) == 2


def test_the_proposers_key_is_the_proposer(store: Store) -> None:
    plan = planned(store, proposer="oidc:alice")
    sign(store, plan, "alice", ALICES)
    sign(store, plan, "bob", BOBS)
    assert refusal(store, plan, MIXED, TWO) == "not-enough"
    approve(store, plan, "oidc:carol")
    assert authorized(store, plan) == {"bob", "oidc:carol"}


def test_of_two_means_the_one_that_left_takes_its_person_away(store: Store) -> None:
    plan = planned(store, proposer="dave")
    approve(store, plan, "oidc:alice")
    sign(store, plan, "bob", BOBS)
    left = MIXED.model_copy(update={"approvers": [one for one in MIXED.approvers if one.name != "bob"]})
    with pytest.raises(Refused) as caught:
        gate.authorize(plan, (), left, store)
    assert caught.value.code == "not-enough"
