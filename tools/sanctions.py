"""Tells this auditor's own writes from those of somebody who imitates it.

With an audit log: the event's audit id is one that was made for an executed step, and user, object, verb and time are
that step's, and no event before had the id. Without: the mark on the object and the time alone, which prove little.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from tools.model.nouns import Change, Workload, Write
from tools.model.sanction import Sanction, Sanctions
from tools.model.times import parsed

MANAGER = "auditor"
"""The field manager, and the user agent, that the executors' requests name (tools/collect/kubernetes/api.py)."""
SKEW = timedelta(seconds=5)
"""How far the API server's clock may be from the one that wrote the ledger."""


class Judged(msgspec.Struct, frozen=True):
    """What became of something that says it is this auditor's: the step that it is, or why it is none. `plan` is the
    one whose mark it carries; `poses` says that it bears an audit id of ours, our name or our user, and not merely a
    mark, which whatever writes an object back whole carries along."""

    step: Sanction | None
    plan: str = ""
    why: str = ""
    poses: bool = False

    @property
    def told(self) -> str:
        """Why it is not this auditor's, in words."""
        mark = (
            f"it carries the mark of plan {self.plan}, and is not it" if self.plan else "it is none of this auditor's"
        )
        return f"{mark}: {self.why or 'the audit log has no such write'}"


class Ledger:
    """The steps that are proven, while the changes of one object are gone through, oldest first: each audit id
    sanctions one of them."""

    def __init__(self, sanctions: Sanctions) -> None:
        self.sanctions = sanctions
        self._used: dict[str, str] = {}

    def judge(self, change: Change) -> Judged | None:
        """Whether a change of the audit log is a step of this auditor; None where nothing about it says so."""
        step = self._named(change)
        actor = change.actor_seen
        kind = actor.kind if actor is not None else ""
        if not (step or change.plan or change.tool == MANAGER or kind == "auditor"):
            return None
        if step is None and change.act == "evict" and not change.ref.uid:
            return None  # the log does not say which pod of that name it was, of which the audit id is made
        if step is None:
            poses = change.tool == MANAGER or kind == "auditor"
            return Judged(None, change.plan, self._unknown(change.plan, "its audit id"), poses)
        before = self._used.get(change.version, "")
        if why := _unlike(change, step, before):
            return Judged(None, change.plan, f"it bears the audit id of {step}, {why}", poses=True)
        self._used[change.version] = change.time
        return Judged(step)

    def judge_claim(self, write: Write, workload: Workload) -> Judged | None:
        """Whether an entry of managedFields may be a step of this auditor, by the mark and the time alone; None where
        it neither wrote the mark nor calls itself so."""
        if not write.marks and write.manager != MANAGER:
            return None
        plan = workload.mark if write.marks else ""
        steps = self.sanctions.of_plan(plan)
        if not steps:
            return Judged(None, plan, self._unknown(plan, "what it wrote"))
        own = [s for s in steps if s.act == "write" and s.is_for(workload.ref, workload.ref)]
        if not own:
            return Judged(None, plan, f"that plan did not write to {workload.ref}")
        if write.manager != MANAGER:
            return Judged(None, plan, f"that plan wrote as field manager {MANAGER}")
        step = next((s for s in own if _within(write.time, s)), None)
        return Judged(
            step, plan, "" if step else f"step {own[0].step} {_ran(own[0])}, and it was written at {write.time}"
        )

    def _named(self, change: Change) -> Sanction | None:
        """The step whose audit id a change bears."""
        steps = self.sanctions.steps
        if change.act == "evict":
            return next(
                (s for s in steps.values() if s.act == "evict" and s.audit_id(change.ref) == change.version), None
            )
        return steps.get(change.version)

    def _unknown(self, plan: str, told: str) -> str:
        """Why no step of this store is known by a plan's mark, or by an audit id."""
        if plan in self.sanctions.unproven:
            return f"the ledger does not prove that this plan was executed: {self.sanctions.unproven[plan]}"
        if not plan:
            return f"{told} is of no step that this store's ledger proves"
        if self.sanctions.of_plan(plan):
            return "that plan's requests bore other audit ids"
        return "no such plan was executed, as this store's ledger knows"


def _unlike(change: Change, step: Sanction, before: str) -> str:
    """In what a change is unlike the step whose audit id it bears; empty where it is that step."""
    actor = change.actor_seen
    if actor is None or actor.name != step.user:
        return f"which {step.user} carried out, not {actor.name if actor else 'an unnamed user'}"
    if actor.impersonator:
        return f"but {actor.impersonator} sent it as {actor.name}"
    if not step.is_for(change.ref, change.root) or change.version != step.audit_id(change.ref):
        return f"which wrote to {', '.join(map(str, step.owners)) or step.ref}, not to {change.ref}"
    if (change.act, change.verb) != (step.act, step.verb):
        return f"which was a {step.verb} ({step.act}), not a {change.verb or 'request of no verb'} ({change.act})"
    if before:
        return f"which was used before, at {before}: a step is done once"
    if change.count > 1:
        return f"and {change.count - 1} more like it: a step is done once"
    return "" if _within(change.time, step) else f"which {_ran(step)}, not at {change.time}"


def _within(time: str, step: Sanction) -> bool:
    at, begin = parsed(time), parsed(step.begin)
    end = parsed(step.end) if step.end else None
    if at is None or begin is None or (step.end and end is None):
        return False
    return begin - SKEW <= at and (end is None or at <= _ceiling(end) + SKEW)


def _ceiling(end: datetime) -> datetime:
    """The ledger writes whole seconds, rounded down."""
    return end + timedelta(seconds=1) if end.microsecond == 0 else end


def _ran(step: Sanction) -> str:
    return f"ran from {step.begin} to {step.end}" if step.end else f"began at {step.begin}"
