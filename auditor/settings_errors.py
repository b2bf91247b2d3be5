"""What is wrong in a settings file, all at once: each fault with its line, its key and the nearest known word."""

from __future__ import annotations

import re
import tomllib
import types
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

Place = tuple[str | int, ...]


class Misplaced(ValueError):
    """A fault that a validator of several entries finds in one of them: at a place below its own."""

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(message)
        self.place = place


_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]#]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"\s*([\w.\-\"' ]+?)\s*=")


def told(error: ValidationError, text: str, file: str, model: type[BaseModel]) -> str:
    """Every fault of a file, as `file:line: key: what is wrong; did you mean …?`."""
    lines = lines_of(text)
    faults = []
    for fault in error.errors():
        raised = fault.get("ctx", {}).get("error")
        place = (*fault["loc"], *(raised.place if isinstance(raised, Misplaced) else ()))
        line = next((lines[place[:n]] for n in range(len(place), 0, -1) if place[:n] in lines), 0)
        message = fault["msg"].removeprefix("Value error, ")
        near = _nearest(place, fault["type"], fault.get("input"), model)
        faults.append(
            f"{file}{f':{line}' if line else ''}: {_key(place)}{message}"
            + (f"; did you mean {near!r}?" if near else "")
        )
    return "; ".join(faults)


def lines_of(text: str) -> dict[Place, int]:
    """The line (from 1) of every table and key that stands at the beginning of a line; the file must be good TOML."""
    found: dict[Place, int] = {}
    counts: dict[Place, int] = {}
    table: Place = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _table(header[1], _parts(header[2]), counts)
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            for n in range(1, len(parts := _parts(key[1])) + 1):
                found.setdefault((*table, *parts[:n]), number)
    return found


def _table(bracket: str, parts: Sequence[str], counts: dict[Place, int]) -> Place:
    """Where a header leads: into the newest of each array of tables on its way."""
    place: Place = ()
    for n, part in enumerate(parts, 1):
        place = (*place, part)
        if bracket == "[[" and n == len(parts):
            counts[place] = counts.get(place, -1) + 1
        if place in counts:
            place = (*place, counts[place])
    return place


def _parts(key: str) -> list[str]:
    """The parts of a dotted key, quoted or not; none where it is no key at all (a line inside a text)."""
    try:
        value: Any = tomllib.loads(f"{key} = 0")
    except tomllib.TOMLDecodeError:
        return []
    parts = []
    while isinstance(value, dict):
        ((part, value),) = value.items()
        parts.append(part)
    return parts


def _key(place: Place) -> str:
    said = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).removeprefix(".")
    return f"{said}: " if said else ""


def _nearest(place: Place, kind: str, given: object, model: type[BaseModel]) -> str:
    """The known key or value that is nearest to what was written; empty where none is near."""
    if kind == "extra_forbidden":
        word, known = str(place[-1]), list(_keys(_type_at(model, place[:-1])))
    elif kind in ("literal_error", "enum") and isinstance(given, str):
        word, known = given, [str(value) for value in _literals(_type_at(model, place))]
    else:
        return ""
    return next(iter(get_close_matches(word, known, 1, 0.5)), "")


def _type_at(model: Any, place: Place) -> Any:
    """The type of the settings at a place; None where it has none of its own."""
    found: Any = model
    for part in place:
        found = _plain(found)
        if isinstance(part, int):
            found = next(iter(get_args(found)), None)
        elif isinstance(found, type) and issubclass(found, BaseModel):
            fields = {field.alias or name: field for name, field in found.model_fields.items()}
            found = fields[part].annotation if part in fields else None
        else:
            return None
    return _plain(found)


def _plain(kind: Any) -> Any:
    """A type without its annotations and without None."""
    if get_origin(kind) is Annotated:
        return _plain(get_args(kind)[0])
    if get_origin(kind) in (Union, types.UnionType):
        return _plain(next(arg for arg in get_args(kind) if arg is not type(None)))
    return kind


def _keys(kind: Any) -> Iterator[str]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield from (field.alias or name for name, field in kind.model_fields.items())


def _literals(kind: Any) -> Iterator[object]:
    if get_origin(kind) is Literal:
        yield from get_args(kind)
