"""The lines of log files, plain or compressed, in bounded memory; and which files are logs or policies at all."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from tools.collect.kubernetes.auditlog import wire

Kind = Literal["lines", "document", "policy", ""]
BLOCK = 1 << 20
LONGEST = 32 << 20
"""No event is longer: etcd takes no object above 1.5 MB, and an event holds at most two."""
_HEAD = 1 << 16
_EVENT = re.compile(rb'"kind"\s*:\s*"Event"')
_LIST = re.compile(rb'"kind"\s*:\s*"EventList"')
_GROUP = re.compile(rb'"apiVersion"\s*:\s*"audit\.k8s\.io/')
_POLICY = re.compile(rb"""^["{\s]*apiVersion["']?\s*:\s*["']?audit\.k8s\.io/""", re.MULTILINE)
_KIND_LINE = re.compile(rb"^kind\s*:", re.MULTILINE)
_POLICY_KIND = re.compile(rb"""["']?\bkind["']?\s*:\s*["']?Policy\b""")


class Unreadable(Exception):
    """A part of a file can't be read: which, and what that is (`truncated`, `broken`)."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def opened(file: Path) -> gzip.GzipFile | io.BufferedReader:
    """A file's bytes; those of a compressed one are unpacked."""
    with file.open("rb") as handle:
        packed = handle.read(2) == b"\x1f\x8b"
    return gzip.open(file, "rb") if packed else file.open("rb")


def kind_of(file: Path) -> Kind:
    """What a file is by its content: events line by line, one document of events, a policy, or neither."""
    try:
        with opened(file) as handle:
            head = handle.read(_HEAD)
    except (OSError, EOFError, zlib.error):
        return ""
    if b"audit.k8s.io/" not in head:
        return ""
    for line in head.split(b"\n")[:3]:  # the first may be cut off
        whole = line.lstrip().startswith(b"{") and (len(head) == _HEAD or line.rstrip().endswith(b"}"))
        if whole and _GROUP.search(line) and _EVENT.search(line) and not _LIST.search(line[:200]):
            return "lines"
    if _GROUP.search(head) and (_LIST.search(head) or _EVENT.search(head)):
        return "document" if head.lstrip().startswith(b"{") else ""
    alone = len(_KIND_LINE.findall(head)) <= 1  # a policy among other documents is read with them
    return "policy" if alone and _POLICY.search(head) and _POLICY_KIND.search(head) else ""


def lines_of(file: Path) -> Iterator[tuple[int, bytes, bool]]:
    """The lines of a log with their numbers, and whether each is ended; empty ones are left out. A line above the limit
    is handed on as an empty one. Raises `Unreadable` where the file ends in the middle."""
    number, parts, held = 0, list[bytes](), 0
    try:
        with opened(file) as handle:
            while block := handle.read1(BLOCK):
                first, *more = block.split(b"\n")
                held += len(first)
                if held <= LONGEST:
                    parts.append(first)
                else:
                    parts = []
                if not more:
                    continue
                for line in (b"".join(parts), *more[:-1]):
                    number += 1
                    if line or held > LONGEST:
                        yield number, line, True
                    held = 0
                parts, held = [more[-1]], len(more[-1])
    except (EOFError, zlib.error) as error:
        raise Unreadable("truncated", f"{file.name} ends in the middle: {error}") from error
    except OSError as error:
        raise Unreadable("broken", f"{file.name} can't be read: {error.strerror or error}") from error
    if held:
        yield number + 1, b"".join(parts), False


def events_of(file: Path) -> Iterator[tuple[int, bytes, bool]]:
    """The events of a document (an EventList, or one event over several lines), as `lines_of` hands on lines. Raises
    `Unreadable`."""
    try:
        with opened(file) as handle:
            data = handle.read(LONGEST * 8)
        whole = wire.event_list.decode(data)
    except (OSError, EOFError, zlib.error, msgspec.DecodeError, RecursionError) as error:
        raise Unreadable("broken", f"{file.name} is no EventList that can be read: {error}") from error
    if whole.items is None:
        yield 1, data, True
        return
    for number, item in enumerate(whole.items, 1):
        if _EVENT.search(item):
            yield number, bytes(item), True
        else:  # a list names the kind of its items itself
            yield (
                number,
                b'{"kind":"Event","apiVersion":"' + whole.api_version.encode() + b'",' + bytes(item).lstrip()[1:],
                True,
            )
