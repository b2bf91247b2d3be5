"""Steps that scenarios share: release a version, wait until it is whole, find its ReplicaSet and pods."""

from __future__ import annotations

from typing import Any

from tests.lab.cluster import Lab
from tests.lab.manifests import Manifest, deployment

Item = dict[str, Any]


def image_of(item: Item) -> str:
    """The image that a pod, or the template of a workload or ReplicaSet, names for its first container."""
    spec = item["spec"]
    return str((spec["template"]["spec"] if "template" in spec else spec)["containers"][0]["image"])


def is_ready(pod: Item) -> bool:
    conditions = pod["status"].get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def pods(lab: Lab, namespace: str, name: str) -> list[Item]:
    """The pods of a workload that are not being deleted."""
    found = lab.objects("pods", namespace, f"app={name}")
    return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]


def replica_set(lab: Lab, namespace: str, name: str, image: str) -> Item:
    """The ReplicaSet of a Deployment whose template names the image."""
    found = lab.objects("replicasets", namespace, f"app={name}")
    return next(item for item in found if image_of(item) == image)


def _is_whole(lab: Lab, namespace: str, name: str, replicas: int, image: str) -> bool:
    """As many ready pods as asked for, all of this image, and no other, not even one that is ending."""
    found = lab.objects("pods", namespace, f"app={name}")
    return len(found) == replicas and all(is_ready(pod) and image_of(pod) == image for pod in found)


def wait_until_whole(lab: Lab, namespace: str, name: str, replicas: int, image: str, kind: str = "Deployment") -> Item:
    """Wait until the workload runs this image alone, and return it; `rollout status` returns too early."""
    lab.wait(f"{name} to be rolled out", lambda: _is_whole(lab, namespace, name, replicas, image), 45)
    lab.kubectl("rollout", "status", f"{kind}/{name}", "-n", namespace, "--timeout=30s")
    return lab.get(kind, name, namespace)


def release(lab: Lab, namespace: str, name: str, image: str, replicas: int = 2, **spec: Any) -> Item:
    """Apply the Deployment with this image as the pipeline, and wait until it is rolled out whole."""
    manifest: Manifest = deployment(name, image, replicas, **spec)
    lab.apply(manifest, namespace)
    return wait_until_whole(lab, namespace, name, replicas, image)
