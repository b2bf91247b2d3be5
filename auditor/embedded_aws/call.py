"""One request to an added operation, and the table of these operations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from auditor.embedded_aws import world
from auditor.embedded_aws.principals import Principal

Answer = dict[str, Any]


class Refused(Exception):
    """AWS says no: an error code of the API and its message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Call(msgspec.Struct, frozen=True):
    """A request as botocore's model reads it: the operation, its parameters, who asks, of which account and region."""

    service: str
    operation: str
    parameters: dict[str, Any]
    account: str
    region: str
    principal: Principal
    user_agent: str

    def get(self, name: str, default: Any = None) -> Any:
        """A parameter."""
        value = self.parameters.get(name)
        return default if value is None else value

    def shelf(self, kind: str) -> list[Any]:
        """What there is of a kind where the call is made."""
        return world.current().shelf(kind, self.account, self.region)

    @property
    def now(self) -> datetime:
        """The time."""
        return world.current().now()


Handler = Callable[[Call], Answer]
OPERATIONS: dict[tuple[str, str], Handler] = {}


def operation(service: str, name: str) -> Callable[[Handler], Handler]:
    """Make a function answer an operation: `service` is botocore's name, `name` the API's."""

    def enter(handler: Handler) -> Handler:
        OPERATIONS[service, name] = handler
        return handler

    return enter


def page(things: list[Any], call: Call, result: str, most: str, default: int, token: str = "NextToken") -> Answer:  # noqa: S107
    """One page of an answer: things after the token's, at most as many as asked for."""
    asked = call.parameters
    start = int(asked.get(token) or asked.get(token[0].upper() + token[1:]) or 0)
    size = min(int(asked.get(most) or default), default)
    answer: Answer = {result: things[start : start + size]}
    if len(things) > start + size:
        answer[token] = str(start + size)
    return answer
