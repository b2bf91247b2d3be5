"""Real nodes: a kubelet that drifts, with and without a declared baseline, and a cordon that keeps new pods away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.driver.loop import POLICY, Loop
from tests.driver.outcomes import outcome, snapshot
from tests.driver.seen import Seen
from tests.lab import manifests, scenarios, settings
from tests.lab.cluster import Lab
from tests.lab.scenarios import planted, rollout
from tests.lab.scenarios.planted import Planted
from tests.running import auditor

pytest_plugins = ["tests.driver.fixtures"]
pytestmark = pytest.mark.lab

Json = dict[str, Any]
ACTOR, CHECK = "auditor-actor", "host-baseline"
BASELINE = {CHECK: {"pools": {"default": {"kubelet_version": settings.KUBERNETES_VERSION}}}}
TOML = f'[checks.{CHECK}.pools.default]\nkubelet_version = "{settings.KUBERNETES_VERSION}"\n'


def pool_outcome(lab: Lab, home: Path, *, declared: bool) -> tuple[str, list[Json]]:
    """The outcome for the pool `default`, and the findings about it."""
    home.mkdir()
    if declared:
        (home / "auditor.toml").write_text(TOML)
    report = auditor(home, "audit", "--json", "--kubeconfig", lab.kubeconfig("auditor-reader")).report
    view = snapshot(home, report, BASELINE if declared else {})
    pool = next(p for p in view.facts.pools if p.ref.name == "default")
    found = [f for f in report["findings"] if f["check"] == CHECK]
    return outcome(view, CHECK, pool.ref.uid), found


@pytest.fixture
def drifted(lab_alone: Lab) -> Iterator[tuple[Planted, ...]]:
    yield scenarios.drifted_node(lab_alone)
    lab_alone.restore_node("node-b")


def of_nodes(found: list[Json]) -> list[Json]:
    """The findings about the lab's own nodes; other tests make Node objects in pools of their own."""
    return [f for f in found if any(s["name"] in settings.NODES for s in f["subjects"])]


def test_hosts_that_are_as_declared_or_alike_pass(granted: Lab, lab_alone: Lab, tmp_path: Path) -> None:
    for declared in (True, False):
        came_out, found = pool_outcome(lab_alone, tmp_path / str(declared), declared=declared)
        assert (came_out, of_nodes(found)) == ("pass", [])


def test_a_drifted_host_is_found_and_contained(
    granted: Lab, drifted: tuple[Planted, ...], tmp_path: Path, namespace: str
) -> None:
    """Undeclared it is inconclusive; declared, a violation on node-b alone, which a cordon contains."""
    odd = next(one for one in drifted if one.wrong == planted.HOST_DRIFTED)
    came_out, _ = pool_outcome(granted, tmp_path / "undeclared", declared=False)
    assert came_out == "inconclusive"
    came_out, found = pool_outcome(granted, tmp_path / "declared", declared=True)
    assert came_out == "violation"
    (finding,) = of_nodes(found)
    assert (finding["verdict"], finding["remedy"]) == ("violation", "cordon")
    (evidence,) = finding["evidence"]
    assert (evidence["ref"]["uid"], evidence["value"]) == (odd.uid, settings.DRIFTED_VERSION)
    assert [s["uid"] for s in finding["subjects"]] == [odd.uid]
    loop = Loop(granted, tmp_path / "declared")
    loop.settings(TOML + POLICY)
    contain(loop, finding["fingerprint"], odd, namespace)


def contain(loop: Loop, finding: str, odd: Planted, namespace: str) -> None:
    """Cordon the host for its finding, see that nothing new gets there, and undo it by its inverse."""
    plan = loop.approved(finding)
    assert plan["steps"][0]["action"]["host"]["uid"] == odd.uid
    seen = Seen(loop.lab)
    try:
        said = loop.execute(plan, "--json")
        assert (said.code, said.report["verified"]) == (0, True), said
        assert said.report["seconds"] < 5, "the figure that a cordon must keep"
        assert "contained" in said.report["outcome"]
        assert len(seen.writes(ACTOR, odd.name)) == 1
        assert hosts_of_new_pods(loop.lab, namespace, 6) == {"node-a"}
        assert loop.execute(loop.approved("--uncordon", odd.name)).code == 0
        assert "unschedulable" not in loop.lab.get("node", odd.name)["spec"]
        assert "node-b" in hosts_of_new_pods(loop.lab, f"{namespace}-2", 6)
    finally:
        loop.lab.kubectl("uncordon", odd.name)


def hosts_of_new_pods(lab: Lab, namespace: str, count: int) -> set[str]:
    """Where new pods are scheduled, in a namespace that goes at once."""
    lab.namespace(namespace)
    lab.apply(manifests.anywhere(manifests.deployment("new", lab.image("app:v1"), count)), namespace)

    def scheduled() -> list[str]:
        nodes = [pod["spec"].get("nodeName", "") for pod in rollout.pods(lab, namespace, "new")]
        return nodes if len(nodes) == count and all(nodes) else []

    found = set(lab.wait("the new pods to be scheduled", scheduled, 20))
    lab.discard_namespace(namespace)
    return found
