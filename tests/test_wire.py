"""The wire against recorded documents: a field whose name on the wire is wrong would default silently for ever."""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from msgspec.structs import FieldInfo, fields

from tools.collect.kubernetes import decode, wire

DATA = Path(__file__).parent / "data"


RAW = {"template": wire.Template, "data": wire.RevisionData}
"""What the raw fields hold."""


def structs() -> list[type[msgspec.Struct]]:
    """Every Struct of the wire that holds fields."""
    found = [thing for thing in vars(wire).values() if isinstance(thing, type) and issubclass(thing, msgspec.Struct)]
    return sorted((s for s in set(found) if s.__struct_fields__), key=lambda s: s.__name__)


def has_default(field: FieldInfo) -> bool:
    return not field.required


def default_of(field: FieldInfo) -> Any:
    return field.default if field.default is not msgspec.NODEFAULT else field.default_factory()


def optional_fields() -> list[str]:
    """`Struct.field` of every field that a document may leave out."""
    return [f"{s.__name__}.{f.name}" for s in structs() for f in fields(s) if has_default(f)]


def documents() -> Iterator[tuple[str, Any]]:
    """Every recorded document, as plain data. Audit logs, and AWS's answers, are read by decoders of their own."""
    others = {file for folder in ("audit", "aws") for file in (DATA / folder).rglob("*")}
    for file in sorted(set(DATA.rglob("*")) - others):
        text = file.read_text(encoding="utf-8") if file.suffix in (".json", ".yaml") else ""
        if file.suffix == ".json":
            yield file.name, json.loads(text)
        elif file.suffix == ".yaml":
            yield from ((file.name, document) for document in yaml.safe_load_all(text) if document)


def objects(document: Any) -> Iterator[Any]:
    """The objects of a list, or the one object."""
    items = document.get("items")
    if items is None:
        yield document
        return
    typed = document["kind"].removesuffix("List")
    for item in items:
        yield {"kind": typed, "apiVersion": document["apiVersion"], **item} if typed else item


def walk(value: Any) -> Iterator[msgspec.Struct]:
    """Every Struct in a decoded value, with what raw fields hold."""
    if isinstance(value, msgspec.Struct):
        yield value
        for name in value.__struct_fields__:
            inner = getattr(value, name)
            held = RAW.get(name) if isinstance(inner, msgspec.Raw) else None
            yield from walk(msgspec.json.decode(inner, type=held) if held else inner)
    elif isinstance(value, list):
        for item in value:
            yield from walk(item)


def seen() -> set[str]:
    """`Struct.field` of every field that some recorded document has with a value that is not its default."""
    found = set()
    for _, document in documents():
        whole = msgspec.json.encode(document)
        things: list[Any] = [
            msgspec.json.decode(whole, type=wire.RawList),
            msgspec.json.decode(whole, type=wire.TypeMeta),
        ]
        for thing in objects(document):
            row = decode.READ.get(thing["kind"])
            things += [msgspec.json.decode(msgspec.json.encode(thing), type=row[1])] if row else []
        for struct in (inner for thing in things for inner in walk(thing)):
            for field in fields(struct):
                if has_default(field) and getattr(struct, field.name) != default_of(field):
                    found.add(f"{type(struct).__name__}.{field.name}")
    return found


@pytest.fixture(scope="module")
def seen_fields() -> set[str]:
    return seen()


@pytest.mark.parametrize("field", optional_fields())
def test_a_recorded_document_has_the_field(field: str, seen_fields: set[str]) -> None:
    assert field in seen_fields


def test_a_wrong_name_on_the_wire_would_be_seen() -> None:
    """A mutant: camel case makes `imageId` of `image_id`, and the field defaults silently."""

    class Renamed(msgspec.Struct, rename="camel"):
        image_id: str = ""

    statuses = [
        status
        for _, document in documents()
        for thing in objects(document)
        if thing["kind"] == "Pod"
        for status in thing["status"].get("containerStatuses", ())
    ]
    assert statuses
    assert {msgspec.convert(status, Renamed).image_id for status in statuses} == {""}
    assert any(msgspec.convert(status, wire.ContainerStatus).image_id for status in statuses)


def test_every_struct_is_reached_from_the_kinds_that_are_read(seen_fields: set[str]) -> None:
    """A Struct that nothing refers to would be dead."""
    reached: set[str] = {"RawList", "TypeMeta", "ListMeta"}
    waiting: list[Any] = [*(row[1] for row in decode.READ.values()), *RAW.values()]
    while waiting:
        kind = waiting.pop()
        for part in (kind, *typing.get_args(kind)) if isinstance(kind, types.UnionType) else typing.get_args(kind):
            if part is not kind:
                waiting.append(part)
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            reached.add(kind.__name__)
            waiting += [f.type for f in fields(kind)]
    assert {s.__name__ for s in structs()} == reached - {"BlueGreen"}  # that it is there is all that is used of it
    assert {field.split(".")[0] for field in seen_fields} <= reached


def test_every_recorded_object_of_a_kind_that_is_read_is_decoded() -> None:
    for name, document in documents():
        into = decode.Decoded()
        decode.decode_document(msgspec.json.encode(document), name, into)
        assert not into.broken
        assert not into.doubled
        kinds = [decode.kind_of(thing["kind"], thing["apiVersion"]) for thing in objects(document)]
        wanted = sum(kind in decode.READ for kind in kinds)
        assert sum(len(table) for table in into.objects.values()) == wanted
