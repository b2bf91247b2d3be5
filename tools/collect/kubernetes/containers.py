"""Containers of pods and templates, what the kubelet reports of them, and the writes that managedFields claim."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import msgspec

from tools.collect.kubernetes import wire
from tools.model.identity import Ref
from tools.model.nouns import Container, ContainerRole, Part, Write

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


def _roles(spec: wire.PodSpec) -> Iterator[tuple[wire.Container, ContainerRole, str, str]]:
    """Each container with its role, its JSON pointer below `spec`, and the status list that it reports in."""
    for attribute, statuses, _, role in _LISTS:
        for index, container in enumerate(getattr(spec, attribute) or ()):
            sidecar = role == "init" and container.restart_policy == "Always"
            yield container, "sidecar" if sidecar else role, f"{_POINTER[attribute]}/{index}", statuses


def parts_of(ref: Ref, root: Ref, version: str, spec: wire.PodSpec) -> Iterator[Part]:
    """The parts of a release's template."""
    for container, role, slot, _ in _roles(spec):
        yield Part(ref, root, version, container.name, role, sys.intern(container.image), f"/spec/template/spec/{slot}")


def containers_of(ref: Ref, root: Ref, pod: wire.Pod) -> Iterator[Container]:
    """The containers of a pod, each with its status where the kubelet has reported one."""
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


def writes_of(ref: Ref, root: Ref, meta: wire.ObjectMeta) -> tuple[Write, ...] | None:
    """The field managers' writes, oldest first; None where managedFields are absent, or not what they should be."""
    if not meta.managed_fields:
        return None
    try:
        return tuple(
            Write(
                ref=ref,
                root=root,
                version=meta.resource_version,
                slot=f"/metadata/managedFields/{index}",
                manager=sys.intern(entry.manager),
                operation=sys.intern(entry.operation),
                subresource=entry.subresource,
                time=entry.time or "",
                images=_images(entry),
            )
            for index, entry in sorted(enumerate(meta.managed_fields), key=lambda row: (row[1].time or "", row[0]))
        )
    except (msgspec.ValidationError, KeyError):
        return None


def _images(entry: wire.ManagedFields) -> tuple[str, ...]:
    """The containers whose image an entry owns: `f:spec` → `f:containers` → `k:{"name":…}` → `f:image`.

    Raises `msgspec.ValidationError` where that is not its shape.
    """
    if not isinstance(entry.fields_v1, msgspec.Raw) or b'"f:image":' not in bytes(entry.fields_v1):
        return ()
    spec = msgspec.json.decode(entry.fields_v1, type=_Owned).spec
    keys = {
        key
        for fields in (spec.containers, spec.init_containers, spec.ephemeral_containers)
        for key, owned in fields.items()
        if key.startswith("k:") and "f:image" in owned
    }
    return tuple(sorted(sys.intern(msgspec.json.decode(key[2:], type=dict[str, str])["name"]) for key in keys))


_Fields = dict[str, dict[str, msgspec.Raw]]


class _OwnedSpec(msgspec.Struct):
    """`f:spec`: which fields of which containers an entry owns."""

    containers: _Fields = msgspec.field(name="f:containers", default_factory=dict)
    init_containers: _Fields = msgspec.field(name="f:initContainers", default_factory=dict)
    ephemeral_containers: _Fields = msgspec.field(name="f:ephemeralContainers", default_factory=dict)


class _Owned(msgspec.Struct):
    """`fieldsV1`, as far as it is about containers."""

    spec: _OwnedSpec = msgspec.field(name="f:spec", default_factory=_OwnedSpec)
