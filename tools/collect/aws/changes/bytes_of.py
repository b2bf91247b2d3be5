"""The bytes of a trail's files, plain or gzip, in bounded memory; of a file that is cut short what is there."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

BLOCK = 1 << 20
LARGEST = 512 << 20
"""No file is longer when unpacked: a trail closes one at 50 MB."""
_RECORDS = re.compile(r'"Records"\s*:\s*\[')


class Unreadable(Exception):
    """A part of a file can't be read: in machine form (`truncated`, `broken`, `too-large`), and in words."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def bytes_of(data: Iterator[bytes]) -> tuple[bytes, Unreadable | None]:
    """What the blocks of a file hold, unpacked, and why that is not all of it (None: it is)."""
    first = next(data, b"")
    packed = first[:2] == b"\x1f\x8b"
    unpack = zlib.decompressobj(wbits=31) if packed else None
    parts, held = list[bytes](), 0
    try:
        block = first
        while block:
            part = block if unpack is None else unpack.decompress(block, LARGEST - held + 1)
            held += len(part)
            if held > LARGEST:
                return b"", Unreadable("too-large", f"it is longer than {LARGEST >> 20} MB")
            parts.append(part)
            if unpack is not None and unpack.eof and unpack.unused_data:
                block, unpack = unpack.unused_data, zlib.decompressobj(wbits=31)  # a file of several members
            else:
                block = next(data, b"")
    except zlib.error as error:
        return b"".join(parts), Unreadable("broken", f"it can't be unpacked: {error}")
    except OSError as error:
        return b"".join(parts), Unreadable("broken", f"it can't be read: {error.strerror or error}")
    if unpack is not None and not unpack.eof:
        return b"".join(parts), Unreadable("truncated", "it ends in the middle of what is packed")
    return b"".join(parts), None


def blocks(path: Path) -> Iterator[bytes]:
    """A file's bytes, block by block."""
    with path.open("rb") as handle:
        while block := handle.read(BLOCK):
            yield block


def salvaged(data: bytes) -> Iterator[bytes]:
    """The whole records at the beginning of a document that does not parse. Ends by raising `Unreadable`, which says
    after how many, and at which byte."""
    text = data.decode("utf-8", "replace")
    begin = _RECORDS.search(text)
    if begin is None:
        raise Unreadable("broken", "it is no JSON that can be read")
    decoder, at, count = json.JSONDecoder(), begin.end(), 0
    while True:
        while at < len(text) and text[at] in " \t\r\n,":
            at += 1
        try:
            _, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            cut = text[at:].strip() == "" or "}" not in text[at:] or _ends(text, at)
            place = f"after {count} whole records, at byte {len(text[:at].encode())}"
            told = "it ends in the middle" if cut else "it is no JSON"
            raise Unreadable("truncated" if cut else "broken", f"{told} {place}") from None
        yield text[at:end].encode()
        at, count = end, count + 1


def _ends(text: str, at: int) -> bool:
    """Whether what can't be read from here on is cut off by the file's end: it opens more than it closes."""
    rest = re.sub(r'"(?:[^"\\]|\\.)*"', '""', text[at:])
    return rest.count("{") > rest.count("}")
