"""Carries out an approved plan: reconcile, dry run, intent, write, effect, verify, done.

Killed at any point, the same call completes it: a step that is found at intent is reconciled against the live world
before anything is repeated, and what somebody else has changed is never overwritten.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from tools.collect.kubernetes.api import Api, ApiFailure
from tools.errors import Refused
from tools.execute.cordon import Schedulability
from tools.execute.executor import CONFLICTS, Executor, World, dry_run
from tools.execute.journal import Journal
from tools.execute.redeploy import Redeploy
from tools.model.action import Action, RedeployPriorRelease
from tools.model.plan import Plan

STEP = 1
POLL = 0.25
Progress = Callable[[str], None]


def executor_for(action: Action) -> Executor:
    """The executor of an action of the closed union."""
    return Redeploy(action) if isinstance(action, RedeployPriorRelease) else Schedulability(action)


def carry_out(plan: Plan, api: Api, journal: Journal, progress: Progress) -> str:
    """Carry the plan out, or what is left of it, and wait until the cluster has settled. Returns how it ended in words.

    Raises `Refused` where the world is not the approved one (nothing was written then, or it is said what was), and
    `ApiFailure` where the cluster does not answer: the journal says how far it came, and a resume goes on.
    """
    executor, state = executor_for(plan.action), journal.state(plan.id, STEP)
    if state is None:
        if executor.world(api, plan.id, plan.bounds) != "before":
            raise _changed(plan, "since it was approved; nothing was written")
        if not executor.meant(dry_run(executor, api, plan.id)[1]):
            raise Refused(
                "rewritten",
                f"admission would rewrite what {plan.action} writes",
                "the server's dry run is not what was approved; nothing was written",
                "change the admission policy, or deploy through the pipeline",
            )
        journal.intent(plan.id, STEP, str(plan.action))
    if state in (None, "intent"):
        _write_once(plan, executor, api, journal)
    if state != "done":
        detail = _settle(plan, executor, api, journal, progress)
        journal.done(plan.id, STEP, detail)
        return detail
    return "it was done before; nothing was written now"


def _write_once(plan: Plan, executor: Executor, api: Api, journal: Journal) -> None:
    """Write unless the live world shows that it was written; a conflicting write is read again, not overwritten."""
    for _ in range(CONFLICTS):
        world: World = executor.world(api, plan.id, plan.bounds)
        if world == "changed":
            journal.note(plan.id, STEP, "stopped: the world changed between intent and write")
            raise _changed(plan, "between intent and write; nothing of this plan is in place")
        if world == "after":
            journal.effect(plan.id, STEP, "found in place")
            return
        write = executor.write(api, plan.id)
        journal.hold()
        try:
            after = api.patch(write.path, write.operations, dry_run=False)
        except ApiFailure as failure:
            if failure.code == "conflict":
                continue
            raise
        journal.effect(plan.id, STEP, f"written: resourceVersion {after['metadata']['resourceVersion']}")
        return
    raise Refused("conflict", f"{plan.action}: others write to it all the time", f"{CONFLICTS} tries", "resume later")


def _settle(plan: Plan, executor: Executor, api: Api, journal: Journal, progress: Progress) -> str:
    deadline = time.monotonic() + executor.timeout
    while True:
        settled = executor.settled(api, plan.id)
        progress(settled.detail)
        if settled.done:
            return settled.detail
        if settled.failed or time.monotonic() > deadline:
            journal.note(plan.id, STEP, f"not verified: {settled.detail}")
            raise Refused(
                "not-verified",
                f"{plan.action} was written and is not verified",
                settled.detail,
                f"look at it; the inverse is: {plan.inverse}",
            )
        journal.hold()
        time.sleep(POLL)


def _changed(plan: Plan, when: str) -> Refused:
    fields = "; ".join(f"{bound.ref} ({bound.fields})" for bound in plan.bounds)
    return Refused("changed", f"what the plan depends on has changed {when}", fields, "plan again")
