"""From wire objects to the domain's nouns. Pure: no I/O, the same objects give the same facts."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec

from tools.collect.kubernetes import releases, wire, workloads
from tools.collect.kubernetes.budgets import budgets_of
from tools.collect.kubernetes.containers import containers_of
from tools.collect.kubernetes.decode import READ, REVISED, kind_of, template_of
from tools.collect.kubernetes.events import changes_of
from tools.collect.kubernetes.pools import pool_of
from tools.collect.kubernetes.writes import writes_of
from tools.model.identity import Ref
from tools.model.nouns import Budget, Change, Host, Instance, Pool, Release, Workload

MIRROR = "kubernetes.io/config.mirror"
"""The annotation of a pod that the kubelet made of a manifest among its host's own files."""


class Mapping:
    """The nouns of one scope's objects. `dangling` counts the relations that did not resolve among them (by kind and
    namespace), `owners` the controllers of kinds that are not read (by kind and apiVersion)."""

    def __init__(self, scope: str, objects: dict[str, dict[str, Any]]) -> None:
        self.scope = scope
        self.objects = objects
        self.owners: Counter[tuple[str, str]] = Counter()
        self.dangling: Counter[tuple[str, str]] = Counter()
        self.workloads: dict[str, Workload] = {}
        self.hosts: list[Host] = [self._host(node) for node in _sorted(objects["Node"])]
        self._nodes = {host.ref.name for host in self.hosts}
        for kind in workloads.KINDS:
            for found in _sorted(objects[kind]):
                ref = self._ref(kind, found.metadata)
                self.workloads[ref.uid] = workloads.workload_of(kind, ref, found)
        self._by_uid: dict[str, Release] = {}
        self._by_uid = {release.ref.uid: release for kind in releases.KINDS for release in self._releases(kind)}
        self._by_name = {(r.workload.uid, r.ref.name): r for r in self._by_uid.values()}
        self.releases: list[Release] = sorted(self._by_uid.values(), key=lambda release: release.ref)
        self._settle()
        self.instances: list[Instance] = [self._instance(pod) for pod in _sorted(objects["Pod"])]
        budgets = _sorted(objects["PodDisruptionBudget"])
        self.budgets: list[Budget] = list(budgets_of(scope, budgets, objects["Pod"], self.instances))
        told = changes_of(scope, objects["Event"].values(), self.instances)
        self.changes: list[Change] = sorted(told, key=lambda change: change.order)

    def pools(self) -> Iterator[Pool]:
        """The pools that the hosts name."""
        for name in sorted({host.pool for host in self.hosts}):
            yield Pool(ref=Ref(self.scope, "Pool", "", name, f"{self.scope}/{name}"))

    def _ref(self, kind: str, meta: wire.ObjectMeta) -> Ref:
        return Ref(self.scope, kind, sys.intern(meta.namespace), meta.name, meta.uid)

    def _owner(self, meta: wire.ObjectMeta) -> tuple[Ref | None, str]:
        """The controller of an object, its one owner reference with `controller: true`, and that one's apiVersion."""
        for owner in meta.owner_references or ():
            if owner.controller:
                known = self._by_uid.get(owner.uid)
                if known is not None and (known.ref.name, known.ref.namespace) == (owner.name, meta.namespace):
                    return known.ref, owner.api_version  # the one reference, for all of its instances
                kind = sys.intern(kind_of(owner.kind, owner.api_version))
                namespace = "" if kind == "Node" else sys.intern(meta.namespace)
                return Ref(self.scope, kind, namespace, owner.name, owner.uid), owner.api_version
        return None, ""

    def _root(self, owner: Ref, version: str, release_kind: str = "") -> Ref:
        """The root owner of what this owner controls. One that is not among what was read is known by reference alone,
        and counted: as a relation that dangles, or a kind that is not read."""
        release = self._by_uid.get(owner.uid) if not release_kind else None
        if release is not None:
            return release.workload
        known = self.workloads.get(owner.uid)
        if known is not None and known.read:
            return known.ref
        if READ.get(owner.kind, ("", None, ""))[2] in ("Release", "Workload"):
            self.dangling[owner.kind, owner.namespace] += 1
        else:
            self.owners[owner.kind, version] += 1
        if known is None:
            self.workloads[owner.uid] = workloads.unread(owner, release_kind)
        return owner

    def _releases(self, kind: str) -> Iterator[Release]:
        for found in _sorted(self.objects[kind]):
            template = template_of(kind, found)
            if template is None:
                continue  # a ControllerRevision in which another controller keeps data of its own
            ref, (owner, version) = self._ref(kind, found.metadata), self._owner(found.metadata)
            root = ref if owner is None else self._root(owner, version, kind)
            release = releases.release_of(kind, ref, root, found, template)
            if owner is None:
                self.workloads[ref.uid] = releases.bare(release, found)
            yield release

    def _settle(self) -> None:
        """What of a workload only its releases can tell: an Argo Rollout names its current one by a hash, and when a
        StatefulSet's or a DaemonSet's became current its ControllerRevision says."""
        for release in self.releases:
            root = self.workloads[release.workload.uid]
            if not root.read:
                continue
            if root.ref.kind == "Rollout" and release.ref.kind == "ReplicaSet":
                status = self.objects["Rollout"][root.ref.uid].status
                labels = self.objects["ReplicaSet"][release.ref.uid].metadata.labels or {}
                if status and status.current_pod_hash and status.current_pod_hash == labels.get(releases.ROLLOUT_HASH):
                    self.workloads[root.ref.uid] = msgspec.structs.replace(root, current=release.ref.name)
            elif (
                root.ref.kind in REVISED
                and root.current in (release.ref.name, "")
                and (root.current or release.template == root.template)
            ):
                meta = self.objects["ControllerRevision"][release.ref.uid].metadata
                self.workloads[root.ref.uid] = workloads.settled(root, release.number, releases.last_written(meta))

    def _instance(self, pod: wire.Pod) -> Instance:
        meta, status = pod.metadata, pod.status
        ref, (owner, version) = self._ref("Pod", meta), self._owner(meta)
        host = sys.intern(pod.spec.node_name or "")
        is_static = owner is not None and owner.kind == "Node" and MIRROR in (meta.annotations or {})
        root = ref if owner is None else self._static(ref, host) if is_static else self._root(owner, version)
        if host and host not in self._nodes:
            self.dangling["Node", ""] += 1
        ready = _ready(status)
        return Instance(
            ref=ref,
            version=meta.resource_version,
            owner=owner,
            release_ref=None if owner is None or is_static else self._made_by(owner, meta),
            workload=root,
            host=host,
            phase=sys.intern(status.phase),
            ready=ready is not None and ready.status == "True",
            ready_since=(ready.last_transition_time or "") if ready else "",
            created=meta.creation_timestamp or "",
            deleted=meta.deletion_timestamp or "",
            generation_seen=meta.generation,
            containers=tuple(containers_of(ref, root, pod)),
            writes_seen=writes_of(ref, root, meta),
            static=is_static,
        )

    def _static(self, ref: Ref, host: str) -> Ref:
        made = workloads.static(ref, host)
        return self.workloads.setdefault(made.ref.uid, made).ref

    def _made_by(self, owner: Ref, meta: wire.ObjectMeta) -> Ref:
        """The release that made a pod: its owner, or the owner's ControllerRevision that its label names."""
        if owner.kind not in REVISED:
            return owner
        name = releases.revision_name(owner, meta)
        release = self._by_name.get((owner.uid, name))
        if release is not None:
            return release.ref
        self.dangling["ControllerRevision", owner.namespace] += 1
        return Ref(self.scope, "ControllerRevision", owner.namespace, name, "")

    def _host(self, node: wire.Node) -> Host:
        meta, status = node.metadata, node.status
        ready = _ready(status)
        return Host(
            ref=self._ref("Node", meta),
            version=meta.resource_version,
            pool=pool_of(meta.labels or {}),
            created=meta.creation_timestamp or "",
            unschedulable=node.spec.unschedulable,
            ready=ready is not None and ready.status == "True",
            provider=node.spec.provider_id,
            facts=msgspec.structs.asdict(status.node_info),
        )


def _ready(status: wire.PodStatus | wire.NodeStatus) -> wire.Condition | None:
    for condition in status.conditions or ():
        if condition.type == "Ready":
            return condition
    return None


def _sorted(table: dict[str, Any]) -> list[Any]:
    return sorted(table.values(), key=lambda o: (o.metadata.namespace, o.metadata.name, o.metadata.uid))
