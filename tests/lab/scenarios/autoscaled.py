"""An autoscaler scales a Deployment up: a controller wrote the scale, and nobody is to blame.

The HorizontalPodAutoscaler controller needs no metrics to go up to `minReplicas`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.lab.cluster import Lab
from tests.lab.manifests import Manifest
from tests.lab.scenarios import rollout
from tests.lab.scenarios.planted import HEALTHY, Planted, planted, written

SCENARIO = "autoscaled"
AT_LEAST = 3


def autoscaler(name: str) -> Manifest:
    """A HorizontalPodAutoscaler (autoscaling/v2) of the Deployment of that name."""
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name},
        "spec": {"scaleTargetRef": target, "minReplicas": AT_LEAST, "maxReplicas": 5},
    }


@written
def autoscaled(lab: Lab, namespace: str) -> Iterator[Planted]:
    """Plant `elastic` with two pods, and wait until its autoscaler has made it three."""
    lab.namespace(namespace)
    image = lab.image("app:v1")
    rollout.release(lab, namespace, "elastic", image)
    lab.kubectl("apply", "-n", namespace, "-f", "-", user="ci-bot", stdin=json.dumps(autoscaler("elastic")))

    def scaled() -> dict[str, Any] | None:
        found = lab.get("deployment", "elastic", namespace)
        return found if found["spec"]["replicas"] == AT_LEAST else None

    lab.wait("the autoscaler to scale up", scaled, 60)
    elastic = rollout.wait_until_whole(lab, namespace, "elastic", AT_LEAST, image)
    yield planted(SCENARIO, elastic, HEALTHY, by="system:serviceaccount:kube-system:horizontal-pod-autoscaler")
    yield planted(SCENARIO, rollout.replica_set(lab, namespace, "elastic", image), HEALTHY)
    for pod in rollout.pods(lab, namespace, "elastic"):
        yield planted(SCENARIO, pod, HEALTHY, "app")
