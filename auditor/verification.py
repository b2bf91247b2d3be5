"""Verification after an execution: look at the whole scope again, and say whether the remedy worked."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec

from auditor.store.snapshots import pack
from tools.check import AnyCheck
from tools.collect.kubernetes import live
from tools.collect.kubernetes.api import Api
from tools.engine import audit
from tools.errors import Refused
from tools.model.action import RedeployPriorRelease
from tools.model.facts import Facts
from tools.model.history import History
from tools.model.nouns import Host
from tools.model.plan import Plan
from tools.model.report import Report
from tools.model.snapshot import Snapshot

PATIENCE = 30.0
"""Seconds in which what is ending may end before the verdict is final."""


def verify_action(
    plan: Plan,
    api: Api,
    checks: list[AnyCheck],
    settings: dict[str, msgspec.Struct],
    progress: Callable[[str], None],
    remembered: Callable[[Facts], History],
) -> tuple[bool, str]:
    """Whether the world is now what the plan meant, from a fresh collection; and how it stands, in words.

    Raises `Refused` where the world could not be looked at: the run stays open, and a resume looks again.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        progress("looking again")
        packed = pack(live.collect(api))
        facts = packed.facts
        report = audit(facts, packed.id, checks, settings, remembered(facts))
        lost = [gap for gap in report.gaps if gap.required]
        verified, told = judge(plan, facts, report)
        if verified and not lost:
            return True, told
        if any(gap.code in ("forbidden", "unauthorized") for gap in lost) or (lost and time.monotonic() > deadline):
            raise Refused(
                "not-verified",
                f"{plan.action} was written, and whether it worked could not be looked at",
                lost[0].reason,
                f"{lost[0].mend}; then auditor resume {plan.run} looks again",
            )
        if time.monotonic() > deadline:
            return False, told
        time.sleep(0.5)


def judge(plan: Plan, facts: Facts, report: Report) -> tuple[bool, str]:
    """Whether one fresh report shows that the plan worked."""
    if isinstance(plan.action, RedeployPriorRelease):
        return _redeployed(plan, plan.action, facts, report)
    wanted = plan.action.__struct_config__.tag == "cordon"
    host = next((h for h in Snapshot(facts).seen(Host) if h.ref.uid == plan.action.host.uid), None)
    if host is None:
        return False, f"{plan.action.host} is not there any more"
    if host.unschedulable != wanted:
        return False, f"{host.ref} is {'not ' if wanted else 'still '}cordoned"
    still = any(f.fingerprint == plan.finding for f in report.findings)
    contained = "; the drift stays a finding, contained, until the host is replaced" if still and wanted else ""
    return True, f"{host.ref} takes {'nothing new' if wanted else 'new instances again'}{contained}"


def _redeployed(plan: Plan, action: RedeployPriorRelease, facts: Facts, report: Report) -> tuple[bool, str]:
    """The finding is gone, every instance is of the target, and the rollout check passes on this workload."""
    open_findings = [
        f
        for f in report.findings
        if f.owner.uid == action.workload.uid and (f.check == "rollout-complete" or f.fingerprint == plan.finding)
    ]
    running = [i for i in facts.instances if i.workload.uid == action.workload.uid and not i.finished and not i.deleted]
    others = [i for i in running if i.owner is None or i.owner.uid != action.target.uid]
    ready = sum(i.ready for i in running)
    ours = len(running) - len(others)
    told = f"{ready} of {len(running)} instances of {action.workload} are ready, {ours} of them {action.target.name}"
    if open_findings:
        return False, f"{told}; still found: {open_findings[0].message}"
    return not others and ready == len(running), told
