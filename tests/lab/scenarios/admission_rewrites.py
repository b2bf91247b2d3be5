"""An admission policy pins the image while a pod is created: it differs from its release, yet is not patched.

MutatingAdmissionPolicy is admissionregistration.k8s.io/v1 and on by default in Kubernetes 1.36. The policy
and its binding carry the namespace's label and go with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.lab import manifests
from tests.lab.cluster import NAMESPACE_LABEL, Lab
from tests.lab.scenarios import rollout
from tests.lab.scenarios.planted import HEALTHY, TAG_ONLY, Planted, planted, written

SCENARIO = "admission_rewrites"
API_VERSION = "admissionregistration.k8s.io/v1"


def policy(name: str, tag: str, digest: str) -> dict[str, Any]:
    """A policy that replaces the reference `tag` by `digest` in a pod's first container at its creation."""
    tagged = {"name": "tagged", "expression": f'object.spec.containers[0].image == "{tag}"'}
    patch = f'[JSONPatch{{op: "replace", path: "/spec/containers/0/image", value: "{digest}"}}]'
    pods = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}
    return {
        "apiVersion": API_VERSION,
        "kind": "MutatingAdmissionPolicy",
        "metadata": {"name": name, "labels": {NAMESPACE_LABEL: name}},
        "spec": {
            "failurePolicy": "Fail",
            "reinvocationPolicy": "Never",
            "matchConstraints": {"resourceRules": [pods]},
            "matchConditions": [tagged],
            "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": patch}}],
        },
    }


def binding(namespace: str) -> dict[str, Any]:
    """Binds the policy to its namespace alone."""
    selector = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    return {
        "apiVersion": API_VERSION,
        "kind": "MutatingAdmissionPolicyBinding",
        "metadata": {"name": namespace, "labels": {NAMESPACE_LABEL: namespace}},
        "spec": {"policyName": namespace, "matchResources": {"namespaceSelector": selector}},
    }


def _rewrites(lab: Lab, namespace: str, tag: str, digest: str) -> bool:
    """Whether the policy is in force: the server takes a moment to see it."""
    probe = json.dumps(manifests.bare_pod("probe", tag))
    text = lab.kubectl("create", "-n", namespace, "--dry-run=server", "-o", "json", "-f", "-", stdin=probe)
    return rollout.image_of(json.loads(text)) == digest


@written
def admission_rewrites(lab: Lab, namespace: str) -> Iterator[Planted]:
    """Plant `rewritten`: its template names a tag, its pods were admitted with the digest."""
    lab.namespace(namespace)
    tag, digest = lab.image("app:v1", pinned=False), lab.image("app:v1")
    for item in (policy(namespace, tag, digest), binding(namespace)):
        lab.kubectl("apply", "-f", "-", stdin=json.dumps(item))
    lab.wait("the policy to be in force", lambda: _rewrites(lab, namespace, tag, digest), 30)
    lab.apply(manifests.deployment("rewritten", tag), namespace)
    rewritten = rollout.wait_until_whole(lab, namespace, "rewritten", 2, digest)
    release = rollout.replica_set(lab, namespace, "rewritten", tag)
    for item in (rewritten, release):
        yield planted(SCENARIO, item, TAG_ONLY, "app", image=tag)
    for pod in rollout.pods(lab, namespace, "rewritten"):
        yield planted(SCENARIO, pod, HEALTHY, "app", template=tag, admitted=digest, policy=namespace)
