"""Builders of audit.k8s.io/v1 Events, as the API server writes them, and of the facts that they are about."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tools.collect.actors import Actors, Rule
from tools.collect.kubernetes.auditlog.attach import attach
from tools.model.change import Change
from tools.model.facts import Facts
from tools.model.identity import Ref, Scope
from tools.model.nouns import Host, Instance, Release, Workload

Event = dict[str, Any]
SCOPE = "cluster"
DATA = Path(__file__).parent / "data" / "audit"
BORN = "2026-11-23T10:00:00Z"
READ = "2026-11-23T12:00:00Z"
"""When the objects were made, and when they were read."""
CI = Actors((Rule("pipeline", "ci-bot"),))
WEB = Ref(SCOPE, "Deployment", "shop", "web", "uid-web")
SET = Ref(SCOPE, "ReplicaSet", "shop", "web-6d4b4fd645", "uid-set")
POD = Ref(SCOPE, "Pod", "shop", "web-6d4b4fd645-8p9ls", "uid-pod")
NODE = Ref(SCOPE, "Node", "", "node-a", "uid-node")
CONTROLLER = "system:serviceaccount:kube-system:deployment-controller"
_GROUPS = {"deployments": "apps", "replicasets": "apps", "statefulsets": "apps", "jobs": "batch"}


def facts(*, recorded: bool = True, moment: str = READ) -> Facts:
    """A Deployment with its ReplicaSet and pod, on a node."""
    return Facts(
        moment=moment,
        scopes=(Scope(id=SCOPE, name="test", kind="kubernetes", recorded=recorded),),
        workloads=(Workload(ref=WEB, version="1", read=True, created=BORN),),
        releases=(
            Release(
                ref=SET, version="1", workload=WEB, number=1, template="t", created=BORN, replicas=1, ready=1, parts=()
            ),
        ),
        instances=(
            Instance(
                ref=POD, version="1", owner=SET, release_ref=SET, workload=WEB, host="node-a", phase="Running",
                ready=True, created=BORN, deleted="", generation_seen=1, containers=(), writes_seen=(),
            ),
        ),
        hosts=(
            Host(
                ref=NODE, version="1", pool="", created=BORN, unschedulable=False, ready=True, provider="", facts={}
            ),
        ),
    )  # fmt: skip


def event(
    verb: str,
    resource: str,
    name: str = "",
    *,
    at: str = "11:00:00.000001",
    user: str = "alice",
    subresource: str = "",
    uid: str = "",
    code: int = 200,
    stage: str = "ResponseComplete",
    query: dict[str, Any] | None = None,
    request: Any = None,
    response: Any = None,
    namespace: str = "shop",
    **more: Any,
) -> Event:
    """One event; its level follows from its bodies."""
    level = "RequestResponse" if response is not None else "Request" if request is not None else "Metadata"
    ref = {"resource": resource, "namespace": namespace, "name": name, "uid": uid, "subresource": subresource}
    ref["apiGroup"] = _GROUPS.get(resource, "")
    uri = f"/apis/x/namespaces/{namespace}/{resource}/{name}" + (f"?{urlencode(query, doseq=True)}" if query else "")
    ids = uuid.uuid5(uuid.NAMESPACE_URL, f"{at} {verb} {resource} {name} {subresource} {user}")
    made: Event = {
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": level, "stage": stage, "requestURI": uri,
        "verb": verb, "auditID": str(ids),
        "user": {"username": user, "groups": ["system:authenticated"]}, "userAgent": "kubectl/v1.36.3 (linux/amd64)",
        "objectRef": {key: value for key, value in ref.items() if value}, "responseStatus": {"code": code},
        "requestReceivedTimestamp": f"2026-11-23T{at}Z", "stageTimestamp": f"2026-11-23T{at}Z",
    }  # fmt: skip
    if request is not None:
        made["requestObject"] = request
    if response is not None:
        made["responseObject"] = response
    return made | more


def exec_(*command: str, at: str = "11:00:00.000001", name: str = POD.name, **more: Any) -> Event:
    """An exec over WebSocket."""
    query = {"command": list(command) or ["id"], "container": "app"}
    return event("get", "pods", name, at=at, subresource="exec", query=query, **{"code": 101, **more})


def web(image: str = "app:1", replicas: int = 1, generation: int = 1, **more: Any) -> Event:
    """The Deployment, as a response holds it."""
    container = {"name": "app", "image": image, "env": [{"name": "MODE", "value": "hunter2"}], **more}
    return {
        "kind": "Deployment",
        "apiVersion": "apps/v1",
        "metadata": {"name": "web", "namespace": "shop", "uid": WEB.uid, "generation": generation},
        "spec": {"replicas": replicas, "template": {"spec": {"containers": [container]}}},
    }


def image(value: str) -> Event:
    """A strategic merge patch of an image, as `kubectl set image` sends it."""
    containers = [{"name": "app", "image": value}]
    order = {"$setElementOrder/containers": [{"name": "app"}]}
    return {"spec": {"template": {"spec": {**order, "containers": containers}}}}


def write(file: Path, events: list[Event]) -> Path:
    """A log of these events."""
    file.write_text("".join(json.dumps(one, separators=(",", ":")) + "\n" for one in events))
    return file


def read(tmp_path: Path, *events: Event, of: Facts | None = None) -> list[Change]:
    """The changes that a log of these events makes."""
    return list(attach(of or facts(), [write(tmp_path / "audit.log", list(events))], None, CI).changes)
