"""What could not be seen: gaps as values, and the two outcomes that a check may raise.

The one rule: missing evidence is never a pass. A relation that can't be resolved, a field that was not reported and
a set that was not read to its end each raise `NotObserved`; the engine turns that into *inconclusive*.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from tools.model.identity import Ref

T = TypeVar("T")


class Gap(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """Something that could not be read.

    `noun` is the domain noun that suffers ("Instance"), `namespace` narrows it (empty: everywhere), `code` is the
    reason in machine form (`forbidden`, `unauthorized`, `timeout`, `truncated`, `expired`, `broken`, `not-read-yet`),
    `reason` the same for people, `mend` what would close it, `count` how many objects are known to be affected (0:
    unknown). `required` gaps are of evidence that an ordinary reader account can see; their presence is exit code 3.
    """

    scope: str
    noun: str
    namespace: str = ""
    kind: str = ""
    code: str
    reason: str
    mend: str = ""
    count: int = 0
    required: bool = True


class NotObserved(Exception):
    """What a check asked for was not observed; the check is inconclusive for this subject."""

    def __init__(self, reason: str, code: str = "not-observed", mend: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code
        self.mend = mend


class NotApplicable(Exception):
    """The check's sentence does not speak about this subject; the reason says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def seen(value: T | None, ref: Ref, what: str) -> T:
    """A field's value; raises `NotObserved` where the source does not report it."""
    if value is None:
        raise NotObserved(f"{ref} does not report {what}", code="not-reported")
    return value
