"""A specification as flat paths, so that two of them, or a patch and what was there before, can be compared.

Items of a list go by their name where all have one (`/spec/template/spec/containers/app/image`), else by their number.
Values of environment variables, arguments and HTTP headers are not kept, and other texts masked and capped; what that
loses is a digest under a key of this process, which tells whether a value changed and is never shown.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from typing import Any

import msgspec

from tools.collect.kubernetes.auditlog.masking import masked

Leaves = dict[str, str | None]
"""Path → value as JSON text; None where a patch removes it."""

_KEY = os.urandom(16)
_MARK = "\0"
_NOT_SHOWN = '"(not shown)"'
_IMAGE_LISTS = ("containers", "initContainers", "ephemeralContainers")


def leaves_of(raw: bytes | msgspec.Raw) -> Leaves:
    """The leaves of a `spec`, or of a merge patch's part of it. Raises `msgspec.DecodeError`."""
    return dict(_flat("/spec", msgspec.json.decode(raw), hidden=False))


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
            leaves[path] = _text(f"(as {step.get('from')} was)", hidden=False)
        else:
            leaves.update(_flat(path, step.get("value"), hidden=_hides(path.rpartition("/")[0], path)))
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


def shown(value: str | None) -> str | None:
    """A leaf's value as it may be stored."""
    return None if value is None else value.partition(_MARK)[0]


def _flat(path: str, value: Any, *, hidden: bool) -> Iterator[tuple[str, str | None]]:
    if isinstance(value, dict):
        if value.get("$patch") == "delete":
            yield path, None
            return
        kept = [(key, inner) for key, inner in value.items() if not key.startswith("$")]
        if not value:
            yield path, "{}"
        for key, inner in kept:
            below = f"{path}/{_escaped(key)}"
            yield from _flat(below, inner, hidden=hidden or _hides(path, below))
    elif isinstance(value, list):
        names = _names(value)
        if not value:
            yield path, "[]"
        for key, inner in zip(names or map(str, range(len(value))), value, strict=True):
            below = f"{path}/{_escaped(key)}"
            item = {k: v for k, v in inner.items() if k != "name"} if names else inner  # it is in the path
            if names and not item:
                yield below, "{}"
            else:
                yield from _flat(below, item, hidden=hidden)
    else:
        yield path, None if value is None else _text(value, hidden=hidden)


def _names(items: list[Any]) -> list[str]:
    """The names of a list's items; empty unless each has one of its own."""
    names = [str(item["name"]) for item in items if isinstance(item, dict) and isinstance(item.get("name"), str)]
    return names if len(names) == len(items) == len(set(names)) else []


def _hides(path: str, below: str) -> bool:
    """Whether a leaf is a value that is never kept: an argument, an environment variable's or a header's value."""
    name = below.rpartition("/")[2]
    kind = path.rpartition("/")[0].rpartition("/")[2]
    return name == "args" or path.endswith("/args") or (name == "value" and kind in ("env", "httpHeaders"))


def _text(value: Any, *, hidden: bool) -> str:
    """A value as it is shown; what that leaves out goes into a digest behind a mark, so that values still differ."""
    whole = msgspec.json.encode(value)
    if hidden:
        kept = _NOT_SHOWN
    elif isinstance(value, str):
        kept = msgspec.json.encode(masked(value)).decode()
    else:
        kept = whole.decode()
    return kept if kept.encode() == whole else f"{kept}{_MARK}{hashlib.blake2b(whole, key=_KEY).hexdigest()[:24]}"


def _escaped(key: str) -> str:
    """A key as a JSON pointer holds it (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")
