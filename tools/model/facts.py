"""What a collector hands on: the facts of one moment, as plain data that can be stored and read back."""

from __future__ import annotations

import hashlib

import msgspec

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


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of one moment. `moment` is RFC 3339 UTC: when a live collection began, or the newest time that a
    recording holds, so that a recording's report never changes. Tuples are sorted by (kind, namespace, name)."""

    moment: str
    scopes: tuple[Scope, ...]
    workloads: tuple[Workload, ...] = ()
    releases: tuple[Release, ...] = ()
    instances: tuple[Instance, ...] = ()
    hosts: tuple[Host, ...] = ()
    pools: tuple[Pool, ...] = ()
    budgets: tuple[Budget, ...] = ()
    changes: tuple[Change, ...] = ()
    watches: tuple[Watch, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    attestations: tuple[Attestation, ...] = ()
    accesses: tuple[Access, ...] = ()
    volumes: tuple[Volume, ...] = ()
    gaps: tuple[Gap, ...] = ()


def encode(facts: Facts) -> bytes:
    """Facts as deterministic msgpack: the same facts give the same bytes."""
    return msgspec.msgpack.encode(facts, order="deterministic")


def decode(data: bytes) -> Facts:
    """The inverse of `encode`."""
    return msgspec.msgpack.decode(data, type=Facts)


def content_id(data: bytes) -> str:
    """The id that stored content goes by: the first 16 hex digits of its SHA-256 with a prefix that says so."""
    return "s-" + hashlib.sha256(data).hexdigest()[:16]
