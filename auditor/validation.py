"""Whether an approval in the store holds for a plan now: nothing of it is believed that can be checked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from auditor.approvers import Approver, name_of_user
from auditor.signing.approval import Signed, verified
from auditor.signing.statement import time_of, untimely
from auditor.store.store import Store
from tools.errors import Refused
from tools.execute.journal import FIRST
from tools.model.plan import Approval, Plan

CLUSTER = "SelfSubjectReview"
POLICY = "policy"
"""Means by which an approval is given (`Approval.how`) besides a key."""


def check_plan(plan: Plan) -> None:
    """Raise `Refused` where a plan can't be acted on at all."""
    if plan.recorded:
        raise Refused(
            "recorded",
            f"run {plan.run} looked at a recording: there is nothing here to act on",
            "a recording can't be changed, and what it shows may be long gone",
            "auditor plan --source kubernetes:CONTEXT plans on a live cluster",
        )
    if not plan.steps or not all(step.bounds for step in plan.steps):
        raise Refused("unbound", f"the plan of run {plan.run} is bound to no live object", mend="plan again")


def validate(
    approval_id: str,
    plan: Plan,
    store: Store,
    approvers: Sequence[Approver],
    moment: datetime | None = None,
    unattended: bool = False,
) -> Approval:
    """The approval, where it holds for this plan now. A signed one is verified again, by the keys that settings name
    now. Raises `Refused` with the reason.

    Once the plan's first step is in the journal, the approval is spent on it: then expiry no longer matters, for a
    resume may only finish that plan.
    """
    check_plan(plan)
    moment = moment or datetime.now(UTC)
    approval, consumed = store.approvals.get(approval_id)
    if approval.run != plan.run or approval.plan != plan.id or approval.bounds != plan.bounds:
        raise Refused(
            "other-plan",
            f"approval {approval.id} is for another plan",
            f"{approval.plan} of {approval.run}",
            f"auditor approve {plan.run}",
        )
    begun = store.journal_state(plan.id, FIRST) is not None
    if consumed and not begun:
        raise Refused("reused", f"approval {approval.id} was used before", f"at {consumed}", "approve again")
    check_times(approval, moment, begun)
    if not approval.approver:
        raise Refused("poisoned", f"approval {approval.id} names no approver", mend="approve again")
    if approval.how == POLICY:
        if not unattended:
            raise Refused("not-unattended", "the policy does not let this run unattended (any more)", mend="approve it")
        return approval
    if approval.how == CLUSTER and not (approval.statement or approval.signature):
        if not name_of_user(approvers, approval.approver):
            raise Refused(
                "approver-left",
                f"{approval.approver} is no approver (any more)",
                "no approver of the settings has this user",
                "[[approvers]] in auditor.toml says who may approve",
            )
        return approval
    signed = Signed(statement=approval.statement, signature=approval.signature)
    if verified(signed, plan, approvers, moment) != approval:
        raise Refused(
            "poisoned", f"approval {approval.id} says otherwise than what was signed", mend="let it be signed again"
        )
    return approval


def check_times(approval: Approval, moment: datetime, begun: bool) -> None:
    """Raise `Refused` where an approval's times can't be right, or where it has expired before it was begun."""
    expires = time_of(approval.expires)
    if expires is None:
        raise Refused("poisoned", f"approval {approval.id} says no time at which it expires", mend="approve again")
    if not begun and expires <= moment:
        raise Refused("expired", f"approval {approval.id} has expired", f"at {approval.expires}", "approve again")
    wrong = untimely(approval, moment)
    if wrong:
        raise Refused("untimely", f"the times of approval {approval.id} can't be right", wrong, "approve again")
