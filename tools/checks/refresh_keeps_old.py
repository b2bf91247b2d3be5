"""A refresh of a group replaces every server, and nothing in the group keeps an old one.

**Why.** An instance refresh that skips some servers ends as *Successful* all the same. What it left behind still runs
the release before, or holds what somebody changed in place, and everybody believes it gone.

**What is examined.** What the group's last refresh was told (`SkipMatching`, `ScaleInProtectedInstances`,
`StandbyInstances`, its strategy), which members that concerns, which processes of the group are suspended, and which
servers wait in its warm pool on another release than the current one.

**How to fix.** `SkipMatching: false`, `ScaleInProtectedInstances: Refresh` and `StandbyInstances: Terminate` in the
refresh's preferences; resume the processes (`aws autoscaling resume-processes`); take protection off a server as soon
as its work is done; refresh the group again where its warm pool holds an old release, or delete the pool.

**Limits.** The preferences are those of the last refresh: EC2 Auto Scaling keeps none of its own, and the next one may
be told otherwise. A group that was never refreshed has none to judge. `Wait` keeps nothing: such a refresh fails after
an hour. Skip matching compares what a server was launched from with what it would be: it leaves what was changed in
place, and a server whose template's image is a parameter that has moved since. What the last refresh really left
behind is rollout-complete.
"""

from __future__ import annotations

from tools.check import Thing, View, Violation, Violations, check
from tools.model.nouns import Group, Instance, Release, Workload
from tools.model.observation import NotApplicable, NotObserved

NEEDED = ("Launch", "Terminate", "ReplaceUnhealthy", "InstanceRefresh")
"""The processes of a group that replace its members."""


@check(Workload, severity="high", principle="disposable", scopes=("aws",))
def examine(workload: Workload, view: View) -> Violations:
    """Violations for what lets a refresh leave old servers; inconclusive where it was not read."""
    if not workload.read:
        raise NotObserved(f"{workload.ref} is known by reference alone", "not-read", "record its kind too")
    group = workload.group
    if not workload.replicas and not group.warm:
        raise NotApplicable("it is to keep no servers")
    suspended = [process for process in group.suspended if process in NEEDED]
    if suspended:
        told = f"its processes {', '.join(suspended)} are suspended: it does not replace its members"
        yield Violation("processes-suspended", told, [(workload, "group.stopped")])
    if group.skip_matching:
        told = "its refresh skips servers that match its release, also those that were changed since"
        yield Violation("skip-matching", told, [(workload, "group.skip_matching")])
    if group.strategy == "ReplaceRootVolume":
        told = "its refresh replaces the root volumes and keeps the servers"
        yield Violation("root-volumes-only", told, [(workload, "group.strategy")])
    if group.protect_new and group.protected == "Ignore":
        told = "it protects each new member from scale-in, and its refresh ignores those"
        yield Violation("protects-all", told, [(workload, "group.protect_new"), (workload, "group.protected")])
    if group.warm or "Ignore" in (group.protected, group.standby):
        yield from _members(workload, group, view)
    if group.skip_matching is None and workload.rollout_seen is None:
        raise NotObserved(
            "what its refreshes were told was not read",
            "refreshes-not-read",
            "allow autoscaling:DescribeInstanceRefreshes",
        )


def _members(workload: Workload, group: Group, view: View) -> Violations:
    """Violations for the members that a refresh leaves, and for those that wait with an old release."""
    missed: NotObserved | None = None
    current: Release | None = None
    try:
        current = view.current_release(workload) if group.warm else None
    except NotObserved as missing:
        missed = missing
    for instance in view.instances_of(workload):
        if instance.finished or instance.machine_seen is None:
            continue
        machine = instance.machine_seen
        if group.protected == "Ignore" and not group.protect_new and machine.protected:
            told = "it is protected from scale-in, and its group's refresh ignores it"
            evidence: list[tuple[Thing, str]] = [(workload, "group.protected"), (instance, "machine.protected")]
            yield Violation("protected-member", told, evidence, on=instance)
        if group.standby == "Ignore" and machine.lifecycle == "Standby":
            told = "it stands by, and its group's refresh ignores it"
            evidence = [(workload, "group.standby"), (instance, "machine.lifecycle")]
            yield Violation("standby-member", told, evidence, on=instance)
        if current is not None and machine.lifecycle.startswith("Warmed") and _other(instance, current, view):
            told = "it waits in the warm pool with another release than its group's current one"
            told += ", and comes back there after it has served" if group.warm_reuse else ""
            evidence = [(instance, "release_ref.name"), (current, "ref.name"), (instance, "machine.lifecycle")]
            yield Violation("warm-on-old-release", told, evidence, on=instance)
    if missed is not None:
        raise missed


def _other(instance: Instance, current: Release, view: View) -> bool:
    """Whether a server was made by a release of another content than the current one, as far as that was read."""
    made_by = instance.release_ref
    if made_by is None or made_by.uid == current.ref.uid:
        return False
    try:
        release = view.release_of(instance)
    except NotObserved:
        return True
    return release is None or release.template != current.template
