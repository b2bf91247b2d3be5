"""Running pods that no controller keeps: one without any owner, one of a ConfigMap, which controls nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.lab import manifests
from tests.lab.cluster import Lab
from tests.lab.scenarios import rollout
from tests.lab.scenarios.planted import NO_OWNER, Planted, planted, written

SCENARIO = "unmanaged_pods"


def owned(pod: manifests.Manifest, owner: dict[str, Any], **more: bool) -> manifests.Manifest:
    """The pod with a reference to the owner; `controller=True` says that it is its controller."""
    reference = {key: owner[key] for key in ("apiVersion", "kind")}
    metadata = {key: owner["metadata"][key] for key in ("name", "uid")}
    pod["metadata"]["ownerReferences"] = [{**reference, **metadata, **more}]
    return pod


def config_map(name: str) -> manifests.Manifest:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"motd": "hello"}}


@written
def unmanaged_pods(lab: Lab, namespace: str) -> Iterator[Planted]:
    """Plant `bare` and `attached`."""
    lab.namespace(namespace)
    image = lab.image("app:v1")
    owner = lab.apply(config_map("owner"), namespace)
    lab.apply(manifests.bare_pod("bare", image), namespace)
    lab.apply(owned(manifests.bare_pod("attached", image), owner), namespace)

    def ready() -> list[rollout.Item]:
        found = lab.objects("pods", namespace)
        return found if all(map(rollout.is_ready, found)) else []

    for pod in lab.wait("the pods to be ready", ready, 30):
        yield planted(SCENARIO, pod, NO_OWNER, "app")
