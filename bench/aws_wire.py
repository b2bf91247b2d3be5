"""Answers as AWS writes them: a value of a botocore output shape in the wire format of its service.

The formats are `ec2` and `query` (XML), `json` and `rest-json`; a refusal is written in `rest-xml` too. A value is
given as botocore returns it, with times as RFC 3339 text. `tests/test_aws_bench.py` parses them back with botocore.
"""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

import botocore.session
from botocore.model import ServiceModel

REQUEST = "8f1ab3c5-52a9-4c1e-9d3e-5a3f1b2c4d60"


class Raw(str):
    """XML that was written before: the element itself, its name in it."""

    __slots__ = ()


@cache
def model(service: str) -> ServiceModel:
    """What botocore knows of a service (`ec2`)."""
    return botocore.session.get_session().get_service_model(service)


def protocol(service: str) -> str:
    """Which of its formats botocore speaks with it."""
    return str(model(service).resolved_protocol)


def content_type(service: str) -> str:
    """The content type of its answers."""
    form = protocol(service)
    version = model(service).metadata.get("jsonVersion", "1.1")
    xml = {"ec2": "text/xml;charset=UTF-8", "query": "text/xml", "rest-json": "application/json"}
    return xml.get(form, f"application/x-amz-json-{version}")


def render(service: str, operation: str, value: dict[str, Any]) -> tuple[bytes, str]:
    """The body of an answer, and its content type."""
    shape, form = model(service).operation_model(operation).output_shape, protocol(service)
    if form == "ec2":
        name = model(service).metadata["xmlNamespace"]
        inner = "" if shape is None else _members(shape, value, "item")
        body = f'<{operation}Response xmlns="{name}"><requestId>{REQUEST}</requestId>{inner}</{operation}Response>'
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode(), content_type(service)
    if form == "query":
        name = model(service).metadata.get("xmlNamespace", "")
        inner = "" if shape is None else _members(shape, value, "member")
        told = f"<ResponseMetadata><RequestId>{REQUEST}</RequestId></ResponseMetadata>"
        body = f"<{operation}Result>{inner}</{operation}Result>{told}"
        return f'<{operation}Response xmlns="{name}">{body}</{operation}Response>'.encode(), content_type(service)
    if form not in ("json", "rest-json"):
        raise ValueError(f"{service} speaks {form}, of which only refusals are written here")
    plain = {} if shape is None else _json(shape, value)
    return json.dumps(plain).encode(), content_type(service)


def written(service: str, operation: str, member: str, value: dict[str, Any]) -> Any:
    """One item of an answer's list, written once for all answers that hold it (XML; of JSON the value itself)."""
    shape = model(service).operation_model(operation).output_shape.members[member].member
    if protocol(service) not in ("ec2", "query"):
        return value
    item = "item" if protocol(service) == "ec2" else "member"
    return Raw(_xml(shape, shape.serialization.get("name", item), value, item))


def asked(service: str, operation: str, flat: dict[str, str]) -> dict[str, Any]:
    """The parameters of an `ec2` or `query` request by the API's names, from what its form says (`Filter.1.Name`)."""
    shape = model(service).operation_model(operation).input_shape
    return {} if shape is None else _asked(shape, flat, "", protocol(service) == "ec2")


def _asked(shape: Any, flat: dict[str, str], prefix: str, ec2: bool) -> Any:
    if shape.type_name == "structure":
        found = {}
        for key, member in shape.members.items():
            name = member.serialization.get("queryName") or member.serialization.get("name", key)
            name = prefix + (name[0].upper() + name[1:] if ec2 else name)
            if name in flat or any(one.startswith(name + ".") for one in flat):
                found[key] = _asked(member, flat, name if name in flat else name + ".", ec2)
        return found
    if shape.type_name == "list":
        start = prefix if ec2 or shape.serialization.get("flattened") else prefix + "member."
        numbers = sorted({int(key[len(start) :].split(".")[0]) for key in flat if key.startswith(start)})
        nested = shape.member.type_name in ("structure", "list")
        return [_asked(shape.member, flat, f"{start}{n}{'.' if nested else ''}", ec2) for n in numbers]
    return flat[prefix]


def refuse(service: str, status: int, code: str, message: str) -> tuple[int, bytes, dict[str, str]]:
    """An error of a service: HTTP status, body, headers."""
    form = protocol(service)
    if form == "ec2":
        body = f"<Response><Errors><Error><Code>{code}</Code><Message>{escape(message)}</Message></Error></Errors>"
        return status, f"{body}<RequestID>{REQUEST}</RequestID></Response>".encode(), {"Content-Type": "text/xml"}
    if form in ("query", "rest-xml"):
        error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        whole = (
            error if form == "rest-xml" else f"<ErrorResponse>{error}<RequestId>{REQUEST}</RequestId></ErrorResponse>"
        )
        return status, whole.encode(), {"Content-Type": "text/xml"}
    told = {"__type": code, "message": message}
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": code}
    return status, json.dumps(told).encode(), headers


def _members(shape: Any, value: dict[str, Any], item: str) -> str:
    """The members of a structure as XML; one that the shape does not have is an error of ours."""
    known = shape.members
    unknown = value.keys() - known.keys()
    if unknown:
        raise KeyError(f"{shape.name} has no {', '.join(sorted(unknown))}")
    return "".join(_xml(known[key], known[key].serialization.get("name", key), one, item) for key, one in value.items())


def _xml(shape: Any, name: str, value: Any, item: str) -> str:
    if isinstance(value, Raw):
        return value
    if shape.type_name == "structure":
        return f"<{name}>{_members(shape, value, item)}</{name}>"
    if shape.type_name == "list":
        member = shape.member
        inner = member.serialization.get("name", item)
        if shape.serialization.get("flattened"):
            return "".join(_xml(member, inner, one, item) for one in value)
        return f"<{name}>{''.join([_xml(member, inner, one, item) for one in value])}</{name}>"
    if shape.type_name == "boolean":
        return f"<{name}>{'true' if value else 'false'}</{name}>"
    return f"<{name}>{escape(str(value))}</{name}>"


def _json(shape: Any, value: Any) -> Any:
    if shape.type_name == "structure":
        unknown = value.keys() - shape.members.keys()
        if unknown:
            raise KeyError(f"{shape.name} has no {', '.join(sorted(unknown))}")
        members = ((shape.members[key], key, one) for key, one in value.items())
        return {member.serialization.get("name", key): _json(member, one) for member, key, one in members}
    if shape.type_name == "list":
        return [_json(shape.member, one) for one in value]
    if shape.type_name == "map":
        return {key: _json(shape.value, one) for key, one in value.items()}
    if shape.type_name == "timestamp" and shape.serialization.get("timestampFormat") != "iso8601":
        return datetime.fromisoformat(value).timestamp()
    return value
