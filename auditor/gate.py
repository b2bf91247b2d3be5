"""The gate: what an approval must be before anything acts on it, and how one is given.

A person approves exactly one plan, by its hash. Who they are is what the cluster's SelfSubjectReview says of their own
credentials, or whose key signed it; the operating system's user name counts for nothing. A model never approves. How
many persons it takes, and who may be one, is the policy's to say.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from auditor.approvers import Approver, name_of_user
from auditor.policy.clock import check_clock
from auditor.policy.decide import Needed as Needed
from auditor.policy.decide import decide
from auditor.policy.model import Mode as Mode
from auditor.policy.record import record_of
from auditor.settings import Settings
from auditor.signing.approval import Signed, verified
from auditor.store.runs import now
from auditor.store.store import Store
from auditor.validation import CLUSTER, POLICY, check_plan, check_times, validate
from tools.errors import ApiFailure, Refused
from tools.execute.carry_out import executor_for
from tools.execute.journal import FIRST
from tools.execute.place import Places
from tools.model.plan import Approval, Plan, Preview, Step, short_code


def review(plan: Plan, places: Places) -> tuple[Preview | None, ...]:
    """What an approver is shown with their own credentials: the server's dry run of each step now. None for the steps
    of a scope in which they may not try, or that they have no place in.

    Raises `Refused` where what the plan depends on has changed.
    """
    shown: dict[int, Preview] = {}
    for scope in plan.scopes:
        own = {number: step for number, step in enumerate(plan.steps) if plan.part_of(step.action).scope == scope}
        if scope in places:
            shown |= _reviewed(plan, own, places[scope].client)
    return tuple(shown.get(number) for number, _ in enumerate(plan.steps))


def _reviewed(plan: Plan, steps: dict[int, Step], client: Any) -> dict[int, Preview]:
    """The previews of steps of one scope by their index, all of them or, where they may not be tried, none."""
    shown = {}
    try:
        for number, step in steps.items():
            executor = executor_for(step.action)
            if executor.world(client, plan.id, step.bounds) != "before":
                raise Refused(
                    "changed",
                    "what the plan depends on has changed since it was made",
                    "; ".join(f"{b.ref} ({b.fields})" for b in step.bounds),
                    "plan again",
                )
            shown[number] = executor.preview(client)
    except ApiFailure as failure:
        if failure.code in ("forbidden", "unauthorized"):
            return {}
        raise
    return shown


def approve(plan: Plan, approver: str, code: str, minutes: int, store: Store, how: str = CLUSTER) -> Approval:
    """Write an approval of a plan, and nothing else. `code` is the plan's short code, as the person read it.

    Raises `Refused` where the code is another one's.
    """
    check_code(plan, code)
    expires = (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
    approval = Approval(
        id="a-" + secrets.token_hex(8),
        run=plan.run,
        plan=plan.id,
        approver=approver,
        how=how,
        given=now(),
        expires=expires,
        bounds=plan.bounds,
    )
    store.approvals.save(approval)
    return approval


def check_code(plan: Plan, code: str) -> None:
    """Raise `Refused` where what a person typed is not the plan's short code."""
    if code.strip().lower() != short_code(plan):
        raise Refused("other-plan", "the code is not this plan's", f"given {code.strip()!r}", "read the plan again")


def accept(signed: Signed, plan: Plan, approvers: Sequence[Approver], store: Store) -> Approval:
    """Keep an approval that was signed elsewhere, where it is good for this plan now. Raises `Refused`."""
    check_plan(plan)
    moment = datetime.now(UTC)
    approval = verified(signed, plan, approvers, moment)
    check_times(approval, moment, begun=False)
    store.approvals.save(approval)
    return approval


ONE = Needed("one-approver", 1)


def authorize(
    plan: Plan,
    approval_ids: Sequence[str],
    settings: Settings,
    store: Store,
    moment: datetime | None = None,
    needed: Needed | None = None,
) -> tuple[Approval, ...]:
    """The approvals under which a plan may be carried out now: of the ids given, or of all that the run has where none
    are. Raises `Refused` where they are not what the policy asks for (`needed`: what is asked for instead).

    A plan that was begun is finished under the approvals that it was begun with, whatever the policy has become.
    """
    check_plan(plan)
    moment = moment or datetime.now(UTC)
    check_clock(store.database, moment)
    begun = store.journal_state(plan.id, FIRST) is not None
    if begun and approval_ids:
        ids = dict.fromkeys(approval_ids)
        return tuple(validate(a, plan, store, settings.approvers, moment, unattended=True) for a in ids)
    needed = needed or needed_for(plan, settings, store, moment)
    check_open(plan, needed)
    unattended = needed.mode == "unattended"
    persons = _persons(plan, approval_ids, settings, store, moment, needed)
    if unattended and not persons and not approval_ids:
        return (approve(plan, POLICY, short_code(plan), settings.approval_minutes, store, POLICY),)
    if len(persons) < max(needed.approvers, 1):
        raise Refused(
            "not-enough",
            f"run {plan.run} needs {needed.approvers} persons' approval and has {len(persons)}",
            ", ".join(persons),
            f"another person than these and the proposer: auditor approve {plan.run}",
        )
    return tuple(persons.values())[: max(needed.approvers, 1)]


def needed_for(plan: Plan, settings: Settings, store: Store, moment: datetime) -> Needed:
    """What the policy of the settings asks of a plan at a moment, by the store's record. Raises `Refused` where the
    record can't be read."""
    return decide(settings.policy, plan, moment, record_of(plan, settings.policy, store, moment))


def check_mode(plan: Plan, needed: Needed) -> None:
    """Raise `Refused` where nobody's approval would let the plan be carried out."""
    if needed.mode in ("propose", "forbidden"):
        raise Refused(
            needed.mode,
            f"the policy does not let this be carried out: {plan}",
            "; ".join(needed.reasons),
            f"`auditor policy explain {plan.run}` shows the lines of auditor.toml that would allow it",
        )


def check_open(plan: Plan, needed: Needed) -> None:
    """Raise `Refused` where the policy does not let the plan be carried out now, whoever approved it."""
    check_mode(plan, needed)
    if needed.blocked:
        raise Refused(
            "policy",
            "the policy does not let this be carried out now",
            "; ".join(needed.blocked),
            f"auditor policy explain {plan.run}",
        )


def check_now(plan: Plan, settings: Settings, store: Store) -> None:
    """Raise `Refused` where the policy does not let a plan be begun at this moment: asked inside the transaction that
    begins it, so that of two plans that fit one budget, one alone is begun."""
    moment = datetime.now(UTC)
    check_clock(store.database, moment)
    check_open(plan, needed_for(plan, settings, store, moment))


def check_allowed(person: str, needed: Needed) -> None:
    """Raise `Refused` where the policy names who may approve, and not this person."""
    if needed.allowed and person not in needed.allowed:
        allowed = ", ".join(needed.allowed)
        raise Refused("not-allowed", f"{person} may not approve this", f"the policy names {allowed}", "ask one of them")


def _persons(
    plan: Plan, given: Sequence[str], settings: Settings, store: Store, moment: datetime, needed: Needed
) -> dict[str, Approval]:
    """One approval of each person that counts, the newest first. Raises `Refused` for the first that does not hold, of
    those given; where none are given, only if none holds (and that of the newest)."""
    persons: dict[str, Approval] = {}
    refusals: list[Refused] = []
    for approval_id in dict.fromkeys(given or store.approvals.ids(plan.run)):
        try:
            unattended = needed.mode == "unattended"
            approval = validate(approval_id, plan, store, settings.approvers, moment, unattended)
            persons.setdefault(_person(approval, plan, settings.approvers, needed), approval)
        except Refused as refused:
            if given:
                raise
            refusals.append(refused)
    if refusals and not persons:
        raise refusals[0]
    if not persons and needed.mode != "unattended":
        raise Refused("no-approval", f"nobody has approved run {plan.run}", mend=f"auditor approve {plan.run}")
    return persons


def _person(approval: Approval, plan: Plan, approvers: Sequence[Approver], needed: Needed) -> str:
    """Who an approval counts for: a person's user and the same person's key are one. Raises `Refused` where it may not
    count."""
    if approval.how == POLICY:
        return POLICY
    by_user = approval.how == CLUSTER
    person = name_of_user(approvers, approval.approver) if by_user else approval.approver
    check_allowed(person, needed)
    if needed.approvers > 1:
        if not plan.proposer:
            raise Refused(
                "own-plan", "nobody knows who proposed this plan", "so nobody is surely another", "plan again"
            )
        if person == (name_of_user(approvers, plan.proposer) or plan.proposer):
            raise Refused(
                "own-plan", f"{person} proposed this plan", "two others must approve it", "ask another person"
            )
    return person
