"""Snapshots in content-addressed chunks without heartbeats, so that a quiet round writes next to nothing.

A snapshot is a manifest (the moment, and what was there), what was there is a list for each noun, a list is the ids of
chunks, and a chunk is a run of things in their order. Where a chunk ends is decided by the names in it alone (a hash of
the last one), so what is added, removed or changed touches its own chunk and leaves all others as they are.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from types import GenericAlias
from typing import Any

import msgspec

from auditor.store.contents import Contents, Stored, digest, key
from tools.model import facts as model_facts
from tools.model.facts import Facts
from tools.model.identity import Scope
from tools.model.nouns import (
    Access,
    Artifact,
    Attestation,
    Budget,
    Change,
    Host,
    Instance,
    Pool,
    Release,
    Volume,
    Watch,
    Workload,
)
from tools.model.observation import Gap

MANIFEST_VERSION = 1
CHUNK = 32
"""How many things a chunk holds on average."""
NOUNS: dict[str, Any] = {
    "scopes": Scope,
    "workloads": Workload,
    "releases": Release,
    "instances": Instance,
    "hosts": Host,
    "pools": Pool,
    "budgets": Budget,
    "changes": Change,
    "watches": Watch,
    "artifacts": Artifact,
    "attestations": Attestation,
    "accesses": Access,
    "volumes": Volume,
    "gaps": Gap,
}


class Manifest(msgspec.Struct, frozen=True, array_like=True):
    """What a snapshot is made of: its moment, and the content that names its lists by their nouns. Ids are bytes."""

    version: int
    moment: str
    lists: bytes


class Packed(msgspec.Struct, frozen=True):
    """Facts as they are stored: their id, themselves without heartbeats, and all contents that they are made of."""

    id: str
    facts: Facts
    contents: dict[str, Stored]


def without_heartbeats(facts: Facts) -> Facts:
    """Facts without what moves while nothing changes: a Host's `version` (its resourceVersion moves with each node
    status, every few minutes or oftener) is empty. Everything else is as it was read."""
    hosts = tuple(msgspec.structs.replace(host, version="") if host.version else host for host in facts.hosts)
    return msgspec.structs.replace(facts, hosts=hosts)


def pack(facts: Facts) -> Packed:
    """Facts cut into contents. The same facts give the same id, whatever else a store holds."""
    facts = without_heartbeats(facts)
    contents: dict[str, Stored] = {}
    lists: dict[str, bytes] = {}
    for noun in NOUNS:
        chunks = [_add(contents, "c", "chunk", chunk) for chunk in _cut(getattr(facts, noun))]
        if chunks:
            lists[noun] = _add(contents, "l", "list", chunks)
    data = _encode(Manifest(MANIFEST_VERSION, facts.moment, _add(contents, "n", "nouns", lists)))
    snapshot = model_facts.content_id(data)
    contents[snapshot] = ("snapshot", data)
    return Packed(snapshot, facts, contents)


def unpack(snapshot: str, contents: Contents) -> Facts:
    """The facts of a snapshot, every chunk checked against its id. Snapshots of version 1 are one content, `facts`."""
    if contents.kind(snapshot) == "facts":
        whole: Facts = _decode(snapshot, "facts", contents, Facts)
        return whole
    manifest = _decode(snapshot, "snapshot", contents, Manifest)
    lists = _decode(f"n-{manifest.lists.hex()}", "nouns", contents, dict[str, bytes])
    if manifest.version != MANIFEST_VERSION or not lists.keys() <= NOUNS.keys():
        raise contents.damaged("snapshot", snapshot, f"its manifest (version {manifest.version}) is of another program")
    found = {noun: tuple(_things(noun, listed, contents)) for noun, listed in lists.items()}
    return Facts(**{"scopes": (), **found}, moment=manifest.moment)


def _things(noun: str, listed: bytes, contents: Contents) -> Iterator[Any]:
    form: Any = GenericAlias(list, (NOUNS[noun],))
    for chunk in _decode(f"l-{listed.hex()}", "list", contents, list[bytes]):
        yield from _decode(f"c-{chunk.hex()}", "chunk", contents, form)


def _decode(name: str, kind: str, contents: Contents, form: Any) -> Any:
    try:
        return msgspec.msgpack.decode(contents.load(name, kind), type=form)
    except msgspec.DecodeError as error:
        raise contents.damaged(kind, name, str(error)) from error


def _cut(things: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Things in runs that end behind each one whose name's hash says so."""
    start = 0
    for end, thing in enumerate(things, 1):
        ref = getattr(thing, "ref", None)
        if ref is not None and zlib.crc32(f"{ref.scope}/{ref.key}".encode()) % CHUNK == 0:
            yield things[start:end]
            start = end
    if start < len(things):
        yield things[start:]


def _add(contents: dict[str, Stored], prefix: str, kind: str, thing: Any) -> bytes:
    data = _encode(thing)
    name = digest(prefix, data)
    contents[name] = (kind, data)
    return key(name)


def _encode(thing: Any) -> bytes:
    return msgspec.msgpack.encode(thing, order="deterministic")
