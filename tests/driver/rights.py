"""The two ClusterRoles that ship, bound to the lab's accounts; and the same with one right missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from tests.lab.basics import locked
from tests.lab.cluster import Lab

MANIFESTS = Path(__file__).resolve().parents[2] / "deploy" / "kubernetes"
GROUP = "rbac.authorization.k8s.io"


@dataclass(frozen=True)
class Right:
    """One verb on one resource."""

    group: str
    resource: str
    verb: str
    only: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}"

    @property
    def rule(self) -> dict[str, Any]:
        """The rule of a ClusterRole that grants it."""
        names = {"resourceNames": list(self.only)} if self.only else {}
        return {"apiGroups": [self.group], "resources": [self.resource], "verbs": [self.verb], **names}


def shipped(role: str) -> tuple[Right, ...]:
    """Every right that a manifest grants: `reader` or `actor`."""
    manifest = yaml.safe_load((MANIFESTS / f"{role}.yaml").read_text())
    return tuple(
        Right(group, resource, verb, tuple(rule.get("resourceNames", ())))
        for rule in manifest["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    )


def grant_as_shipped(lab: Lab) -> None:
    """Apply both manifests as they are, and bind each to its user. Can be repeated."""
    with locked("rights"):
        for role in ("reader", "actor"):
            lab.kubectl("apply", "-f", str(MANIFESTS / f"{role}.yaml"))
            user = {"kind": "User", "name": f"auditor-{role}", "apiGroup": GROUP}
            lab.kubectl("apply", "-f", "-", stdin=json.dumps(_binding(f"auditor-{role}", user)))
    for right in (shipped("reader")[0], shipped("actor")[0]):
        for user_name in ("auditor-reader", "auditor-actor"):
            lab.wait(f"{user_name} to have its rights", partial(_may, lab, right, user_name), 10)


class Account:
    """A service account of its own, with the rights that a test gives it."""

    def __init__(self, lab: Lab, namespace: str, name: str) -> None:
        self.lab = lab
        self.namespace = namespace
        self.name = name
        self.user = f"system:serviceaccount:{namespace}:{name}"
        self.role = f"{namespace}-{name}"
        lab.kubectl("create", "serviceaccount", name, "-n", namespace)
        subject = {"kind": "ServiceAccount", "name": name, "namespace": namespace}
        self.give(())
        lab.kubectl("apply", "-f", "-", stdin=json.dumps(_binding(self.role, subject)))
        self.kubeconfig = lab.service_account_kubeconfig(namespace, name)

    def give(self, rights: tuple[Right, ...]) -> None:
        """Let the account have exactly these rights, and wait until the server sees it so."""
        before = {right for right in getattr(self, "rights", ()) if right not in rights}
        added = [right for right in rights if right not in getattr(self, "rights", ())]
        metadata = {"name": self.role}
        rules = [right.rule for right in rights]
        role = {"apiVersion": f"{GROUP}/v1", "kind": "ClusterRole", "metadata": metadata, "rules": rules}
        self.lab.kubectl("apply", "-f", "-", stdin=json.dumps(role))
        self.rights = rights
        for right, wanted in [*((r, True) for r in added[-1:]), *((r, False) for r in before)]:
            self.lab.wait(f"{right}: {wanted}", partial(self._is, right, wanted), 10)

    def take_away(self) -> None:
        """Remove the role and its binding; the account goes with its namespace."""
        self.lab.kubectl("delete", "clusterrole,clusterrolebinding", self.role, "--ignore-not-found")

    def _is(self, right: Right, granted: bool) -> bool:
        return _may(self.lab, right, config=self.kubeconfig) is granted


def all_but(rights: tuple[Right, ...]) -> Iterator[tuple[Right, tuple[Right, ...]]]:
    """Each right, and all the others."""
    for missing in rights:
        yield missing, tuple(right for right in rights if right != missing)


def _binding(role: str, subject: dict[str, str]) -> dict[str, Any]:
    reference = {"apiGroup": GROUP, "kind": "ClusterRole", "name": role}
    kind = {"apiVersion": f"{GROUP}/v1", "kind": "ClusterRoleBinding"}
    return {**kind, "metadata": {"name": role}, "subjects": [subject], "roleRef": reference}


def _may(lab: Lab, right: Right, user: str = "admin", config: Path | None = None) -> bool:
    """What the server says itself: `kubectl auth can-i` asks of a kind that it doesn't know by another name."""
    asked = {"verb": right.verb, "group": right.group, "resource": right.resource, "name": "".join(right.only)}
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
    body = json.dumps({**review, "spec": {"resourceAttributes": asked}})
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    answer = lab.kubectl("create", "--raw", path, "-f", "-", stdin=body, user=user, config=config, check=False)
    return bool(json.loads(answer)["status"]["allowed"]) if answer else False
