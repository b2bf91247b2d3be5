"""The times in an object: each is checked, and the newest of what had happened makes a recording's moment.

A pattern on every field of the wire would be asked again for each of a fleet's equal texts; here each text is asked
once.
"""

from __future__ import annotations

import functools
import re
from typing import Any

import msgspec

_RFC3339 = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?Z")
_STATUSES = ("container_statuses", "init_container_statuses", "ephemeral_container_statuses")


def newest_in(kind: str, found: Any) -> str:
    """The newest time of what had happened in one wire object; empty where it holds none. Raises
    `msgspec.ValidationError` where one of its times is none."""
    meta, status = found.metadata, getattr(found, "status", None)
    times = [meta.creation_timestamp, *[entry.time for entry in meta.managed_fields or ()]]
    for condition in getattr(status, "conditions", None) or ():
        times += (condition.last_transition_time, condition.last_update_time, condition.last_heartbeat_time)
    if kind == "Pod":
        _of_containers(status, times)
    elif kind == "Event":
        times += (found.last_timestamp, found.event_time)
    newest = ""
    for time in times:
        if time and is_time(time) and time > newest:
            newest = time
    if meta.deletion_timestamp:  # when it should have ended: it may be in the future
        is_time(meta.deletion_timestamp)
    return newest


def _of_containers(status: Any, times: list[str | None]) -> None:
    for reported in _STATUSES:
        for container in getattr(status, reported) or ():
            state = container.state
            if state is not None and state.running is not None:
                times.append(state.running.started_at)
            if state is not None and state.terminated is not None:
                times += (state.terminated.started_at, state.terminated.finished_at)


@functools.lru_cache(maxsize=65536)
def is_time(text: str) -> bool:
    """True; raises `msgspec.ValidationError` for a text that is no metav1.Time or MicroTime (RFC 3339 in UTC)."""
    if not _RFC3339.fullmatch(text):
        raise msgspec.ValidationError(f"{text[:40]!r} is no time (RFC 3339 in UTC)")
    return True
