"""Every rollout came to its end: the current release is healthy, and no superseded instance outlives it.

**Why.** A rollout that stops half way leaves two releases serving at once, and the broken one holds the place
of the next. It looks deployed to the pipeline and is not.

**What is examined.** The rollout's status as the controller wrote it (updated, available, the Progressing
condition), and the instances that still belong to earlier releases. A release that was not healthy by its
deadline (`spec.progressDeadlineSeconds`) is a violation; so is one that its controller aborted, calls
degraded (an Argo Rollout) or gave up (an instance refresh of a group of servers), and so is a superseded
instance that is still there once the rollout has ended, or
once a paused rollout has stood for longer than the deadline. A StatefulSet and a DaemonSet have no deadline:
there a superseded instance is a violation once nothing of the rollout has moved for the grace; where its strategy
keeps superseded instances, or none is left and the rollout has not ended, an instance of the new release that is
still not ready by then is one. Only a StatefulSet's status says whether its rollout has ended; a DaemonSet's has not
where no instance of its release was ever ready.

**How to fix.** Redeploy the prior release, which the remedy does for a Deployment, a StatefulSet, a DaemonSet and a
group of servers; then find out why the new one never became ready.

**Limits.** A rollout within its deadline is inconclusive: it is neither complete nor failed. So is one that its
own strategy holds (a partition, OnDelete, a paused canary, the old colour of a blue-green rollout), and a DaemonSet
that has no superseded instance left and some of its instances ready. A release that was healthy and broke later is not
this check's subject. Workloads of kinds that are not read are inconclusive; a Job, a CronJob and a static pod replace
no instance by a release.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import msgspec

from tools.check import Thing, View, Violation, Violations, check
from tools.model.nouns import Instance, Release, Workload
from tools.model.observation import NotApplicable, NotObserved
from tools.model.times import parsed
from tools.readiness import never_ready

BEGINS = 600
"""How many seconds after its release became the current one a rollout makes its first instance, at the latest."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`grace` is how many seconds a superseded instance may outlive its release, and how long a rollout without a
    deadline may take."""

    grace: int = 600


REDEPLOYED = ("Deployment", "StatefulSet", "DaemonSet", "AutoScalingGroup")
"""The kinds with an executor that puts an earlier release back."""
ENDED = ("NewReplicaSetAvailable", "Successful")
"""The reason that the controllers of a Deployment and of a group of servers write of a rollout that has ended."""


@check(Workload, severity="high", principle="rollback", settings=Settings)
def examine(workload: Workload, view: View) -> Violations:
    """Violations for a release that failed and for superseded instances; inconclusive while under way or held."""
    if workload.read and not workload.rolls:
        raise NotApplicable(f"a {workload.ref.kind} of its own replaces no instances by a release")
    current = view.current_release(workload)
    if workload.lags:
        raise NotObserved("its controller has not seen its newest specification", "not-reconciled", "look again")
    if workload.replicas == 0:
        raise NotApplicable("it is to keep no instances")
    failure = _failure(workload, current)
    if failure is not None:
        yield failure
        return
    grace, held = view.settings(Settings).grace, _held(workload)
    outlived, lingering, stands = False, False, None
    for instance in view.instances_of(workload):
        if not _superseded(instance, current) or _alike(instance, current, view):
            continue
        if not instance.deleted:
            lingering = True
            stands = _stands(workload, current, view, grace, held) if stands is None else stands
        if _older(view.moment_of(workload.ref), instance.deleted, grace) if instance.deleted else stands:
            outlived = True
            yield Violation(
                "superseded-outlives",
                "an instance of a superseded release outlives it",
                [(current, "created"), (workload, _state(workload)), (instance, _names_release(instance))],
                on=instance,
                since=current.created,
                remedy=_remedy(workload),
            )
    if outlived:
        return
    open_ended = lingering or workload.rollout.leaving or _never_served(workload, current, view)
    unready = _unready(workload, current, view, grace) if open_ended else None
    if unready is not None:
        yield unready
        return
    if lingering and held:
        raise NotObserved(f"{_under_way(workload, current)}; {held}", "held-by-strategy", "see its strategy")
    if lingering or not _complete(workload):
        raise NotObserved(_under_way(workload, current), "under-way", "look again after its deadline")


def _failure(workload: Workload, current: Release) -> Violation | None:
    """The end of a rollout that failed, as its controller says it."""
    rollout = workload.rollout
    counted: list[tuple[Thing, str]] = [(workload, "rollout.available")]
    if current.ready is not None:
        counted.append((current, "ready"))
    if rollout.phase == "Failed":
        return Violation(
            "failed",
            "its controller gave its last rollout up",
            [(workload, "rollout.phase"), (workload, "rollout.message"), *counted],
            since=rollout.since,
            remedy=_remedy(workload),
        )
    if rollout.aborted:
        return Violation(
            "aborted",
            "its release was aborted before it became healthy, and its controller went back by itself",
            [(workload, "rollout.aborted"), (workload, "rollout.message"), *counted],
            since=rollout.since,
        )
    if rollout.progressing == "False" and rollout.reason == "ProgressDeadlineExceeded":
        return Violation(
            "deadline-exceeded",
            "its release never became healthy by its deadline",
            [(workload, "rollout.reason"), *counted],
            since=rollout.since,
            remedy=_remedy(workload),
        )
    if rollout.phase == "Degraded":
        return Violation(
            "degraded",
            "its controller calls it degraded: its release does not become healthy",
            [(workload, "rollout.phase"), (workload, "rollout.message"), *counted],
            since=rollout.since,
        )
    return None


def _remedy(workload: Workload) -> Literal["redeploy-prior-release"] | None:
    """These kinds have an executor that puts an earlier release back; an Argo Rollout has none."""
    return "redeploy-prior-release" if workload.ref.kind in REDEPLOYED else None


def _held(workload: Workload) -> str:
    """Why the workload's own strategy keeps instances of earlier releases; empty where it replaces them all."""
    strategy = workload.strategy
    if strategy is None:
        return ""
    if strategy.type == "OnDelete":
        return "its strategy OnDelete replaces no instance by itself"
    if strategy.partition:
        return f"its partition {strategy.partition} keeps the instances below that ordinal as they are"
    if strategy.type == "BlueGreen":
        return "its strategy keeps the instances of the release before for a while"
    if workload.rollout.phase == "Paused" and not workload.paused:
        return "its strategy pauses between its steps"
    return ""


def _stands(workload: Workload, current: Release, view: View, grace: int, held: str) -> bool:
    """Whether the rollout has left its superseded instances for too long: it has ended, or stands paused or without a
    deadline for longer than it may, and neither holds its strategy them nor says its controller that it goes on."""
    endless = not workload.deadline and workload.rollout.progressing != "True"
    if held or not (_complete(workload) or workload.paused or endless):
        return False
    return _older(view.moment_of(workload.ref), _moved(workload, current, view), workload.deadline or grace)


def _unready(workload: Workload, current: Release, view: View, grace: int) -> Violation | None:
    """An instance of a release without a deadline that does not become ready, while its rollout has not ended."""
    if workload.deadline or workload.rollout.progressing is not None or _complete(workload):
        return None
    broken = [i for i in view.instances_of(current) if not (i.ready or i.deleted or i.finished)]
    if not broken or not _older(view.moment_of(workload.ref), _moved(workload, current, view), grace):
        return None
    return Violation(
        "release-not-ready",
        "an instance of its release is not ready, and nothing of its rollout has moved since",
        [(current, "created"), (workload, "rollout.updated"), (broken[0], "ready"), (broken[0], "ready_since")],
        since=current.created,
        remedy=_remedy(workload),
    )


def _never_served(workload: Workload, current: Release, view: View) -> bool:
    """Whether the rollout of a DaemonSet, whose status names no release that it leaves, can't have ended: it made its
    instances, and none of them was ever ready."""
    if workload.ref.kind != "DaemonSet" or _complete(workload):
        return False
    own = list(view.instances_of(current))
    if not own or not all(never_ready(instance) for instance in own):
        return False
    return not _older(min(i.created for i in own), workload.rollout.since or current.created, BEGINS)


def _moved(workload: Workload, current: Release, view: View) -> str:
    """When the rollout last moved: by its condition; where its kind has none, when its release became the current one,
    and when the newest of its instances was made or became ready."""
    rollout = workload.rollout
    if rollout.progressing is not None or current.ready is not None:
        return max(rollout.since, current.created)
    began = rollout.since
    if not began:
        if any(release.created > current.created for release in view.releases_of(workload)):
            raise NotObserved(f"since when {current.ref} is current again is not in this evidence", "not-reported")
        began = current.created
    own = list(view.instances_of(current))
    return max([began, *(i.created for i in own), *(i.ready_since for i in own if i.ready)])


def _superseded(instance: Instance, current: Release) -> bool:
    made_by = instance.release_ref
    if instance.finished or made_by is None:
        return False
    return made_by.uid != current.ref.uid if made_by.uid else made_by.name not in ("", current.ref.name)


def _alike(instance: Instance, current: Release, view: View) -> bool:
    """Whether a release of another name has the content of the current one: a version that was written again."""
    try:
        made_by = view.release_of(instance)
    except NotObserved:
        return False
    return made_by is not None and made_by.template == current.template


def _state(workload: Workload) -> str:
    """The field that says how the rollout stands."""
    return "paused" if workload.paused else "rollout.updated"


def _names_release(instance: Instance) -> str:
    """The field that says which release made an instance: its controller, or what its controller's label names."""
    return "controller" if instance.release_ref == instance.owner else "release_ref.name"


def _complete(workload: Workload) -> bool:
    """Whether the controller has reported this rollout's end: once said, a later loss of availability is no rollout."""
    rollout = workload.rollout
    counted = rollout.updated >= workload.replicas <= rollout.available and rollout.replicas == rollout.updated
    return counted or (rollout.progressing == "True" and rollout.reason in ENDED)


def _under_way(workload: Workload, current: Release) -> str:
    rollout = workload.rollout
    state = "paused" if workload.paused or rollout.phase == "Paused" else "under way"
    return (
        f"its rollout to {current.ref.name} is {state}: {rollout.updated} updated and {rollout.available} available of "
        f"{workload.replicas}, with a deadline of {workload.deadline or 'no'} s"
    )


def _older(moment: str, since: str, seconds: int) -> bool:
    if not moment or not since:
        raise NotObserved("it does not report since when it is so", "not-reported")
    now, then = parsed(moment), parsed(since)
    if now is None or then is None:  # such as the 30th of February
        raise NotObserved(f"{since!r} or {moment!r} is no time", "not-reported")
    return now - then > timedelta(seconds=seconds)
