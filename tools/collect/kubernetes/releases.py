"""The versions of a workload's template: ReplicaSets, ReplicationControllers, ControllerRevisions and Jobs."""

from __future__ import annotations

from typing import Any

import msgspec

from tools.collect.kubernetes import wire
from tools.collect.kubernetes.containers import parts_of
from tools.collect.kubernetes.templates import digest_of
from tools.collect.kubernetes.workloads import DEPLOYMENT_REVISION, ROLLOUT_REVISION, revision
from tools.collect.kubernetes.writes import writes_of
from tools.model.identity import Ref
from tools.model.nouns import Release, Workload

KINDS = ("ReplicaSet", "ReplicationController", "ControllerRevision", "Job")
REVISION_LABEL = "controller-revision-hash"
"""The label of a pod that names the ControllerRevision that it was made from."""
ROLLOUT_HASH = "rollouts-pod-template-hash"
"""The label of a ReplicaSet that an Argo Rollout names it by (`status.currentPodHash`)."""

_template = msgspec.json.Decoder(wire.Template)


def release_of(kind: str, ref: Ref, root: Ref, found: Any, template: msgspec.Raw) -> Release:
    """The release that an object of one of `KINDS` is, with the template that it holds."""
    meta, counted = found.metadata, kind in ("ReplicaSet", "ReplicationController")
    where = "/data/spec/template" if kind == "ControllerRevision" else "/spec/template"
    return Release(
        ref=ref,
        version=meta.resource_version,
        workload=root,
        number=found.revision if kind == "ControllerRevision" else _number(meta),
        template=digest_of(template),
        created=meta.creation_timestamp or "",
        replicas=found.spec.replicas if counted else None,
        ready=found.status.ready_replicas if counted else None,
        parts=tuple(parts_of(ref, root, meta.resource_version, _template.decode(template).spec, where)),
    )


def bare(release: Release, found: Any) -> Workload:
    """The workload that a release without an owner is itself: it keeps instances, and replaces none by another
    release."""
    return Workload(
        ref=release.ref,
        version=release.version,
        read=True,
        rolls=False,
        replicas=release.replicas or 0,
        template=release.template,
        created=release.created,
        release_kind=release.ref.kind,
        writes_seen=writes_of(release.ref, release.ref, found.metadata),
    )


def revision_name(owner: Ref, meta: wire.ObjectMeta) -> str:
    """The name of the ControllerRevision that a pod was made from, by its label: a StatefulSet writes the name itself,
    a DaemonSet the part after its own name."""
    label = (meta.labels or {}).get(REVISION_LABEL, "")
    return f"{owner.name}-{label}" if owner.kind == "DaemonSet" and label else label


def last_written(meta: wire.ObjectMeta) -> str:
    """When a ControllerRevision was last written, which is when its number last moved; empty where managedFields were
    left out."""
    return max((entry.time or "" for entry in meta.managed_fields or ()), default="")


def _number(meta: wire.ObjectMeta) -> int | None:
    number = revision(meta, DEPLOYMENT_REVISION)
    return revision(meta, ROLLOUT_REVISION) if number is None else number
