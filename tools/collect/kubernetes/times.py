"""The newest time that recorded objects hold: a recording's moment, so that its report never changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tools.collect.kubernetes.decode import Decoded

_STATUSES = ("container_statuses", "init_container_statuses", "ephemeral_container_statuses")


def newest_time(decoded: Decoded) -> str:
    """The newest time of what had happened; empty where the objects hold none."""
    newest = ""
    for kind, table in decoded.objects.items():
        for found in table.values():
            meta, status = found.metadata, getattr(found, "status", None)
            if (meta.creation_timestamp or "") > newest:
                newest = meta.creation_timestamp
            for entry in meta.managed_fields or ():
                if entry.time and entry.time > newest:
                    newest = entry.time
            for condition in getattr(status, "conditions", None) or ():
                for time in (condition.last_transition_time, condition.last_update_time, condition.last_heartbeat_time):
                    if time and time > newest:
                        newest = time
            if kind in ("Pod", "Event"):
                newest = max(newest, *(_of_containers(status) if kind == "Pod" else _of_event(found)), "")
    return newest


def _of_containers(status: Any) -> Iterator[str]:
    for reported in _STATUSES:
        for container in getattr(status, reported) or ():
            state = container.state
            if state is not None and state.running is not None:
                yield state.running.started_at or ""
            if state is not None and state.terminated is not None:
                yield state.terminated.finished_at or ""


def _of_event(event: Any) -> Iterator[str]:
    yield event.last_timestamp or ""
    yield event.event_time or ""
