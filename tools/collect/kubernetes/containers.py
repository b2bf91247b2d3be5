"""Containers of pods and of templates, and what the kubelet reports of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from tools.collect.kubernetes import wire
from tools.model.identity import Ref
from tools.model.nouns import Container, ContainerRole, Part

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


_UNREPORTED: tuple[int, wire.ContainerStatus | None] = (0, None)


def _roles(spec: wire.PodSpec) -> Iterator[tuple[wire.Container, ContainerRole, str, str]]:
    """Each container with its role, its JSON pointer below `spec`, and the status list that it reports in."""
    for attribute, statuses, _, role in _LISTS:
        for index, container in enumerate(getattr(spec, attribute) or ()):
            sidecar = role == "init" and container.restart_policy == "Always"
            yield container, "sidecar" if sidecar else role, f"{_POINTER[attribute]}/{index}", statuses


def parts_of(ref: Ref, root: Ref, version: str, spec: wire.PodSpec, template: str = "/spec/template") -> Iterator[Part]:
    """The parts of a release's template, which stands at the JSON pointer `template`."""
    for container, role, slot, _ in _roles(spec):
        yield Part(ref, root, version, container.name, role, sys.intern(container.image), f"{template}/spec/{slot}")


def containers_of(ref: Ref, root: Ref, pod: wire.Pod) -> Iterator[Container]:
    """The containers of a pod, each with its status where the kubelet has reported one."""
    reported: dict[str, dict[str, tuple[int, wire.ContainerStatus]]] = {}
    for container, role, slot, statuses in _roles(pod.spec):
        if statuses not in reported:
            reported[statuses] = {s.name: (i, s) for i, s in enumerate(getattr(pod.status, statuses) or ())}
        index, status = reported[statuses].get(container.name, _UNREPORTED)
        state, detail, started = _state(status.state) if status else (None, "", "")
        yield Container(
            ref=ref,
            root=root,
            version=pod.metadata.resource_version,
            name=sys.intern(container.name),
            role=role,
            image=sys.intern(container.image),
            slot=sys.intern(f"/spec/{slot}"),
            status_slot=sys.intern(f"/status/{_STATUS_POINTER[statuses]}/{index}") if status else "",
            image_id_seen=sys.intern(status.image_id) if status else None,
            state_seen=state,
            detail=detail,
            runtime=sys.intern((status.container_id or "").partition("://")[0]) if status else "",
            started=started,
            restarts=status.restart_count if status else 0,
        )


def _state(state: wire.ContainerState | None) -> tuple[str | None, str, str]:
    if state is None:
        return None, "", ""
    if state.running is not None:
        return "running", "", state.running.started_at or ""
    if state.terminated is not None:
        return "terminated", state.terminated.reason or "", state.terminated.started_at or ""
    return "waiting", (state.waiting.reason or "") if state.waiting else "", ""
