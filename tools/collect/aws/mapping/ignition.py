"""What an Ignition document (JSON, Fedora CoreOS and Flatcar) fetches at boot: other configurations, files, units."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from tools.collect.aws.mapping.commands import lines_of
from tools.collect.aws.mapping.hosts import host_of
from tools.model.group import BootStep


def steps_of(text: str, before: int) -> Iterator[BootStep]:
    """The steps of a document that starts after `before` lines. Raises `ValueError` where it is no JSON object."""
    try:
        document = msgspec.json.decode(text)
    except msgspec.DecodeError as reason:
        raise ValueError(f"its Ignition document is no JSON: {reason}") from None
    config = _at(document, "ignition", "config")
    for name in ("merge", "replace", "append"):
        for source in _listed(config.get(name)):
            yield from _fetched(source, "configuration", f"ignition {name}", text, before)
    storage = _at(document, "storage")
    for entry in (*_listed(storage.get("files")), *_listed(storage.get("trees"))):
        for content in (*_listed(entry.get("contents")), *_listed(entry.get("append"))):
            yield from _fetched(content, "download", "ignition file", text, before)
    for unit in _listed(_at(document, "systemd").get("units")):
        written = unit.get("contents")
        for line in written.splitlines() if isinstance(written, str) else ():
            name, _, command = line.partition("=")
            if name.strip().startswith("Exec"):
                where = before + 1 + text.count("\n", 0, max(text.find(line.strip()), 0))
                for step in lines_of(command.lstrip("-@:+!"), 0):
                    yield BootStep(where, step.kind, step.command)


def _fetched(source: dict[str, Any], kind: str, told: str, text: str, before: int) -> Iterator[BootStep]:
    written = source.get("source")
    if isinstance(written, str) and "://" in written:  # not `data:,…`, which is in the document itself
        line = before + 1 + text.count("\n", 0, max(text.find(written), 0))
        yield BootStep(line, kind, f"{told} {host_of(written) or ''}".rstrip())


def _at(document: Any, *names: str) -> dict[str, Any]:
    for name in names:
        document = document.get(name) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else {}


def _listed(value: Any) -> list[dict[str, Any]]:
    return [v for v in (value if isinstance(value, list) else [value]) if isinstance(v, dict)]
