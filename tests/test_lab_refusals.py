"""What the gate refuses on a live cluster: each with its reason, recorded, and with nothing written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from auditor import gate
from auditor.store.store import Store
from tests.driver import command
from tests.driver.loop import Loop
from tests.driver.seen import Seen
from tests.driver.shop import Shop
from tests.running import Said
from tools.model.plan import Plan, plan_hash, short_code

pytest_plugins = ["tests.driver.fixtures"]
pytestmark = pytest.mark.lab

ACTOR = "auditor-actor"
Planned = dict[str, Any]
Tamper = Callable[[Loop, Planned, Shop], object]


def forge(loop: Loop, plan: Planned, minutes: int = 30) -> None:
    """Write an approval past `auditor approve`, as somebody who can write the store would."""
    store = Store(str(loop.home / "store" / "store.db"))
    found = msgspec.convert(plan, Plan)
    gate.approve(found, "alice", short_code(found), minutes, store)
    store.database.connection.close()


def set_approval(loop: Loop, plan: Planned, data: bytes) -> None:
    """Put other bytes in place of the approval."""
    loop.sql("UPDATE approvals SET data = ? WHERE run = ?", data, plan["run"])


def edit_approval(loop: Loop, planned: Planned, **changes: Any) -> None:
    """Change some fields of the approval."""
    data = loop.sql("SELECT data FROM approvals WHERE run = ?", planned["run"])[0][0]
    set_approval(loop, planned, json.dumps(json.loads(data) | changes).encode())


def edit_plan(loop: Loop, plan: Planned, *, hashed: bool = False, **changes: Any) -> Planned:
    """Change some fields of the plan; with `hashed`, under the hash that it then has."""
    edited = plan | changes
    if hashed:
        edited["id"] = plan_hash(msgspec.convert(edited, Plan))
        loop.sql("UPDATE plans SET id = ? WHERE run = ?", edited["id"], plan["run"])
        loop.sql("UPDATE runs SET plan = ? WHERE id = ?", edited["id"], plan["run"])
    loop.sql("UPDATE plans SET data = ? WHERE run = ?", json.dumps(edited).encode(), plan["run"])
    return edited


def another_target(plan: Planned) -> list[dict[str, Any]]:
    """The plan's steps, the first with another target."""
    first, *others = plan["steps"]
    return [first | {"action": first["action"] | {"target": first["action"]["current"]}}, *others]


TAMPERED: dict[str, tuple[str, Tamper]] = {
    "no approval": ("no-approval", lambda loop, plan, _: loop.sql("DELETE FROM approvals")),
    "used before": ("reused", lambda loop, plan, _: loop.sql("UPDATE approvals SET consumed_at = 'then'")),
    "garbage": ("poisoned", lambda loop, plan, _: set_approval(loop, plan, b"\x00\xff{garbage")),
    "empty": ("poisoned", lambda loop, plan, _: set_approval(loop, plan, b"")),
    "null": ("poisoned", lambda loop, plan, _: set_approval(loop, plan, b"null")),
    "names another plan": ("poisoned", lambda loop, plan, _: edit_approval(loop, plan, plan="p-" + "0" * 32)),
    "names another run": ("poisoned", lambda loop, plan, _: edit_approval(loop, plan, run="r-00000000")),
    "no approver": ("poisoned", lambda loop, plan, _: edit_approval(loop, plan, approver="")),
    "bound to nothing": ("other-plan", lambda loop, plan, _: edit_approval(loop, plan, bounds=[])),
    "no expiry": ("poisoned", lambda loop, plan, _: edit_approval(loop, plan, expires="never")),
    "expired": ("expired", lambda loop, plan, _: edit_approval(loop, plan, expires="2026-01-01T00:00:00Z")),
    "an edited plan": ("edited", lambda loop, plan, _: edit_plan(loop, plan, why="because")),
    "an edited target": ("edited", lambda loop, plan, _: edit_plan(loop, plan, steps=another_target(plan))),
    "an edited plan under its new hash": (
        "other-plan",
        lambda loop, plan, _: edit_plan(loop, plan, hashed=True, why="because"),
    ),
    "a plan of garbage": ("edited", lambda loop, plan, _: loop.sql("UPDATE plans SET data = x'00ff'")),
    "the template changed": ("changed", lambda loop, plan, shop: shop.apply(loop.lab.image("app:v1"))),
    "paused since": ("changed", lambda loop, plan, shop: pause(loop, shop)),
}


def pause(loop: Loop, shop: Shop, verb: str = "pause") -> None:
    loop.lab.kubectl("rollout", verb, f"deployment/{shop.name}", "-n", shop.namespace, user="alice")


def assert_refused(said: Said, loop: Loop, plan: Planned, code: str) -> None:
    """One line that says so, recorded once under its code, and never begun."""
    assert said.code == 1, said
    assert "refused" in said.first or "error" in said.first, said
    assert loop.refusals(plan) == [code], said
    assert loop.journal(plan) == []


@pytest.fixture
def broken(shop: Shop) -> Shop:
    """The shop with a failed rollout and not paused, whatever the test before left."""
    if shop.live["spec"].get("paused"):
        shop.lab.kubectl("rollout", "resume", f"deployment/{shop.name}", "-n", shop.namespace)
    shop.break_()
    return shop


@pytest.mark.parametrize("case", TAMPERED)
def test_execution_is_refused(loop: Loop, broken: Shop, seen: Seen, case: str) -> None:
    code, tamper = TAMPERED[case]
    plan = loop.plan(broken.finding(loop))
    forge(loop, plan)
    tamper(loop, plan, broken)
    before = broken.live["metadata"]["generation"]
    said = loop.execute(plan)
    assert broken.live["metadata"]["generation"] == before
    assert not seen.writes(ACTOR, broken.name, broken.namespace)
    assert_refused(said, loop, plan, code)


def test_an_approval_that_lasted_less_than_nothing(loop: Loop, broken: Shop, seen: Seen) -> None:
    plan = loop.plan(broken.finding(loop))
    forge(loop, plan, minutes=-1)
    assert_refused(loop.execute(plan), loop, plan, "expired")
    assert not seen.writes(ACTOR, broken.name, broken.namespace)


def test_an_approval_is_used_once(loop: Loop, host: str, seen: Seen) -> None:
    plan = loop.approved("--cordon", host)
    assert loop.execute(plan).code == 0
    loop.lab.kubectl("uncordon", host)
    assert loop.execute(plan).code == 1
    assert loop.refusals(plan) == ["reused"]
    assert len(seen.writes(ACTOR, host)) == 1


def test_an_approval_of_another_run(loop: Loop, host: str, seen: Seen) -> None:
    approved, other = loop.approved("--cordon", host), loop.plan("--cordon", host)
    said = loop.execute(other, "--approval", loop.approval(approved))
    assert_refused(said, loop, other, "other-plan")
    assert not seen.writes(ACTOR, host)


def test_the_code_of_another_plan(loop: Loop, host: str) -> None:
    plan = loop.plan("--cordon", host)
    said = command.run(loop.home, "approve", plan["run"], "--code", "00000000", "--kubeconfig", loop.approver)
    assert_refused(said, loop, plan, "other-plan")
    assert loop.sql("SELECT * FROM approvals") == []


def test_a_change_between_plan_and_approval(loop: Loop, broken: Shop) -> None:
    plan = loop.plan(broken.finding(loop))
    broken.apply(loop.lab.image("app:v1"))
    assert_refused(loop.approve(plan), loop, plan, "changed")
    assert loop.sql("SELECT * FROM approvals") == []


def test_a_node_of_the_same_name_is_another_node(loop: Loop, host: str, seen: Seen) -> None:
    plan = loop.approved("--cordon", host)
    node = loop.lab.get("node", host)
    again = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": host, "labels": node["metadata"]["labels"]}}
    loop.lab.kubectl("delete", "node", host)
    loop.lab.kubectl("create", "-f", "-", stdin=json.dumps(again))
    assert_refused(loop.execute(plan), loop, plan, "gone")
    assert not seen.writes(ACTOR, host)


@pytest.mark.parametrize("where", ["approve", "execute"])
def test_another_cluster(loop: Loop, host: str, seen: Seen, where: str) -> None:
    plan = edit_plan(loop, loop.plan("--cordon", host), hashed=True, scope="00000000-0000-0000-0000-000000000000")
    if where == "execute":
        forge(loop, plan)
    said = loop.approve(plan) if where == "approve" else loop.execute(plan)
    assert_refused(said, loop, plan, "other-cluster")
    assert not seen.writes(ACTOR, host)


@pytest.mark.parametrize("where", ["approve", "execute"])
def test_a_recording(loop: Loop, broken: Shop, seen: Seen, tmp_path: Path, where: str) -> None:
    file = tmp_path / "recorded.json"
    kinds = "pods,replicasets,deployments"
    file.write_text(loop.lab.kubectl("get", kinds, "-n", broken.namespace, "-o", "json", "--show-managed-fields"))
    plan = loop.plan("--source", str(file))
    assert plan["steps"][0]["action"]["workload"]["uid"] == broken.live["metadata"]["uid"]
    if where == "execute":
        forge(loop, plan)
    said = loop.approve(plan) if where == "approve" else loop.execute(plan)
    assert_refused(said, loop, plan, "recorded")
    assert not seen.writes(ACTOR, broken.name, broken.namespace)


def test_what_no_rule_mentions_is_proposed_and_no_more(loop: Loop, host: str, seen: Seen) -> None:
    loop.settings("")
    plan = loop.plan("--cordon", host)
    forge(loop, plan)
    assert_refused(loop.execute(plan), loop, plan, "propose")
    assert not seen.writes(ACTOR, host)


def test_who_would_approve_what_the_policy_does_not_let_run_is_told_so(loop: Loop, host: str) -> None:
    loop.settings('[[policy.rules]]\nactions = ["cordon"]\nmode = "forbidden"\n')
    plan = loop.plan("--cordon", host)
    assert_refused(loop.approve(plan), loop, plan, "forbidden")
    assert loop.sql("SELECT * FROM approvals") == []
