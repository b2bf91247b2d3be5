"""What the cluster itself recorded: the writes of an account, from the API server's audit log."""

from __future__ import annotations

import json
from typing import Any

from tests.lab.cluster import Lab

Event = dict[str, Any]


class Seen:
    """The audit log from now on."""

    def __init__(self, lab: Lab) -> None:
        self.path = lab.audit_log
        self.start = self.path.stat().st_size

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
