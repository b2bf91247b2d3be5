"""A person changes the image of one running pod: its ReplicaSet still says v1, its container runs v2."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.lab.cluster import Lab
from tests.lab.scenarios import rollout
from tests.lab.scenarios.planted import HEALTHY, PATCHED_IN_PLACE, Planted, planted, written

SCENARIO = "patched_in_place"


def running_image_id(pod: dict[str, Any]) -> str:
    """The imageID of the pod's first container, while it runs and is ready; else empty."""
    statuses = pod["status"].get("containerStatuses", [])
    return str(statuses[0]["imageID"]) if statuses and statuses[0]["ready"] else ""


@written
def patched_in_place(lab: Lab, namespace: str) -> Iterator[Planted]:
    """Plant `patched`, change one pod as alice, and wait until it runs the other image."""
    lab.namespace(namespace)
    first, second = lab.image("app:v1"), lab.image("app:v2")
    patched = rollout.release(lab, namespace, "patched", first)
    victim = rollout.pods(lab, namespace, "patched")[0]["metadata"]["name"]
    lab.kubectl("set", "image", f"pod/{victim}", f"app={second}", "-n", namespace, user="alice")

    def restarted() -> dict[str, Any] | None:
        pod = lab.get("pod", victim, namespace)
        return pod if running_image_id(pod).endswith(lab.digest("app:v2")) else None

    changed = lab.wait("the container to run the other image", restarted, 30)
    release = rollout.replica_set(lab, namespace, "patched", first)
    for item in (patched, release):
        yield planted(SCENARIO, item, HEALTHY)
    yield planted(SCENARIO, changed, PATCHED_IN_PLACE, "app", template=first, running=second, by="alice")
    for pod in rollout.pods(lab, namespace, "patched"):
        if pod["metadata"]["name"] != victim:
            yield planted(SCENARIO, pod, HEALTHY, "app", image=first)
