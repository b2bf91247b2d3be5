"""botocore reads no more of an answer than is used, and nothing that is used is lost."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest
from botocore.model import ListShape, MapShape, StructureShape
from botocore.parsers import create_parser

from bench import aws_wire
from bench.aws_fleet import Fleet
from tools.collect.aws.items import decoded
from tools.collect.aws.narrow import narrow
from tools.collect.aws.operation import Operation
from tools.collect.aws.operations import OPERATIONS

TABLES = {table.key: table for table in Fleet(200, datetime(2026, 11, 27, tzinfo=UTC)).tables() if table.items}
SCALARS = {"string": "text", "integer": 1, "long": 1, "boolean": True, "double": 1.0, "float": 1.0, "blob": b"x"}


def client(service: str) -> Any:
    keys = {"aws_access_key_id": "reader", "aws_secret_access_key": "none"}
    return botocore.session.get_session().create_client(service, region_name="eu-central-1", **keys)


def full(shape: Any, above: tuple[str, ...] = ()) -> Any:
    """A value with every member that a shape has."""
    if shape.name in above:
        return {}
    above = (*above, shape.name)
    if isinstance(shape, StructureShape):
        return {name: full(member, above) for name, member in shape.members.items()}
    if isinstance(shape, ListShape):
        return [full(shape.member, above)]
    if isinstance(shape, MapShape):
        return {"key": full(shape.value, above)}
    return SCALARS.get(shape.type_name, "2026-11-27T00:00:00Z")


def cut(value: Any, shape: Any) -> Any:
    """What a parser keeps of a value by this shape."""
    if isinstance(shape, StructureShape):
        return {name: cut(one, shape.members[name]) for name, one in value.items() if name in shape.members}
    if isinstance(shape, ListShape):
        return [cut(one, shape.member) for one in value]
    return value


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.key)
def test_of_an_answer_with_every_member_the_same_is_decoded(operation: Operation[Any]) -> None:
    asking = client(operation.service)
    model = asking.meta.service_model.operation_model(operation.name)
    whole = model.output_shape
    narrow(asking, operation)
    value = full(whole)
    assert decoded(operation, cut(value, model.output_shape)) == decoded(operation, value)
    tokens = {name for name in whole.members if name.lower() in ("nexttoken", "marker", "istruncated")}
    assert tokens <= model.output_shape.members.keys()


@pytest.mark.parametrize(
    "operation", [one for one in OPERATIONS if one.key in TABLES], ids=lambda operation: operation.key
)
def test_a_rendered_answer_is_parsed_to_the_same_things_and_to_less(operation: Operation[Any]) -> None:
    table, asking = TABLES[operation.key], client(operation.service)
    model = asking.meta.service_model.operation_model(operation.name)
    whole = model.output_shape
    narrow(asking, operation)
    token = {"NextToken": "more"} if "NextToken" in whole.members else {}
    body, kind = aws_wire.render(table.service, table.operation, {table.member: table.items[:3], **token})
    answer = {"status_code": 200, "headers": {"Content-Type": kind}, "body": body}
    parser = create_parser(model.service_model.resolved_protocol)
    parser._timestamp_parser = str
    less, more = parser.parse(answer, model.output_shape), parser.parse(answer, whole)
    found, broken = decoded(operation, less)
    assert (found, broken) == decoded(operation, more)
    assert len(found) >= 3
    assert not broken
    assert token.items() <= less.items()
    assert len(str(less)) < len(str(more))
