"""The things in an answer: found by an operation's path, decoded one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from tools.collect.aws.answers import Failure
from tools.collect.aws.operation import Operation
from tools.collect.aws.times import text_of

T = TypeVar("T")
_TIME = re.compile(r"(time|date|at)$", re.IGNORECASE)


def decoded(operation: Operation[T], answer: Any, place: str = "") -> tuple[list[T], list[Failure]]:
    """What an answer holds, as the operation's type. A thing that can't be decoded is a failure with its place; the
    others stand."""
    found, broken = [], []
    for where, item in items(answer, operation.items):
        try:
            found.append(_convert(item, operation.type))
        except msgspec.ValidationError as error:
            at = " ".join(part for part in (place, where) if part)
            broken.append(Failure(operation.key, "broken", f"{at}: {error}", "report it, with the answer"))
    return found, broken


def items(answer: Any, path: str, where: str = "") -> Iterator[tuple[str, Any]]:
    """The things at a path, each with the pointer to it. What the answer leaves out is empty."""
    step, _, rest = path.partition(".")
    if not step:
        yield where, answer
        return
    name, listed = step.removesuffix("[]"), step.endswith("[]")
    value = answer.get(name) if isinstance(answer, dict) else None
    if value is None:
        return
    place = f"{where}/{name}"
    if not listed:
        yield from items(value, rest, place)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from items(inner, rest, f"{place}/{number}")
    else:
        yield place, value  # no list: its decoding says so


def _convert(item: Any, type_: type[T]) -> T:
    """An item as its type; times that are seconds of Unix (the CLI may write them so) become text first."""
    try:
        return msgspec.convert(item, type_, strict=False)
    except msgspec.ValidationError:
        timed = with_times(item)
        if timed == item:
            raise
        return msgspec.convert(timed, type_, strict=False)


def with_times(value: Any, key: str = "") -> Any:
    """The same value with RFC 3339 text where a field that is named as a time holds seconds of Unix."""
    if isinstance(value, dict):
        return {name: with_times(inner, str(name)) for name, inner in value.items()}
    if isinstance(value, list):
        return [with_times(inner, key) for inner in value]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return text_of(value) if number and _TIME.search(key) and 1e9 <= value < 1e10 else value
