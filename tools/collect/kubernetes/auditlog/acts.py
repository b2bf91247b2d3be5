"""What an audited request did: which of the acts, to what kind of object, in which container, with which command."""

from __future__ import annotations

import shlex
from urllib.parse import parse_qs

from tools.collect.kubernetes.auditlog.masking import masked
from tools.model.change import Act

WORKLOADS: dict[tuple[str, str], str] = {
    ("apps", "deployments"): "Deployment",
    ("apps", "statefulsets"): "StatefulSet",
    ("apps", "daemonsets"): "DaemonSet",
    ("apps", "replicasets"): "ReplicaSet",
    ("argoproj.io", "rollouts"): "Rollout",
    ("batch", "jobs"): "Job",
    ("batch", "cronjobs"): "CronJob",
}
"""Group and resource of what keeps instances running, with its kind."""
KINDS = {"pods": "Pod", "nodes": "Node", **{resource: kind for (_, resource), kind in WORKLOADS.items()}}
"""Resource and kind of what a snapshot holds."""
SCALABLE = ("Deployment", "StatefulSet", "ReplicaSet", "Rollout")
_CONNECT: dict[str, Act] = {"exec": "exec", "attach": "attach", "portforward": "port-forward"}
_WRITES = ("update", "patch")
_DELETES = ("delete", "deletecollection")


def _table() -> dict[tuple[str, str, str, str], tuple[Act, str]]:
    """Group, resource, subresource and verb of each request that is an act, with the act and the object's kind."""
    table: dict[tuple[str, str, str, str], tuple[Act, str]] = {}

    def add(where: tuple[str, str], subresource: str, verbs: tuple[str, ...], act: Act, kind: str) -> None:
        table.update(((*where, subresource, verb), (act, kind)) for verb in verbs)

    for subresource, act in _CONNECT.items():  # a WebSocket begins with GET, SPDY with POST
        add(("", "pods"), subresource, ("get", "create"), act, "Pod")
    add(("", "pods"), "ephemeralcontainers", _WRITES, "ephemeral-container", "Pod")
    add(("", "pods"), "resize", _WRITES, "resize", "Pod")
    add(("", "pods"), "eviction", ("create",), "evict", "Pod")
    for where, kind in {("", "pods"): "Pod", **WORKLOADS}.items():
        add(where, "", ("create",), "create", kind)
        add(where, "", _WRITES, "write", kind)
        add(where, "", _DELETES, "delete", kind)
        if kind in SCALABLE:
            add(where, "scale", _WRITES, "scale", kind)
    add(("", "nodes"), "", _WRITES, "write", "Node")
    return table


REQUESTS = _table()


def act_of(group: str, resource: str, subresource: str, verb: str) -> tuple[Act, str] | None:
    """The act and the kind of its object; None for a request that is none. The extensions group is where workloads
    were before they moved to apps."""
    return REQUESTS.get(("apps" if group == "extensions" else group, resource, subresource, verb))


def query_of(uri: str) -> dict[str, list[str]]:
    """The parameters of a request."""
    _, mark, query = uri.partition("?")
    return parse_qs(query, keep_blank_values=True) if mark else {}


def entering(act: Act, query: dict[str, list[str]]) -> tuple[Act, str, str, str]:
    """What a request that entered a container did: the act (a copy is an exec of tar), the container, the command with
    what looks like a secret masked, and which way a copy went."""
    argv = query.get("command", [])
    container = next(iter(query.get("container", ())), "")
    way = copied(argv) if act == "exec" else ""
    command = masked(shlex.join(argv))
    if act == "port-forward":
        command = " ".join(f"port {port}" for port in query.get("ports", ()))
    return ("copy" if way else act), container, command, way


def copied(argv: list[str]) -> str:
    """Which way `kubectl cp` went with this command; empty where it is none. It packs with `tar cf - PATH` inside the
    container to copy out of it, and unpacks with `tar -xmf - -C FOLDER` to copy into it."""
    if not argv or argv[0].rpartition("/")[2] != "tar" or "-" not in argv[1:]:
        return ""
    letters = "".join(
        word.lstrip("-")
        for index, word in enumerate(argv[1:], 1)
        if not word.startswith("--") and (word.startswith("-") or index == 1)
    )
    if "f" not in letters:
        return ""
    return "into it" if "x" in letters else "out of it" if "c" in letters else ""


def tool_of(query: dict[str, list[str]], agent: str) -> str:
    """What the client says that it is: the field manager, else the first word of the user agent."""
    manager = next(iter(query.get("fieldManager", ())), "")
    return (manager or next(iter(agent.split()), ""))[:200]
