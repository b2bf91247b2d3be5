"""What an audit says: evidence, findings, coverage, and the report that holds them."""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec

from tools.model.action import ActionKind
from tools.model.identity import Ref, Scope
from tools.model.observation import Gap
from tools.model.waiver import WaiverUse

REPORT_VERSION = 1
Severity = Literal["critical", "high", "medium", "low"]
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low")
Verdict = Literal["violation", "inconclusive", "error"]
VERDICTS: tuple[Verdict, ...] = ("violation", "error", "inconclusive")
Value = str | int | bool | None


class Evidence(msgspec.Struct, frozen=True, gc=False, order=True):
    """One value that was read: of which object, at which resourceVersion (or audit id), under which pointer. `field`
    is the domain's name of it. The id is the hash of all of that, so that a quotation can be checked after the object
    is gone."""

    id: str
    ref: Ref
    version: str
    pointer: str
    field: str
    value: Value


def make_evidence(ref: Ref, version: str, pointer: str, field: str, value: Value) -> Evidence:
    """Evidence with its id: `e-` and 12 hex digits of the SHA-256 of its canonical JSON."""
    body = msgspec.json.encode([ref, version, pointer, field, value], order="deterministic")
    return Evidence("e-" + hashlib.sha256(body).hexdigest()[:12], ref, version, pointer, field, value)


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One cause at one owner, with all the objects that share it.

    `fingerprint` is the hash of scope id, root owner's kind, namespace and name, part, check and cause code: it
    survives a renamed context and a rollout. `owner` is the root owner (a workload, a pool, or the bare object itself),
    `part` the container's name where the finding is about one, `since` the time at which the evidence says that it
    began (empty where it does not say).
    """

    fingerprint: str
    check: str
    principle: str
    severity: Severity
    verdict: Verdict
    code: str
    message: str
    owner: Ref
    part: str
    subjects: tuple[Ref, ...]
    evidence: tuple[Evidence, ...]
    since: str = ""
    mend: str = ""
    remedy: ActionKind | None = None


def fingerprint(scope: str, owner: Ref, part: str, check: str, code: str) -> str:
    """A finding's stable name: `f-` and 12 hex digits."""
    body = msgspec.json.encode([scope, owner.key, part, check, code])
    return "f-" + hashlib.sha256(body).hexdigest()[:12]


class Waived(msgspec.Struct, frozen=True, kw_only=True):
    """A finding that is waived, and the ids of the waivers `by` which it is; the one that holds longest first."""

    finding: Finding
    by: tuple[str, ...]


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """How far one check came: how many subjects it examined, and how they came out. `unseen` says why there may be
    more subjects than were seen (empty: all were seen); `within` what a pass is limited to (empty: to nothing)."""

    check: str
    noun: str
    passed: int
    violations: int
    inconclusive: int
    not_applicable: int
    errors: int
    unseen: str = ""
    within: str = ""

    @property
    def examined(self) -> int:
        """Subjects that were looked at."""
        return self.passed + self.violations + self.inconclusive + self.not_applicable + self.errors


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one audit. The same snapshot, settings and history give the same report, byte for byte; `history`
    is the moment of the newest earlier look that it could remember (empty: it was the first). `findings` are those that
    count; `waived` are apart, and `waivers` say how each waiver stood then. Coverage counts both."""

    version: int
    snapshot: str
    settings: str
    moment: str
    scopes: tuple[Scope, ...]
    counts: dict[str, int]
    findings: tuple[Finding, ...]
    coverage: tuple[Coverage, ...]
    gaps: tuple[Gap, ...]
    history: str = ""
    waived: tuple[Waived, ...] = ()
    waivers: tuple[WaiverUse, ...] = ()

    @property
    def found(self) -> tuple[Finding, ...]:
        """Every finding, waived or not, the waived ones first."""
        return tuple(one.finding for one in self.waived) + self.findings

    @property
    def exit_code(self) -> int:
        """0 clean, 10 violations, 1 a check failed, 3 required evidence missing or nothing examined; violations win.
        What is waived does not count."""
        verdicts = {finding.verdict for finding in self.findings}
        if "violation" in verdicts:
            return 10
        if "error" in verdicts:
            return 1
        return 3 if self.empty or any(gap.required for gap in self.gaps) else 0

    @property
    def empty(self) -> bool:
        """Whether no instance was there: then nothing that runs was examined, whatever else was."""
        return not self.counts.get("instance", 0)
