"""Credentials that fail, and who an approver is: what the cluster says of the credentials, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.driver import command
from tests.driver.loop import Loop
from tests.driver.rights import Account, Right
from tests.driver.seen import Seen
from tests.lab.cluster import Lab

pytest_plugins = ["tests.driver.fixtures"]
pytestmark = pytest.mark.lab

ACTOR = "auditor-actor"
NOUNS = {"Budget", "Change", "Host", "Instance", "Release", "Workload"}


def test_an_expired_token_is_a_gap_and_no_pass(loop: Loop) -> None:
    said = command.run(loop.home, "audit", "--json", "--kubeconfig", loop.lab.expired_kubeconfig())
    assert said.code == 3
    gaps = [gap for gap in said.report["gaps"] if gap["code"] == "unauthorized"]
    assert {gap["noun"] for gap in gaps if gap["required"]} == NOUNS
    assert all(row["passed"] == 0 and row["unseen"] for row in said.report["coverage"])
    assert said.report["findings"] == []


def test_an_expired_token_plans_nothing(loop: Loop, host: str) -> None:
    said = command.run(loop.home, "plan", "--cordon", host, "--kubeconfig", loop.lab.expired_kubeconfig())
    assert said.code == 1
    assert "401" in said.err, said


def test_a_server_that_is_not_there(loop: Loop, host: str, seen: Seen) -> None:
    nowhere = loop.lab.unreachable_kubeconfig()
    plan = loop.approved("--cordon", host)
    for words in (("audit",), ("plan", "--cordon", host), ("execute", plan["run"])):
        said = command.run(loop.home, *words, "--kubeconfig", nowhere)
        assert said.code == 1, said
        assert "127.0.0.1:1" in said.err, said
    assert loop.sql("SELECT * FROM claims") == []
    assert loop.execute(plan).code == 0
    assert len(seen.writes(ACTOR, host)) == 1


@pytest.mark.parametrize("name", ["execute", "resume"])
def test_an_expired_token_executes_nothing(loop: Loop, host: str, seen: Seen, name: str) -> None:
    plan = loop.approved("--cordon", host)
    if name == "resume":
        loop.sql("INSERT INTO claims VALUES (?, 'x', ?, '{}', 'x', 1)", plan["run"], loop.approval(plan))
    loop.actor = loop.lab.expired_kubeconfig()
    said = loop.start(name, plan).wait()
    assert said.code == 1
    assert "401" in said.err, said
    assert loop.lab.get("node", host)["spec"].get("unschedulable") is None
    assert loop.journal(plan) == []


@pytest.fixture
def anonymous(lab: Lab, tmp_path: Path) -> Path:
    """The lab's kubeconfig without any credentials."""
    config = json.loads(lab.kubeconfig("alice").read_text())
    config["users"][0]["user"] = {}
    file = tmp_path / "anonymous"
    file.write_text(json.dumps(config))
    return file


@pytest.mark.parametrize("who", ["expired", "unreachable", "anonymous"])
def test_nobody_can_approve(loop: Loop, host: str, anonymous: Path, who: str) -> None:
    plan = loop.plan("--cordon", host)
    loop.approver = {
        "expired": loop.lab.expired_kubeconfig(),
        "unreachable": loop.lab.unreachable_kubeconfig(),
        "anonymous": anonymous,
    }[who]
    said = loop.approve(plan)
    assert (said.code, loop.refusals(plan)) == (1, ["not-authenticated"]), said
    assert loop.sql("SELECT * FROM approvals") == []


def test_the_approver_is_who_the_cluster_says(loop: Loop, host: str, namespace: str) -> None:
    """A service account that may only ask which cluster this is: it need not be able to do what it approves."""
    loop.lab.namespace(namespace)
    account = Account(loop.lab, namespace, "approver")
    try:
        account.give((Right("", "namespaces", "get", ("kube-system",)),))
        plan = loop.plan("--cordon", host)
        loop.approver = account.kubeconfig
        said = loop.approve(plan)
        assert said.code == 0, said
        assert account.user in said.out.replace("\n", "")
        query = "SELECT json_extract(CAST(data AS TEXT), '$.approver') FROM approvals"
        assert loop.sql(query) == [(account.user,)]
        assert loop.execute(plan).code == 0
    finally:
        account.take_away()


def test_an_approver_without_any_right_is_told_which_is_missing(loop: Loop, host: str) -> None:
    plan = loop.plan("--cordon", host)
    loop.approver = loop.lab.kubeconfig("bob")
    said = loop.approve(plan)
    assert said.code == 1
    assert '"bob"' in said.err
    assert "kube-system" in said.err
    assert loop.sql("SELECT * FROM approvals") == []
