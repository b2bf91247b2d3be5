"""What the cluster itself recorded: the writes of an account, from the API server's audit log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.lab.cluster import Lab

Event = dict[str, Any]
LONGEST = 4 << 20  # bytes of a line


class Seen:
    """The audit log from now on."""

    def __init__(self, lab: Lab) -> None:
        self.path = lab.audit_log
        self.start = _end_of_its_last_line(self.path)

    def writes(self, user: str, name: str, namespace: str = "") -> list[Event]:
        """The accepted writes of a user to an object, dry runs left out, each once (an auditID may have two events)."""
        found: dict[str, Event] = {}
        for event in self._events():
            about = event.get("objectRef", {})
            this = (event["user"].get("username"), about.get("name"), about.get("namespace", "")) == (
                user,
                name,
                namespace,
            )
            stored = "dryRun=" not in event["requestURI"] and event.get("responseStatus", {}).get("code", 0) < 300
            if this and stored and event["stage"] == "ResponseComplete":
                found[event["auditID"]] = event
        return list(found.values())

    def evictions(self, user: str, namespace: str) -> list[Event]:
        """The accepted evictions by a user in a namespace, dry runs left out, each once."""
        found: dict[str, Event] = {}
        for event in self._events():
            about = event.get("objectRef", {})
            mine = event["user"].get("username") == user and about.get("namespace") == namespace
            evicts = event["verb"] == "create" and about.get("subresource") == "eviction"
            stored = "dryRun=" not in event["requestURI"] and event.get("responseStatus", {}).get("code", 0) < 300
            if mine and evicts and stored and event["stage"] == "ResponseComplete":
                found[event["auditID"]] = event
        return list(found.values())

    def _events(self) -> list[Event]:
        with self.path.open("rb") as log:
            log.seek(self.start)
            whole = log.read().rpartition(b"\n")[0]
        return [json.loads(line) for line in whole.splitlines()]


def _end_of_its_last_line(path: Path) -> int:
    """Where the first line begins that is not wholly there yet: the API server may be in the midst of writing it."""
    with path.open("rb") as log:
        size = log.seek(0, 2)
        log.seek(max(0, size - LONGEST))
        tail = log.read(min(size, LONGEST))
    return size - len(tail) + tail.rfind(b"\n") + 1
