"""What the ledger proves: up to which head, by which anchors, and what was tampered with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from auditor.ledger.anchors import Anchor
from auditor.ledger.chain import Chain, Fault, entries, signed_by, walk
from auditor.ledger.cross import held_against, older
from auditor.ledger.entry import Head
from auditor.ledger.key import key_file, load_key, public_of
from tools.errors import AuditorError

if TYPE_CHECKING:
    from auditor.store.database import Database


class Anchored(msgspec.Struct, frozen=True):
    """What one anchor proves: up to which entry, and where it could not be read, why not."""

    name: str
    upto: int
    unread: str = ""


class Proof(msgspec.Struct, frozen=True):
    """What `ledger verify` found. `entries` lie in the store, of which the first `proven` are whole and signed by
    `key`; `begun` is when the first was written and `earlier` how many runs are older than it. `anchored` is the newest
    entry whose removal an anchor would tell."""

    entries: int
    proven: int
    head: str
    key: str
    begun: str
    earlier: int
    anchors: tuple[Anchored, ...]
    faults: tuple[Fault, ...]

    @property
    def anchored(self) -> int:
        """The newest entry that an anchor holds."""
        return max((anchor.upto for anchor in self.anchors), default=0)


def verify(database: Database, anchors: Sequence[Anchor], pinned: str = "") -> Proof:
    """Walk the chain, hold the tables against it, and it against the anchors. Changes nothing."""
    rows = list(entries(database))
    chain = walk(rows, pinned)
    faults = [chain.fault] if chain.fault else []
    faults += _key_beside(database.path, chain)
    if chain.fault is None:
        faults += held_against(database, chain.proven)
    held = [_against(anchor, chain, len(rows)) for anchor in anchors]
    faults += [fault for _, found in held for fault in found]
    first = chain.proven[0][1] if chain.proven else None
    return Proof(
        entries=len(rows),
        proven=len(chain.proven),
        head=chain.last.hash.hex() if chain.last else "",
        key=chain.key.fingerprint if chain.key else "",
        begun=first.at if first else "",
        earlier=older(database, chain.proven),
        anchors=tuple(anchored for anchored, _ in held),
        faults=tuple(faults),
    )


def _key_beside(store: Path, chain: Chain) -> list[Fault]:
    """Whether the key beside the store is the one that signed: else the next entry is a stranger's."""
    if chain.key is None:
        return []
    try:
        beside = public_of(load_key(key_file(store)))
    except AuditorError as error:
        return [Fault(0, "no-key", str(error))]
    if beside != chain.key:
        told = f"the key beside the store is {beside.fingerprint}; the ledger is signed by {chain.key.fingerprint}"
        return [Fault(0, "other-key", told)]
    return []


def _against(anchor: Anchor, chain: Chain, there: int) -> tuple[Anchored, list[Fault]]:
    """How the chain stands to one anchor's heads."""
    try:
        heads = anchor.read()
    except AuditorError as error:
        return Anchored(anchor.name, 0, str(error)), []
    faults, upto = [], 0
    for head in sorted(heads, key=lambda head: head.number):
        fault = _head_fault(head, chain, there, anchor.name)
        if fault is not None:
            faults.append(fault)
            break
        if head.number <= len(chain.proven):
            upto = head.number
    if not heads:
        return Anchored(anchor.name, 0, "it holds no head"), faults
    return Anchored(anchor.name, upto), faults


def _head_fault(head: Head, chain: Chain, there: int, name: str) -> Fault | None:
    if chain.key is None:
        return (
            Fault(head.number, "truncated", f"{name} holds entry {head.number}; the ledger proves none")
            if not there
            else None
        )
    try:
        whole = signed_by(chain.key, bytes.fromhex(head.hash), bytes.fromhex(head.signature))
    except ValueError:
        whole = False
    if not whole:
        told = f"{name} holds a head (entry {head.number}) that another key has signed ({head.key})"
        return Fault(head.number, "other-key", told)
    if head.number > there:
        told = (
            f"{name} holds entry {head.number}; the ledger ends at {there}: it was truncated, or an older copy put back"
        )
        return Fault(head.number, "truncated", told)
    if head.number <= len(chain.proven) and chain.proven[head.number - 1][0].hash.hex() != head.hash:
        return Fault(head.number, "rewritten", f"{name} holds another entry {head.number} than the ledger")
    return None
