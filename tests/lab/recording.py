"""Recording a part of the lab's cluster as the API server sends it, and what its audit log says of that part.

The lists keep everything (managedFields included) but what is of other namespaces. The log's lines are those of the
namespaces since a mark, of all users, as the server wrote them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from tests.lab.cluster import Lab

LISTS = {
    "pods": "/api/v1/pods",
    "replicasets": "/apis/apps/v1/replicasets",
    "deployments": "/apis/apps/v1/deployments",
    "statefulsets": "/apis/apps/v1/statefulsets",
    "daemonsets": "/apis/apps/v1/daemonsets",
    "controllerrevisions": "/apis/apps/v1/controllerrevisions",
    "jobs": "/apis/batch/v1/jobs",
    "cronjobs": "/apis/batch/v1/cronjobs",
    "poddisruptionbudgets": "/apis/policy/v1/poddisruptionbudgets",
    "events": "/api/v1/events",
    "nodes": "/api/v1/nodes",
}
LOG, POLICY = "audit.jsonl", "audit-policy.yaml"


def mark(lab: Lab) -> int:
    """Where the audit log ends now: what is written later is about what happens later."""
    return lab.audit_log.stat().st_size


def write_lists(lab: Lab, folder: Path, namespaces: Collection[str]) -> None:
    """Write every list into the folder, one line each; what has no namespace (the nodes) is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, path in LISTS.items():
        found = json.loads(lab.kubectl("get", "--raw", path))
        found["items"] = [item for item in found["items"] if item["metadata"].get("namespace", "") in ("", *namespaces)]
        (folder / f"{name}.json").write_text(json.dumps(found, separators=(",", ":")) + "\n")
    cluster = lab.kubectl("get", "--raw", "/api/v1/namespaces/kube-system")
    (folder / "kube-system.json").write_text(cluster.strip() + "\n")


def logged(lab: Lab, since: int, namespaces: Collection[str]) -> list[str]:
    """The audit log's lines about the namespaces since the mark."""
    with lab.audit_log.open("rb") as file:
        file.seek(since)
        lines = file.read().decode().splitlines()
    return [line for line in lines if json.loads(line).get("objectRef", {}).get("namespace", "") in namespaces]


def write_rows(file: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write JSON lines."""
    file.write_text("".join(json.dumps(row, separators=(",", ":"), sort_keys=True) + "\n" for row in rows))
