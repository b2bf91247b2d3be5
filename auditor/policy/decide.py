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

from auditor.policy.model import Mode, Policy, Rule, Stop
from auditor.policy.windows import is_open
from tools.model.action import Action, kind_of, target_of
from tools.model.plan import Plan

STRICTEST: tuple[Mode, ...] = ("forbidden", "propose", "two-approvers", "one-approver", "unattended")
PERSONS = {"two-approvers": 2, "one-approver": 1}
HOUR = timedelta(hours=1)


class Needed(msgspec.Struct, frozen=True):
    """What the policy asks of a plan: its mode, how many persons must approve it, and which may (none named: any that
    the settings know); why, and what blocks it now whoever approves."""

    mode: Mode
    approvers: int
    allowed: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()


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
    """What the policy knows of the past: acts; and in the plan's scope the runs whose verification failed (id and
    time), the most hosts of one pool that drift alike, and the share of hosts or instances that are not ready, in
    percent. None: not known."""

    acts: tuple[Act, ...] = ()
    failed: tuple[tuple[str, datetime], ...] = ()
    alike: int | None = None
    unready: float | None = None


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
        blocked += _exceeded(rule, number, plan, step.action, moment, record)
        blocked += _closed(rule, number, policy, moment)
    if allowed is not None and len(allowed) < max(PERSONS.get(mode, 0), 1):
        blocked.append("too few approvers may approve all of its steps")
    blocked += [
        f"freeze {freeze.name} holds until {freeze.last:%Y-%m-%d %H:%MZ}"
        + (f": {freeze.reason}" if freeze.reason else "")
        for freeze in policy.freezes
        if freeze.first <= moment < freeze.last
    ]
    for stop in policy.stops:
        blocked += _stopped(stop, moment, record)
    return Needed(
        mode, PERSONS.get(mode, 0), tuple(sorted(allowed or ())), tuple(reasons), tuple(dict.fromkeys(blocked))
    )


def matches(rule: Rule, scope: str, scope_name: str, action: str, subject: str) -> bool:
    """Whether a rule is about an action on a subject (`Kind/namespace/name`) in a scope (by its id or its name)."""
    return (
        (fnmatchcase(scope, rule.scope) or fnmatchcase(scope_name, rule.scope))
        and (not rule.actions or action in rule.actions)
        and fnmatchcase(subject, rule.subject)
    )


def _rule_for(policy: Policy, plan: Plan, action: Action) -> tuple[int, Rule | None]:
    """The first rule that is about an action, and its number from 1."""
    for number, rule in enumerate(policy.rules, 1):
        if matches(rule, plan.scope, plan.scope_name, kind_of(action), str(target_of(action))):
            return number, rule
    return 0, None


def _exceeded(rule: Rule, number: int, plan: Plan, action: Action, moment: datetime, record: Record) -> Iterator[str]:
    """Why a plan is more than a rule allows, together with the acts of the past hour that the rule is about."""
    steps = [(kind_of(s.action), target_of(s.action)) for s in plan.steps]
    mine = [ref for kind, ref in steps if matches(rule, plan.scope, plan.scope_name, kind, str(ref))]
    recent = [
        act
        for act in record.acts
        if act.scope == plan.scope
        and act.at > moment - HOUR
        and matches(rule, act.scope, act.scope_name, act.action, act.subject)
    ]
    if rule.per_hour is not None and len(recent) + len(mine) > rule.per_hour:
        yield f"rule {number} allows {rule.per_hour} acts in an hour: {len(recent)} were, and this plan has {len(mine)}"
    if rule.per_workload_per_hour is not None:
        for key in sorted({target_of(action).key, *(ref.key for ref in plan.reach.workloads)}):
            had = sum(key in act.workloads for act in recent)
            if had + 1 > rule.per_workload_per_hour:
                yield f"rule {number} allows {rule.per_workload_per_hour} acts in an hour on {key}: {had} were"
    reach = plan.reach
    for name, limit, touched, total in (
        ("instances", rule.max_instances, reach.instances, reach.instances_total),
        ("hosts", rule.max_hosts, reach.hosts, reach.hosts_total),
    ):
        if limit is not None and touched > _most(limit, total):
            yield f"rule {number} allows {limit} of the {name} at once: the plan touches {touched} of {total}"


def _closed(rule: Rule, number: int, policy: Policy, moment: datetime) -> Iterator[str]:
    named = [window for window in policy.windows if window.name in rule.windows]
    if rule.windows and not any(is_open(w.days, w.begins, w.ends, w.time_zone, moment) for w in named):
        yield f"rule {number}: none of its windows is open: {', '.join(rule.windows)}"


def _stopped(stop: Stop, moment: datetime, record: Record) -> Iterator[str]:
    """Why a stop holds. What is not known stops too."""
    if stop.when == "verification-failed":
        for run, at in record.failed:
            if at > moment - timedelta(hours=stop.for_hours):
                yield f"stop: run {run} was not verified, at {at:%Y-%m-%d %H:%MZ}; it holds for {stop.for_hours} hours"
    elif stop.when == "hosts-drifting-alike":
        if record.alike is None:
            yield "stop: it is not known how many hosts drift alike"
        elif record.alike >= stop.at:
            yield f"stop: {record.alike} hosts of one pool drift alike, and {stop.at} are too many for one cause each"
    elif record.unready is None:
        yield "stop: it is not known how healthy the cluster is"
    elif record.unready >= float(stop.share.removesuffix("%")):
        yield f"stop: {record.unready:.0f}% of the hosts or instances are not ready, and {stop.share} are too many"


def _most(limit: str, total: int) -> int:
    """The largest number that a limit allows: a share is rounded down."""
    return total * int(limit[:-1]) // 100 if limit.endswith("%") else int(limit)
