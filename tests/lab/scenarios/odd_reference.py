"""A digest of an algorithm that no node knows: the API takes it, the kubelet refuses to pull it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from tests.lab.cluster import Lab
from tests.lab.manifests import deployment
from tests.lab.scenarios import rollout
from tests.lab.scenarios.planted import UNRESOLVABLE_REFERENCE, Planted, planted, written

SCENARIO = "odd_reference"


def waiting_reason(pod: dict[str, Any]) -> str:
    """Why the pod's first container waits; empty if it doesn't."""
    states = [status["state"] for status in pod["status"].get("containerStatuses", [])]
    return str(states[0].get("waiting", {}).get("reason", "")) if states else ""


@written
def odd_reference(lab: Lab, namespace: str) -> Iterator[Planted]:
    """Plant `odd`, and wait until a node has refused its reference."""
    lab.namespace(namespace)
    repository = lab.image("app:v1").split("@")[0]
    image = f"{repository}@blake3:{hashlib.sha256(b'odd').hexdigest()}"
    odd = lab.apply(deployment("odd", image, replicas=1), namespace)

    def refused() -> list[dict[str, Any]]:
        found = rollout.pods(lab, namespace, "odd")
        return [pod for pod in found if waiting_reason(pod) == "InvalidImageName"]

    refused_pods = lab.wait("the kubelet to refuse the reference", refused, 30)
    release = rollout.replica_set(lab, namespace, "odd", image)
    for item in (odd, release, *refused_pods):
        yield planted(SCENARIO, item, UNRESOLVABLE_REFERENCE, "app", image=image)
