"""Reports in parts: a small head, and contents of their own for what an unchanged round says again word for word."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from auditor.store.contents import Contents, Stored, digest, key
from tools.model.report import Report, Verdict

PARTS = ("scopes", "findings", "coverage", "gaps")
WAIVERS = ("waived", "waivers")
"""Parts of a report that has any waivers."""
MOVING = ("snapshot", "moment", "history")
"""What differs from round to round though nothing has changed."""


class Summary(msgspec.Struct, frozen=True, array_like=True):
    """What a list of runs says of a report: its scopes as (id, name), its findings that count by verdict, its exit
    code, and how many findings were waived."""

    scopes: tuple[tuple[str, str], ...]
    verdicts: dict[Verdict, int]
    exit: int
    waived: int = 0


class Body(msgspec.Struct, frozen=True, array_like=True):
    """A report without what moves and without its parts, which `parts` names by their contents in the order of
    `PARTS` and, where there are more, `WAIVERS`; and its summary."""

    report: dict[str, Any]
    parts: tuple[bytes, ...]
    summary: Summary


class Head(msgspec.Struct, frozen=True, array_like=True):
    """What moves of a report, in the order of `MOVING`, and the content that is its body."""

    moving: tuple[str, ...]
    body: bytes


def split(report: Report) -> tuple[str, dict[str, Stored]]:
    """A report's id, and the contents that it is made of."""
    names = PARTS + WAIVERS if report.waived or report.waivers else PARTS
    parts = [msgspec.json.encode(getattr(report, part), order="deterministic") for part in names]
    contents: dict[str, Stored] = {digest("t", part): ("part", part) for part in parts}
    rest = {
        name: value for name, value in msgspec.structs.asdict(report).items() if name not in PARTS + WAIVERS + MOVING
    }
    body = _encode(Body(rest, tuple(key(digest("t", part)) for part in parts), summarize(report)))
    contents[digest("b", body)] = ("body", body)
    head = _encode(Head(tuple(getattr(report, name) for name in MOVING), key(digest("b", body))))
    name = digest("o", head, 16)
    return name, {**contents, name: ("head", head)}


def summarize(report: Report) -> Summary:
    """A report as a list of runs says it."""
    verdicts = Counter(finding.verdict for finding in report.findings)
    return Summary(
        tuple((scope.id, scope.name) for scope in report.scopes), dict(verdicts), report.exit_code, len(report.waived)
    )


def join(name: str, contents: Contents) -> Report:
    """A report, put together again. Reports of version 1 are one content, `report`."""
    try:
        if contents.kind(name) == "report":
            return msgspec.json.decode(contents.load(name, "report"), type=Report)
        head, body = _read(name, contents)
        loaded = (msgspec.Raw(contents.load(f"t-{part.hex()}", "part")) for part in body.parts)
        moving = dict(zip(MOVING, head.moving, strict=True))
        names = PARTS if len(body.parts) == len(PARTS) else PARTS + WAIVERS
        whole = {**body.report, **moving, **dict(zip(names, loaded, strict=True))}
        return msgspec.json.decode(msgspec.json.encode(whole), type=Report)
    except (msgspec.DecodeError, ValueError) as error:
        raise contents.damaged("report", name, str(error)) from error


def summary(name: str, contents: Contents) -> Summary:
    """What a list of runs says of a report, without reading its findings where it is of version 2."""
    if contents.kind(name) == "report":
        return summarize(join(name, contents))
    return _read(name, contents)[1].summary


def _encode(thing: Head | Body) -> bytes:
    return msgspec.msgpack.encode(thing, order="deterministic")


def _read(name: str, contents: Contents) -> tuple[Head, Body]:
    try:
        head = msgspec.msgpack.decode(contents.load(name, "head"), type=Head)
        return head, msgspec.msgpack.decode(contents.load(f"b-{head.body.hex()}", "body"), type=Body)
    except msgspec.DecodeError as error:
        raise contents.damaged("report", name, str(error)) from error
