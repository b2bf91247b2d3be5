"""The Kubernetes objects that a generated fleet is made of, as the API server returns them, managedFields included."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Any

Object = dict[str, Any]

MADE, READY, PATCHED = "2026-11-01T08:00:00Z", "2026-11-01T08:00:09Z", "2026-11-02T03:12:44Z"


def uid(*words: object) -> str:
    """A uid from what it names."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, "/".join(map(str, words))))


def digest(*words: object) -> str:
    """A digest from what it is of."""
    return "sha256:" + hashlib.sha256("/".join(map(str, words)).encode()).hexdigest()


def fields(value: Any) -> Object:
    """The FieldsV1 set that a manager owns who wrote this value (KEP-555: `f:` a field, `k:` an item by its key)."""
    if isinstance(value, dict):
        return {f"f:{key}": fields(one) for key, one in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        key = next((k for k in ("name", "type", "ip", "containerPort", "key") if k in value[0]), "")
        keyed = {f"k:{json.dumps({key: one[key]}, separators=(',', ':'))}": {".": {}, **fields(one)} for one in value}
        return keyed if key else {}
    return {}


def managed(manager: str, version: str, time: str, value: Object, subresource: str = "") -> Object:
    """One entry of `metadata.managedFields`."""
    entry = {"manager": manager, "operation": "Update", "apiVersion": version, "time": time, "fieldsType": "FieldsV1"}
    return {**entry, "fieldsV1": fields(value), **({"subresource": subresource} if subresource else {})}


def container(name: str, image: str) -> Object:
    """A container as the API server completes it, with what most charts set."""
    probe = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
    where = {"path": "/healthz", "port": "http", "scheme": "HTTP"}
    return {
        "name": name,
        "image": image,
        "args": ["--listen=:8080", "--log-format=json"],
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
        "env": [
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}},
            {"name": "DATABASE", "valueFrom": {"secretKeyRef": {"name": "database", "key": "url"}}},
            {"name": "REGION", "value": "eu-central-1"},
        ],
        "resources": {"limits": {"memory": "256Mi"}, "requests": {"cpu": "100m", "memory": "128Mi"}},
        "volumeMounts": [{"name": "settings", "readOnly": True, "mountPath": "/etc/app"}],
        "livenessProbe": {"httpGet": where, **probe},
        "readinessProbe": {"httpGet": where, **probe},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
        "securityContext": {"runAsNonRoot": True, "readOnlyRootFilesystem": True, "allowPrivilegeEscalation": False},
    }


def pod_spec(name: str, image: str) -> Object:
    """The spec of a pod of one container, as it stands in the template too."""
    return {
        "volumes": [{"name": "settings", "configMap": {"name": name, "defaultMode": 420}}],
        "containers": [container("app", image)],
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "serviceAccountName": name,
        "serviceAccount": name,
        "securityContext": {"fsGroup": 2000},
        "schedulerName": "default-scheduler",
    }


def owner(kind: str, of: Object) -> list[Object]:
    """The owner references of what that object controls."""
    reference = {"apiVersion": "apps/v1", "kind": kind, "name": of["metadata"]["name"], "uid": of["metadata"]["uid"]}
    return [{**reference, "controller": True, "blockOwnerDeletion": True}]


def metadata(name: str, namespace: str, labels: dict[str, str], **more: Any) -> Object:
    """The metadata that every object has; `more` adds its own."""
    where = {"namespace": namespace} if namespace else {}
    found = uid(namespace, name, *labels.values())
    version = str(int(found[:7], 16))
    common = {"name": name, **where, "uid": found, "resourceVersion": version, "generation": 1}
    return {**common, "creationTimestamp": MADE, "labels": labels, **more}


def node(index: int) -> Object:
    """A node of one of three node groups, all alike."""
    labels = {"kubernetes.io/hostname": f"node-{index}", "eks.amazonaws.com/nodegroup": f"workers-{index % 3}"}
    info = {
        "architecture": "amd64",
        "containerRuntimeVersion": "containerd://2.1.4",
        "kernelVersion": "6.12.48",
        "kubeletVersion": "v1.36.3",
        "operatingSystem": "linux",
        "osImage": "Bottlerocket OS 1.50.0",
    }
    condition = {"type": "Ready", "status": "True", "reason": "KubeletReady", "lastTransitionTime": MADE}
    status = {"nodeInfo": info, "conditions": [condition], "capacity": {"cpu": "16", "memory": "64Gi", "pods": "110"}}
    wrote = [managed("kubelet", "v1", READY, {"status": status}, "status")]
    meta = metadata(f"node-{index}", "", labels, managedFields=wrote)
    spec = {"providerID": f"aws:///eu-central-1a/i-{uid('node', index)[:8]}"}
    return {"apiVersion": "v1", "kind": "Node", "metadata": meta, "spec": spec, "status": status}
