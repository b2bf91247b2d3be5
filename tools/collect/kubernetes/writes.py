"""The writes that managedFields claim: who owns which field since when.

A fieldsV1 set is a tree: `f:<name>` is a field, `k:<key>` a list's item by its key, `v:<value>` one by its value, `.`
the thing itself (structured-merge-diff of Kubernetes). Replicas share sets byte for byte, so what was read of one is
kept.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from typing import Any

import msgspec

from tools.collect.kubernetes import wire
from tools.model.identity import Ref
from tools.model.nouns import Write

SPECIFYING = ("", "scale", "resize", "ephemeralcontainers")
"""The subresources through which a specification is written; status is none of them."""

MARK = "auditor/plan"
"""The annotation by which what this product writes names its plan."""
_MARKED = f'"f:{MARK}"'.encode()

_tree = msgspec.json.Decoder(dict[str, Any])


def writes_of(ref: Ref, root: Ref, meta: wire.ObjectMeta) -> tuple[Write, ...] | None:
    """The field managers' writes of a specification, oldest first (those of a status are none); None where
    managedFields are absent, or not what they should be."""
    if not meta.managed_fields:
        return None
    born = meta.creation_timestamp or ""
    try:
        return tuple(
            Write(
                ref=ref,
                root=root,
                version=meta.resource_version,
                slot=f"/metadata/managedFields/{index}",
                manager=sys.intern(entry.manager),
                operation=sys.intern(entry.operation),
                subresource=entry.subresource,
                time=entry.time or "",
                images=_images(entry),
                owns=_owned(entry, born),
                marks=_marks(entry),
            )
            for index, entry in _by_time(meta.managed_fields)
            if entry.subresource in SPECIFYING
        )
    except (msgspec.MsgspecError, KeyError, RecursionError):
        return None


def _marks(entry: wire.ManagedFields) -> bool:
    """Whether an entry owns the annotation that marks this product's writes."""
    return isinstance(entry.fields_v1, msgspec.Raw) and _MARKED in bytes(entry.fields_v1)


def _by_time(entries: list[wire.ManagedFields]) -> list[tuple[int, wire.ManagedFields]]:
    return sorted(enumerate(entries), key=lambda row: (row[1].time or "", row[0]))


def _images(entry: wire.ManagedFields) -> tuple[str, ...]:
    """The containers whose image an entry owns: `f:spec` → `f:containers` → `k:{"name":…}` → `f:image`.

    Raises `msgspec.ValidationError` where that is not its shape.
    """
    if not isinstance(entry.fields_v1, msgspec.Raw):
        return ()
    fields = bytes(entry.fields_v1)
    return _images_in(fields) if b'"f:image":' in fields else ()


@functools.lru_cache(maxsize=1024)
def _images_in(fields: bytes) -> tuple[str, ...]:
    spec = msgspec.json.decode(fields, type=_Owned).spec
    keys = {
        key
        for fields in (spec.containers, spec.init_containers, spec.ephemeral_containers)
        for key, owned in fields.items()
        if key.startswith("k:") and "f:image" in owned
    }
    return tuple(sorted(sys.intern(msgspec.json.decode(key[2:], type=dict[str, str])["name"]) for key in keys))


def _owned(entry: wire.ManagedFields, born: str) -> tuple[str, ...]:
    """What an entry owns below `spec`, where it was written after the object's creation. What came through a
    subresource always was, and the API server leaves the time of a scale out."""
    later = bool(entry.subresource) or "" < born < (entry.time or "")
    if not later or entry.subresource not in SPECIFYING or not isinstance(entry.fields_v1, msgspec.Raw):
        return ()
    return _owned_in(bytes(entry.fields_v1))


@functools.lru_cache(maxsize=1024)
def _owned_in(fields: bytes) -> tuple[str, ...]:
    """The paths below `spec` that a set owns, sorted: `replicas`, `template/spec/containers/app/image`."""
    spec = _tree.decode(fields).get("f:spec")
    return tuple(sorted(sys.intern(path) for path in _paths(spec, ""))) if isinstance(spec, dict) else ()


def _paths(tree: dict[str, Any], above: str) -> Iterator[str]:
    """The leaves of a set: what has nothing below it but itself."""
    below = {key: inner for key, inner in tree.items() if key != "."}
    if not below and above:
        yield above
    for key, inner in below.items():
        step = _step(key)
        path = f"{above}/{step}" if above else step
        yield from _paths(inner if isinstance(inner, dict) else {}, path)


def _step(key: str) -> str:
    """What one step of a set is called: a field's name, an item's name, else the values of its key."""
    kind, _, rest = key.partition(":")
    if kind == "v":
        return str(msgspec.json.decode(rest))
    if kind != "k":
        return rest
    named = msgspec.json.decode(rest, type=dict[str, Any])
    return str(named["name"]) if "name" in named else ",".join(str(value) for value in named.values())


_Fields = dict[str, dict[str, msgspec.Raw]]


class _OwnedSpec(msgspec.Struct):
    """`f:spec`: which fields of which containers an entry owns."""

    containers: _Fields = msgspec.field(name="f:containers", default_factory=dict)
    init_containers: _Fields = msgspec.field(name="f:initContainers", default_factory=dict)
    ephemeral_containers: _Fields = msgspec.field(name="f:ephemeralContainers", default_factory=dict)


class _Owned(msgspec.Struct):
    """`fieldsV1`, as far as it is about containers."""

    spec: _OwnedSpec = msgspec.field(name="f:spec", default_factory=_OwnedSpec)
