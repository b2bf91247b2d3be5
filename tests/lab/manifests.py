"""Kubernetes objects for the scenarios, as plain dicts: one small container of a lab image."""

from __future__ import annotations

from typing import Any

Manifest = dict[str, Any]
DRAINED = "drained-by-a-test"
"""The key of the taint that a test which drains a node puts on it, so that no other test's pods come to it."""


def pod_template(name: str, image: str) -> Manifest:
    """Labels and spec of a pod that runs a lab image; ready when the image says so, and ends at once."""
    container = {
        "name": "app",
        "image": image,
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 1},
        "resources": {"requests": {"cpu": "10m", "memory": "8Mi"}},
    }
    return {
        "metadata": {"labels": {"app": name}},
        "spec": {
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 1,
            "containers": [container],
        },
    }


def workload(kind: str, name: str, image: str, **spec: Any) -> Manifest:
    """A Deployment, StatefulSet or DaemonSet (apps/v1) of such pods; `spec` adds its own fields.

    A DaemonSet's pods come to a node that a test drains too, as those of most DaemonSets do: they stay in a drain, and
    without them it would count that node in one moment and leave it out in the next.
    """
    template = pod_template(name, image)
    if kind == "DaemonSet":
        template["spec"]["tolerations"] = [{"key": DRAINED, "operator": "Exists"}]
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": template,
            **spec,
        },
    }


def deployment(name: str, image: str, replicas: int = 2, **spec: Any) -> Manifest:
    """A Deployment that makes a new pod before it ends an old one."""
    strategy = {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    return workload("Deployment", name, image, **{"replicas": replicas, "strategy": strategy, **spec})


def job(name: str, image: str) -> Manifest:
    """A Job whose one pod keeps running."""
    template = pod_template(name, image)
    template["spec"]["restartPolicy"] = "Never"
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {"template": template, "backoffLimit": 0},
    }


def bare_pod(name: str, image: str) -> Manifest:
    """A pod that nothing owns."""
    template = pod_template(name, image)
    metadata = {"name": name, **template["metadata"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}
