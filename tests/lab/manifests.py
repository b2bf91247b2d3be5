"""Kubernetes objects for the scenarios, as plain dicts: one small container of a lab image."""

from __future__ import annotations

import os
from typing import Any

Manifest = dict[str, Any]
DRAINED = "drained-by-a-test"
"""The key of the taint that a test which drains a node puts on it, so that no other test's pods come to it."""
ASIDE: Manifest = {
    "nodeSelector": {"kubernetes.io/hostname": "node-a"},
    "tolerations": [{"key": "node.kubernetes.io/unschedulable", "operator": "Exists"}],
}
"""What keeps a test's pods off the node that other tests drain meanwhile, where an eviction would disturb them and a
bare one would rightly stop the drain, and lets them come to the other node while it is cordoned."""
IN_A_TEST = "PYTEST_VERSION" in os.environ
"""A recording or a figure has the lab for itself, and its pods run on all nodes."""


def pod_template(name: str, image: str) -> Manifest:
    """Labels and spec of a pod that runs a lab image; ready when the image says so, and ends at once. In a test it
    stays aside."""
    container = {
        "name": "app",
        "image": image,
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 1},
        "resources": {"requests": {"cpu": "10m", "memory": "8Mi"}},
    }
    spec = {"automountServiceAccountToken": False, "terminationGracePeriodSeconds": 1, "containers": [container]}
    return {"metadata": {"labels": {"app": name}}, "spec": {**spec, **(ASIDE if IN_A_TEST else {})}}


def anywhere(template: Manifest) -> Manifest:
    """The template, or what holds it, so that its pods may come to every node; for tests that hold the lab alone."""
    spec = template["spec"].get("template", template)["spec"]
    for field in ASIDE:
        spec.pop(field, None)
    return template


def workload(kind: str, name: str, image: str, **spec: Any) -> Manifest:
    """A Deployment, StatefulSet or DaemonSet (apps/v1) of such pods; `spec` adds its own fields.

    A DaemonSet's pods come to a node that a test drains too, as those of most DaemonSets do: they stay in a drain, and
    without them it would count that node in one moment and leave it out in the next.
    """
    template = pod_template(name, image)
    if kind == "DaemonSet":
        anywhere(template)
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
