"""Pods that no ReplicaSet owns: of a StatefulSet, a DaemonSet and a Job, and a bare one without any owner."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.lab import manifests
from tests.lab.cluster import Lab
from tests.lab.scenarios import rollout
from tests.lab.scenarios.planted import HEALTHY, NO_OWNER, Planted, planted, written

SCENARIO = "unread_owners"


@written
def unread_owners(lab: Lab, namespace: str) -> Iterator[Planted]:
    """Plant `stateful`, `daemon`, `job` and `bare`, one pod each."""
    lab.namespace(namespace)
    image = lab.image("app:v1")
    daemon_set = manifests.workload("DaemonSet", "daemon", image)
    daemon_set["spec"]["template"]["spec"]["nodeSelector"] = {"kubernetes.io/hostname": "node-a"}  # one pod
    owners = (
        manifests.workload("StatefulSet", "stateful", image, replicas=1, serviceName="stateful"),
        daemon_set,
        manifests.job("job", image),
    )
    made = [lab.apply(owner, namespace) for owner in owners]
    lab.apply(manifests.bare_pod("bare", image), namespace)

    def all_ready() -> list[dict[str, Any]]:
        found = lab.objects("pods", namespace)
        return found if len(found) == 4 and all(map(rollout.is_ready, found)) else []

    pods = lab.wait("the four pods to be ready", all_ready, 45)
    for owner in made:
        yield planted(SCENARIO, owner, HEALTHY)
    for pod in pods:
        owner = pod["metadata"].get("ownerReferences", [{}])[0]
        wrong = HEALTHY if owner else NO_OWNER
        yield planted(SCENARIO, pod, wrong, "app", owner=owner.get("kind"), owner_uid=owner.get("uid"))
