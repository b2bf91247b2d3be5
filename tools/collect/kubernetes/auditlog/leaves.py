"""A specification as flat paths, so that two of them, or a patch and what was there before, can be compared.

Items of a list go by their name where all have one (`/spec/template/spec/containers/app/image`), else by their number.
Leaves are whole while they are compared; what is handed on of one is `shown`: values of environment variables,
arguments and HTTP headers are not, and other texts are masked and capped.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from tools.collect.kubernetes.auditlog.masking import masked

Leaves = dict[str, str | None]
"""Path → value as JSON text; None where a patch removes it."""

_HIDING = re.compile(r"/(env|httpHeaders)/[^/]+\Z")
_NOT_SHOWN = '"(not shown)"'
_IMAGE_LISTS = ("containers", "initContainers", "ephemeralContainers")


def leaves_of(raw: bytes | msgspec.Raw) -> Leaves:
    """The leaves of a `spec`, or of a merge patch's part of it. Raises `msgspec.DecodeError`."""
    leaves: Leaves = {}
    _fill(leaves, "/spec", msgspec.json.decode(raw))
    return leaves


def leaves_of_operations(raw: bytes | msgspec.Raw) -> Leaves:
    """The leaves that a JSON patch writes below `spec`. What it copies or moves is named, for its value is elsewhere.
    Raises `msgspec.DecodeError`."""
    leaves: Leaves = {}
    for step in msgspec.json.decode(raw, type=list[dict[str, Any]]):
        path, what = str(step.get("path", "")), step.get("op")
        below = path == "/spec" or path.startswith("/spec/")
        if what == "move" and str(step.get("from", "")).startswith("/spec/"):
            leaves[str(step["from"])] = None
        if not below or what == "test":
            continue
        if what == "remove":
            leaves[path] = None
        elif what in ("copy", "move"):
            leaves[path] = f'"(as {step.get("from")} was)"'
        else:
            _fill(leaves, path, step.get("value"))
    return leaves


def named(leaves: Leaves, before: Leaves) -> Leaves:
    """The leaves of a JSON patch with the numbers of containers replaced by their names, where what was there before
    has them in the order in which they are kept."""
    order: dict[str, list[str]] = {}
    for path in before:
        for list_name in _IMAGE_LISTS:
            head, found, rest = path.partition(f"/{list_name}/")
            name = rest.partition("/")[0]
            if found and name not in order.setdefault(head + found, []):
                order[head + found].append(name)
    renamed: Leaves = {}
    for path, value in leaves.items():
        for prefix, names in order.items():
            number, slash, rest = path.removeprefix(prefix).partition("/")
            if path.startswith(prefix) and number.isdecimal() and int(number) < len(names):
                path = f"{prefix}{names[int(number)]}{slash}{rest}"
                break
        renamed[path] = value
    return renamed


def shown(path: str, value: str | None) -> str | None:
    """A leaf's value as it may be handed on."""
    if value is None:
        return None
    above, _, name = path.rpartition("/")
    if "args" in (name, above.rpartition("/")[2]) or (name == "value" and _HIDING.search(above)):
        return _NOT_SHOWN
    if value.startswith('"'):
        return msgspec.json.encode(masked(msgspec.json.decode(value, type=str))).decode()
    return value


def _fill(leaves: Leaves, path: str, value: Any) -> None:
    """Put the leaves of a value below a path into `leaves`."""
    if isinstance(value, dict):
        if value.get("$patch") == "delete":
            leaves[path] = None
        elif not value:
            leaves[path] = "{}"
        else:
            for key, inner in value.items():
                if not key.startswith("$"):
                    _fill(leaves, f"{path}/{_escaped(key)}", inner)
    elif isinstance(value, list):
        names = _names(value)
        if not value:
            leaves[path] = "[]"
        for number, inner in enumerate(value):
            if names:  # the name is in the path
                _fill(leaves, f"{path}/{_escaped(names[number])}", {k: v for k, v in inner.items() if k != "name"})
            else:
                _fill(leaves, f"{path}/{number}", inner)
    else:
        leaves[path] = None if value is None else _text(value)


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _names(items: list[Any]) -> list[str]:
    """The names of a list's items; empty unless each has one of its own."""
    if not items or not isinstance(items[0], dict) or "name" not in items[0]:
        return []
    names = [item["name"] for item in items if isinstance(item, dict) and isinstance(item.get("name"), str)]
    return names if len(names) == len(items) == len(set(names)) else []


def _escaped(key: str) -> str:
    """A key as a JSON pointer holds it (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1") if "/" in key or "~" in key else key
