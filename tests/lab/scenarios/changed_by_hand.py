"""A person changes workloads with imperative commands, one of each; the pipeline had applied them all."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from tests.lab import manifests
from tests.lab.cluster import Lab
from tests.lab.scenarios import rollout
from tests.lab.scenarios.planted import CHANGED_BY_HAND, HEALTHY, NOT_REPLACING, Planted, planted, written

SCENARIO = "changed_by_hand"
ANNOTATED = {"spec": {"template": {"metadata": {"annotations": {"note": "by hand"}}}}}
COMMANDS = {
    "scale": ["scale", "deployment/{name}", "--replicas=2"],
    "set-image": ["set", "image", "deployment/{name}", "app={other}"],
    "edit": ["edit", "deployment/{name}"],
    "patch": ["patch", "deployment/{name}", "-p", json.dumps(ANNOTATED)],
    "restart": ["rollout", "restart", "deployment/{name}"],
    "undo": ["rollout", "undo", "deployment/{name}"],
    "pause": ["rollout", "pause", "deployment/{name}"],
}
EDITOR = "sed -i 's/terminationGracePeriodSeconds: 1$/terminationGracePeriodSeconds: 2/'"


def _whole(lab: Lab, namespace: str) -> bool:
    """Whether every Deployment has its pods, ready, and no other."""
    found = lab.objects("deployments", namespace)
    wanted = sum(item["spec"]["replicas"] for item in found)
    pods = lab.objects("pods", namespace)
    seen = all(item["status"].get("observedGeneration") == item["metadata"]["generation"] for item in found)
    updated = sum(item["status"].get("updatedReplicas", 0) for item in found)
    available = sum(item["status"].get("availableReplicas", 0) for item in found)
    return seen and len(pods) == wanted == updated == available and all(map(rollout.is_ready, pods))


@written
def changed_by_hand(lab: Lab, namespace: str, commands: Sequence[str] = tuple(COMMANDS)) -> Iterator[Planted]:
    """Plant a Deployment for each of the commands, named after it, and `untouched`; one pod each."""
    lab.namespace(namespace)
    first, second = lab.image("app:v1"), lab.image("app:v2")
    for name in (*commands, "untouched"):
        lab.apply(manifests.deployment(name, first, 1), namespace)
    lab.wait("all to be there", lambda: _whole(lab, namespace), 60)
    if "undo" in commands:
        lab.apply(manifests.deployment("undo", second, 1), namespace)
        lab.wait("the second release of undo", lambda: _whole(lab, namespace), 60)
    for name in commands:
        command = [word.replace("{name}", name).replace("{other}", second) for word in COMMANDS[name]]
        lab.kubectl(*command, "-n", namespace, user="alice", editor=EDITOR)
    lab.wait("all to be whole again", lambda: _whole(lab, namespace), 60)
    for name in commands:
        workload = lab.get("deployment", name, namespace)
        yield planted(SCENARIO, workload, CHANGED_BY_HAND, act=name, by="alice")
        if name == "pause":
            yield planted(SCENARIO, workload, NOT_REPLACING, why="paused")
    yield planted(SCENARIO, lab.get("deployment", "untouched", namespace), HEALTHY)
    for pod in lab.objects("pods", namespace):
        yield planted(SCENARIO, pod, HEALTHY, "app")
