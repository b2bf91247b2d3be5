"""Labelled cases for the tests of `evals`: one fleet with what each scorer can be wrong about, and a healthy one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import yaml

from evals.case import Case, Unit
from evals.load import load
from tests.objects import PATCHED, REPOSITORY, B, C, deployment, fleet, node, pod, record, replica_set, wrote
from tools.catalogue import discover

PINNED, RUNS, ROLLOUT = "image-pinned-by-digest", "instance-runs-release", "rollout-complete"
CHECKS = [check for check in discover() if check.id in (PINNED, RUNS, ROLLOUT)]
IDS = [check.id for check in CHECKS]
PATCHED_POD = Unit(RUNS, "Pod/default/web-1-y", "app")
TAGGED = Unit(PINNED, "Pod/default/cache-1-x", "app")
UNSEEN = Unit(RUNS, "Pod/default/web-1-z", "app")
EDGES = {"release-workload": "verified", "workload-instance": "verified", "instance-host": "verified"}
PLANTED: dict[str, Any] = {
    "origin": "lab",
    "planted": "web-1-y was patched in place; cache is named by a tag; web-1-z reports a config id",
    "sources": ["tests/eval_case.py"],
    "violations": [msgspec.to_builtins(PATCHED_POD), msgspec.to_builtins(TAGGED)],
    "inconclusive": [msgspec.to_builtins(UNSEEN)],
    "paths": [
        {"instance": f"Pod/default/{name}", "container": "app", "edges": {"artifact-release": standing, **EDGES}}
        for name, standing in (("web-1-x", "verified"), ("web-1-y", "contradicted"), ("web-1-z", "unknown"))
    ],
}
HEALTHY: dict[str, Any] = {"origin": "lab", "planted": "nothing", "sources": ["tests/eval_case.py"], "violations": []}


def planted_fleet() -> list[dict[str, Any]]:
    """What `PLANTED` labels."""
    host, tag = {"nodeName": "node-a"}, f"{REPOSITORY}:1.2"
    later = [wrote("kube-controller-manager", "2026-11-01T10:00:00Z"), wrote("kubectl-set", PATCHED)]
    other = f"{REPOSITORY}@{B}"
    return [
        *fleet()[:1],
        deployment(spec={"replicas": 3}, status={"replicas": 3, "updatedReplicas": 3, "availableReplicas": 3}),
        replica_set(replicas=3),
        pod("web-1-x", spec=dict(host)),
        pod("web-1-y", other, other, spec={**host, "containers": [app(other)]}, generation=2, managedFields=later),
        pod("web-1-z", image_id=C, spec=dict(host)),
        deployment("cache", tag),
        replica_set("cache-1", tag, owner="cache"),
        pod("cache-1-x", tag, owner="cache-1", spec=dict(host)),
        node("node-a"),
    ]


def app(image: str) -> dict[str, Any]:
    """The container `app`."""
    return {"name": "app", "image": image}


def write_case(root: Path, labels: dict[str, Any], objects: list[dict[str, Any]], name: str = "one") -> Path:
    """Write a case's folder below an origin's."""
    folder = root / "lab" / name
    (folder / "fleet").mkdir(parents=True)
    record(folder / "fleet" / "all.json", *objects)
    (folder / "case.yaml").write_text(yaml.safe_dump(labels))
    return folder


def planted_case(root: Path, **changed: Any) -> Case:
    """`PLANTED`, loaded, with changed labels."""
    return load(write_case(root, {**PLANTED, **changed}, planted_fleet()), IDS)


def healthy_case(root: Path) -> Case:
    """The healthy fleet, loaded."""
    return load(write_case(root, HEALTHY, fleet(), "healthy"), IDS)
