"""Reports in parts: a small head, and contents of their own for what an unchanged round says again word for word."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from auditor.store.contents import Contents, Stored, digest
from tools.model.report import Report, Verdict

PARTS = ("scopes", "findings", "coverage", "gaps")


class Summary(msgspec.Struct, frozen=True):
    """What a list of runs says of a report: the names of its scopes, its findings by verdict, its exit code."""

    scopes: tuple[str, ...]
    verdicts: dict[Verdict, int]
    exit: int


class Head(msgspec.Struct, frozen=True):
    """A report without its parts, which `parts` names by their contents; and what a list of runs says of it."""

    report: dict[str, Any]
    parts: dict[str, str]
    summary: Summary


def split(report: Report) -> tuple[str, dict[str, Stored]]:
    """A report's id, and the contents that it is made of."""
    contents: dict[str, Stored] = {}
    parts = {}
    for part in PARTS:
        data = msgspec.json.encode(getattr(report, part), order="deterministic")
        parts[part] = digest("t", data)
        contents[parts[part]] = ("part", data)
    rest = {k: v for k, v in msgspec.structs.asdict(report).items() if k not in PARTS}
    data = msgspec.json.encode(Head(rest, parts, summarize(report)), order="deterministic")
    name = digest("o", data, 16)
    contents[name] = ("head", data)
    return name, contents


def summarize(report: Report) -> Summary:
    """A report as a list of runs says it."""
    verdicts = Counter(finding.verdict for finding in report.findings)
    return Summary(tuple(scope.name for scope in report.scopes), dict(verdicts), report.exit_code)


def join(name: str, contents: Contents) -> Report:
    """A report, put together again. Reports of version 1 are one content, `report`."""
    if contents.kind(name) == "report":
        whole: Report = _decode(name, "report", contents, Report)
        return whole
    head = _decode(name, "head", contents, Head)
    found = {part: msgspec.Raw(contents.load(content, "part")) for part, content in head.parts.items()}
    try:
        report: Report = msgspec.json.decode(msgspec.json.encode({**head.report, **found}), type=Report)
    except msgspec.DecodeError as error:
        raise contents.damaged("report", name, str(error)) from error
    return report


def summary(name: str, contents: Contents) -> Summary:
    """What a list of runs says of a report, without reading its findings where it is of version 2."""
    if contents.kind(name) == "report":
        return summarize(join(name, contents))
    found: Summary = _decode(name, "head", contents, Head).summary
    return found


def _decode(name: str, kind: str, contents: Contents, form: Any) -> Any:
    try:
        return msgspec.json.decode(contents.load(name, kind), type=form)
    except msgspec.DecodeError as error:
        raise contents.damaged(kind, name, str(error)) from error
