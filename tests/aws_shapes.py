"""Whether a value is what botocore's service model says that an operation answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from botocore.model import Shape

TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "boolean": (bool,),
    "double": (float, int),
    "float": (float, int),
    "timestamp": (datetime,),
    "blob": (bytes,),
}


def faults(value: Any, shape: Shape, place: str = "") -> Iterator[str]:
    """What of a value is not of its shape, each with its place. An object of moto's own is taken for what it is."""
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        members: dict[str, Shape] = shape.members
        yield from (f"{place}.{name}: the model has no such member" for name in value if name not in members)
        yield from (f"{place}.{name}: required" for name in shape.required_members if value.get(name) is None)
        for name, inner in value.items():
            if name in members and inner is not None:
                yield from faults(inner, members[name], f"{place}.{name}")
    elif kind == "list" and isinstance(value, list):
        for index, inner in enumerate(value):
            yield from faults(inner, shape.member, f"{place}[{index}]")
    elif kind == "map" and isinstance(value, dict):
        for key, inner in value.items():
            yield from faults(inner, shape.value, f"{place}.{key}")
    elif kind in TYPES:
        if not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
            yield f"{place}: {value!r} is no {kind}"
        elif kind == "string" and (allowed := getattr(shape, "enum", None)) and value not in allowed:
            yield f"{place}: {value!r} is none of {allowed}"
    elif kind in ("structure", "list", "map") and not hasattr(value, "__dict__"):
        yield f"{place}: {value!r} is no {kind}"
