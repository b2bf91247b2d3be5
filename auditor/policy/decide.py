"""What the policy asks of a plan at a moment: a function of the policy, the plan, the moment and the record, and of
nothing else.

The strictest step decides for the whole plan; whatever blocks one step blocks the plan. What no rule mentions is
proposed and no more.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

import msgspec

from auditor.policy.case import Case, Held, Seen
from auditor.policy.model import Mode, Policy, Rule, Stop
from auditor.policy.windows import is_open
from tools.model.action import Action, Drain, ReplaceInstance, kind_of, target_of
from tools.model.plan import Plan

STRICTEST: tuple[Mode, ...] = ("forbidden", "propose", "two-approvers", "one-approver", "unattended")
PERSONS = {"two-approvers": 2, "one-approver": 1}
HOUR = timedelta(hours=1)


class Needed(msgspec.Struct, frozen=True):
    """What the policy asks of a plan: its mode, how many persons must approve it, and which may (none named: any that
    the settings know); why, what blocks it now whoever approves, and which of that are stops that a person can lift."""

    mode: Mode
    approvers: int
    allowed: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    stops: tuple[Held, ...] = ()


class Act(msgspec.Struct, frozen=True):
    """One act of the record: when, in which scope (id and name), which action, on which object, and the keys of the
    workloads that it touched."""

    at: datetime
    scope: str
    scope_name: str
    action: str
    subject: str
    workloads: tuple[str, ...]


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What the policy knows of the past: acts; and in the plan's scopes the runs whose verification failed and were not
    lifted (id and time), what the plan's own look saw of the causes of stops, about which of them it could know
    (`known`), and the cases that are remembered of all looks."""

    acts: tuple[Act, ...] = ()
    failed: tuple[tuple[str, datetime], ...] = ()
    seen: tuple[Seen, ...] = ()
    known: tuple[str, ...] = ()
    cases: tuple[Case, ...] = ()


def decide(policy: Policy, plan: Plan, moment: datetime, record: Record) -> Needed:
    """What a plan needs at a moment. An act that is dated after it (a clock went back) counts as of this hour."""
    mode: Mode = "unattended" if plan.steps else "propose"
    reasons: list[str] = []
    blocked: list[str] = []
    allowed: set[str] | None = None
    for step in plan.steps:
        number, rule = _rule_for(policy, plan, step.action)
        asked: Mode = rule.mode if rule else "propose"
        mode = min(mode, asked, key=STRICTEST.index)
        reasons.append(f"{step.action}: " + (f"rule {number} says {asked}" if rule else "no rule mentions it"))
        if rule is None:
            continue
        if rule.approvers:
            allowed = set(rule.approvers) if allowed is None else allowed & set(rule.approvers)
        blocked += _exceeded(policy, number, plan, step.action, moment, record)
        blocked += _closed(rule, number, policy, moment)
    if allowed is not None and len(allowed) < max(PERSONS.get(mode, 0), 1):
        blocked.append("too few approvers may approve all of its steps")
    blocked += [
        f"freeze {freeze.name} holds until {freeze.last:%Y-%m-%d %H:%MZ}"
        + (f": {freeze.reason}" if freeze.reason else "")
        for freeze in policy.freezes
        if freeze.first <= moment < freeze.last
    ]
    held = [one for stop in policy.stops for one in _stopped(stop, moment, record)]
    blocked += [f"stop: {one.detail}" for one in held]
    return Needed(
        mode,
        PERSONS.get(mode, 0),
        tuple(sorted(allowed or ())),
        tuple(reasons),
        tuple(dict.fromkeys(blocked)),
        tuple(held),
    )


def matches(rule: Rule, scope: str, scope_name: str, action: str, subject: str) -> bool:
    """Whether a rule is about an action on a subject (`Kind/namespace/name`) in a scope (by its id or its name)."""
    return (
        (fnmatchcase(scope, rule.scope) or fnmatchcase(scope_name, rule.scope))
        and (not rule.actions or action in rule.actions)
        and fnmatchcase(subject, rule.subject)
    )


def touched(action: Action) -> set[str]:
    """The keys of what an action acts on: its target, and the workloads whose instances it ends."""
    match action:
        case Drain():
            ended = action.workloads
        case ReplaceInstance():
            ended = (action.workload,)
        case _:
            ended = ()
    return {target_of(action).key, *(ref.key for ref in ended)}


def _rule_for(policy: Policy, plan: Plan, action: Action) -> tuple[int, Rule | None]:
    """The first rule that is about an action, and its number from 1."""
    for number, rule in enumerate(policy.rules, 1):
        if _about(rule, plan, action):
            return number, rule
    return 0, None


def _about(rule: Rule, plan: Plan, action: Action) -> bool:
    """Whether a rule is about an action of a plan, in the scope that the action is carried out in."""
    part = plan.part_of(action)
    return matches(rule, part.scope, part.scope_name, kind_of(action), str(target_of(action)))


def _exceeded(
    policy: Policy, number: int, plan: Plan, action: Action, moment: datetime, record: Record
) -> Iterator[str]:
    """Why a plan is more than a rule allows, together with the acts of the past hour that the rule is about."""
    rule, here = policy.rules[number - 1], plan.part_of(action)
    actions = [step.action for step in plan.steps]
    ours = [one for one in actions if _about(rule, plan, one) and plan.part_of(one) == here]
    recent = [
        act
        for act in record.acts
        if act.scope == here.scope
        and act.at > moment - HOUR
        and matches(rule, act.scope, act.scope_name, act.action, act.subject)
    ]
    if rule.per_hour is not None and len(recent) + len(ours) > rule.per_hour:
        had = len(recent)
        yield f"rule {number} allows {rule.per_hour} acts in an hour: {had} were, and this plan has {len(ours)}"
    if rule.per_workload_per_hour is not None:
        for key in sorted(touched(action)):
            had = sum(key in act.workloads for act in recent)
            own = sum(key in touched(one) for one in ours)
            if had + own > rule.per_workload_per_hour:
                yield (
                    f"rule {number} allows {rule.per_workload_per_hour} acts in an hour on {key}: {had} were,"
                    f" and this plan has {own}"
                )
    reach = here.reach
    decided = {plan.part_of(one).scope for one in actions if _rule_for(policy, plan, one)[0] == number}
    whole = [part.reach for part in plan.parts if part.scope in decided]
    for name, limit, count, total, altogether in (
        ("instances", rule.max_instances, reach.instances, reach.instances_total, sum(r.instances for r in whole)),
        ("hosts", rule.max_hosts, reach.hosts, reach.hosts_total, sum(r.hosts for r in whole)),
    ):
        if limit is None:
            continue
        if count > _most(limit, total):
            yield f"rule {number} allows {limit} of the {name} at once: the plan touches {count} of {total}"
        elif not limit.endswith("%") and altogether > int(limit):  # a number bounds all scopes that the rule decides in
            told = f"the plan touches {altogether} in {len(whole)} scopes"
            yield f"rule {number} allows {limit} of the {name} at once: {told}"


def _closed(rule: Rule, number: int, policy: Policy, moment: datetime) -> Iterator[str]:
    named = [window for window in policy.windows if window.name in rule.windows]
    if rule.windows and not any(is_open(w.days, w.begins, w.ends, w.time_zone, moment) for w in named):
        yield f"rule {number}: none of its windows is open: {', '.join(rule.windows)}"


def _stopped(stop: Stop, moment: datetime, record: Record) -> Iterator[Held]:
    """Why a stop holds, case by case. What is not known stops too, and nobody can lift that."""
    by = tuple(stop.lifted_by)
    if stop.when == "verification-failed":
        for run, at in record.failed:
            if stop.stays or at > moment - timedelta(hours=stop.for_hours):
                until = "until it is lifted" if stop.stays else f"for {stop.for_hours} hours"
                said = f"run {run} was not verified, at {at:%Y-%m-%d %H:%MZ}; it holds {until}"
                yield Held(stop.when, said, run, by)
        return
    if stop.when not in record.known:
        yield Held(stop.when, UNKNOWN[stop.when], "", ())
    cases = {case.cause: case for case in record.cases if case.stop == stop.when}
    for seen in (one for one in record.seen if one.stop == stop.when):
        case = cases.pop(seen.cause, None)
        covered = case is not None and case.lifted and seen.size <= case.size
        if seen.size >= stop.limit and not covered:
            fresh = case is not None and not case.lifted
            yield Held(stop.when, _large(stop, seen), case.id if case and fresh else seen.cause, by)
            continue
        if case is not None:
            cases[seen.cause] = case
    for case in cases.values():
        if not case.lifted and case.size >= stop.limit and (stop.stays or case.state == "seen"):
            until = "until it is lifted" if stop.stays else "until it is gone"
            yield Held(stop.when, f"{case.detail}, in run {case.run}; it holds {until}", case.id, by)


UNKNOWN = {
    "hosts-drifting-alike": "it is not known how many hosts drift alike: their pools' baselines are not all declared,"
    " or not all could be seen",
    "cluster-unhealthy": "it is not known how healthy the cluster is",
}


def _large(stop: Stop, seen: Seen) -> str:
    limit = stop.share if stop.when == "cluster-unhealthy" else stop.at
    return f"{seen.detail}, and {limit} are too many"


def _most(limit: str, total: int) -> int:
    """The largest number that a limit allows: a share is rounded down."""
    return total * int(limit[:-1]) // 100 if limit.endswith("%") else int(limit)
