"""Which files of a recording are AWS's, and of what kind: by content, and where that is not enough by name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from tools.collect.aws.changes.trail import is_trail
from tools.collect.aws.operation import Operation
from tools.collect.aws.operations import OPERATIONS

Kind = Literal["answers", "trail", "packer", "envelopes", ""]
SUFFIXES = (".json", ".yaml", ".yml")
_HEAD = 1 << 16
_NAMED = re.compile(r"^(?:api\.)?([a-z0-9-]+)\.([A-Z][A-Za-z0-9]+)(?:_\d+)?\.json$")
_DASHED = re.compile(
    r"^(?:([a-z0-9]+)[-_.])??((?:describe|get|list|lookup|batch-get)-[a-z0-9-]+?)(?:[-_.]\d+)?\.(?:json|ya?ml)$"
)


def kind_of(file: Path) -> Kind:
    """What a file is, as far as AWS is concerned; empty where it is none of AWS's. An object of Kubernetes is not, and
    one of neither is so only where its name is an operation's."""
    name = file.name
    if name.endswith((".intoto.json", ".intoto.jsonl")):
        return "envelopes"
    if name.endswith(".gz") or file.suffix == ".json":
        if is_trail(file):
            return "trail"
        if name.endswith(".gz"):
            return ""
    if file.suffix not in SUFFIXES:
        return ""
    try:
        with file.open("rb") as handle:
            head = handle.read(_HEAD)
            if file.suffix == ".json":
                return _of_json(head, name)
            return "answers" if _LINE.search(head + handle.read()) else ""
    except OSError:
        return ""


def operation_by_name(name: str) -> str:
    """The key of the operation that a file is named after: `ec2.DescribeInstances_1.json`, `describe-instances.json`;
    empty where it is named otherwise. Of one that is not read the key is there too."""
    found = _NAMED.match(name)
    if found is not None:
        return f"{found[1]}.{found[2]}"
    found = _DASHED.match(name)
    if found is None:
        return ""
    pascal = "".join(part.capitalize() for part in found[2].split("-"))
    known = [o.key for o in OPERATIONS if o.name.lower() == pascal.lower() and found[1] in (None, o.service)]
    return known[0] if len(known) == 1 else ""


def keys_of(operation: Operation[object]) -> Iterator[str]:
    """The top-level keys by which an operation's answer is known."""
    step = operation.items.partition(".")[0].removesuffix("[]")
    if step:
        yield step
    elif isinstance(operation.type, type) and issubclass(operation.type, msgspec.Struct):
        yield from (field.encode_name for field in msgspec.structs.fields(operation.type))


def by_keys() -> dict[str, list[Operation[object]]]:
    """The operations that have each top-level key."""
    known: dict[str, list[Operation[object]]] = defaultdict(list)
    for operation in OPERATIONS:
        for key in keys_of(operation):
            known[key].append(operation)
    return known


KEYS = by_keys()
_TOLD = "|".join(["aws", *sorted(key for key in KEYS if key[:1].isupper())])
_LINE = re.compile(rf'^(?:\{{\s*)?"?(?:{_TOLD})"?\s*:'.encode(), re.MULTILINE)
_INSIDE = re.compile(rf'"(?:{_TOLD})"\s*:'.encode())


def _of_json(head: bytes, name: str) -> Kind:
    start = head[:4096]
    if b'"apiVersion"' in start:
        return ""
    if b'"packer_run_uuid"' in head:
        return "packer"
    if operation_by_name(name) or _INSIDE.search(start):
        return "answers"
    return ""
