"""Walks the ledger from its first entry: up to which one it is whole, and what is wrong with the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import msgspec

from auditor.ledger.entry import NOTHING, Body, Entry, encoded, hash_of
from auditor.signing.keys import PublicKey, parse_key
from auditor.signing.wire import Malformed, Reader

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from auditor.store.database import Database


class Fault(msgspec.Struct, frozen=True):
    """What is wrong, in which entry (0: with the ledger as a whole): `edited`, `removed`, `inserted`, `reordered`,
    `truncated`, `other-key`, `unreadable`; or with what it is about: `store-edited`."""

    number: int
    code: str
    message: str


class Chain(msgspec.Struct, frozen=True):
    """How far the chain is whole: the entries that are proven by it, the key that signed them, and the first fault."""

    proven: tuple[tuple[Entry, Body], ...]
    key: PublicKey | None
    fault: Fault | None

    @property
    def last(self) -> Entry | None:
        """The newest entry that is proven."""
        return self.proven[-1][0] if self.proven else None


def entries(database: Database) -> Iterator[Entry]:
    """The rows as they lie there, by their number."""
    with database.reading() as connection:
        for number, *parts in connection.execute(
            "SELECT number, body, before, hash, signature FROM ledger ORDER BY number"
        ):
            yield Entry(number, *(part if isinstance(part, bytes) else str(part).encode() for part in parts))


def walk(rows: list[Entry], pinned: str = "", asked: Callable[[Body], bool] = lambda _: True) -> Chain:
    """Walk the entries. `pinned` is the fingerprint of the key that the reader knows the installation by, `asked` says
    which signatures are verified (each takes 0.1 ms); places and hashes are for all."""
    proven: list[tuple[Entry, Body]] = []
    before, key = NOTHING, None
    known = {row.hash: row.number for row in rows}
    for number, row in enumerate(rows, 1):
        fault = _placed(row, number, before, known)
        body = _body(row) if fault is None else None
        if fault is None and body is None:
            fault = Fault(number, "unreadable", f"entry {number} is not what this program writes")
        if fault is None and number == 1:
            key, fault = _key_of(body, pinned)
        if fault is None and key is not None and body is not None and asked(body) and not _signed(key, row):
            fault = Fault(
                number, "other-key", f"entry {number} is not signed by the ledger's key: somebody else made it"
            )
        if fault is not None or body is None:
            return Chain(tuple(proven), key, fault)
        proven.append((row, body))
        before = row.hash
    return Chain(tuple(proven), key, None)


def _placed(row: Entry, number: int, before: bytes, known: dict[bytes, int]) -> Fault | None:
    """What is wrong with an entry's place and hash, if anything."""
    whole = hash_of(row.number, row.before, row.body) == row.hash
    if row.number != number:
        if row.number > number:
            gone = f"entry {number}" if row.number == number + 1 else f"entries {number} to {row.number - 1}"
            return Fault(number, "removed", f"{gone} {'is' if row.number == number + 1 else 'are'} not there any more")
        return Fault(number, "inserted", f"an entry numbered {row.number} stands before entry {number}")
    if not whole:
        if _fits_elsewhere(row, known):
            return Fault(number, "reordered", f"entry {number} was at another place when it was written")
        return Fault(number, "edited", f"entry {number} was edited: its content is not what its hash says")
    if row.before != before:
        after = known.get(row.before)
        if after is None:
            return Fault(number, "inserted", f"entry {number} follows none that is there: it was inserted or rewritten")
        return Fault(number, "reordered", f"entry {number} was written after entry {after}, not after {number - 1}")
    return None


def _fits_elsewhere(row: Entry, known: dict[bytes, int]) -> bool:
    """Whether an entry is whole under another number: the one that follows the entry it names as the one before."""
    tried = {1, *range(max(row.number - 64, 1), row.number + 65), len(known), known.get(row.before, 0) + 1}
    return any(hash_of(number, row.before, row.body) == row.hash for number in tried)


def _body(row: Entry) -> Body | None:
    try:
        body = msgspec.json.decode(row.body, type=Body)
    except msgspec.DecodeError:
        return None
    return body if encoded(body) == row.body else None


def _key_of(body: Body | None, pinned: str) -> tuple[PublicKey | None, Fault | None]:
    """The key that the first entry names, where it is the one that the reader knows."""
    if body is None or body.kind != "key":
        return None, Fault(1, "unreadable", "the first entry does not name the ledger's key")
    try:
        key = parse_key(str(body.about.get("public", "")))
    except Malformed as error:
        return None, Fault(1, "unreadable", f"the ledger's key can't be read: {error}")
    if pinned and key.fingerprint != pinned:
        return None, Fault(1, "other-key", f"the ledger is signed by {key.fingerprint}, not by {pinned}")
    return key, None


def _signed(key: PublicKey, row: Entry) -> bool:
    return signed_by(key, row.hash, row.signature)


def signed_by(key: PublicKey, name: bytes, signature: bytes) -> bool:
    """Whether a key has signed a hash."""
    from cryptography.exceptions import InvalidSignature

    try:
        _verifier(key).verify(signature, name)
    except InvalidSignature:
        return False
    return True


def _verifier(key: PublicKey) -> Ed25519PublicKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    reader = Reader(key.blob)
    reader.string()
    return Ed25519PublicKey.from_public_bytes(reader.string())
