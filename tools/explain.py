"""The deterministic explainer: writes an explanation from a finding's evidence and its check's page, nothing else."""

from __future__ import annotations

import re

from tools import look_up
from tools.check import AnyCheck
from tools.model.explanation import Claim, Explanation
from tools.model.report import Evidence, Finding
from tools.model.timeline import Entry, Timeline


def explain(finding: Finding, check: AnyCheck, timeline: Timeline | None = None) -> Explanation:
    """Explain one finding, with its owner's timeline where there is one. Each claim quotes one piece of evidence; the
    look-ups are what a person would run."""
    claims = tuple(Claim(_sentence(evidence), (evidence.id,)) for evidence in finding.evidence)
    count = len(finding.subjects)
    where = f" in {count} of its objects" if count > 1 else ""
    part = f" (container {finding.part})" if finding.part else ""
    return Explanation(
        finding=finding.fingerprint,
        cause=Claim(f"{finding.owner}{part}: {finding.message}{where}", tuple(e.id for e in finding.evidence)),
        claims=claims,
        since=finding.since or "not known from this evidence",
        by=_by(finding, timeline),
        look=tuple(_commands(finding)),
        mend=tuple(section(check.page, "How to fix")) if finding.verdict == "violation" else (),
    )


def section(page: str, title: str) -> list[str]:
    """One bold section of a check's page, as a single paragraph; empty where the page has none."""
    match = re.search(rf"\*\*{re.escape(title)}\.\*\*\s+(.*?)(?:\n\n|\Z)", page, re.DOTALL)
    return [" ".join(match[1].split())] if match else []


def _sentence(evidence: Evidence) -> str:
    place = f" at {evidence.pointer}" if evidence.pointer else ""
    return f"{evidence.ref}{place} is {evidence.value!r} ({look_up.place(evidence)})"


def _by(finding: Finding, timeline: Timeline | None) -> str:
    """Who it was: as the finding's own evidence of the audit log says, else what the log has of these objects in the
    second in which it began, else who claims it."""
    kinds = {e.version: str(e.value).partition(" (")[0] for e in finding.evidence if e.field == "actor_kind"}
    users = sorted({f"{e.value} ({kinds.get(e.version, 'unknown')})" for e in finding.evidence if e.field == "user"})
    if users:
        trail = any(e.field == "user" and e.pointer.startswith(look_up.CLOUDTRAIL) for e in finding.evidence)
        return f"{', '.join(users)}: {'CloudTrail' if trail else 'the audit log'} says so"
    logged = sorted({entry.who for entry in timeline.entries if _began_it(entry, finding)}) if timeline else []
    if logged:
        return f"{', '.join(logged)}: the audit log has it in that second"
    managers = sorted({str(e.value) for e in finding.evidence if e.field == "manager"})
    why = timeline.unseen if timeline and timeline.unseen else "it is not in this evidence"
    claim = (
        f"field manager {', '.join(map(repr, managers))} claims the write, and that is no user; " if managers else ""
    )
    return f"{claim}the user is not known: {why}" if managers else f"not known: {why}"


def _began_it(entry: Entry, finding: Finding) -> bool:
    """Whether the audit log has an act on one of the finding's objects in the second in which it began."""
    known = bool(entry.who) and entry.standing == "verified" and entry.ref in (*finding.subjects, finding.owner)
    return known and bool(finding.since) and entry.time[:19] == finding.since[:19]


def _commands(finding: Finding) -> list[str]:
    """The look-up for each object that the evidence is of, once."""
    refs = sorted({evidence.ref for evidence in finding.evidence} or set(finding.subjects))
    return [told for ref in refs[:3] if (told := look_up.command(ref))]
