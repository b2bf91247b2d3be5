"""The cases that `tests.lab.evals` records: what is planted in which namespaces, and which log goes with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from tests.lab import scenarios, settings
from tests.lab.cluster import Lab
from tests.lab.scenarios import Planted
from tests.lab.scenarios.never_ready_pod import PROMISE

Scenario = Callable[[Lab, str], tuple[Planted, ...]]
Log = Literal["whole", "none", "reads-dropped", "truncated"]
"""`truncated` is cut in the middle of its last line; `reads-dropped` is of a policy that could not see an exec."""


@dataclass(frozen=True)
class Case:
    """A case: `before` is planted and recorded first, and `fleet` in the same namespaces after it. `alone`: it changes
    a node, so that no other case is recorded meanwhile."""

    name: str
    planted: str
    fleet: dict[str, Scenario]
    log: Log = "whole"
    before: Scenario | None = None
    settings: str = ""
    doubt: str = ""
    alone: bool = False


def _on_drifted_node(lab: Lab, namespace: str) -> tuple[Planted, ...]:
    """A healthy release, and then another kubelet on node-b."""
    return (*scenarios.healthy_release(lab, namespace), *scenarios.drifted_node(lab))


CASES = (
    Case(
        "healthy-rolled",
        "Nothing: the pipeline applied a Deployment and rolled it to its second release.",
        {"orders": scenarios.healthy_release},
    ),
    Case(
        "healthy-autoscaled",
        "Nothing: a HorizontalPodAutoscaler scaled a Deployment up.",
        {"basket": scenarios.autoscaled},
    ),
    Case(
        "healthy-sets-and-jobs",
        "Nothing: a StatefulSet and a DaemonSet were rolled, a budget applied; Jobs ran to their end.",
        {"ledger": scenarios.healthy_sets, "reports": scenarios.batch},
    ),
    Case(
        "healthy-unusual-owners",
        "Nothing: a static pod, a finished pod of a ConfigMap, and a pod that a custom resource controls.",
        {"edge": scenarios.unusual_owners},
    ),
    Case(
        "healthy-without-log",
        "Nothing; no audit log was recorded.",
        {"profile": scenarios.healthy_release},
        log="none",
    ),
    Case(
        "entered-by-exec",
        "alice ran a command in one pod and named a missing program in another; bob was forbidden to in a third.",
        {"quotes": scenarios.entered_by_exec},
    ),
    Case(
        "entered-by-exec-reads-dropped",
        "The same as entered-by-exec, under an audit policy that drops every get, list and watch first.",
        {"ratings": scenarios.entered_by_exec},
        log="reads-dropped",
    ),
    Case(
        "entered-by-exec-truncated-log",
        "The same as entered-by-exec; the log ends in the middle of its last line.",
        {"refunds": scenarios.entered_by_exec},
        log="truncated",
    ),
    Case(
        "entered-otherwise",
        "alice attached to a container, copied a file into another, and forwarded a port to a third.",
        {"media": scenarios.entered_otherwise},
    ),
    Case(
        "debugged",
        "alice added an ephemeral container to a running pod.",
        {"pricing": scenarios.debugged},
    ),
    Case(
        "debugged-without-log",
        "The same as debugged; no audit log was recorded, and the pod itself shows it.",
        {"geo": scenarios.debugged},
        log="none",
    ),
    Case(
        "patched-in-place",
        "alice set the image of one running pod.",
        {"wallet": scenarios.patched_in_place},
    ),
    Case(
        "changed-by-hand",
        "alice scaled a Deployment and set the image of another; the pipeline had applied them.",
        {"inventory": partial(scenarios.changed_by_hand, commands=("scale", "set-image"))},
    ),
    Case(
        "edited-by-hand",
        "alice edited a Deployment and patched another; the pipeline had applied them.",
        {"catalogs": partial(scenarios.changed_by_hand, commands=("edit", "patch"))},
    ),
    Case(
        "rolled-by-hand",
        "alice restarted the rollout of a Deployment and undid that of another; the pipeline had applied them.",
        {"shipping": partial(scenarios.changed_by_hand, commands=("restart", "undo"))},
    ),
    Case(
        "paused-half-way",
        "alice paused a rollout after its first pod, and it was forgotten.",
        {"tickets": scenarios.half_rollout},
    ),
    Case(
        "failed-release",
        "The third release never became ready by its deadline.",
        {"gateway": scenarios.broken_release},
        log="none",
    ),
    Case(
        "held-updates",
        "OnDelete, a partition, maxUnavailable 100% and a bare ReplicaSet; the first two hold back a new template.",
        {"stream": scenarios.held_updates},
        log="none",
        doubt="a set that holds back a new template within the grace period is called neither complete nor failed",
    ),
    Case(
        "prior-release-gone",
        "One Deployment keeps no history, and of another the earlier ReplicaSet was deleted.",
        {"notify": scenarios.forgotten_history},
        log="none",
    ),
    Case(
        "unmanaged-pods",
        "A pod without an owner, and one that a ConfigMap owns without controlling it.",
        {"tools": scenarios.unmanaged_pods},
    ),
    Case(
        "never-ready",
        f"A pod that serves and was never ready, for longer than the promise of {PROMISE} s.",
        {"render": scenarios.never_ready_pod},
        settings=f"[checks.replacement-time]\nminutes = {PROMISE / 60:g}\n",
    ),
    Case(
        "moved-tag-restarted",
        "Two pods run by a tag; it was moved, and a container that ended was restarted under the other image.",
        {"maps": scenarios.restarted_by_moved_tag},
        before=scenarios.tag_in_use,
    ),
    Case(
        "moved-tag-started",
        "Two pods run by a tag; it was moved, and a third pod of the same release started under the other image.",
        {"feeds": scenarios.started_by_moved_tag},
        before=scenarios.tag_in_use,
    ),
    Case(
        "drifted-node",
        "node-b runs another kubelet than its pool should; a healthy Deployment runs on both nodes.",
        {"storage": _on_drifted_node},
        settings=f'[checks.host-baseline.pools.default]\nkubelet_version = "{settings.KUBERNETES_VERSION}"\n',
        alone=True,
    ),
)
