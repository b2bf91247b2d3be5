"""Evictions: which pods may be evicted, whose they are, and the one request that asks for it.

A pod is only ever evicted (policy/v1 Eviction, with its uid as a precondition), never deleted, so that a disruption
budget is always asked. One that is ending is left alone: evicting it again would do nothing but shorten its time.
"""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid5

from tools.collect.kubernetes.api import Api, ApiFailure
from tools.errors import Refused
from tools.execute.executor import Blocked

TIMEOUT = 600.0
"""Seconds for which a step waits for disruption budgets, and for what was evicted to end and be replaced."""

Pod = dict[str, Any]
_OWNED = {"ReplicaSet": "/apis/apps/v1/namespaces/{}/replicasets", "Job": "/apis/batch/v1/namespaces/{}/jobs"}
"""The owners that may have an owner themselves, and where they are listed."""


def name_of(pod: Pod) -> str:
    """`Pod/namespace/name`."""
    return f"Pod/{pod['metadata']['namespace']}/{pod['metadata']['name']}"


def pods(api: Api, namespace: str = "", node: str = "") -> list[Pod]:
    """The pods of a namespace (of all: empty), or those on one node."""
    path = f"/api/v1/namespaces/{namespace}/pods" if namespace else "/api/v1/pods"
    query = {"fieldSelector": f"spec.nodeName={node}"} if node else {}
    found: list[Pod] = json.loads(api.get(path, **query))["items"]
    return found


def named(api: Api, path: str, name: str) -> dict[str, Any] | None:
    """One object of a list by its name, None where it is not there: whoever may list need not be let get."""
    found: list[dict[str, Any]] = json.loads(api.get(path, fieldSelector=f"metadata.name={name}"))["items"]
    return found[0] if found else None


def is_ending(pod: Pod) -> bool:
    """Whether its deletion has begun."""
    return "deletionTimestamp" in pod["metadata"]


def stays(pod: Pod) -> bool:
    """Whether a drain leaves it: it has finished, a DaemonSet would put it back at once, or the host's own files made
    it."""
    owner = controller_of(pod)
    static = "kubernetes.io/config.mirror" in (pod["metadata"].get("annotations") or {})
    return static or (owner or {}).get("kind") == "DaemonSet" or pod["status"].get("phase") in ("Succeeded", "Failed")


def controller_of(thing: dict[str, Any]) -> dict[str, Any] | None:
    """The owner reference with `controller: true`."""
    owners: list[dict[str, Any]] = thing["metadata"].get("ownerReferences") or []
    return next((owner for owner in owners if owner.get("controller")), None)


def local_volumes(pod: Pod) -> list[str]:
    """The names of the volumes that end with the pod (`emptyDir`)."""
    return [volume["name"] for volume in pod["spec"].get("volumes") or () if "emptyDir" in volume]


def refuse_loss(found: list[Pod], allowed: bool) -> None:
    """Raise `Refused` where an eviction would lose what nothing brings back: a pod that no controller owns, or local
    data that is not allowed to be lost."""
    bare = [name_of(pod) for pod in found if controller_of(pod) is None]
    if bare:
        raise Refused(
            "unmanaged",
            f"no controller would bring {', '.join(bare)} back",
            "its metadata.ownerReferences names none",
            "let a Deployment own it, or remove it by hand",
        )
    kept = [f"{name_of(pod)} ({', '.join(local_volumes(pod))})" for pod in found if local_volumes(pod)]
    if kept and not allowed:
        raise Refused(
            "local-data",
            f"the emptyDir volumes of {', '.join(kept)} would be lost",
            "they are on this host alone",
            "--delete-local-data allows it",
        )


class Owners:
    """Who the root owner of a pod is, with each owner read once."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._roots: dict[str, str] = {}

    def root(self, pod: Pod) -> str:
        """The uid of the pod's root owner; of one that has no controller its own."""
        owner = controller_of(pod)
        if owner is None:
            return str(pod["metadata"]["uid"])
        if owner["uid"] not in self._roots:
            self._roots[owner["uid"]] = self._above(owner, pod["metadata"]["namespace"])
        return self._roots[owner["uid"]]

    def _above(self, owner: dict[str, Any], namespace: str) -> str:
        if owner["kind"] not in _OWNED:
            return str(owner["uid"])
        read = named(self._api, _OWNED[owner["kind"]].format(namespace), owner["name"])
        return str((controller_of(read or {"metadata": {}}) or owner)["uid"])


def evict(api: Api, pod: Pod, write_id: str, *, dry_run: bool = False) -> bool:
    """Evict one pod; False where it is gone. The request's audit id is made of the step's and the pod's uid.

    Raises `Blocked` where a disruption budget does not allow it now, `Refused` where it never will be (admission
    rejects it, several budgets cover it), `ApiFailure` otherwise.
    """
    meta = pod["metadata"]
    body = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": meta["name"], "namespace": meta["namespace"]},
        "deleteOptions": {"preconditions": {"uid": meta["uid"]}},
    }
    audit_id = str(uuid5(UUID(write_id), meta["uid"])) if write_id else ""
    path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}/eviction"
    try:
        api.post(path, body, dry_run=dry_run, audit_id=audit_id)
    except ApiFailure as failure:
        if failure.code in ("not-found", "conflict"):  # gone, or another pod has its name
            return False
        if failure.code == "throttled":
            raise Blocked(f"{name_of(pod)} is held back: {failure.message.partition(': 429 ')[2]}") from failure
        if failure.status in (403, 422, 500):
            raise Refused(
                "rejected", f"the cluster does not let {name_of(pod)} be evicted", failure.message, "mend that first"
            ) from failure
        raise
    return True
