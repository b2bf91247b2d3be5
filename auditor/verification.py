"""Verification after an execution: look at all of the plan's scopes again, and say whether the remedy worked."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import assert_never

import msgspec

from auditor.store.snapshots import pack
from tools.check import AnyCheck
from tools.collect.sources import merge
from tools.engine import audit
from tools.errors import Refused
from tools.execute.place import Places
from tools.model.action import (
    Action,
    Cordon,
    Drain,
    PauseRollout,
    RedeployPriorRelease,
    ReplaceInstance,
    ResumeRollout,
    Uncordon,
)
from tools.model.facts import Facts
from tools.model.history import History
from tools.model.identity import Ref
from tools.model.nouns import Host, Instance, Workload
from tools.model.plan import Plan
from tools.model.report import Report
from tools.model.snapshot import Snapshot
from tools.plan.stepwise import ordinal

PATIENCE = 30.0
"""Seconds without any change, in which what is ending may end, before the verdict is final."""
LONGEST = 600.0
"""Seconds after which the verdict is final, whatever still changes."""


def verify_plan(
    plan: Plan,
    places: Places,
    checks: list[AnyCheck],
    settings: dict[str, msgspec.Struct],
    progress: Callable[[str], None],
    remembered: Callable[[Facts], History],
) -> tuple[bool, str]:
    """Whether the world is now what the plan meant, from a fresh collection; and how it stands, in words.

    Raises `Refused` where the world could not be looked at: the run stays open, and a resume looks again.
    """
    deadline, before = time.monotonic() + PATIENCE, ""
    longest = time.monotonic() + LONGEST
    while True:
        progress("looking again")
        packed = pack(merge([places[scope].collect() for scope in plan.scopes]))
        facts = packed.facts
        report = audit(facts, packed.id, checks, settings, remembered(facts))
        lost = [gap for gap in report.gaps if gap.required]
        verified, told = judge(plan, facts, report)
        if verified and not lost:
            return True, told
        if told != before:
            deadline, before = min(time.monotonic() + PATIENCE, longest), told
        if any(gap.code in ("forbidden", "unauthorized") for gap in lost) or (lost and time.monotonic() > deadline):
            raise Refused(
                "not-verified",
                f"{plan} was carried out, and whether it worked could not be looked at",
                lost[0].reason,
                f"{lost[0].mend}; then auditor resume {plan.run} looks again",
            )
        if time.monotonic() > deadline:
            return False, told
        time.sleep(0.5)


def judge(plan: Plan, facts: Facts, report: Report) -> tuple[bool, str]:
    """Whether one fresh report shows that every step of the plan worked."""
    judged = [_judge(step.action, plan, facts, report) for step in plan.steps]
    wrong = [told for good, told in judged if not good]
    return not wrong, "; ".join(wrong or dict.fromkeys(told for _, told in judged))


def _judge(action: Action, plan: Plan, facts: Facts, report: Report) -> tuple[bool, str]:
    match action:
        case RedeployPriorRelease():
            return _redeployed(plan, action, facts, report)
        case Cordon() | Uncordon():
            return _cordoned(plan, action, facts, report)
        case ReplaceInstance():
            return _replaced(action, plan, facts)
        case Drain():
            return _drained(action, facts)
        case PauseRollout() | ResumeRollout():
            return _paused(action, facts)
    assert_never(action)


def _redeployed(plan: Plan, action: RedeployPriorRelease, facts: Facts, report: Report) -> tuple[bool, str]:
    """The finding is gone, every instance is of the target, and the rollout check passes on this workload."""
    open_findings = [
        f
        for f in report.findings
        if f.owner.uid == action.workload.uid and (f.check == "rollout-complete" or f.fingerprint == plan.finding)
    ]
    running = _running(action.workload, facts)
    same = _alike(action.target, facts)
    others = [i for i in running if i.release_ref is None or i.release_ref.uid not in same]
    ready = sum(i.ready for i in running)
    ours = len(running) - len(others)
    told = f"{ready} of {len(running)} instances of {action.workload} are ready, {ours} of them {action.target.name}"
    if open_findings:
        return False, f"{told}; still found: {open_findings[0].message}"
    workload = next((w for w in Snapshot(facts).seen(Workload) if w.ref.uid == action.workload.uid), None)
    strategy = workload.strategy if workload else None
    if workload and strategy and others and (strategy.partition or strategy.type == "OnDelete"):
        if workload.template not in same.values():
            return False, f"{told}; {action.workload} declares another template by now"
        held = [i for i in others if strategy.type == "OnDelete" or ordinal(i) < strategy.partition]
        told += f"; its strategy keeps as they are: {', '.join(sorted(i.ref.name for i in held))}" if held else ""
        others = [i for i in others if i not in held]
    return not others and ready == len(running), told


def _alike(release: Ref, facts: Facts) -> dict[str, str]:
    """The releases with the same template as this one, by uid, with that template."""
    own = {r.template for r in facts.releases if r.ref.uid == release.uid}
    return {r.ref.uid: r.template for r in facts.releases if r.workload and r.template in own}


def _cordoned(plan: Plan, action: Cordon | Uncordon, facts: Facts, report: Report) -> tuple[bool, str]:
    wanted = isinstance(action, Cordon)
    host = next((h for h in Snapshot(facts).seen(Host) if h.ref.uid == action.host.uid), None)
    if host is None and wanted and len(plan.parts) > 1:
        return True, f"{action.host} is gone with its server"
    if host is None:
        return False, f"{action.host} is not there any more"
    if host.unschedulable != wanted:
        return False, f"{host.ref} is {'not ' if wanted else 'still '}cordoned"
    still = any(f.fingerprint == plan.finding for f in report.findings)
    contained = "; the drift stays a finding, contained, until the host is replaced" if still and wanted else ""
    return True, f"{host.ref} takes {'nothing new' if wanted else 'new instances again'}{contained}"


def _replaced(action: ReplaceInstance, plan: Plan, facts: Facts) -> tuple[bool, str]:
    """The instance is gone, and what its workload runs instead is ready. Of a node's server it is said which of its
    group's servers are nodes by now."""
    if any(i.ref.uid == action.instance.uid and not i.finished for i in facts.instances):
        return False, f"{action.instance} is still there"
    running = _running(action.workload, facts)
    ready = sum(i.ready for i in running)
    told = f"{action.instance} was replaced; {ready} of {len(running)} instances of {action.workload} are ready"
    if len(plan.parts) > 1:
        wanted = next((w.replicas for w in Snapshot(facts).seen(Workload) if w.ref.uid == action.workload.uid), 0)
        if ready < wanted:
            return False, f"{told}; it wants {wanted}"
        told += f"; {_joined(running, plan.scope, facts)}"
    return bool(running) and ready == len(running), told


def _joined(servers: list[Instance], cluster: str, facts: Facts) -> str:
    """Which of these servers a Node of the cluster names (`spec.providerID`). Joining takes the server's own agent
    minutes, or never comes where its user data is wrong: it is said, and nothing is judged by it."""
    named = {host.provider.rpartition("/")[2] for host in facts.hosts if host.ref.scope == cluster and host.provider}
    missing = sorted(one.ref.name for one in servers if one.ref.name not in named)
    told = f"{len(servers) - len(missing)} of them are nodes"
    return f"{told}; no Node names (spec.providerID) {', '.join(missing)} yet" if missing else told


def _drained(action: Drain, facts: Facts) -> tuple[bool, str]:
    """Nothing of the workloads that were to be evicted runs on the host."""
    left = [i for i in facts.instances if i.host == action.host.name and i.workload in action.workloads]
    left = [i for i in left if not i.finished and i.ref.scope == action.host.scope]
    if left:
        return False, f"{len(left)} instances are still on {action.host}: {left[0].ref} first"
    return True, f"{action.host} is drained"


def _paused(action: PauseRollout | ResumeRollout, facts: Facts) -> tuple[bool, str]:
    wanted = isinstance(action, PauseRollout)
    workload = next((w for w in Snapshot(facts).seen(Workload) if w.ref.uid == action.workload.uid), None)
    if workload is None:
        return False, f"{action.workload} is not there any more"
    told = f"{workload.ref} is {'' if workload.paused else 'not '}paused"
    return workload.paused == wanted, told


def _running(workload: Ref, facts: Facts) -> list[Instance]:
    return [i for i in facts.instances if i.workload.uid == workload.uid and not i.finished and not i.deleted]
