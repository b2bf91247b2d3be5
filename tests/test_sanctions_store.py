"""Which steps a store sanctions: those that its journal says were executed, and its ledger proves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.ledger.key import key_file
from auditor.store.journal import StoreJournal
from auditor.store.sanctions import load_sanctions
from auditor.store.store import Store
from tests.looks import instance, look
from tests.planned import planned
from tests.test_changes_of_checks import ref
from tests.test_ledger import tampered
from tools.model.action import Action, Drain, RedeployPriorRelease, ReplaceInstance
from tools.model.plan import Approval, Bound, Plan, Preview, Step
from tools.model.sanction import Sanctions

WEB = ref("Deployment", "web")
OTHER_ID = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def executed(file: Path, action: Action | None = None, upto: str = "done", user: str = "auditor-actor") -> Plan:
    """A store in which one step was executed, or begun, and one more run begun afterwards."""
    store = Store(str(file))
    changes: dict[str, Any] = {}
    if action is not None:
        preview = Preview(by="server dry run", diff="")
        bounds = (Bound(WEB, "spec", "0" * 64),)
        changes["steps"] = (Step(action=action, bounds=bounds, preview=preview, inverse=None),)
    plan = planned(store, **changes)
    approval = Approval(
        id="a-1", run=plan.run, plan=plan.id, approver="alice", how="SelfSubjectReview", given="2026-01-01T00:00:00Z",
        expires="2999-01-01T00:00:00Z", bounds=plan.bounds,
    )  # fmt: skip
    store.approvals.save(approval)
    journal = StoreJournal(store.database, store.claims.take(plan.run, "i", (approval.id,)), user)
    journal.intent(plan.id, 1, "")
    if upto in ("effect", "done"):
        journal.effect(plan.id, 1, "")
    if upto == "done":
        journal.done(plan.id, 1, "")
    store.runs.begin("kubernetes:here", "audited")
    store.database.connection.close()
    return plan


def loaded(file: Path) -> Sanctions:
    return load_sanctions(Store(str(file)).database)


def test_an_executed_step(file: Path) -> None:
    plan = executed(file)
    ((write_id, step),) = loaded(file).steps.items()
    assert (step.plan, step.run, step.step, step.user) == (plan.id, plan.run, 1, "auditor-actor")
    assert (step.ref.name, step.act, step.verb) == ("node-b", "write", "patch")
    assert "" < step.begin <= step.end
    store = Store(str(file))
    assert store.database.connection.execute("SELECT write_id FROM journal").fetchone() == (write_id,)
    assert store.history(look(2, instance("a/x"))).sanctions == Sanctions({write_id: step})


@pytest.mark.parametrize(("upto", "ended"), [("intent", False), ("effect", True)])
def test_a_step_that_was_begun(file: Path, upto: str, ended: bool) -> None:
    executed(file, upto=upto)
    (step,) = loaded(file).steps.values()
    assert bool(step.end) is ended


def test_evictions_go_on_until_the_step_is_done(file: Path) -> None:
    executed(file, Drain(ref("Node", "node-a"), (WEB,)), upto="effect")
    (step,) = loaded(file).steps.values()
    assert (step.act, step.verb, step.owners, step.end) == ("evict", "create", (WEB,), "")


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (RedeployPriorRelease(WEB, ref("ReplicaSet", "a"), ref("ReplicaSet", "b")), (WEB, "write")),
        (ReplaceInstance(ref(), WEB), (ref(), "evict")),
    ],
)
def test_what_an_action_writes_to(file: Path, action: Action, expected: object) -> None:
    executed(file, action)
    assert [(step.ref, step.act) for step in loaded(file).steps.values()] == [expected]


def test_a_store_where_nothing_was_executed(file: Path) -> None:
    planned(Store(str(file)))
    assert loaded(file) == Sanctions()


INTENT = "CAST(body AS TEXT) LIKE '%\"intent\"%'"
ALICE = "UPDATE ledger SET body = replace(body, 'auditor-actor', 'alice') WHERE"
EDITS: dict[str, tuple[str, str]] = {
    "the intent's entry": (f"{ALICE} {INTENT}", "was edited"),
    "the last entry of the step": (f'{ALICE} CAST(body AS TEXT) LIKE \'%"state":"done"%\'', "was edited"),
    "an entry before it": (
        "UPDATE ledger SET body = replace(body, 'kubernetes:lab', 'kubernetes:bal') WHERE number = 2",
        "the ledger is not whole (entry 2 was edited",
    ),
    "the intent's entry removed": (f"DELETE FROM ledger WHERE {INTENT}", "not there any more"),
    "the ledger emptied": ("DELETE FROM ledger", "its intent is not in the ledger"),
    "the ledger cut off before it": (
        f"DELETE FROM ledger WHERE number >= (SELECT min(number) FROM ledger WHERE {INTENT})",
        "its intent is not in the ledger",
    ),
    "a signature": (
        f"UPDATE ledger SET signature = zeroblob(64) WHERE {INTENT}",
        "is not signed by the ledger's key",
    ),
    "the journal's actor": ("UPDATE journal SET actor = 'alice'", "is not what the ledger says"),
    "the journal's audit id": (f"UPDATE journal SET write_id = '{OTHER_ID}'", "is not what the ledger says"),
    "the journal's state": ("UPDATE journal SET state = 'effect'", "newest entry of it says"),
    "the plan": ("UPDATE plans SET data = replace(data, 'node-b', 'node-c')", "its plan was edited, or is gone"),
    "the plan's bytes": ("UPDATE plans SET data = x'00ff'", "its plan was edited, or is gone"),
}


@pytest.mark.parametrize("name", EDITS)
def test_what_was_edited_afterwards_sanctions_nothing(file: Path, name: str) -> None:
    plan = executed(file)
    statement, why = EDITS[name]
    tampered(file, lambda connection: connection.execute(statement))
    found = loaded(file)
    assert found.steps == {}
    assert why in found.unproven[plan.id]


def test_an_edit_after_its_last_entry_leaves_it_proven(file: Path) -> None:
    executed(file)
    last = "UPDATE ledger SET body = x'00' WHERE number = (SELECT max(number) FROM ledger)"
    tampered(file, lambda connection: connection.execute(last))
    assert len(loaded(file).steps) == 1


def test_a_row_slipped_into_the_journal_sanctions_nothing(file: Path) -> None:
    executed(file)
    row = "INSERT INTO journal (plan, step, state, write_id, actor) VALUES ('p-forged', 1, 'done', ?, 'alice')"
    tampered(file, lambda connection: connection.execute(row, (OTHER_ID,)))
    found = loaded(file)
    assert len(found.steps) == 1
    assert found.unproven == {"p-forged": "step 1: its intent is not in the ledger"}


def test_a_step_of_nobody_sanctions_nothing(file: Path) -> None:
    plan = executed(file, user="")
    assert loaded(file).unproven == {plan.id: "step 1: it has no audit id, or no user"}


def test_a_step_that_was_begun_before_there_was_a_ledger_sanctions_nothing(file: Path) -> None:
    plan = executed(file, upto="intent")
    tampered(file, lambda connection: connection.executescript("DELETE FROM ledger; DELETE FROM claims"))
    store = Store(str(file))
    claim = store.claims.take(plan.run, "i", ("a-1",), begun=True)
    StoreJournal(store.database, claim, "auditor-actor").effect(plan.id, 1, "")
    found = load_sanctions(store.database)
    assert found.steps == {}
    assert found.unproven == {plan.id: "step 1: its intent is not in the ledger"}


@pytest.mark.parametrize("how", ["gone", "of another store"])
def test_without_its_key_nothing_is_proven(file: Path, how: str) -> None:
    plan, other = executed(file), file.with_name("other.db")
    executed(other)
    key_file(file).unlink()
    if how != "gone":
        key_file(other).rename(key_file(file))
    found = loaded(file)
    assert found.steps == {}
    assert plan.id in found.unproven
