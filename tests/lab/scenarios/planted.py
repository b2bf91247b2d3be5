"""What a scenario planted: the type, and writing it down before anything is audited."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

from tests.lab.basics import write
from tests.lab.cluster import Lab

P = ParamSpec("P")

HEALTHY = "healthy"  # must not be accused
TAG_ONLY = "tag-only"  # the image is named by a tag alone
UNRESOLVABLE_REFERENCE = "unresolvable-reference"  # the API takes the reference, no node can run it
DEADLINE_EXCEEDED = "deadline-exceeded"  # the rollout did not progress in its time
NEVER_READY = "never-ready"  # the release, or a pod of it, that keeps the rollout from progressing
PATCHED_IN_PLACE = "patched-in-place"  # the pod was changed instead of replaced
MIXED_RELEASES = "mixed-releases"  # two releases run side by side, and nothing moves on
SUPERSEDED_OUTLIVES = "superseded-outlives"  # a pod of a release that should be gone
HOST_DRIFTED = "host-drifted"  # the node differs from its pool
NO_OWNER = "no-owner"  # a pod that nothing would replace
UNKNOWN_OWNER = "unknown-owner"  # its controller is a custom resource: whether that would replace it is not known
ENTERED = "entered"  # somebody entered the running pod: exec, attach, copy, port-forward
CONTAINER_ADDED = "container-added"  # an ephemeral container was added to the running pod
RESTARTED_AS_OTHER = "restarted-as-other"  # the container restarted under another image: its tag had been moved
MIXED_IMAGES = "mixed-images"  # one release whose pods run different images
CHANGED_BY_HAND = "changed-by-hand"  # a person changed the workload with an imperative command
NOT_REPLACING = "not-replacing"  # a new template would not replace all pods by itself
HELD_BACK = "held-back"  # pods of the earlier template are left by design: the rollout is neither complete nor failed
PRIOR_GONE = "prior-gone"  # the release before the current one is not kept
LATE = "late"  # the pod is older than the promise, and was never ready


@dataclass(frozen=True)
class Planted:
    """One object of a scenario, and what is wrong with it in a plain word (`healthy`: nothing)."""

    scenario: str
    kind: str
    namespace: str
    name: str
    uid: str
    container: str | None
    wrong: str
    detail: dict[str, Any] = field(default_factory=dict)


def planted(scenario: str, item: dict[str, Any], wrong: str, container: str | None = None, **detail: Any) -> Planted:
    """The label for an object as the API returned it."""
    metadata = item["metadata"]
    where = metadata.get("namespace", "")
    return Planted(scenario, item["kind"], where, metadata["name"], metadata["uid"], container, wrong, detail)


def written(
    function: Callable[Concatenate[Lab, P], Iterable[Planted]],
) -> Callable[Concatenate[Lab, P], tuple[Planted, ...]]:
    """Makes a scenario write what it planted into the lab's folder of planted faults, and return it."""

    @wraps(function)
    def plant(lab: Lab, /, *args: P.args, **kwargs: P.kwargs) -> tuple[Planted, ...]:
        found = tuple(function(lab, *args, **kwargs))
        text = json.dumps([asdict(one) for one in found], indent=1)
        write(file_of(lab, function.__name__, next((one.namespace for one in found), "")), text + "\n")
        return found

    return plant


def file_of(lab: Lab, scenario: str, namespace: str) -> Path:
    """The file in which a scenario's labels are; one for each namespace that it was planted in."""
    return lab.planted / f"{scenario}{'.' if namespace else ''}{namespace}.json"
