"""One entry of the ledger, and its hash: over its number, the hash of the entry before, and its body."""

from __future__ import annotations

import hashlib
from typing import Any, Literal

import msgspec

Kind = Literal["key", "run", "approval", "step", "refusal", "stop", "lift"]

CONTEXT = b"auditor ledger entry v1\0"
"""What every hash begins with, so that no signature of this key means anything else."""
NOTHING = bytes(32)
"""What stands for the entry before the first."""


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an entry says: its kind, when it was written (RFC 3339), and what it is about, as plain data."""

    kind: Kind
    at: str
    about: dict[str, Any]


class Entry(msgspec.Struct, frozen=True):
    """A row of the ledger as it lies in the store: `body` is canonical JSON of `Body`, `before` and `hash` are
    SHA-256, `signature` is Ed25519 (RFC 8032) over `hash`."""

    number: int
    body: bytes
    before: bytes
    hash: bytes
    signature: bytes


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signed head, as it is anchored elsewhere: the number and the hash (hex) of an entry, the signature (hex), and
    the fingerprint of the key that made it."""

    number: int
    hash: str
    signature: str
    key: str


def hash_of(number: int, before: bytes, body: bytes) -> bytes:
    """The hash that an entry goes by."""
    return hashlib.sha256(CONTEXT + number.to_bytes(8, "big") + before + body).digest()


def encoded(body: Body) -> bytes:
    """A body as it is stored and hashed: JSON with sorted keys."""
    return msgspec.json.encode(body, order="deterministic")


def fingerprint(data: bytes) -> str:
    """What an entry says of something that lies elsewhere in the store: its SHA-256, in hex."""
    return hashlib.sha256(data).hexdigest()


def head_of(entry: Entry, key: str) -> Head:
    """An entry as a head to be anchored."""
    return Head(entry.number, entry.hash.hex(), entry.signature.hex(), key)
