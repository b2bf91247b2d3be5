"""From wire objects to the domain's nouns. Pure: no I/O, the same objects give the same facts."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec

from tools.collect.kubernetes import wire
from tools.collect.kubernetes.containers import containers_of, parts_of, writes_of
from tools.collect.kubernetes.decode import Decoded
from tools.collect.kubernetes.pools import pool_of
from tools.collect.kubernetes.templates import digest_of, rollout_of
from tools.model.identity import Ref
from tools.model.nouns import Host, Instance, Pool, Release, Workload

NO_DEADLINE = 2**31 - 1
"""How `spec.progressDeadlineSeconds` says that there is none."""

_REVISION = "deployment.kubernetes.io/revision"
_template = msgspec.json.Decoder(wire.Template)


class Mapping:
    """The nouns of one scope's objects. `dangling` counts the relations that did not resolve among them."""

    def __init__(self, scope: str, objects: dict[str, dict[str, Any]]) -> None:
        self.scope = scope
        self.objects = objects
        self.owners: Counter[str] = Counter()
        self.dangling: Counter[tuple[str, str]] = Counter()
        self.workloads: dict[str, Workload] = {}
        self.releases: list[Release] = []
        self.instances: list[Instance] = []
        self.hosts: list[Host] = []
        for deployment in _sorted(objects["Deployment"]):
            self.workloads[deployment.metadata.uid] = self._workload(deployment)
        for node in _sorted(objects["Node"]):
            self.hosts.append(self._host(node))
        self._nodes = {host.ref.name for host in self.hosts}
        for replica_set in _sorted(objects["ReplicaSet"]):
            self.releases.append(self._release(replica_set))
        self._by_uid = {release.ref.uid: release for release in self.releases}
        for pod in _sorted(objects["Pod"]):
            self.instances.append(self._instance(pod))

    def pools(self) -> Iterator[Pool]:
        """The pools that the hosts name."""
        for name in sorted({host.pool for host in self.hosts}):
            yield Pool(ref=Ref(self.scope, "Pool", "", name, f"{self.scope}/{name}"))

    def _ref(self, kind: str, meta: wire.ObjectMeta) -> Ref:
        return Ref(self.scope, kind, sys.intern(meta.namespace), meta.name, meta.uid)

    def _owner(self, meta: wire.ObjectMeta) -> Ref | None:
        """The controller of an object: its one owner reference with `controller: true`."""
        for owner in meta.owner_references or ():
            if owner.controller:
                namespace = "" if owner.kind == "Node" else sys.intern(meta.namespace)
                return Ref(self.scope, sys.intern(owner.kind), namespace, owner.name, owner.uid)
        return None

    def _workload(self, deployment: wire.Deployment) -> Workload:
        meta, spec, status = deployment.metadata, deployment.spec, deployment.status
        return Workload(
            ref=self._ref("Deployment", meta),
            version=meta.resource_version,
            read=True,
            replicas=spec.replicas,
            paused=spec.paused,
            deadline=0 if spec.progress_deadline_seconds == NO_DEADLINE else spec.progress_deadline_seconds,
            generation_seen=meta.generation,
            template=digest_of(spec.template),
            release_kind="ReplicaSet",
            rollout_seen=None if status is None else rollout_of(status),
        )

    def _unread(self, owner: Ref) -> Ref:
        """The root owner where its kind, or the object itself, was not read: known by reference alone."""
        if owner.uid not in self.workloads:
            self.workloads[owner.uid] = Workload(ref=owner, version="", read=False)
        return owner

    def _release(self, replica_set: wire.ReplicaSet) -> Release:
        meta, spec = replica_set.metadata, replica_set.spec
        ref, owner = self._ref("ReplicaSet", meta), self._owner(meta)
        template = digest_of(spec.template)
        root = self._root_of_release(ref, owner, replica_set, template)
        revision = (meta.annotations or {}).get(_REVISION, "")
        made = _template.decode(spec.template)
        return Release(
            ref=ref,
            version=meta.resource_version,
            workload=root,
            number=int(revision) if revision.isascii() and revision.isdigit() else None,
            template=template,
            created=meta.creation_timestamp or "",
            replicas=spec.replicas,
            ready=replica_set.status.ready_replicas,
            parts=tuple(parts_of(ref, root, meta.resource_version, made.spec)),
        )

    def _root_of_release(self, ref: Ref, owner: Ref | None, replica_set: wire.ReplicaSet, template: str) -> Ref:
        if owner is None:
            self.workloads[ref.uid] = Workload(
                ref=ref,
                version=replica_set.metadata.resource_version,
                read=True,
                rolls=False,
                replicas=replica_set.spec.replicas,
                template=template,
            )
            return ref
        known = self.workloads.get(owner.uid)
        if known is not None and known.read:
            return known.ref
        self._count(owner, "Deployment")
        return self._unread(owner)

    def _count(self, owner: Ref, readable: str) -> None:
        """Count an owner that did not resolve: a dangling relation of a kind that is read, or a kind that is not."""
        if owner.kind == readable:
            self.dangling[owner.kind, owner.namespace] += 1
        else:
            self.owners[owner.kind] += 1

    def _instance(self, pod: wire.Pod) -> Instance:
        meta, status = pod.metadata, pod.status
        ref, owner = self._ref("Pod", meta), self._owner(meta)
        root = self._root_of_instance(ref, owner)
        host = sys.intern(pod.spec.node_name or "")
        if host and host not in self._nodes:
            self.dangling["Node", ""] += 1
        conditions = {c.type: c for c in status.conditions or ()}
        ready = conditions.get("Ready")
        return Instance(
            ref=ref,
            version=meta.resource_version,
            owner=owner,
            release_ref=owner,
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
        )

    def _root_of_instance(self, ref: Ref, owner: Ref | None) -> Ref:
        if owner is None:
            return ref
        release = self._by_uid.get(owner.uid)
        if release is not None:
            return release.workload
        self._count(owner, "ReplicaSet")
        return self._unread(owner)

    def _host(self, node: wire.Node) -> Host:
        meta, status = node.metadata, node.status
        ready = next((c for c in status.conditions or () if c.type == "Ready"), None)
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


def newest_time(decoded: Decoded) -> str:
    """The newest time that recorded objects hold of what had happened; empty where they hold none."""
    newest = ""
    for table in decoded.objects.values():
        for found in table.values():
            for time in _times(found):
                newest = max(newest, time)
    return newest


def _times(found: Any) -> Iterator[str]:
    meta, status = found.metadata, getattr(found, "status", None)
    yield meta.creation_timestamp or ""
    yield from (entry.time or "" for entry in meta.managed_fields or ())
    for condition in getattr(status, "conditions", None) or ():
        times = (condition.last_transition_time, condition.last_update_time, condition.last_heartbeat_time)
        yield from (time for time in times if time)
    for reported in ("container_statuses", "init_container_statuses", "ephemeral_container_statuses"):
        for container in getattr(status, reported, None) or ():
            state = container.state
            if state is not None and state.running is not None:
                yield state.running.started_at or ""
            if state is not None and state.terminated is not None:
                yield state.terminated.finished_at or ""


def _sorted(table: dict[str, Any]) -> list[Any]:
    return sorted(table.values(), key=lambda o: (o.metadata.namespace, o.metadata.name, o.metadata.uid))
