"""What keeps instances running, from Deployments, StatefulSets, DaemonSets, CronJobs and Argo Rollouts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from tools.collect.kubernetes import rollouts, wire
from tools.collect.kubernetes.decode import template_of
from tools.collect.kubernetes.templates import digest_of
from tools.collect.kubernetes.writes import MARK, writes_of
from tools.model.identity import Ref
from tools.model.nouns import Workload

NO_DEADLINE = 2**31 - 1
"""How `spec.progressDeadlineSeconds` says that there is none."""

DEPLOYMENT_REVISION = "deployment.kubernetes.io/revision"
ROLLOUT_REVISION = "rollout.argoproj.io/revision"


def workload_of(kind: str, ref: Ref, found: Any) -> Workload:
    """The workload that an object of one of `KINDS` is."""
    meta, template = found.metadata, template_of(kind, found)
    return Workload(
        ref=ref,
        version=meta.resource_version,
        read=True,
        created=meta.creation_timestamp or "",
        generation_seen=meta.generation,
        template="" if template is None else digest_of(template),
        writes_seen=writes_of(ref, ref, meta),
        mark=(meta.annotations or {}).get(MARK, ""),
        **KINDS[kind](found),
    )


def _deployment(found: wire.Deployment) -> dict[str, Any]:
    spec = found.spec
    return {
        "replicas": spec.replicas,
        "paused": spec.paused,
        "deadline": _deadline(spec.progress_deadline_seconds),
        "rollout_seen": found.status and rollouts.of_deployment(found.status),
        "number": revision(found.metadata, DEPLOYMENT_REVISION),
        "release_kind": "ReplicaSet",
        "strategy": rollouts.deployment_strategy(spec.strategy),
        "history_limit": spec.revision_history_limit,
    }


def _stateful_set(found: wire.StatefulSet) -> dict[str, Any]:
    return {
        "replicas": found.spec.replicas,
        "rollout_seen": found.status and rollouts.of_stateful_set(found.status),
        "current": found.status.update_revision if found.status else "",
        "release_kind": "ControllerRevision",
        "strategy": rollouts.stateful_set_strategy(found.spec.update_strategy),
        "history_limit": found.spec.revision_history_limit,
    }


def _daemon_set(found: wire.DaemonSet) -> dict[str, Any]:
    return {
        "replicas": found.status.desired_number_scheduled if found.status else 0,
        "rollout_seen": found.status and rollouts.of_daemon_set(found.status),
        "release_kind": "ControllerRevision",
        "strategy": rollouts.daemon_set_strategy(found.spec.update_strategy),
        "history_limit": found.spec.revision_history_limit,
    }


def _cron_job(_: wire.CronJob) -> dict[str, Any]:
    return {"rolls": False, "release_kind": "Job"}


def _argo(found: wire.Rollout) -> dict[str, Any]:
    """An Argo Rollout: the API server completes nothing of it, so the documented defaults stand for what is absent."""
    spec = found.spec
    limit, deadline = spec.revision_history_limit, spec.progress_deadline_seconds
    return {
        "replicas": 1 if spec.replicas is None else spec.replicas,
        "paused": spec.paused,
        "deadline": _deadline(600 if deadline is None else deadline),
        "rollout_seen": found.status and rollouts.of_argo(found.status),
        "number": revision(found.metadata, ROLLOUT_REVISION),
        "release_kind": "ReplicaSet",
        "strategy": rollouts.argo_strategy(spec.strategy),
        "history_limit": 10 if limit is None else limit,
    }


KINDS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "CronJob": _cron_job,
    "Rollout": _argo,
}
"""What is each kind's own."""

RELEASES = dict.fromkeys(("Deployment", "Rollout"), "ReplicaSet") | {
    "StatefulSet": "ControllerRevision",
    "DaemonSet": "ControllerRevision",
    "CronJob": "Job",
}
"""Of which kind the releases of a workload are, also where the workload itself was not read."""


def unread(owner: Ref, release_kind: str = "") -> Workload:
    """A workload of which nothing but a reference to it was read."""
    return Workload(ref=owner, version="", read=False, release_kind=RELEASES.get(owner.kind, release_kind))


def static(ref: Ref, node: str) -> Workload:
    """The workload of a static pod: a manifest among a host's own files, equal on several hosts for one workload. Its
    name is the pod's without the host's, which the kubelet adds."""
    name = ref.name.removesuffix(f"-{node}") if node else ref.name
    own = Ref(ref.scope, "StaticPod", ref.namespace, name, f"static/{ref.namespace}/{name}")
    return Workload(ref=own, version="", read=True, rolls=False)


def settled(workload: Workload, number: int | None, since: str) -> Workload:
    """A workload with what its current ControllerRevision says: its number, and when it last became the current one."""
    rollout = workload.rollout_seen and msgspec.structs.replace(workload.rollout_seen, since=since)
    return msgspec.structs.replace(workload, number=number, rollout_seen=rollout)


def revision(meta: wire.ObjectMeta, annotation: str) -> int | None:
    """The revision that an annotation numbers; None where it is absent or no number."""
    written = (meta.annotations or {}).get(annotation, "")
    return int(written) if written.isascii() and written.isdigit() else None


def _deadline(seconds: int) -> int:
    return 0 if seconds == NO_DEADLINE else seconds
