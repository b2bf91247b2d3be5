"""Has botocore read of an answer only what is used: the members that an operation's type has, and the pages' tokens.

A server is described in about two hundred elements, of which the nouns need thirty; to read the others is more than
half of what a large fleet costs. What a type holds as a whole (`dict[str, Any]`) is read whole. And texts that are
alike are kept once: ten thousand servers have the same tags' keys, groups, types and times.
"""

from __future__ import annotations

import copy
import sys
from typing import Any

from botocore.model import ListShape, Shape, StructureShape
from botocore.parsers import EC2QueryParser, QueryParser, ResponseParserFactory
from msgspec import inspect

from tools.collect.aws.operation import Operation


def narrow(client: Any, operation: Operation[Any]) -> None:
    """Make a client read of this operation's answers no more than its type holds. (Once more changes nothing.)"""
    model = client.meta.service_model.operation_model(operation.name)
    model.output_shape = _answer(model.output_shape, operation)


class Parsers(ResponseParserFactory):  # type: ignore[misc]
    """Parsers of the XML formats that keep like texts once, and botocore's own of the others."""

    def create_parser(self, protocol_name: str) -> Any:
        """A parser for one client."""
        own = {"ec2": _Ec2, "query": _Query}.get(protocol_name)
        return super().create_parser(protocol_name) if own is None else own(**self._defaults)


class _Once:
    """What both formats do otherwise: a regular expression for each element is a tenth of the reading."""

    def _handle_string(self, shape: Shape, node: Any) -> Any:
        return sys.intern(str(super()._handle_string(shape, node)))  # type: ignore[misc]

    def _node_tag(self, node: Any) -> str:
        return str(node.tag.rpartition("}")[2])


class _Ec2(_Once, EC2QueryParser):  # type: ignore[misc]
    pass


class _Query(_Once, QueryParser):  # type: ignore[misc]
    pass


def _answer(shape: Any, operation: Operation[Any]) -> Any:
    """The shape of an answer: the way to its items, narrowed, and each member that is no list (tokens are)."""
    if not isinstance(shape, StructureShape):
        return shape
    steps = operation.items.split(".") if operation.items else []
    found = _along(shape, steps, inspect.type_info(operation.type))
    plain = {name: one for name, one in shape.members.items() if one.type_name not in ("list", "structure", "map")}
    found.members = {**plain, **found.members}
    return found


def _along(shape: Any, steps: list[str], wanted: inspect.Type) -> Any:
    """A shape with the way to the wanted type alone."""
    if not steps:
        return _of(shape, wanted)
    name, listed = steps[0].removesuffix("[]"), steps[0].endswith("[]")
    found, inner = copy.copy(shape), shape.members[name]
    if listed:
        inner = copy.copy(inner)
        inner.member = _along(inner.member, steps[1:], wanted)
    else:
        inner = _along(inner, steps[1:], wanted)
    found.members = {name: inner}
    return found


def _of(shape: Shape, wanted: inspect.Type) -> Any:
    """A shape, narrowed to what a type takes of it."""
    found: Any = copy.copy(shape)
    for one in wanted.types if isinstance(wanted, inspect.UnionType) else (wanted,):
        if isinstance(one, inspect.StructType) and isinstance(shape, StructureShape):
            fields = {field.encode_name: field.type for field in one.fields}
            found.members = {name: _of(inner, fields[name]) for name, inner in shape.members.items() if name in fields}
        elif isinstance(one, inspect.VarTupleType | inspect.ListType) and isinstance(shape, ListShape):
            found.member = _of(shape.member, one.item_type)
    return found
