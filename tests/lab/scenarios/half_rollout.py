"""A rollout from v1 to v2, paused by a person when one new pod is ready, and forgotten: it stands for longer than its
deadline, and both releases run side by side."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from tests.lab.cluster import Lab
from tests.lab.manifests import deployment
from tests.lab.scenarios import rollout
from tests.lab.scenarios.planted import (
    CHANGED_BY_HAND,
    HEALTHY,
    MIXED_RELEASES,
    NOT_REPLACING,
    SUPERSEDED_OUTLIVES,
    Planted,
    planted,
    written,
)

SCENARIO = "half_rollout"
REPLICAS = 3
# minReadySeconds of v2: so long after its first pod is ready, the rollout goes on unless it has been paused
PAUSE_WITHIN = 8
DEADLINE = PAUSE_WITHIN + 1  # progressDeadlineSeconds of v2: the API wants it above minReadySeconds


def stands_since(item: dict[str, Any]) -> datetime | None:
    """When the controller saw that the Deployment was paused (its Progressing condition); None where it has not."""
    for condition in item["status"].get("conditions", []):
        if (condition["type"], condition["reason"]) == ("Progressing", "DeploymentPaused"):
            return datetime.fromisoformat(condition["lastTransitionTime"])
    return None


def _forgotten(lab: Lab, namespace: str) -> dict[str, Any] | None:
    half = lab.get("deployment", "half", namespace)
    since = stands_since(half)
    return half if since and (datetime.now(UTC) - since).total_seconds() > DEADLINE + 1 else None


@written
def half_rollout(lab: Lab, namespace: str) -> Iterator[Planted]:
    """Plant `half`: one new pod beside all the old ones, paused for longer than its deadline."""
    lab.namespace(namespace)
    first, second = lab.image("app:v1"), lab.image("app:v2")
    rollout.release(lab, namespace, "half", first, REPLICAS)
    limits = {"minReadySeconds": PAUSE_WITHIN, "progressDeadlineSeconds": DEADLINE}
    lab.apply(deployment("half", second, REPLICAS, **limits), namespace)

    def new_pod_is_ready() -> bool:
        found = rollout.pods(lab, namespace, "half")
        return any(rollout.is_ready(pod) and rollout.image_of(pod) == second for pod in found)

    lab.wait("one new pod to be ready", new_pod_is_ready, 30)
    lab.kubectl("rollout", "pause", "deployment/half", "-n", namespace, user="alice")
    half = lab.wait("the paused rollout to be forgotten", lambda: _forgotten(lab, namespace), DEADLINE + 20)
    releases = {"v1": first, "v2": second}
    uids = {v: rollout.replica_set(lab, namespace, "half", i)["metadata"]["uid"] for v, i in releases.items()}
    yield planted(SCENARIO, half, MIXED_RELEASES, releases=uids, current="v2", prior="v1", paused_by="alice")
    yield planted(SCENARIO, half, CHANGED_BY_HAND, act="pause", by="alice")
    yield planted(SCENARIO, half, NOT_REPLACING, why="paused")
    for pod in rollout.pods(lab, namespace, "half"):
        version = "v1" if rollout.image_of(pod) == first else "v2"
        wrong = SUPERSEDED_OUTLIVES if version == "v1" else HEALTHY
        yield planted(SCENARIO, pod, wrong, "app", version=version)
