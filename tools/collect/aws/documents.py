"""The documents of a recording: what each one answers, whoever recorded it.

Four forms: `{"aws": {"service", "operation", "account", "region"}, "response": …}` (or `"error"`), the aws CLI's plain
output, placebo's flight data (`{"status_code", "data"}`), and files that are no answer of an API (Packer's manifest,
envelopes).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import yaml

from tools.collect.aws.recognise import KEYS, Kind, operation_by_name
from tools.collect.aws.times import text_of
from tools.collect.plain_yaml import PlainLoader

_ARN = re.compile(r"^arn:aws[\w-]*:[\w-]+:([a-z0-9-]*):(\d{12}):")
_ZONE = re.compile(r"^([a-z]{2}(?:-[a-z]+)+-\d)[a-z]$")
_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_WHEN = re.compile(r"(time|date|at|start|end)$", re.IGNORECASE)
_LATER = re.compile(r"deprecat|expir|notafter|valid|schedul", re.IGNORECASE)
"""Times that lie ahead are no sign of when something was recorded."""


class Document(msgspec.Struct):
    """One document: where it stands, the key of its operation (empty: not known), its answer or the error that was
    answered; the account and region that it names (empty: it does not). `headed` says that it was recorded as it is
    read here, under a head that names its operation."""

    place: str
    operation: str
    body: Any = None
    error: dict[str, Any] | None = None
    account: str = ""
    region: str = ""
    headed: bool = False


class Signs(msgspec.Struct):
    """What the documents say of where and when they were recorded, each with how often."""

    owners: Counter[str] = msgspec.field(default_factory=Counter)
    accounts: Counter[str] = msgspec.field(default_factory=Counter)
    regions: Counter[str] = msgspec.field(default_factory=Counter)
    newest: str = ""

    def look(self, value: Any, key: str = "") -> None:
        """Look for them in a document."""
        if isinstance(value, dict):
            owner = value.get("OwnerId")
            if key == "Reservations" and isinstance(owner, str):
                self.owners[owner] += 1
            for name, inner in value.items():
                self.look(inner, str(name))
        elif isinstance(value, list):
            for inner in value:
                self.look(inner, key)
        elif isinstance(value, str):
            self._text(value, key)

    def _text(self, value: str, key: str) -> None:
        if _TIME.match(value):
            if _WHEN.search(key) and not _LATER.search(key):
                self.newest = max(self.newest, _utc(value))
        elif (found := _ARN.match(value)) is not None:
            self.accounts[found[2]] += 1
            self.regions[found[1]] += bool(found[1])
        elif key == "AvailabilityZone" and (found := _ZONE.match(value)) is not None:
            self.regions[found[1]] += 1

    @property
    def account(self) -> str:
        """The account: whose instances these are, else the one that most ARNs name."""
        most = (self.owners or self.accounts).most_common(1)
        return most[0][0] if most else ""

    @property
    def region(self) -> str:
        """The region that most ARNs and zones name."""
        most = [name for name, count in self.regions.most_common(1) if count]
        return most[0] if most else ""


def documents_of(file: Path, kind: Kind, where: str) -> Iterator[Document]:
    """The documents of one file. Raises what its reading raises."""
    if kind == "envelopes":
        for number, line in enumerate(_envelopes(file), 1):
            yield Document(f"{where}:{number}", "dsse.Envelope", line)
    elif kind == "packer":
        yield Document(where, "packer.Manifest", msgspec.json.decode(file.read_bytes()))
    elif file.suffix == ".json":
        yield document_of(msgspec.json.decode(file.read_bytes()), where, file.name)
    else:
        with file.open("rb") as handle:
            for index, body in enumerate(yaml.load_all(handle, Loader=PlainLoader)):
                if body is not None and not is_kubernetes(body):
                    yield document_of(body, f"{where}[{index}]", file.name)


def is_kubernetes(body: Any) -> bool:
    """Whether a document is an object of Kubernetes, which a file may hold beside AWS's answers."""
    return isinstance(body, dict) and "apiVersion" in body and "kind" in body


def document_of(body: Any, place: str, name: str = "") -> Document:
    """What one document answers."""
    if not isinstance(body, dict):
        return Document(place, "", body)
    head = body.get("aws")
    if isinstance(head, dict) and ("response" in body or "error" in body):
        account, region = str(head.get("account", "")), str(head.get("region", ""))
        operation = f"{head.get('service', '')}.{head.get('operation', '')}"
        error = body.get("error")
        if error is not None and not isinstance(error, dict):
            error = {"Message": str(error)}
        answer = _with(head.get("parameters"), body.get("response"))
        return Document(place, operation, answer, error, account, region, headed=True)
    operation = operation_by_name(name)
    if "status_code" in body and "data" in body:
        data = _dated(body["data"])
        failed = isinstance(body["status_code"], int) and body["status_code"] >= 400
        error = (data.get("Error") or {"Code": f"HTTP {body['status_code']}"}) if failed else None
        return Document(place, operation, data, error)
    return Document(place, _by_content(body) or operation, body)


def _by_content(body: dict[str, Any]) -> str:
    """The operation whose answer has these keys, where that is one alone."""
    found = {operation.key for key in body for operation in KEYS.get(key, ())}
    return found.pop() if len(found) == 1 else ""


def _with(parameters: Any, response: Any) -> Any:
    if isinstance(parameters, dict) and isinstance(response, dict):
        return {**parameters, **response}
    return response


def _dated(value: Any) -> Any:
    """Placebo's times (`{"__class__": "datetime", "year": …}`) as text."""
    if isinstance(value, dict):
        if value.get("__class__") == "datetime":
            parts = [int(value.get(name) or 0) for name in ("year", "month", "day", "hour", "minute", "second")]
            return text_of(datetime(*parts, int(value.get("microsecond") or 0), tzinfo=UTC))  # type: ignore[misc, arg-type]
        return {key: _dated(inner) for key, inner in value.items()}
    return [_dated(inner) for inner in value] if isinstance(value, list) else value


def _envelopes(file: Path) -> Iterator[Any]:
    data = file.read_bytes()
    if file.suffix == ".jsonl":
        yield from (msgspec.json.decode(line) for line in data.splitlines() if line.strip())
    else:
        yield msgspec.json.decode(data)


def _utc(text: str) -> str:
    try:
        return text_of(datetime.fromisoformat(text)).partition(".")[0].rstrip("Z") + "Z"
    except ValueError:
        return ""
