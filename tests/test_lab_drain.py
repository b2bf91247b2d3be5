"""Draining a host, replacing an instance, pausing a rollout: budgets are asked, data is not lost unasked, nothing is
evicted twice."""

from __future__ import annotations

import json
import os
import secrets
import signal
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.driver import command
from tests.driver.kill_at import Stop
from tests.driver.loop import Loop
from tests.driver.seen import Seen
from tests.lab.cluster import Lab
from tests.lab.manifests import DRAINED, anywhere, deployment

pytest_plugins = ["tests.driver.fixtures"]
pytestmark = pytest.mark.lab

ACTOR = "auditor-actor"
NODE, OTHER = "node-b", "node-a"
MAIN = ["intent", "effect", "done"]


class Fleet:
    """Two pods of one Deployment that both run on the node that is to be drained, under a budget."""

    def __init__(self, lab: Lab, namespace: str) -> None:
        self.lab, self.namespace = lab, namespace

    def place(self, unavailable: int = 1, volumes: bool = False) -> None:
        """Put both pods on the node, and leave both nodes schedulable."""
        self.lab.kubectl("uncordon", NODE)
        self.lab.kubectl("cordon", OTHER)
        manifest = anywhere(deployment("app", self.lab.image("app:v1"), replicas=2))
        pod = manifest["spec"]["template"]["spec"]
        pod["terminationGracePeriodSeconds"] = 1
        pod["tolerations"] = [{"key": DRAINED, "operator": "Exists"}]
        if volumes:
            pod["volumes"] = [{"name": "scratch", "emptyDir": {}}]
        self.lab.apply(manifest, self.namespace)
        self.budget(unavailable)
        self.lab.wait("both pods to be ready on the node", lambda: len(self.ready(NODE)) == 2 or None, 60)
        self.lab.kubectl("uncordon", OTHER)

    def budget(self, unavailable: int) -> None:
        """Let so many of them be unavailable."""
        budget = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "app"}}
        spec = {"maxUnavailable": unavailable, "selector": {"matchLabels": {"app": "app"}}}
        self.lab.apply({**budget, "spec": spec}, self.namespace)

    def pods(self) -> list[dict[str, Any]]:
        text = self.lab.kubectl("get", "pods", "-n", self.namespace, "-o", "json")
        found: list[dict[str, Any]] = json.loads(text)["items"]
        return found

    def ready(self, node: str) -> list[dict[str, Any]]:
        return [
            pod
            for pod in self.pods()
            if pod["spec"].get("nodeName") == node
            and "deletionTimestamp" not in pod["metadata"]
            and any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", ()))
        ]


@pytest.fixture
def fleet(lab_alone: Lab, granted: Lab) -> Iterator[Fleet]:
    """A fleet of its own, on a node that no other test's workload comes to meanwhile (it runs beside them, and one that
    came after the plan would rightly stop the drain); both nodes are schedulable afterwards."""
    namespace = granted.namespace(f"drain-{secrets.token_hex(3)}")
    granted.kubectl("taint", "node", NODE, f"{DRAINED}=yes:NoSchedule", "--overwrite")
    yield Fleet(granted, namespace)
    granted.kubectl("taint", "node", NODE, f"{DRAINED}-")
    for node in (NODE, OTHER):
        granted.kubectl("uncordon", node)
    granted.discard_namespace(namespace)


def steps(loop: Loop, plan: dict[str, Any]) -> dict[int, list[str]]:
    """The states that each step went through; notes left out."""
    rows = loop.sql("SELECT step, state FROM journal_lines WHERE plan = ? ORDER BY number", plan["id"])
    found: dict[int, list[str]] = {}
    for step, state in rows:
        if state != "note":
            found.setdefault(step, []).append(state)
    return found


def evicted(seen: Seen, fleet: Fleet) -> list[int]:
    """How often each pod was evicted, as the cluster's own log says."""
    return sorted(Counter(e["objectRef"]["name"] for e in seen.evictions(ACTOR, fleet.namespace)).values())


def test_a_host_is_cordoned_then_drained_within_its_budget(loop: Loop, fleet: Fleet, seen: Seen) -> None:
    fleet.place(unavailable=1)
    plan = loop.approved("--drain", NODE)
    assert [step["action"]["type"] for step in plan["steps"]] == ["cordon", "drain"]
    assert plan["reach"]["hosts"] == 1
    assert plan["reach"]["instances"] >= 2
    said = loop.execute(plan)
    assert said.code == 0, said
    assert steps(loop, plan) == {1: MAIN, 2: MAIN}
    assert evicted(seen, fleet) == [1, 1]
    assert not fleet.ready(NODE)
    undo = loop.plan("--undo", plan["run"])
    assert [step["action"]["type"] for step in undo["steps"]] == ["uncordon"]
    assert any("drain" in note for note in undo["notes"])


def test_a_budget_that_never_allows_is_told_and_nothing_is_evicted(loop: Loop, fleet: Fleet, seen: Seen) -> None:
    fleet.place(unavailable=0)
    plan = loop.approved("--drain", NODE)
    assert "not now" in plan["steps"][1]["preview"]["diff"] or plan["steps"][1]["preview"]["by"] == "computed here"
    said = loop.start("execute", plan, patience=2).wait()
    assert said.code == 1, said
    assert "disruption budget" in said.err
    assert "done: 1 cordon" in said.err
    assert f"auditor plan --undo {plan['run']}" in said.err
    assert evicted(seen, fleet) == []
    fleet.budget(unavailable=1)
    assert loop.resume(plan).code == 0
    assert evicted(seen, fleet) == [1, 1]


def test_local_data_is_lost_only_where_that_is_allowed(loop: Loop, fleet: Fleet, seen: Seen) -> None:
    fleet.place(volumes=True)
    said = command.run(loop.home, "plan", "--drain", NODE, "--kubeconfig", loop.reader)
    assert said.code == 1
    assert "(scratch)" in said.err
    assert "--delete-local-data" in said.err
    plan = loop.approved("--drain", NODE, "--delete-local-data")
    assert "emptyDir scratch is lost" in plan["steps"][1]["preview"]["diff"]
    assert loop.execute(plan).code == 0
    assert evicted(seen, fleet) == [1, 1]


def test_what_nothing_would_bring_back_is_not_drained(loop: Loop, fleet: Fleet) -> None:
    fleet.place()
    pod = anywhere(deployment("bare", fleet.lab.image("app:v1")))["spec"]["template"]
    bare = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bare"}, "spec": pod["spec"] | {"nodeName": NODE}}
    fleet.lab.apply(bare, fleet.namespace)
    said = command.run(loop.home, "plan", "--drain", NODE, "--kubeconfig", loop.reader)
    assert said.code == 1
    assert f"Pod/{fleet.namespace}/bare" in said.err


@pytest.mark.parametrize("point", ["intent", "evict", "effect", "done"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_any_point_of_the_drain_nothing_is_evicted_twice(
    loop: Loop, fleet: Fleet, seen: Seen, point: str, when: str
) -> None:
    fleet.place()
    plan = loop.approved("--drain", NODE)
    killed = loop.execute(plan, stop=Stop(f"{point}:{when}", step=2))
    assert killed.code == -9, killed
    said = loop.resume(plan)
    assert said.code == 0, said
    assert steps(loop, plan) == {1: MAIN, 2: MAIN}
    assert evicted(seen, fleet) == [1, 1]
    assert len(seen.writes(ACTOR, NODE)) == 1


def test_ctrl_c_stops_between_two_steps_and_says_where_it_stands(loop: Loop, fleet: Fleet, seen: Seen) -> None:
    fleet.place()
    plan = loop.approved("--drain", NODE)
    running = loop.start("execute", plan, stop=Stop("done:before", signal.SIGSTOP))
    fleet.lab.wait("it to stand at the end of its first step", running.stopped)
    os.kill(running.pid, signal.SIGINT)
    os.kill(running.pid, signal.SIGCONT)
    said = running.wait()
    assert said.code == 1, said
    assert "stopping after this step; ctrl-C again stops at once" in said.err
    assert "stopped between two steps" in said.err
    assert f"auditor resume {plan['run']}" in said.err
    assert (steps(loop, plan), evicted(seen, fleet)) == ({1: MAIN}, [])
    assert loop.resume(plan).code == 0
    assert evicted(seen, fleet) == [1, 1]


def test_a_host_that_somebody_uncordons_is_not_drained_any_further(loop: Loop, fleet: Fleet, seen: Seen) -> None:
    fleet.place()
    plan = loop.approved("--drain", NODE)
    running = loop.start("execute", plan, stop=Stop("done:after", signal.SIGSTOP))
    fleet.lab.wait("it to stand behind its first step", running.stopped)
    fleet.lab.kubectl("uncordon", NODE, user="alice")
    os.kill(running.pid, signal.SIGCONT)
    said = running.wait()
    assert (said.code, loop.refusals(plan)) == (1, ["changed"]), said
    assert "somebody has uncordoned it" in said.err
    assert evicted(seen, fleet) == []


def test_what_came_to_the_host_after_the_plan_is_not_evicted(loop: Loop, fleet: Fleet, seen: Seen) -> None:
    fleet.place()
    plan = loop.approved("--drain", NODE)
    other = anywhere(deployment("other", fleet.lab.image("app:v1")))
    other["spec"]["template"]["spec"]["nodeName"] = NODE
    fleet.lab.apply(other, fleet.namespace)
    fleet.lab.wait("the other to be on the node", lambda: len(fleet.ready(NODE)) >= 3 or None, 30)
    said = loop.execute(plan)
    assert (said.code, loop.refusals(plan)) == (1, ["changed"]), said
    assert f"Pod/{fleet.namespace}/other-" in said.err
    assert evicted(seen, fleet) == []


def test_an_instance_is_replaced(loop: Loop, fleet: Fleet, seen: Seen) -> None:
    fleet.place()
    name = fleet.ready(NODE)[0]["metadata"]["name"]
    plan = loop.approved("--replace", f"{fleet.namespace}/{name}")
    said = loop.execute(plan)
    assert said.code == 0, said
    assert [e["objectRef"]["name"] for e in seen.evictions(ACTOR, fleet.namespace)] == [name]
    assert name not in {pod["metadata"]["name"] for pod in fleet.pods()}
    assert len(fleet.ready(NODE)) + len(fleet.ready(OTHER)) == 2


def test_a_rollout_is_paused_and_resumed_by_its_inverse(loop: Loop, fleet: Fleet) -> None:
    fleet.place()
    plan = loop.approved("--pause", f"{fleet.namespace}/app")
    assert loop.execute(plan).code == 0
    assert fleet.lab.get("deployment", "app", fleet.namespace)["spec"]["paused"] is True
    back = loop.approved("--undo", plan["run"])
    assert back["steps"][0]["action"]["type"] == "resume-rollout"
    assert loop.execute(back).code == 0
    assert not fleet.lab.get("deployment", "app", fleet.namespace)["spec"].get("paused", False)


def test_what_was_entered_is_replaced_as_the_finding_asks(loop: Loop, fleet: Fleet, seen: Seen) -> None:
    fleet.place()
    name = fleet.ready(NODE)[0]["metadata"]["name"]
    fleet.lab.kubectl("exec", "-n", fleet.namespace, name, "--", "/bin/sh", "-c", "true", user="alice")
    log = ("--audit-log", str(fleet.lab.audit_log), "--audit-policy", str(fleet.lab.audit_policy))
    report = command.run(loop.home, "audit", "--json", *log, "--kubeconfig", loop.reader).report
    (finding,) = [
        f
        for f in report["findings"]
        if f["check"] == "in-place-change" and [s["name"] for s in f["subjects"]] == [name]
    ]
    assert finding["remedy"] == "replace-instance"
    plan = loop.approved(finding["fingerprint"], *log)
    assert [step["action"]["instance"]["name"] for step in plan["steps"]] == [name]
    assert loop.execute(plan).code == 0
    assert [e["objectRef"]["name"] for e in seen.evictions(ACTOR, fleet.namespace)] == [name]
