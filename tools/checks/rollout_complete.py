"""Every rollout came to its end: the current release is healthy, and no superseded instance outlives it.

**Why.** A rollout that stops half way leaves two releases serving at once, and the broken one holds the place
of the next. It looks deployed to the pipeline and is not.

**What is examined.** The rollout's status as the controller wrote it (updated, available, the Progressing
condition), and the instances that still belong to earlier releases. A release that was not healthy by its
deadline (`spec.progressDeadlineSeconds`) is a violation; so is a superseded instance that is still there once
the rollout has ended, or once a paused rollout has stood for longer than the deadline.

**How to fix.** Redeploy the prior release, which the remedy does; then find out why the new one never became
ready.

**Limits.** A rollout within its deadline is inconclusive: it is neither complete nor failed. A release that
was healthy and broke later is not this check's subject. Workloads of kinds that are not read yet are
inconclusive.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from tools.check import View, Violation, Violations, check
from tools.model.nouns import Instance, Release, Workload
from tools.model.observation import NotApplicable, NotObserved


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`grace` is how many seconds a superseded instance may outlive its release, and how long a rollout without a
    deadline may take."""

    grace: int = 600


@check(Workload, severity="high", principle="rollback", settings=Settings)
def examine(workload: Workload, view: View) -> Violations:
    """Violations for a release that missed its deadline and for superseded instances; inconclusive while under way."""
    current = view.current_release(workload)
    if not workload.rolls:
        raise NotApplicable(f"a bare {workload.ref.kind} makes no releases")
    if workload.replicas == 0:
        raise NotApplicable("it is scaled to zero")
    if workload.observed_generation < workload.generation:
        raise NotObserved("its controller has not seen its newest specification", "not-reconciled", "look again")
    rollout = workload.rollout
    if rollout.progressing == "False" and rollout.reason == "ProgressDeadlineExceeded":
        yield Violation(
            "deadline-exceeded",
            "its release never became healthy by its deadline",
            [(workload, "rollout.reason"), (workload, "rollout.available"), (current, "ready")],
            since=rollout.since,
            remedy="redeploy-prior-release",
        )
        return
    grace, outlived, lingering = view.settings(Settings).grace, False, False
    for instance in view.instances_of(workload):
        if not _superseded(instance, current):
            continue
        lingering |= not instance.deleted
        if _outlives(instance, workload, current, view.moment, grace):
            outlived = True
            yield Violation(
                "superseded-outlives",
                "an instance of a superseded release outlives it",
                [(current, "created"), (workload, "paused"), (instance, "controller")],
                on=instance,
                since=current.created,
                remedy="redeploy-prior-release",
            )
    if not outlived and (lingering or not _complete(workload)):
        raise NotObserved(_under_way(workload, current), "under-way", "look again after its deadline")


def _outlives(instance: Instance, workload: Workload, current: Release, moment: str, grace: int) -> bool:
    """Whether a superseded instance is there for too long: ending without an end, or not ending though its rollout has
    ended, or stands paused or without a deadline for longer than it may."""
    if instance.deleted:
        return _older(moment, instance.deleted, grace)
    over = _complete(workload) or workload.paused or not workload.deadline
    return over and _older(moment, workload.rollout.since or current.created, workload.deadline or grace)


def _superseded(instance: Instance, current: Release) -> bool:
    return not instance.finished and instance.owner is not None and instance.owner.uid != current.ref.uid


def _complete(workload: Workload) -> bool:
    """Whether the controller has reported this rollout's end: once said, a later loss of availability is no rollout."""
    rollout = workload.rollout
    counted = rollout.updated >= workload.replicas <= rollout.available and rollout.replicas == rollout.updated
    return counted or (rollout.progressing == "True" and rollout.reason == "NewReplicaSetAvailable")


def _under_way(workload: Workload, current: Release) -> str:
    rollout = workload.rollout
    state = "paused" if workload.paused else "under way"
    return (
        f"its rollout to {current.ref.name} is {state}: {rollout.updated} updated and {rollout.available} available of "
        f"{workload.replicas}, with a deadline of {workload.deadline or 'no'} s"
    )


def _older(moment: str, since: str, seconds: int) -> bool:
    if not moment or not since:
        raise NotObserved("it does not report since when it is so", "not-reported")
    try:
        return datetime.fromisoformat(moment) - datetime.fromisoformat(since) > timedelta(seconds=seconds)
    except ValueError as error:  # such as the 30th of February
        raise NotObserved(f"{since!r} or {moment!r} is no time", "not-reported") from error
