"""What was read of one account and region, live or recorded: typed answers by operation, and what failed."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, TypeVar

import msgspec

from tools.collect.aws.operation import Operation

T = TypeVar("T")


class Failure(msgspec.Struct, frozen=True, order=True):
    """A call that gave no whole answer: its operation's key, the error code (`AccessDenied`, `UnauthorizedOperation`,
    `Throttling`, `HTTP 500`, `not-recorded`, `broken`, …), the reason in words, what would mend it, and what it was
    about where that was one thing (`lt-0123…`; empty: all)."""

    operation: str
    code: str
    reason: str
    mend: str = ""
    about: str = ""


class Answers:
    """The answers of one scope. `moment` is when reading began; of a recording the newest time in it. `whole` are the
    keys of operations that were answered to the end (a recording: that it holds), `unasked` those that are asked for
    `each` thing and stand in a recording that does not say what was asked (the aws CLI's output): what they leave out
    may never have been asked for."""

    def __init__(self, account: str, region: str, moment: str = "", recorded: bool = False) -> None:
        self.account = account
        self.region = region
        self.moment = moment
        self.recorded = recorded
        self.failures: list[Failure] = []
        self.whole: set[str] = set()
        self.unasked: set[str] = set()
        self._items: dict[str, list[Any]] = defaultdict(list)

    @property
    def scope(self) -> str:
        """The scope's id: account and region."""
        return f"{self.account}/{self.region}"

    def add(self, operation: Operation[T], items: list[T]) -> None:
        """Keep some decoded things of an operation."""
        self._items[operation.key] += items

    def of(self, operation: Operation[T]) -> list[T]:
        """All things that an operation answered, in its order; what is missing is in `failures`."""
        return self._items[operation.key]

    def failed(self, operation: Operation[Any], about: str = "") -> Failure | None:
        """Why an operation (of this thing) gave no whole answer; None where it did."""
        return next(
            (
                f
                for f in self.failures
                if f.operation == operation.key and (not f.about or not about or f.about == about)
            ),
            None,
        )
