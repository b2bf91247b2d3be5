"""Acts as fixed-size records, sorted by time in bounded memory: a million of them take some 50 MB, whatever they say.

What they say is interned in tables (`Tables`), so that equal acts cost their record alone.
"""

from __future__ import annotations

import hashlib
import heapq
import re
import struct
import uuid
from collections.abc import Hashable, Iterable, Iterator
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T", bound=Hashable)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")
_FORM = struct.Struct(">Q16sBIIIQ")
_RUN = 1 << 14
"""How many records are sorted at a time before they are packed."""


class Record(NamedTuple):
    """One act that succeeded: its time (microseconds since 1970), audit id (16 bytes), whether it is the later of its
    stages (0) or the earlier (1), and the table numbers of who did what, of the object afterwards, of what the request
    said (0: not in the log), and the object's generation afterwards. The first three are its order: records of one
    request and doubled lines are neighbours, and the first of them decides."""

    time: int
    audit: bytes
    stage: int
    doing: int
    after: int
    asked: int
    generation: int


class Table(Generic[T]):
    """Values by number; equal ones have one. Numbers begin at 1."""

    def __init__(self) -> None:
        self._numbers: dict[T, int] = {}
        self._values: list[T] = []

    def number(self, value: T) -> int:
        """The number of a value, which is a new one the first time."""
        found = self._numbers.get(value)
        if found is None:
            self._values.append(value)
            found = self._numbers[value] = len(self._values)
        return found

    def __getitem__(self, number: int) -> T:
        return self._values[number - 1]


class AuditIds:
    """Audit ids as 16 bytes. A client may choose one that is no UUID (header `Audit-ID`); such ones are kept aside."""

    def __init__(self) -> None:
        self._odd: dict[bytes, str] = {}

    def pack(self, text: str) -> bytes:
        """An id's 16 bytes."""
        if _UUID.match(text):
            return bytes.fromhex(text.replace("-", ""))
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        self._odd[digest] = text
        return digest

    def text(self, packed: bytes) -> str:
        """The id as the log writes it."""
        return self._odd.get(packed) or str(uuid.UUID(bytes=packed))


class Records:
    """The records of one file, in sorted runs."""

    def __init__(self) -> None:
        self._fresh: list[bytes] = []
        self.runs: list[bytes] = []

    def add(self, record: Record) -> None:
        """Keep one."""
        self._fresh.append(_FORM.pack(*record))
        if len(self._fresh) >= _RUN:
            self.close()

    def close(self) -> None:
        """Sort and pack what is not yet."""
        if self._fresh:
            self._fresh.sort()
            self.runs.append(b"".join(self._fresh))
            self._fresh = []


def in_order(files: Iterable[Records]) -> Iterator[Record]:
    """The requests of several files, oldest first, each once: of one's stages and doubled lines the first record. An id
    is its sender's choice: what else was done under it at the same time is another request."""
    last: tuple[int, bytes] | None = None
    done: set[int] = set()
    for packed in heapq.merge(*(_cut(run) for records in files for run in records.runs)):
        record = Record(*_FORM.unpack(packed))
        if record[:2] != last:
            last, done = record[:2], set()
        if record.doing not in done:
            done.add(record.doing)
            yield record


def _cut(run: bytes) -> Iterator[bytes]:
    for start in range(0, len(run), _FORM.size):
        yield run[start : start + _FORM.size]
