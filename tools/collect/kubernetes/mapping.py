"""From wire objects to the domain's nouns. Pure: no I/O, the same objects give the same facts."""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from tools.collect.kubernetes import wire
from tools.collect.kubernetes.decode import Decoded
from tools.model.identity import Ref
from tools.model.nouns import (
    Container,
    ContainerRole,
    Host,
    Instance,
    Part,
    Pool,
    Release,
    Rollout,
    Workload,
    Write,
)

POINTERS = {
    "Container.image": "{slot}/image",
    "Container.image_id": "{status_slot}/imageID",
    "Container.state": "{status_slot}/state",
    "Part.image": "{slot}/image",
    "Write.manager": "{slot}/manager",
    "Write.time": "{slot}/time",
    "Instance.generation": "/metadata/generation",
    "Instance.created": "/metadata/creationTimestamp",
    "Instance.release": "/metadata/ownerReferences",
    "Release.created": "/metadata/creationTimestamp",
    "Release.ready": "/status/readyReplicas",
    "Workload.paused": "/spec/paused",
    "Workload.replicas": "/spec/replicas",
    "Workload.rollout.reason": "{status_slot}/reason",
    "Workload.rollout.available": "/status/availableReplicas",
    "Workload.rollout.updated": "/status/updatedReplicas",
    "Host.architecture": "/status/nodeInfo/architecture",
    "Host.container_runtime_version": "/status/nodeInfo/containerRuntimeVersion",
    "Host.kernel_version": "/status/nodeInfo/kernelVersion",
    "Host.kubelet_version": "/status/nodeInfo/kubeletVersion",
    "Host.operating_system": "/status/nodeInfo/operatingSystem",
    "Host.os_image": "/status/nodeInfo/osImage",
    "Host.unschedulable": "/spec/unschedulable",
}
"""Where each field of a noun is in Kubernetes' own documents (RFC 6901)."""

POOL_LABELS = (
    "eks.amazonaws.com/nodegroup",
    "alpha.eksctl.io/nodegroup-name",
    "cloud.google.com/gke-nodepool",
    "kubernetes.azure.com/agentpool",
    "karpenter.sh/nodepool",
    "kops.k8s.io/instancegroup",
    "doks.digitalocean.com/node-pool",
)
"""Labels that name a node's group, in the order in which they are asked."""

_ROLE = "node-role.kubernetes.io/"
_REVISION = "deployment.kubernetes.io/revision"
_template = msgspec.json.Decoder(wire.Template)
_LISTS: tuple[tuple[str, str, str, ContainerRole], ...] = (
    ("containers", "container_statuses", "Container", "main"),
    ("init_containers", "init_container_statuses", "InitContainer", "init"),
    ("ephemeral_containers", "ephemeral_container_statuses", "EphemeralContainer", "ephemeral"),
)
_POINTER = {
    "containers": "containers",
    "init_containers": "initContainers",
    "ephemeral_containers": "ephemeralContainers",
}
_STATUS_POINTER = {
    "container_statuses": "containerStatuses",
    "init_container_statuses": "initContainerStatuses",
    "ephemeral_container_statuses": "ephemeralContainerStatuses",
}


class Mapping:
    """The nouns of one scope's objects. `dangling` counts the relations that did not resolve among them."""

    def __init__(self, scope: str, objects: dict[str, dict[str, Any]]) -> None:
        self.scope = scope
        self.objects = objects
        self.owners: Counter[str] = Counter()
        self.dangling: Counter[str] = Counter()
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
            deadline=spec.progress_deadline_seconds,
            generation=meta.generation or 0,
            template=_digest(spec.template),
            rollout_seen=None if status is None else _rollout(status),
        )

    def _unread(self, owner: Ref) -> Ref:
        """The root owner where its kind, or the object itself, was not read: known by reference alone."""
        if owner.uid not in self.workloads:
            self.workloads[owner.uid] = Workload(ref=owner, version="", read=False)
        return owner

    def _release(self, replica_set: wire.ReplicaSet) -> Release:
        meta, spec = replica_set.metadata, replica_set.spec
        ref, owner = self._ref("ReplicaSet", meta), self._owner(meta)
        template = _digest(spec.template)
        root = self._root_of_release(ref, owner, replica_set, template)
        revision = (meta.annotations or {}).get(_REVISION, "")
        made = _template.decode(spec.template)
        return Release(
            ref=ref,
            version=meta.resource_version,
            workload=root,
            number=int(revision) if revision.isascii() and revision.isdigit() else None,
            template=template,
            created=meta.creation_timestamp,
            replicas=spec.replicas,
            ready=replica_set.status.ready_replicas,
            parts=tuple(_parts(ref, root, meta.resource_version, made.spec)),
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
        (self.dangling if owner.kind == readable else self.owners)[owner.kind] += 1

    def _instance(self, pod: wire.Pod) -> Instance:
        meta, status = pod.metadata, pod.status
        ref, owner = self._ref("Pod", meta), self._owner(meta)
        root = self._root_of_instance(ref, owner)
        host = sys.intern(pod.spec.node_name or "")
        if host and host not in self._nodes:
            self.dangling["Node"] += 1
        conditions = {c.type: c for c in status.conditions or ()}
        ready = conditions.get("Ready")
        return Instance(
            ref=ref,
            version=meta.resource_version,
            owner=owner,
            workload=root,
            host=host,
            phase=sys.intern(status.phase),
            ready=ready is not None and ready.status == "True",
            created=meta.creation_timestamp,
            deleted=meta.deletion_timestamp or "",
            generation_seen=meta.generation,
            containers=tuple(_containers(ref, root, pod)),
            writes_seen=_writes(ref, root, meta),
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
            pool=_pool(meta.labels or {}),
            created=meta.creation_timestamp,
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
    meta = found.metadata
    yield meta.creation_timestamp
    yield from (entry.time for entry in meta.managed_fields or ())
    status = getattr(found, "status", None)
    for condition in getattr(status, "conditions", None) or ():
        yield condition.last_transition_time or ""
    for container in getattr(status, "container_statuses", None) or ():
        if container.state is not None and container.state.running is not None:
            yield container.state.running.started_at or ""


def _sorted(table: dict[str, Any]) -> list[Any]:
    return sorted(table.values(), key=lambda o: (o.metadata.namespace, o.metadata.name, o.metadata.uid))


def _digest(template: msgspec.Raw) -> str:
    """The content of a template without the hash label that the controller adds: equal templates, equal digests."""
    plain = msgspec.json.decode(template)
    meta = plain.get("metadata") or {}
    labels = {k: v for k, v in (meta.get("labels") or {}).items() if k != "pod-template-hash"}
    plain["metadata"] = {**{k: v for k, v in meta.items() if k != "creationTimestamp"}, "labels": labels}
    return hashlib.sha256(msgspec.json.encode(plain, order="deterministic")).hexdigest()


def _rollout(status: wire.DeploymentStatus) -> Rollout:
    conditions = status.conditions or []
    index = next((i for i, c in enumerate(conditions) if c.type == "Progressing"), None)
    progressing = None if index is None else conditions[index]
    return Rollout(
        updated=status.updated_replicas,
        replicas=status.replicas,
        available=status.available_replicas,
        generation_seen=status.observed_generation,
        progressing=progressing.status if progressing else None,
        reason=(progressing.reason or "") if progressing else "",
        message=(progressing.message or "") if progressing else "",
        since=(progressing.last_transition_time or "") if progressing else "",
        condition_slot=f"/status/conditions/{index}" if progressing else "",
    )


def _roles(spec: wire.PodSpec) -> Iterator[tuple[wire.Container, ContainerRole, str, str]]:
    """Each container with its role, its JSON pointer below `spec`, and the status list that it reports in."""
    for attribute, statuses, _, role in _LISTS:
        for index, container in enumerate(getattr(spec, attribute) or ()):
            sidecar = role == "init" and container.restart_policy == "Always"
            yield container, "sidecar" if sidecar else role, f"{_POINTER[attribute]}/{index}", statuses


def _parts(ref: Ref, root: Ref, version: str, spec: wire.PodSpec) -> Iterator[Part]:
    for container, role, slot, _ in _roles(spec):
        yield Part(ref, root, version, container.name, role, sys.intern(container.image), f"/spec/template/spec/{slot}")


def _containers(ref: Ref, root: Ref, pod: wire.Pod) -> Iterator[Container]:
    reported: dict[str, dict[str, tuple[int, wire.ContainerStatus]]] = {
        key: {s.name: (i, s) for i, s in enumerate(getattr(pod.status, key) or ())} for key in _STATUS_POINTER
    }
    for container, role, slot, statuses in _roles(pod.spec):
        common: dict[str, Any] = {
            "ref": ref,
            "root": root,
            "version": pod.metadata.resource_version,
            "name": sys.intern(container.name),
            "role": role,
            "image": sys.intern(container.image),
            "slot": f"/spec/{slot}",
        }
        index, status = reported[statuses].get(container.name, (0, None))
        if status is None:
            yield Container(**common)
            continue
        state, detail, started = _state(status.state)
        yield Container(
            **common,
            status_slot=f"/status/{_STATUS_POINTER[statuses]}/{index}",
            image_id_seen=sys.intern(status.image_id),
            state_seen=state,
            detail=detail,
            runtime=sys.intern((status.container_id or "").partition("://")[0]),
            started=started,
            restarts=status.restart_count,
        )


def _state(state: wire.ContainerState | None) -> tuple[str | None, str, str]:
    if state is None:
        return None, "", ""
    if state.running is not None:
        return "running", "", state.running.started_at or ""
    if state.terminated is not None:
        return "terminated", state.terminated.reason or "", state.terminated.started_at or ""
    return "waiting", (state.waiting.reason or "") if state.waiting else "", ""


def _writes(ref: Ref, root: Ref, meta: wire.ObjectMeta) -> tuple[Write, ...] | None:
    if not meta.managed_fields:
        return None
    return tuple(
        Write(
            ref,
            root,
            meta.resource_version,
            f"/metadata/managedFields/{index}",
            sys.intern(entry.manager),
            sys.intern(entry.operation),
            entry.subresource,
            entry.time,
            _owns_image(entry),
        )
        for index, entry in sorted(enumerate(meta.managed_fields), key=lambda row: (row[1].time, row[0]))
    )


def _owns_image(entry: wire.ManagedFields) -> bool:
    return isinstance(entry.fields_v1, msgspec.Raw) and b'"f:image":' in bytes(entry.fields_v1)


def _pool(labels: dict[str, str]) -> str:
    for label in POOL_LABELS:
        if labels.get(label):
            return labels[label]
    roles: Iterable[str] = sorted(label.removeprefix(_ROLE) for label in labels if label.startswith(_ROLE))
    return "+".join(role for role in roles if role) or "default"
