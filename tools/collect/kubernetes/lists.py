"""Reads one list of a live cluster, page by page, and says how far that came."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from tools.collect.kubernetes.api import Api, ApiFailure
from tools.collect.kubernetes.decode import Decoded, decode_document
from tools.collect.kubernetes.events import SELECTOR

PAGE = 500
FIELDS = {"Event": SELECTOR}
"""What is asked of a list that is not wanted whole (`fieldSelector`)."""
ABSENT = ("Rollout",)
"""The kinds that a cluster need not have: that nothing answers to their list says that there are none."""


@dataclass(frozen=True)
class Reading:
    """What was read of one kind's list, and why that is not all of it (`code` and `reason`; empty: it is)."""

    kind: str
    decoded: Decoded
    code: str = ""
    reason: str = ""


def read_list(api: Api, kind: str, path: str) -> Reading:
    """Read a list in pages; when its continue token expires (410), once more in one piece. What was read before a
    failure is kept: a violation that was seen stands."""
    paged = _read(api, kind, path, PAGE)
    if paged.code != "expired":
        return paged
    whole = _read(api, kind, path, 0)
    return whole if not whole.code else _both(paged, whole)


def better(first: Reading, second: Reading) -> Reading:
    """Of two readings of one list the second, where it is whole; else what both saw, and why the second is not."""
    return second if not second.code else _both(first, second)


def _both(first: Reading, second: Reading) -> Reading:
    seen = Decoded()
    for reading in (first, second):
        merge(seen, reading.decoded)
    return Reading(second.kind, seen, second.code, second.reason)


def merge(into: Decoded, more: Decoded) -> None:
    """Add what one reading decoded to another's."""
    for kind, table in more.objects.items():
        into.objects[kind].update(table)
    into.broken += [row for row in more.broken if row not in into.broken]
    into.doubled += [row for row in more.doubled if row not in into.doubled]
    into.versions |= more.versions
    into.listed |= more.listed


def _read(api: Api, kind: str, path: str, limit: int) -> Reading:
    """Follow the continue tokens of one list from its beginning."""
    decoded, token, tokens = Decoded(), "", set[str]()
    try:
        while True:
            query: dict[str, str | int] = {"limit": limit} if limit else {}
            query |= {"fieldSelector": FIELDS[kind]} if kind in FIELDS else {}
            token = decode_document(
                api.get(path, **query, **({"continue": token} if token else {})), path, decoded, kind
            )
            decoded.pages.clear()
            if not token:
                return Reading(kind, decoded)
            if token in tokens:
                return Reading(kind, decoded, "broken", f"{api.server}{path}: it gives the same continue token again")
            tokens.add(token)
    except ApiFailure as failure:
        if kind in ABSENT and failure.code == "not-found":
            return Reading(kind, decoded)
        return Reading(kind, decoded, failure.code, str(failure))
    except msgspec.DecodeError as error:
        return Reading(kind, decoded, "broken", f"{api.server}{path}: {error}")
