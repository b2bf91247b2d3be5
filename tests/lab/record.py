"""`python -m tests.lab.record FOLDER`: plants every scenario and records the fleet through the raw API.

The lists come as the API server sends them (managedFields included); with them go the audit log's lines about the
recorded namespaces, its policy, and what the scenarios planted. The demonstration's fleet is made so.
"""

from __future__ import annotations

import argparse
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.lab import scenarios
from tests.lab.basics import locked
from tests.lab.cluster import Lab

PLANTED = {
    "storefront": scenarios.healthy_release,
    "checkout": scenarios.broken_release,
    "payments": scenarios.patched_in_place,
    "search": scenarios.tagged_release,
    "catalog": scenarios.half_rollout,
    "platform": scenarios.unread_owners,
}
LISTS = {
    "pods": "/api/v1/pods",
    "replicasets": "/apis/apps/v1/replicasets",
    "deployments": "/apis/apps/v1/deployments",
    "nodes": "/api/v1/nodes",
}
SETTINGS = """\
# The demonstration's settings: what the nodes of its one pool should run.
[checks.host-baseline.pools.default]
kubelet_version = "v1.36.3"
"""


def main() -> None:
    """Plant, record, clean up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the recording goes; what is there is replaced")
    folder: Path = parser.parse_args().folder
    lab = Lab()
    lab.up()
    with locked("alone"):
        try:
            record(lab, folder)
        finally:
            lab.restore_node("node-b")
            for namespace in PLANTED:
                lab.discard_namespace(namespace)


def record(lab: Lab, folder: Path) -> None:
    """Plant everything at once, then write the recording."""
    lines = len(lab.audit_log.read_bytes().splitlines())
    with ThreadPoolExecutor(3) as pool:
        planted = list(pool.map(lambda row: row[1](lab, row[0]), PLANTED.items()))
    planted.append(scenarios.drifted_node(lab))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _write(folder / "planted.jsonl", [asdict(one) for group in planted for one in group])
    for name, path in LISTS.items():
        found = json.loads(lab.kubectl("get", "--raw", path))
        found["items"] = [item for item in found["items"] if item["metadata"].get("namespace", "") in ("", *PLANTED)]
        (folder / f"{name}.json").write_text(json.dumps(found, separators=(",", ":")) + "\n")
    cluster = lab.kubectl("get", "--raw", "/api/v1/namespaces/kube-system")
    (folder / "kube-system.json").write_text(cluster.strip() + "\n")
    events = [json.loads(line) for line in lab.audit_log.read_text().splitlines()[lines:]]
    _write(folder / "audit.jsonl", [event for event in events if _about(event)])
    shutil.copy(lab.audit_policy, folder / "audit-policy.txt")
    (folder / "auditor.toml").write_text(SETTINGS)


def _about(event: dict[str, Any]) -> bool:
    """Whether an audit event is about what was recorded: people's and pipelines' writes, and who entered a pod."""
    subject = event.get("objectRef", {})
    user = event["user"].get("username", "")
    return subject.get("namespace", "") in PLANTED and not user.startswith("system:serviceaccount:kube-system:")


def _write(file: Path, rows: list[dict[str, Any]]) -> None:
    file.write_text("".join(json.dumps(row, separators=(",", ":"), sort_keys=True) + "\n" for row in rows))


if __name__ == "__main__":
    main()
