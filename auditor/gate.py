"""The gate: what an approval must be before anything acts on it, and how one is given.

A person approves exactly one plan, by its hash. Who they are is what the cluster's SelfSubjectReview says of their own
credentials; the operating system's user name counts for nothing. A model never approves.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

from auditor.store.runs import now
from auditor.store.store import Store
from tools.collect.kubernetes.api import Api, ApiFailure
from tools.errors import Refused
from tools.execute.carry_out import executor_for
from tools.execute.journal import FIRST
from tools.model.plan import Approval, Plan, Preview, short_code


def who(api: Api) -> str:
    """The user name that the cluster knows these credentials by (authentication.k8s.io/v1 SelfSubjectReview).

    Raises `Refused` where the cluster does not know them.
    """
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    try:
        answer = api.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", review)
    except ApiFailure as failure:
        raise Refused(
            "not-authenticated",
            "the cluster does not say who you are",
            str(failure),
            "use a context whose credentials it accepts",
        ) from failure
    name = str(answer["status"]["userInfo"].get("username", ""))
    if not name or name == "system:anonymous":
        raise Refused("not-authenticated", "the cluster takes you for nobody", f"user {name!r}", "log in to it")
    return name


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


def review(plan: Plan, api: Api) -> tuple[Preview, ...] | None:
    """What an approver is shown with their own credentials: the server's dry run of each step now. None where they may
    not try.

    Raises `Refused` where what the plan depends on has changed.
    """
    shown = []
    try:
        for step in plan.steps:
            executor = executor_for(step.action)
            if executor.world(api, plan.id, step.bounds) != "before":
                raise Refused(
                    "changed",
                    "what the plan depends on has changed since it was made",
                    "; ".join(f"{b.ref} ({b.fields})" for b in step.bounds),
                    "plan again",
                )
            shown.append(executor.preview(api))
    except ApiFailure as failure:
        if failure.code in ("forbidden", "unauthorized"):
            return None
        raise
    return tuple(shown)


def approve(plan: Plan, approver: str, code: str, minutes: int, store: Store) -> Approval:
    """Write an approval of a plan, and nothing else. `code` is the plan's short code, as the person read it.

    Raises `Refused` where the code is another one's.
    """
    if code.strip().lower() != short_code(plan):
        raise Refused("other-plan", "the code is not this plan's", f"given {code.strip()!r}", "read the plan again")
    expires = (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
    approval = Approval(
        id="a-" + secrets.token_hex(8),
        run=plan.run,
        plan=plan.id,
        approver=approver,
        how="SelfSubjectReview",
        given=now(),
        expires=expires,
        bounds=plan.bounds,
    )
    store.approvals.save(approval)
    return approval


def validate(approval_id: str, plan: Plan, store: Store) -> Approval:
    """The approval, where it lets this plan be carried out now. Raises `Refused` with the reason.

    Once the plan's first step is in the journal, the approval is spent on it: then expiry no longer matters, for a
    resume may only finish that plan.
    """
    check_plan(plan)
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
    if not _is_time(approval.expires):
        raise Refused("poisoned", f"approval {approval.id} says no time at which it expires", mend="approve again")
    if not begun and approval.expires <= now():
        raise Refused("expired", f"approval {approval.id} has expired", f"at {approval.expires}", "approve again")
    if not approval.approver:
        raise Refused("poisoned", f"approval {approval.id} names no approver", mend="approve again")
    return approval


def _is_time(text: str) -> bool:
    """Whether a text is a time as `now()` writes it: only such times can be compared as text."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").strftime("%Y-%m-%dT%H:%M:%SZ") == text
    except ValueError:
        return False
