"""Where heads of the ledger are kept besides: whoever truncates the ledger, or puts an older copy back, can't also
change what lies on another mount, in the cluster or in a registry."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Protocol

import msgspec

from auditor.ledger.entry import Head
from tools.collect.kubernetes.api import Api, ApiFailure
from tools.errors import AuditorError

KEPT = 200
"""Heads that a ConfigMap holds: the oldest go (an object of the API has 1 MiB at most)."""


class Anchor(Protocol):
    """One place. `name` says which, as a person reads it."""

    name: str

    def read(self) -> list[Head]:
        """The heads that are kept there. Raises `AuditorError` where they can't be read."""

    def add(self, head: Head) -> None:
        """Keep one more. Raises `AuditorError` where it can't be written."""


class FileAnchor:
    """A file, best on another mount: one head a line, only ever added to."""

    def __init__(self, path: str) -> None:
        self.path = Path(path).expanduser()
        self.name = f"file {path}"

    def read(self) -> list[Head]:
        """The heads; none where there is no file yet."""
        try:
            lines = self.path.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _unread(self.name, error.strerror or str(error)) from error
        return [_head(line, f"{self.name}:{number}") for number, line in enumerate(lines, 1) if line.strip()]

    def add(self, head: Head) -> None:
        """Append a line, durably; nothing where the newest one is it."""
        kept = self.read()
        if kept and kept[-1] == head:
            return
        try:
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "ab") as out:
                out.write(msgspec.json.encode(head) + b"\n")
                out.flush()
                os.fsync(out.fileno())
        except OSError as error:
            raise _unwritten(self.name, error.strerror or str(error)) from error


class ConfigMapAnchor:
    """A ConfigMap (`namespace/name`) of one cluster: a key for each head."""

    def __init__(self, place: str, api: Api) -> None:
        self.namespace, _, self.object = place.partition("/")
        self.api = api
        self.name = f"ConfigMap {place} of {api.name}"

    def read(self) -> list[Head]:
        """The heads by their numbers; none where the ConfigMap is not there."""
        data = self._data() or {}
        return [_head(str(data[key]).encode(), f"{self.name}, key {key}") for key in sorted(data)]

    def _data(self) -> dict[str, Any] | None:
        try:
            return self.api.read(self._path()).get("data") or {}
        except ApiFailure as failure:
            if failure.code == "not-found":
                return None
            raise _unread(self.name, str(failure)) from failure

    def add(self, head: Head) -> None:
        """Add a key, and let the oldest go beyond `KEPT`."""
        kept, key = self.read(), f"head-{head.number:012d}"
        if any(other == head for other in kept):
            return
        value = msgspec.json.encode(head).decode()
        operations = [{"op": "add", "path": f"/data/{key}", "value": value}]
        operations += [
            {"op": "remove", "path": f"/data/head-{old.number:012d}"} for old in kept[: max(len(kept) + 1 - KEPT, 0)]
        ]
        made = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": self.object, "namespace": self.namespace},
            "data": {key: value},
        }
        try:
            if kept:
                self.api.patch(self._path(), operations, dry_run=False)
            elif self._data() is not None:
                self.api.patch(self._path(), [{"op": "add", "path": "/data", "value": {key: value}}], dry_run=False)
            else:
                self.api.post(f"/api/v1/namespaces/{self.namespace}/configmaps", made)
        except ApiFailure as failure:
            raise _unwritten(self.name, str(failure)) from failure

    def _path(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}/configmaps/{self.object}"


def _head(data: bytes, where: str) -> Head:
    try:
        return msgspec.json.decode(data, type=Head)
    except msgspec.DecodeError as error:
        raise _unread(where, f"it holds no head: {error}") from error


def _unread(name: str, cause: str) -> AuditorError:
    return AuditorError(f"the anchor {name} can't be read", cause, "what it would have proven is not known")


def _unwritten(name: str, cause: str) -> AuditorError:
    return AuditorError(
        f"the ledger's head could not be anchored in {name}", cause, "auditor ledger anchor tries it again"
    )
