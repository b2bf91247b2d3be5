"""A StatefulSet and a DaemonSet, each rolled from v1 to v2 by the pipeline, and a PodDisruptionBudget: all healthy."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.lab import manifests
from tests.lab.cluster import Lab
from tests.lab.scenarios import rollout
from tests.lab.scenarios.planted import HEALTHY, Planted, planted, written

SCENARIO = "healthy_sets"
KINDS = {"stateful": "StatefulSet", "daemon": "DaemonSet"}


def sized(kind: str) -> dict[str, object]:
    """What a set of that kind needs so that it has two pods on the lab's two nodes."""
    return {"replicas": 2, "serviceName": "none"} if kind == "StatefulSet" else {}


def budget(name: str) -> manifests.Manifest:
    """A PodDisruptionBudget (policy/v1) for the pods of the workload of that name."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name},
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": {"app": name}}},
    }


@written
def healthy_sets(lab: Lab, namespace: str) -> Iterator[Planted]:
    """Plant `stateful` with its budget and `daemon`, two pods each."""
    lab.namespace(namespace)
    for image in (lab.image("app:v1"), lab.image("app:v2")):
        for name, kind in KINDS.items():
            lab.apply(manifests.workload(kind, name, image, **sized(kind)), namespace)
        for name, kind in KINDS.items():
            rollout.wait_until_whole(lab, namespace, name, 2, image, kind)
    lab.kubectl("apply", "-n", namespace, "-f", "-", user="ci-bot", stdin=json.dumps(budget("stateful")))
    for name, kind in KINDS.items():
        yield planted(SCENARIO, lab.get(kind, name, namespace), HEALTHY)
        for pod in rollout.pods(lab, namespace, name):
            yield planted(SCENARIO, pod, HEALTHY, "app")
