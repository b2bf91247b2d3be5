"""One call of one operation, page by page, with whatever went wrong as a value."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Generic, TypeVar

import botocore.exceptions as boto
import msgspec
from botocore.parsers import ResponseParserError

from tools.collect.aws.answers import Failure
from tools.collect.aws.items import decoded
from tools.collect.aws.operation import Operation
from tools.collect.aws.times import text_of

T = TypeVar("T")
LIMIT = "limit"
"""The code where more would have taken too long."""
TOKENS = ("NextToken", "nextToken", "Marker")
"""By what a further page is asked for where botocore has no paginator."""

_HTML = re.compile(r"<(!doctype )?html", re.IGNORECASE)


class Answer(msgspec.Struct, Generic[T]):
    """What a call gave: the things of all pages that came, and what went wrong (nothing: it is whole)."""

    items: list[T]
    failures: list[Failure]


class Pace:
    """Lets so many requests a second through, whoever asks."""

    def __init__(self, rate: float) -> None:
        self._between = 1 / rate if rate > 0 else 0.0
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when the next request may go."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + self._between
        if turn > now:
            time.sleep(turn - now)


def call(client: Any, operation: Operation[T], parameters: dict[str, Any], pace: Pace | None = None) -> Answer[T]:
    """Ask, and decode page by page. A failure on a later page keeps what came before it."""
    found, failures = list[T](), list[Failure]()
    about = _about(operation, parameters)
    page = 0
    try:
        for page, body in enumerate(_pages(client, operation, {**operation.parameters, **parameters}, pace), 1):
            if not operation.items and operation.each:
                body = {**_told(parameters), **body}
            things, broken = decoded(operation, body, f"page {page}" if page > 1 else "")
            found += things
            failures += broken
            if page == operation.most and _goes_on(body):
                reason = f"there are more than {page} pages, at {operation.rate:g} a second"
                failures.append(Failure(operation.key, LIMIT, reason, about=about))
                break
    except boto.ClientError as error:
        failures.append(_refused(operation, error, about, page))
    except (boto.HTTPClientError, boto.ConnectionError) as error:
        failures.append(_cut(operation, error, about, page))
    except ResponseParserError as error:
        code = "HTML" if _HTML.search(str(error)) else "broken"
        reason = f"what answers is not the API: {_short(error)}"
        failures.append(Failure(operation.key, code, reason + _after(page), about=about))
    except (boto.BotoCoreError, RuntimeError) as error:  # the latter: credentials that were renewed and are expired
        failures.append(Failure(operation.key, type(error).__name__, _short(error) + _after(page), about=about))
    return Answer(found, failures)


def _pages(
    client: Any, operation: Operation[Any], parameters: dict[str, Any], pace: Pace | None
) -> Iterator[dict[str, Any]]:
    method = _method(client, operation.name)
    if client.can_paginate(method):
        pages = iter(client.get_paginator(method).paginate(**parameters))
        while True:
            if pace is not None:
                pace.wait()
            body = next(pages, None)
            if body is None:
                return
            yield body
            if pace is not None and not _goes_on(body):
                return  # else the next turn would be waited for in vain
    ask, token = getattr(client, method), dict[str, Any]()
    while True:
        if pace is not None:
            pace.wait()
        body = ask(**parameters, **token)
        yield body
        following = {name: body[name] for name in TOKENS if body.get(name)}
        if not following or following == token:
            return
        token = following


def _method(client: Any, name: str) -> str:
    """How the client calls an operation (`describe_instances`)."""
    methods: dict[str, str] = client.meta.method_to_api_mapping
    return next(method for method, operation in methods.items() if operation == name)


def _about(operation: Operation[Any], parameters: dict[str, Any]) -> str:
    """What a call is about, where that is one thing: its parameter's text, or (LookupEvents) its one attribute's."""
    value = parameters.get(operation.about, "")
    if isinstance(value, list):
        value = value[0].get("AttributeValue", "") if len(value) == 1 and isinstance(value[0], dict) else ""
    return str(value)


def _goes_on(body: dict[str, Any]) -> bool:
    return any(body.get(name) for name in TOKENS)


def _told(parameters: dict[str, Any]) -> dict[str, Any]:
    """What was asked for, to be kept with its answer; times as text."""
    return {name: text_of(value) if isinstance(value, datetime) else value for name, value in parameters.items()}


def _refused(operation: Operation[Any], error: boto.ClientError, about: str, page: int) -> Failure:
    told = error.response.get("Error", {})
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = str(told.get("Code") or "")
    if not code or code == str(status):
        code = f"HTTP {status}"
    reason = " ".join(str(told.get("Message") or "").split())
    return Failure(
        operation.key, code, reason.split("Encoded authorization")[0].strip()[:300] + _after(page), about=about
    )


def _cut(operation: Operation[Any], error: Exception, about: str, page: int) -> Failure:
    slow = isinstance(error, boto.ReadTimeoutError | boto.ConnectTimeoutError)
    return Failure(operation.key, "timeout" if slow else "unreachable", _short(error) + _after(page), about=about)


def _after(page: int) -> str:
    return f" (after page {page})" if page else ""


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
