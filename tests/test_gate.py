"""The gate without a cluster: which approvals let a plan be carried out, which not, and that refusals are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from auditor import gate
from auditor.store.claims import Claims
from auditor.store.journal import StoreJournal
from auditor.store.store import Store
from auditor.validation import validate
from tests.planned import NODE, planned
from tools.errors import AuditorError, Refused, UsageError
from tools.execute.journal import FIRST
from tools.model.action import Uncordon
from tools.model.plan import Approval, Plan, short_code


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(str(tmp_path / "store.db"))
    yield store
    store.database.connection.close()


def approved(store: Store, plan: Plan, **changes: object) -> Approval:
    """An approval of a plan by alice, filed under its own id."""
    approval = gate.approve(plan, "alice", short_code(plan), 30, store)
    if changes:
        approval = msgspec.structs.replace(approval, **changes)
        rewrite(store, approval.id, msgspec.json.encode(approval))
    return approval


def rewrite(store: Store, approval: str, data: bytes) -> None:
    with store.database.transaction() as connection:
        connection.execute("UPDATE approvals SET data = ? WHERE id = ?", (data, approval))


def refusal(store: Store, plan: Plan, approval: str) -> str:
    with pytest.raises(Refused) as caught:
        validate(approval, plan, store, [])
    return caught.value.code


def test_an_approval_of_this_plan_holds(store: Store) -> None:
    plan = planned(store)
    approval = approved(store, plan)
    assert validate(approval.id, plan, store, []) == approval


def test_the_short_code_must_be_this_plans(store: Store) -> None:
    plan, other = planned(store), planned(store)
    with pytest.raises(Refused) as caught:
        gate.approve(plan, "alice", short_code(other), 30, store)
    assert caught.value.code == "other-plan"
    with pytest.raises(Refused):
        store.approvals.newest(plan.run)


def test_expired(store: Store) -> None:
    plan = planned(store)
    past = (datetime.now(UTC) - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert refusal(store, plan, approved(store, plan, expires=past).id) == "expired"


def test_an_approval_that_was_begun_may_finish_after_its_expiry(store: Store) -> None:
    plan = planned(store)
    past = (datetime.now(UTC) - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    approval = approved(store, plan, expires=past)
    journal = StoreJournal(store.database, store.claims.take(plan.run, "i", (approval.id,)))
    journal.intent(plan.id, FIRST, "cordon")
    assert validate(approval.id, plan, store, []).id == approval.id


def test_for_another_plan(store: Store) -> None:
    plan, other = planned(store), planned(store)
    assert refusal(store, plan, approved(store, other).id) == "other-plan"


def test_bounds_that_are_not_the_plans(store: Store) -> None:
    plan = planned(store)
    assert refusal(store, plan, approved(store, plan, bounds=()).id) == "other-plan"


def test_unknown(store: Store) -> None:
    assert refusal(store, planned(store), "a-0") == "no-approval"


@pytest.mark.parametrize("data", [b"", b"\x00\xff", b"{}", b'{"id":1}', b"[]"])
def test_poisoned_bytes(store: Store, data: bytes) -> None:
    plan = planned(store)
    approval = approved(store, plan)
    rewrite(store, approval.id, data)
    assert refusal(store, plan, approval.id) == "poisoned"


def test_an_approval_filed_under_anothers_name(store: Store) -> None:
    plan, other = planned(store), planned(store)
    good, bad = approved(store, plan), approved(store, other)
    rewrite(store, bad.id, msgspec.json.encode(good))
    assert refusal(store, plan, bad.id) == "poisoned"


def test_without_an_approver(store: Store) -> None:
    plan = planned(store)
    assert refusal(store, plan, approved(store, plan, approver="").id) == "poisoned"


def test_reused_for_the_same_plan_of_a_new_run(store: Store) -> None:
    plan = planned(store)
    approval = approved(store, plan)
    with store.database.transaction() as connection:
        connection.execute("UPDATE approvals SET consumed_at = '2026-01-01T00:00:00Z' WHERE id = ?", (approval.id,))
    assert refusal(store, plan, approval.id) == "reused"


def test_the_first_intent_consumes_the_approval_once(store: Store) -> None:
    plan = planned(store)
    approval = approved(store, plan)
    journal = StoreJournal(store.database, store.claims.take(plan.run, "i", (approval.id,)))
    journal.intent(plan.id, FIRST, "cordon")
    with pytest.raises(Refused) as caught:
        journal.intent(plan.id, FIRST, "cordon")
    assert caught.value.code == "reused"


def test_a_recording_is_never_acted_on(store: Store) -> None:
    plan = planned(store, recorded=True)
    assert refusal(store, plan, approved(store, plan).id) == "recorded"


def test_a_plan_that_is_bound_to_nothing_is_never_acted_on(store: Store) -> None:
    plan = planned(store, steps=())
    assert refusal(store, plan, approved(store, plan).id) == "unbound"


def test_an_edited_plan_is_found_out(store: Store) -> None:
    plan = planned(store)
    edited = msgspec.structs.replace(plan, steps=(msgspec.structs.replace(plan.steps[0], action=Uncordon(NODE)),))
    with store.database.transaction() as connection:
        connection.execute("UPDATE plans SET data = ? WHERE id = ?", (msgspec.json.encode(edited), plan.id))
    with pytest.raises(AuditorError, match="edited"):
        store.runs.load_plan(plan.run)


def test_a_plan_of_another_run_is_found_out(store: Store) -> None:
    plan, other = planned(store), planned(store)
    with store.database.transaction() as connection:
        connection.execute("UPDATE runs SET plan = ? WHERE id = ?", (other.id, plan.run))
    with pytest.raises(AuditorError):
        store.runs.load_plan(plan.run)


def test_a_run_that_never_was(store: Store) -> None:
    with pytest.raises(UsageError, match="no run"):
        store.runs.load_plan("r-never")


def test_one_process_at_a_time(store: Store) -> None:
    """The holder of the claim is this very process, which is alive: nobody else gets it."""
    plan = planned(store)
    approval = approved(store, plan)
    store.claims.take(plan.run, "i", (approval.id,))
    with pytest.raises(Refused) as caught:
        Claims(store.database).take(plan.run, "i", (approval.id,))
    assert caught.value.code == "claimed"


def test_a_claim_whose_lease_ran_out_is_taken_over_and_the_old_holder_writes_no_more(store: Store) -> None:
    plan = planned(store)
    approval = approved(store, plan)
    old = StoreJournal(store.database, store.claims.take(plan.run, "i", (approval.id,)))
    with store.database.transaction() as connection:
        connection.execute("UPDATE claims SET lease_until = 0")
    new = StoreJournal(store.database, store.claims.take(plan.run, "i", (approval.id,)))
    acts: tuple[Callable[[], None], ...] = (
        lambda: old.intent(plan.id, FIRST, "x"),
        lambda: old.effect(plan.id, FIRST, "x"),
        old.hold,
    )
    for act in acts:
        with pytest.raises(Refused) as caught:
            act()
        assert caught.value.code == "claim-lost"
    assert store.journal_state(plan.id, FIRST) is None
    new.intent(plan.id, FIRST, "x")
    assert store.journal_state(plan.id, FIRST) == "intent"


def test_a_run_that_was_begun_goes_on_under_its_own_approval_alone(store: Store) -> None:
    plan = planned(store)
    first, second = approved(store, plan), approved(store, plan)
    store.claims.take(plan.run, "i", (first.id,))
    with store.database.transaction() as connection:
        connection.execute("UPDATE claims SET lease_until = 0")
    with pytest.raises(Refused, match="another approval"):
        store.claims.take(plan.run, "i", (second.id,), begun=True)
    assert store.claims.take(plan.run, "i", (second.id,)).approvals == (second.id,)
