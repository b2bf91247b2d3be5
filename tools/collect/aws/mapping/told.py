"""Whether an operation, of one thing, was answered: what it left out is then not there."""

from __future__ import annotations

from typing import Any

from tools.collect.aws.answers import Answers
from tools.collect.aws.operation import Operation


class Unresolved(Exception):
    """What is named can't be told: the code of a gap, and the reason (`not-found`: all was answered, so it is gone)."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def was_told(answers: Answers, operation: Operation[Any], about: str = "") -> bool:
    """Whether it was answered to the end, of this thing (or of all). That it failed of another thing is no matter.
    Nobody can tell where a recording does not say what was asked: an image may be left out for `--owners self`."""
    if answers.failed(operation, about) is not None or operation.key in answers.unasked:
        return False
    return operation.key in answers.whole or any(failure.operation == operation.key for failure in answers.failures)


def missing(answers: Answers, operation: Operation[Any], told: str, about: str = "") -> Unresolved:
    """Why a thing that an operation would have answered is not among what was read."""
    failure = answers.failed(operation, about)
    if failure is not None:
        return Unresolved("not-read", f"{told} ({operation.name}: {failure.reason or failure.code})")
    if not was_told(answers, operation, about):
        held = operation.key in answers.unasked
        lacks = (
            f"the recording does not say what {operation.name} was asked" if held else f"no answer of {operation.name}"
        )
        return Unresolved("not-recorded", f"{told} ({lacks})")
    return Unresolved("not-found", told)
