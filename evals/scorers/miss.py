"""A miss: one place where the auditor and a label disagree, and what was said instead."""

from __future__ import annotations

from typing import Literal

import msgspec

Kind = Literal["false pass", "falsely verified", "check failed", "false negative", "false positive", "other standing"]
KINDS: tuple[Kind, ...] = (
    "false pass",
    "falsely verified",
    "check failed",
    "false negative",
    "false positive",
    "other standing",
)
"""Worst first."""


class Miss(msgspec.Struct, frozen=True):
    """`what` names the unit or the edge, `instead` what was said of it."""

    case: str
    kind: Kind
    what: str
    instead: str


def share(part: int, whole: int) -> float | None:
    """A share; None where there is nothing to share."""
    return part / whole if whole else None
