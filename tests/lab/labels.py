"""From what a scenario planted, in plain words, to the labels of an eval case: which check says what of which object.

Nothing here asks the auditor. A word stands for all that is wrong with its object; `healthy` objects get no label.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tests.lab.scenarios import planted as words
from tests.lab.scenarios.planted import Planted

Row = dict[str, Any]


@dataclass(frozen=True)
class Says:
    """A check that has something to say of a kind of object, and whether its sentence is about one container."""

    check: str
    kind: str = ""  # any
    part: bool = False


IN_PLACE = Says("in-place-change", "Pod")
VIOLATED = {
    words.TAG_ONLY: [Says("image-pinned-by-digest", "Pod", part=True)],
    words.DEADLINE_EXCEEDED: [Says("rollout-complete", "Deployment")],
    words.MIXED_RELEASES: [Says("rollout-complete", "Deployment")],
    words.HOST_DRIFTED: [Says("host-baseline", "Node")],
    words.PATCHED_IN_PLACE: [Says("instance-runs-release", "Pod", part=True), IN_PLACE],
    words.NO_OWNER: [Says("unmanaged-instance", "Pod")],
    words.ENTERED: [IN_PLACE],
    words.CONTAINER_ADDED: [IN_PLACE],
    words.RESTARTED_AS_OTHER: [Says("in-place-change", "Pod", part=True)],
    words.MIXED_IMAGES: [Says("release-uniform", "ReplicaSet", part=True)],
    words.CHANGED_BY_HAND: [Says("imperative-change")],
    words.NOT_REPLACING: [Says("rollout-replaces")],
    words.PRIOR_GONE: [Says("prior-release-kept")],
    words.LATE: [Says("replacement-time", "Pod")],
}
UNDECIDED = {
    words.UNKNOWN_OWNER: [Says("unmanaged-instance", "Pod")],
    words.HELD_BACK: [Says("rollout-complete")],
}
SHOWN_BY_LOG_ALONE = {words.ENTERED}
"""What leaves no trace in any object."""
KEPT_BY = ("ReplicaSet", "StatefulSet", "DaemonSet")
"""Controllers whose release names a pod's image."""


def of(planted: list[Planted], pods: list[Row], sees_entering: bool) -> dict[str, list[Row]]:
    """`violations`, `inconclusive` and `paths` of a case. `pods` are those recorded; where no log was that would have
    seen that somebody entered a pod, nobody can say that nobody did."""
    unseen = set() if sees_entering else SHOWN_BY_LOG_ALONE
    wrong = [one for one in planted if one.wrong not in unseen]
    violations = _units(wrong, VIOLATED)
    undecided = _units(wrong, UNDECIDED)
    if not sees_entering:
        accused = {row["subject"] for row in violations if row["check"] == IN_PLACE.check}
        running = [_name(pod) for pod in pods if pod["status"]["phase"] == "Running"]
        undecided += [{"check": IN_PLACE.check, "subject": name} for name in running if name not in accused]
    return {"violations": violations, "inconclusive": undecided, "paths": _paths(planted, pods)}


def _units(planted: Iterable[Planted], table: dict[str, list[Says]]) -> list[Row]:
    rows: list[Row] = []
    for one in planted:
        for says in table.get(one.wrong, []):
            if says.kind in ("", one.kind):
                row = {"check": says.check, "subject": "/".join(filter(None, (one.kind, one.namespace, one.name)))}
                rows.append({**row, "part": one.container} if says.part and one.container else row)
    return [row for index, row in enumerate(rows) if row not in rows[:index]]


def _name(pod: Row) -> str:
    return f"Pod/{pod['metadata']['namespace']}/{pod['metadata']['name']}"


def _paths(planted: list[Planted], pods: list[Row]) -> list[Row]:
    """The path of `app` in each running pod: what the control plane itself ties together is verified."""
    wrong: dict[str, set[str]] = {}
    for one in planted:
        wrong.setdefault(one.uid, set()).add(one.wrong)
    rows = []
    for pod in pods:
        if pod["status"]["phase"] == "Running":
            edges = _edges(pod, wrong.get(pod["metadata"]["uid"], set()))
            rows.append({"instance": _name(pod), "container": "app", "edges": edges})
    return rows


def _edges(pod: Row, wrong: set[str]) -> dict[str, str]:
    owner: Row = next((one for one in pod["metadata"].get("ownerReferences", []) if one.get("controller")), {})
    edges = {"instance-host": "verified"}
    if owner.get("kind") not in KEPT_BY:
        return edges
    edges = {"release-workload": "verified", **edges}
    if owner["kind"] == "ReplicaSet":  # of a set's revisions, a label alone says which one made the pod
        edges = {"workload-instance": "verified", **edges}
    if words.TAG_ONLY in wrong:  # a tag is no proof; what it is instead, a registry or the past could tell
        return edges
    return {"artifact-release": "contradicted" if words.PATCHED_IN_PLACE in wrong else "verified", **edges}
