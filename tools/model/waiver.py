"""A waiver: what a person accepts for a time, and how it stands in one report."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Literal

import msgspec

WaiverState = Literal["holds", "expiring", "expired"]


class Waiver(msgspec.Struct, frozen=True, kw_only=True):
    """What is accepted: the finding of a `fingerprint`, or of a `check` what it finds on a `subject`; in a `scope` (its
    name or id). `owner` answers for it, `reason` says why, and from `expires` on it holds no more."""

    id: str = ""
    fingerprint: str = ""
    check: str = ""
    subject: str = ""
    scope: str = "*"
    owner: str
    reason: str
    expires: datetime

    def __str__(self) -> str:
        scope = "" if self.scope == "*" else f" in {self.scope}"
        return (self.fingerprint or f"{self.check} on {self.subject}") + scope


def named(waiver: Waiver) -> Waiver:
    """The waiver with its id: `w-` and 12 hex digits of the SHA-256 of what it says."""
    body = msgspec.json.encode(msgspec.structs.replace(waiver, id=""), order="deterministic")
    return msgspec.structs.replace(waiver, id="w-" + hashlib.sha256(body).hexdigest()[:12])


class WaiverUse(msgspec.Struct, frozen=True, kw_only=True):
    """How a waiver stood when a report was made: `findings` are the fingerprints of what it waived or, of an expired
    one, of what counts again; `note` says why it waived nothing though something looked like it."""

    waiver: Waiver
    state: WaiverState
    findings: tuple[str, ...] = ()
    note: str = ""

    @property
    def unused(self) -> bool:
        """Whether there was nothing for it to waive."""
        return self.state != "expired" and not self.findings

    @property
    def quiet(self) -> bool:
        """Whether nobody has to look at it: it holds, and was used."""
        return self.state == "holds" and bool(self.findings)
