"""What a request asked for, as fields: CloudTrail's `requestParameters` taken apart, with no secret in it.

The names are the request's own (`/instanceType`, `/launchTemplate/version`). User data, keys and the parameters of
commands are never kept: that they were written is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from tools.collect.kubernetes.auditlog.masking import masked
from tools.model.change import FieldChange

NOT_SHOWN = '"(not shown)"'
_HIDDEN = (
    "userdata",
    "parameters",
    "publickey",
    "sshpublickey",
    "keymaterial",
    "password",
    "secret",
    "token",
    "clienttoken",
    "content",
    "environment",
)
_MOST = 50


def fields_of(parameters: dict[str, Any] | None, *leave: str) -> tuple[FieldChange, ...] | None:
    """The fields of a request, but for those that say only what it is about; None where the event has none."""
    if parameters is None:
        return None
    if isinstance(parameters.get("attribute"), str) and "value" in parameters:  # the older form: its name and its value
        parameters = {**parameters, str(parameters["attribute"]): parameters["value"]}
        leave = (*leave, "attribute", "value")
    found = [
        FieldChange(path, None, value)
        for key, inner in parameters.items()
        if key not in (*leave, "dryRun", "clientToken", "clientRequestToken")
        for path, value in _leaves(f"/{_escaped(key)}", key, inner)
    ]
    return tuple(sorted(found)[:_MOST])


def texts_of(parameters: dict[str, Any] | None, *path: str) -> list[str]:
    """The texts at a path of a request or an answer; lists are gone into, as is EC2's `items`."""
    found: list[Any] = [parameters or {}]
    for step in path:
        found = [one[step] for one in _flat(found) if isinstance(one, dict) and step in one]
    return [one for one in _flat(found) if isinstance(one, str)]


def one_of(parameters: dict[str, Any] | None, *path: str) -> str:
    """The first text at a path; empty where there is none."""
    return next(iter(texts_of(parameters, *path)), "")


def named(tree: Any, keys: tuple[str, ...], ours: bool = False) -> Iterator[str]:
    """The texts that stand under one of these names (in small letters), wherever in a request or an answer."""
    if isinstance(tree, dict):
        for key, inner in tree.items():
            yield from named(inner, keys, str(key).lower() in keys or (ours and key == "items"))
    elif isinstance(tree, list):
        for inner in tree:
            yield from named(inner, keys, ours)
    elif ours and isinstance(tree, str):
        yield tree


def instances_of(tree: Any) -> list[str]:
    """The instances that a request or an answer names, wherever in it."""
    return sorted({text for text in named(tree, ("instanceid", "instanceids")) if text.startswith("i-")})


def _flat(values: list[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list):
            yield from _flat(value)
        elif isinstance(value, dict) and set(value) == {"items"}:
            yield from _flat([value["items"]])
        else:
            yield value


def _leaves(path: str, key: str, value: Any) -> Iterator[tuple[str, str | None]]:
    if key.lower() in _HIDDEN:
        yield path, NOT_SHOWN
    elif isinstance(value, dict) and set(value) in ({"value"}, {"items"}):
        yield from _leaves(path, key, next(iter(value.values())))
    elif isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _leaves(f"{path}/{_escaped(str(name))}", str(name), inner)
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value):
            yield from _leaves(path if len(value) == 1 else f"{path}/{number}", key, inner)
    elif isinstance(value, str):
        yield path, msgspec.json.encode(masked(value)).decode()
    else:
        yield path, msgspec.json.encode(value).decode()


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
