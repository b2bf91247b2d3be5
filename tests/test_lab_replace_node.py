"""Replacing a node: it is drained in a real cluster, and then its server is ended in an embedded AWS, one plan in two
places: executed, killed between the steps and resumed, and refused where the world moved in either place."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auditor import embedded_aws
from tests.aws_fleet import Fleet
from tests.driver.kill_at import Stop
from tests.driver.nodes import NodeLoop, ServerNode
from tests.driver.seen import Seen
from tests.lab.cluster import Lab

pytest_plugins = ["tests.driver.fixtures"]
pytestmark = pytest.mark.lab

MAIN = ["intent", "effect", "done"]


@pytest.fixture(scope="module")
def account() -> Iterator[Fleet]:
    """An account with nothing in it."""
    with embedded_aws.serve() as aws:
        yield Fleet(aws)


@pytest.fixture
def group(account: Fleet) -> str:
    """A group of two servers of its own."""
    name = f"nodes-{secrets.token_hex(3)}"
    account.template(name, account.image(name))
    account.group(name, "1", size=2, DefaultInstanceWarmup=0)
    return name


@pytest.fixture
def loop(granted: Lab, account: Fleet, tmp_path: Path) -> NodeLoop:
    return NodeLoop(granted, account, tmp_path)


@pytest.fixture
def node(granted: Lab, account: Fleet, group: str) -> Iterator[ServerNode]:
    """A node that is a server of the group."""
    name = f"server-{secrets.token_hex(3)}"
    yield ServerNode(granted, name, account.members(group)[0], f"{account.aws.region}a")
    granted.kubectl("delete", "node", name, "--ignore-not-found")


@pytest.fixture
def filled(granted: Lab, node: ServerNode) -> Iterator[str]:
    """A namespace with two pods that are bound to the node."""
    namespace = granted.namespace(f"node-{secrets.token_hex(3)}")
    node.fill(namespace)
    yield namespace
    granted.discard_namespace(namespace)


def ends(account: Fleet, server: str) -> list[dict[str, Any]]:
    """The ends of a server by the auditor, by the account's trail."""
    asked = [{"AttributeKey": "EventName", "AttributeValue": "TerminateInstanceInAutoScalingGroup"}]
    found = account.client("cloudtrail").lookup_events(LookupAttributes=asked)["Events"]
    return [event for event in found if server in event["CloudTrailEvent"]]


def test_a_node_is_drained_and_its_server_replaced(
    loop: NodeLoop, account: Fleet, group: str, node: ServerNode, filled: str, seen: Seen
) -> None:
    plan = loop.replacing(node.name)
    assert [step["action"]["type"] for step in plan["steps"]] == ["cordon", "drain", "replace-instance"]
    assert (plan["reach"]["instances"], plan["reach"]["hosts"]) == (2, 1)
    (part,) = plan["elsewhere"]
    assert (part["reach"]["instances"], part["reach"]["hosts"]) == (1, 0)
    said = loop.act("execute", plan)
    assert said.code == 0, said
    assert loop.journal(plan) == MAIN * 3
    assert node.cordoned()
    assert not node.pods(filled)
    assert len(seen.evictions("auditor-actor", filled)) == 2
    assert node.server not in account.members(group)
    assert len(account.members(group)) == 2
    assert len(ends(account, node.server)) == 1
    actors = [row[0] for row in loop.sql("SELECT actor FROM journal WHERE plan = ? ORDER BY step", plan["id"])]
    assert actors[:2] == ["auditor-actor"] * 2
    assert ":assumed-role/auditor-actor/" in actors[2]
    assert "no Node names (spec.providerID)" in loop.sql("SELECT outcome FROM runs WHERE id = ?", plan["run"])[0][0]


@pytest.mark.parametrize(
    ("point", "step"), [("intent:after", 1), ("done:after", 2), ("intent:after", 3), ("send:after", 1)]
)
def test_killed_and_resumed_every_step_is_done_once(
    loop: NodeLoop, account: Fleet, group: str, node: ServerNode, filled: str, seen: Seen, point: str, step: int
) -> None:
    plan = loop.replacing(node.name)
    assert loop.act("execute", plan, stop=Stop(point, step=step)).code == -9
    said = loop.act("resume", plan)
    assert said.code == 0, said
    assert len(seen.evictions("auditor-actor", filled)) == 2
    assert len(ends(account, node.server)) == 1
    assert node.server not in account.members(group)


@pytest.mark.parametrize("step", [2, 3])
def test_a_node_that_was_uncordoned_meanwhile_keeps_its_server(
    loop: NodeLoop, account: Fleet, group: str, node: ServerNode, filled: str, granted: Lab, step: int
) -> None:
    plan = loop.replacing(node.name)
    assert loop.act("execute", plan, stop=Stop("done:after" if step == 2 else "intent:after", step=step)).code == -9
    granted.kubectl("uncordon", node.name)
    said = loop.act("resume", plan)
    assert (said.code, loop.refusals(plan)) == (1, ["changed"]), said
    assert node.server in account.members(group)
    assert not ends(account, node.server)


def test_a_server_that_left_its_group_stops_the_plan_before_anything_is_drained(
    loop: NodeLoop, account: Fleet, group: str, node: ServerNode, filled: str
) -> None:
    plan = loop.replacing(node.name)
    leave(account, group, node.server)
    said = loop.act("execute", plan)
    assert (said.code, loop.refusals(plan)) == (1, ["changed"]), said
    assert not node.cordoned()
    assert len(node.pods(filled)) == 2


def test_a_server_that_left_its_group_between_the_steps_runs_on(
    loop: NodeLoop, account: Fleet, group: str, node: ServerNode, filled: str
) -> None:
    plan = loop.replacing(node.name)
    assert loop.act("execute", plan, stop=Stop("done:after", step=2)).code == -9
    leave(account, group, node.server)
    said = loop.act("resume", plan)
    assert (said.code, loop.refusals(plan)) == (1, ["changed"]), said
    assert not ends(account, node.server)
    undo = loop.plan("--undo", plan["run"])
    assert [step["action"]["type"] for step in undo["steps"]] == ["uncordon"]


def test_a_server_that_is_protected_or_not_seen_is_not_planned_for(
    loop: NodeLoop, account: Fleet, group: str, node: ServerNode
) -> None:
    asked = ("plan", "--replace-node", node.name)
    said = loop.run((loop.reader, loop.readers), *asked, "--source", "kubernetes:")
    assert said.code == 1, said
    assert "no AWS account was looked at" in said.err
    account.groups.set_instance_protection(
        InstanceIds=[node.server], AutoScalingGroupName=group, ProtectedFromScaleIn=True
    )
    said = loop.planned(node.name)
    assert said.code == 1, said
    assert "protected from scale-in" in said.err


def test_without_the_accounts_credentials_nothing_is_begun(loop: NodeLoop, node: ServerNode, filled: str) -> None:
    plan = loop.replacing(node.name)
    said = loop.act("execute", plan, "--profile", "nobody")
    assert said.code not in (0, 10), said
    assert "nobody" in said.err
    assert not loop.journal(plan)
    assert not node.cordoned()


def leave(account: Fleet, group: str, server: str) -> None:
    """Somebody takes a server out of its group; it runs on."""
    account.groups.detach_instances(
        InstanceIds=[server], AutoScalingGroupName=group, ShouldDecrementDesiredCapacity=False
    )
