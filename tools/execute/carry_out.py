"""Carries out an approved plan, step by step: reconcile, rehearse, intent, act, effect, verify, done; then the next.

Killed at any point, the same call completes it: a step that is found at intent is reconciled against the live world
before anything is repeated, what somebody else has changed is never overwritten, and a step that is not verified lets
none follow. Each step acts in its own place, and before it does, what earlier steps did in other places must still
hold there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, assert_never

import msgspec

from tools.errors import ApiFailure, AuditorError, Refused
from tools.execute.cordon import Schedulability
from tools.execute.drain import Draining
from tools.execute.executor import CONFLICTS, Blocked, Executor, Settled
from tools.execute.journal import FIRST, Journal, State
from tools.execute.pause import Pausing
from tools.execute.place import Places
from tools.execute.redeploy import Redeploy
from tools.execute.redeploy_sets import RESOURCES, RedeploySet
from tools.execute.replace import Replacement
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
from tools.model.plan import Plan, Step

POLL = 0.25
Stop = Callable[[], bool]


class Standing(msgspec.Struct, frozen=True):
    """Where an execution stands: in which step of how many, and what is seen."""

    step: int
    steps: int
    detail: str


Progress = Callable[[Standing], None]


def executor_for(action: Action) -> Executor[Any]:
    """The executor of an action of the closed union."""
    match action:
        case RedeployPriorRelease() if action.workload.kind == "AutoScalingGroup":
            from tools.execute.aws.refresh import GroupRefresh

            return GroupRefresh(action)
        case RedeployPriorRelease():
            return Redeploy(action) if action.workload.kind not in RESOURCES else RedeploySet(action)
        case Cordon() | Uncordon():
            return Schedulability(action)
        case ReplaceInstance() if action.instance.kind == "Instance":
            from tools.execute.aws.terminate import Termination

            return Termination(action)
        case ReplaceInstance():
            return Replacement(action)
        case Drain():
            return Draining(action)
        case PauseRollout() | ResumeRollout():
            return Pausing(action)
    assert_never(action)


def carry_out(plan: Plan, places: Places, journal: Journal, progress: Progress, stop: Stop = lambda: False) -> str:
    """Carry the plan out, or what is left of it, each step in the place of its scope, and wait after each until that
    has settled. Returns how it ended in words. `stop` is asked between steps.

    Raises `Refused` where the world is not the approved one, where a step is not verified or where it was stopped (what
    was done is said, and what was not), and `ApiFailure` where the cluster does not answer or rejects a request: it
    says how far the journal came, and a resume goes on.
    """
    details = []
    for number, step in enumerate(plan.steps, FIRST):
        if journal.state(plan.id, number) == "done":
            continue
        if number > FIRST and stop():
            raise Refused("stopped", "it was stopped between two steps", standing(plan, journal.state), ways_on(plan))
        running = Running(plan, number, step, places, journal, progress)
        try:
            details.append(running.carry_out())
        except Refused as refused:
            if number == FIRST and refused.code != "rejected":
                raise
            raise Refused(
                refused.code,
                f"step {number} of {len(plan.steps)}: {refused.message}",
                _where(refused, plan, journal),
                f"{refused.mend}; then {_go_on(plan, journal)}"
                if refused.code == "rejected"
                else refused.mend or ways_on(plan),
            ) from refused
        except ApiFailure as failure:
            where, mend = _where(failure, plan, journal), failure.mend or _go_on(plan, journal)
            raise ApiFailure(failure.status, failure.code, failure.message, where, mend) from failure
    return "; ".join(details) or "it was done before; nothing was written now"


def _where(error: AuditorError, plan: Plan, journal: Journal) -> str:
    """Why it was stopped, and which steps that leaves done, begun and not begun."""
    return " ".join(part for part in (error.cause and f"{error.cause};", standing(plan, journal.state)) if part)


def _go_on(plan: Plan, journal: Journal) -> str:
    """How to go on once what stopped it is mended."""
    if all(journal.state(plan.id, number) is None for number, _ in enumerate(plan.steps, FIRST)):
        return f"auditor execute {plan.run} tries again: nothing was done"
    return ways_on(plan)


def standing(plan: Plan, state_of: Callable[[str, int], State | None]) -> str:
    """Which steps of a plan are done, begun, and not begun, in words."""
    told: dict[str, list[str]] = {"done": [], "begun": [], "not begun": []}
    for number, step in enumerate(plan.steps, FIRST):
        state = state_of(plan.id, number)
        told["done" if state == "done" else "begun" if state else "not begun"].append(f"{number} {step.action}")
    return "; ".join(f"{word}: {', '.join(steps)}" for word, steps in told.items() if steps)


def ways_on(plan: Plan) -> str:
    """What a person can do about a plan that stands half done."""
    return f"auditor resume {plan.run} goes on; auditor plan --undo {plan.run} plans the way back"


class Running:
    """One step while it is carried out."""

    def __init__(
        self, plan: Plan, number: int, step: Step, places: Places, journal: Journal, progress: Progress
    ) -> None:
        self.plan, self.number, self.step = plan, number, step
        self.places, self.scope = places, plan.part_of(step.action).scope
        self.api, self.journal = places[self.scope].client, journal
        self.executor = executor_for(step.action)
        self._progress = progress
        self.did = "found in place"

    def carry_out(self) -> str:
        """Do what is left of the step; how it ended, in words."""
        self._say(str(self.step.action))
        state = self.journal.state(self.plan.id, self.number)
        if state is None:
            world = self.executor.world(self.api, self.plan.id, self.step.bounds)
            if world == "changed" or (world == "after" and not (self.executor.repeatable and self.number > FIRST)):
                raise self._changed("since it was approved; nothing was written")
            if self.number == FIRST:
                self._refuse_unready_elsewhere()
            if world == "before":
                self._hold_elsewhere("since it was done; nothing of this step was written")
            self.executor.rehearse(self.api, self.plan.id)
            self.journal.intent(self.plan.id, self.number, str(self.step.action))
        if state in (None, "intent"):
            self._act_once()
        with self._recorded():
            detail = self._settle()
            self.journal.done(self.plan.id, self.number, detail)
        return detail

    def _act_once(self) -> None:
        """Act unless the live world shows that it was done; after a conflict it is read again, never overwritten."""
        conflicts, deadline = 0, time.monotonic() + self.executor.timeout
        while conflicts < CONFLICTS:
            world = self.executor.world(self.api, self.plan.id, self.step.bounds)
            if world == "changed":
                self._note("stopped: the world changed between intent and write")
                raise self._changed("between intent and write; nothing of this step is in place")
            if world == "after":
                self.journal.effect(self.plan.id, self.number, self.did)
                return
            self._hold_elsewhere("between intent and write; nothing of this step is in place")
            self.journal.hold()
            try:
                detail = self._act()
            except Blocked as blocked:
                self._say(str(blocked))
                if time.monotonic() > deadline:
                    raise self._unverified(f"nothing was done: {blocked}") from blocked
                time.sleep(POLL)
                continue
            except ApiFailure as failure:
                if failure.code != "conflict":
                    raise
                conflicts += 1
                continue
            self.did = detail
            with self._recorded():
                self.journal.effect(self.plan.id, self.number, detail)
            return
        raise Refused(
            "conflict", f"{self.step.action}: others write to it all the time", f"{CONFLICTS} tries", "resume later"
        )

    def _refuse_unready_elsewhere(self) -> None:
        """Raise `Refused` where a later step, in another place, could not be done any more: nothing is begun for it."""
        tried = {self.scope}
        for step in self.plan.steps:
            scope, executor = self.plan.part_of(step.action).scope, executor_for(step.action)
            if scope == self.scope:
                continue
            if executor.world(self.places[scope].client, self.plan.id, step.bounds) != "before":
                raise self._changed("since it was approved; nothing was written", step)
            if scope not in tried:  # what comes behind the first one there may wait for it
                executor.rehearse(self.places[scope].client, self.plan.id)
            tried.add(scope)

    def _hold_elsewhere(self, when: str) -> None:
        """What this plan's earlier steps did in other places must still be so: nothing there keeps it while this step's
        own place is looked at. Raises `Refused` where it is not."""
        for step in self.plan.steps[: self.number - FIRST]:
            scope = self.plan.part_of(step.action).scope
            if scope == self.scope:
                continue
            settled: Settled = executor_for(step.action).settled(self.places[scope].client, self.plan.id)
            if not settled.done:
                raise Refused("changed", f"{step.action} does not hold any more {when}", settled.detail, "plan again")

    @contextmanager
    def _recorded(self) -> Iterator[None]:
        """Where the journal can't take what follows a write, that is said: the write was done nevertheless."""
        try:
            yield
        except (Refused, ApiFailure):
            raise
        except AuditorError as error:
            raise AuditorError(
                f"{self.step.action} was done ({self.did}), and the journal could not take it",
                " ".join(part for part in (error.message, error.cause) if part),
                f"{error.mend}; then auditor resume {self.plan.run} goes on: it finds in place what was done",
            ) from error

    def _settle(self) -> str:
        deadline = time.monotonic() + self.executor.timeout
        while True:
            settled: Settled = self.executor.settled(self.api, self.plan.id)
            self._say(settled.detail)
            if settled.done:
                return settled.detail
            if settled.failed or time.monotonic() > deadline:
                raise self._unverified(settled.detail)
            self.journal.hold()
            if settled.again:
                try:
                    self.did = self._act()
                    self._note(self.did)
                except Blocked as blocked:
                    self._say(str(blocked))
            time.sleep(POLL)

    def _act(self) -> str:
        return self.executor.act(self.api, self.plan.id, self.journal.write_id(self.plan.id, self.number))

    def _say(self, detail: str) -> None:
        self._progress(Standing(self.number, len(self.plan.steps), detail))

    def _note(self, detail: str) -> None:
        self.journal.note(self.plan.id, self.number, detail)

    def _unverified(self, detail: str) -> Refused:
        self._note(f"not verified: {detail}")
        return Refused("not-verified", f"{self.step.action} was begun and is not verified", detail, ways_on(self.plan))

    def _changed(self, when: str, step: Step | None = None) -> Refused:
        fields = "; ".join(f"{bound.ref} ({bound.fields})" for bound in (step or self.step).bounds)
        return Refused("changed", f"what the plan depends on has changed {when}", fields, "plan again")
