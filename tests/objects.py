"""Builders of plain Kubernetes objects, as the API server writes them, and of recordings made of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Object = dict[str, Any]

A, B, C = ("sha256:" + digit * 64 for digit in "abc")
"""Three digests."""
REPOSITORY = "registry.example:5000/shop/app"
OTHER = "mirror.example/shop/app"
BORN = "2026-11-01T10:00:00Z"
PATCHED = "2026-11-01T11:30:00Z"
LATE = "2026-11-01T12:00:00Z"
"""When the instances were made, when one was written again, and the newest time of a recording."""
INFO = {
    "architecture": "amd64",
    "containerRuntimeVersion": "containerd://2.1.4",
    "kernelVersion": "6.12.41",
    "kubeletVersion": "v1.36.3",
    "operatingSystem": "linux",
    "osImage": "Debian GNU/Linux 12 (bookworm)",
}


def meta(name: str, uid: str = "", namespace: str = "default", **more: Any) -> Object:
    """`metadata`; values of None are left out."""
    made: Object = {"name": name, "namespace": namespace, "uid": uid or f"uid-{name}", "resourceVersion": "100"}
    made |= {"creationTimestamp": BORN, "generation": 1, **more}
    return {key: value for key, value in made.items() if value not in (None, "")}


def controller(kind: str, name: str, uid: str = "") -> list[Object]:
    """`metadata.ownerReferences` with one controller."""
    core, batch = ("Node", "ReplicationController"), ("Job", "CronJob")
    version = "v1" if kind in core else "batch/v1" if kind in batch else "apps/v1"
    return [{"apiVersion": version, "kind": kind, "name": name, "uid": uid or f"uid-{name}", "controller": True}]


def wrote(manager: str, time: str, container: str = "app", lists: str = "containers", **more: Any) -> Object:
    """One entry of `metadata.managedFields` that owns a container's image."""
    fields: Object = {"f:spec": {f"f:{lists}": {f'k:{{"name":"{container}"}}': {".": {}, "f:image": {}, "f:name": {}}}}}
    entry = {"manager": manager, "operation": "Update", "apiVersion": "v1", "time": time, **more}
    return {**entry, "fieldsType": "FieldsV1", "fieldsV1": fields}


def status_of(name: str, image_id: str, **more: Any) -> Object:
    """One entry of `status.containerStatuses` of a running container."""
    running = {"running": {"startedAt": BORN}}
    made: Object = {"name": name, "imageID": image_id, "containerID": "containerd://" + "1" * 64, "restartCount": 0}
    return {**made, "state": running, **more}


def pod(
    name: str = "web-1-x",
    image: str = f"{REPOSITORY}@{A}",
    image_id: str = f"{REPOSITORY}@{A}",
    *,
    owner: str = "web-1",
    spec: Object | None = None,
    status: Object | None = None,
    namespace: str = "default",
    **metadata: Any,
) -> Object:
    """A running pod of one container `app`, controlled by the ReplicaSet `owner` (empty: by nothing)."""
    metadata = {"ownerReferences": controller("ReplicaSet", owner) if owner else None, **metadata}
    ready = [{"type": "Ready", "status": "True", "lastTransitionTime": BORN}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": meta(name, namespace=namespace, **metadata),
        "spec": {"containers": [{"name": "app", "image": image}], **(spec or {})},
        "status": {
            "phase": "Running",
            "conditions": ready,
            "containerStatuses": [status_of("app", image_id)],
            **(status or {}),
        },
    }


def template(image: str = f"{REPOSITORY}@{A}", **spec: Any) -> Object:
    """`spec.template` of one container `app`."""
    return {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "app", "image": image}], **spec},
    }


def replica_set(
    name: str = "web-1",
    image: str = f"{REPOSITORY}@{A}",
    *,
    owner: str = "web",
    replicas: int = 1,
    made: Object | None = None,
    namespace: str = "default",
    **metadata: Any,
) -> Object:
    """A ReplicaSet of the Deployment `owner` (empty: bare)."""
    metadata = {"ownerReferences": controller("Deployment", owner) if owner else None, **metadata}
    metadata = {"annotations": {"deployment.kubernetes.io/revision": "1"}, **metadata}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": meta(name, namespace=namespace, **metadata),
        "spec": {"replicas": replicas, "template": made or template(image)},
        "status": {"replicas": replicas, "readyReplicas": replicas},
    }


def progressing(status: str = "True", reason: str = "NewReplicaSetAvailable", since: str = BORN) -> Object:
    """The Progressing condition of a Deployment."""
    return {"type": "Progressing", "status": status, "reason": reason, "message": "", "lastTransitionTime": since}


def deployment(
    name: str = "web",
    image: str = f"{REPOSITORY}@{A}",
    *,
    spec: Object | None = None,
    status: Object | None = None,
    made: Object | None = None,
    namespace: str = "default",
    **metadata: Any,
) -> Object:
    """A Deployment whose rollout is complete, unless `spec` and `status` say otherwise."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": meta(name, namespace=namespace, **metadata),
        "spec": {"replicas": 1, "progressDeadlineSeconds": 600, "template": made or template(image), **(spec or {})},
        "status": {
            "observedGeneration": 1,
            "replicas": 1,
            "updatedReplicas": 1,
            "availableReplicas": 1,
            "conditions": [progressing()],
            **(status or {}),
        },
    }


def node(name: str = "node-a", labels: Object | None = None, info: Object | None = None, **metadata: Any) -> Object:
    """A Ready node, of the pool `default` unless a label says otherwise."""
    ready = [{"type": "Ready", "status": "True", "lastTransitionTime": BORN}]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": meta(name, namespace="", labels=labels or {}, **metadata),
        "spec": {},
        "status": {"conditions": ready, "nodeInfo": dict(INFO if info is None else info)},
    }


def kube_system(uid: str = "uid-of-the-cluster") -> Object:
    """The namespace whose uid names the cluster."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": meta("kube-system", uid=uid, namespace="")}


def fleet() -> list[Object]:
    """A clean cluster: one Deployment with one release of two pinned instances, on two hosts that are alike."""
    return [
        kube_system(),
        deployment(spec={"replicas": 2}, status={"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}),
        replica_set(replicas=2),
        pod("web-1-x", spec={"nodeName": "node-a"}),
        pod("web-1-y", spec={"nodeName": "node-b"}),
        node("node-a"),
        node("node-b"),
    ]


def listed(*objects: Object, kind: str = "List", version: str = "v1") -> Object:
    """A list, as kubectl (kind `List`) or the API (`PodList`, whose items lack kind and apiVersion) writes it."""
    items: list[Object] = list(objects)
    if kind != "List":
        items = [{k: v for k, v in item.items() if k not in ("kind", "apiVersion")} for item in items]
    return {"apiVersion": version, "kind": kind, "metadata": {"resourceVersion": "200"}, "items": items}


def record(file: Path, *objects: Object) -> Path:
    """Write a recording of these objects, as `kubectl get … -o json` does."""
    file.write_text(json.dumps(listed(*objects)))
    return file
