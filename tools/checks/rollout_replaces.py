"""A new release makes new instances and ends the old ones.

**Why.** A strategy that waits for somebody to delete the old instances, stops half way or never replaces anything lets
a fleet run several releases for as long as nobody looks.

**What is examined.** The workload's strategy: `OnDelete`, a StatefulSet's partition, a paused rollout, bounds that let
every instance end at once, and a bare ReplicaSet, whose changed template replaces nothing.

**How to fix.** `RollingUpdate` without a partition, with `maxUnavailable` below the number of instances, not paused;
a Deployment in place of a bare ReplicaSet; for a group of servers a `MinHealthyPercentage` above 0.

**Limits.** This is what the strategy would do, not what the last rollout did (rollout-complete). `Recreate` ends all
before it makes any, and replaces: a pass. Jobs, and what a host's own file declares, have no rollout.
"""

from __future__ import annotations

from math import ceil, floor

from tools.check import View, Violation, Violations, check
from tools.model.nouns import Strategy, Workload
from tools.model.observation import NotApplicable, NotObserved


@check(Workload, severity="high", principle="gate")
def examine(workload: Workload, view: View) -> Violations:
    """Violations for what keeps a release from replacing all instances."""
    if not workload.read:
        raise NotObserved(f"{workload.ref} is known by reference alone", "not-read", "record its kind too")
    if workload.ref.kind in ("ReplicaSet", "ReplicationController"):
        told = "a changed template replaces no instance: nothing rolls it out"
        yield Violation("never-replaces", told, [(workload, "replicas")])
        return
    if not workload.rolls:
        raise NotApplicable("it has no rollout: its instances run to their end, or a host's own file declares them")
    strategy = workload.strategy
    if strategy is None:
        raise NotObserved(f"{workload.ref} reports no strategy", "not-reported")
    if workload.paused:
        yield Violation("paused", "its rollouts are paused: a new release replaces nothing", [(workload, "paused")])
    if strategy.type == "OnDelete":
        told = "it replaces an instance only when somebody deletes it"
        yield Violation("on-delete", told, [(workload, "strategy.type")])
    if strategy.partition > 0:
        told = f"its partition keeps the instances below {strategy.partition} at the old release"
        yield Violation("partitioned", told, [(workload, "strategy.partition"), (workload, "replicas")])
    if _all_at_once(strategy, workload):
        told = f"it may end all {workload.replicas} instances at once"
        yield Violation("all-at-once", told, [(workload, "strategy.max_unavailable"), (workload, "replicas")])


def _all_at_once(strategy: Strategy, workload: Workload) -> bool:
    """Whether the bound lets every instance of several be unavailable. A percentage is rounded as the controllers do:
    down, and up for a DaemonSet."""
    bound = strategy.max_unavailable
    if workload.replicas < 2 or not bound or strategy.type not in ("RollingUpdate", "Canary", "InstanceRefresh"):
        return False
    number, percent, _ = bound.partition("%")
    if not number.isascii() or not number.isdigit():
        raise NotObserved(f"{workload.ref} reports {bound!r} as maxUnavailable", "unreadable-bound")
    if not percent:
        return int(number) >= workload.replicas
    share = int(number) * workload.replicas / 100
    return (ceil if workload.ref.kind == "DaemonSet" else floor)(share) >= workload.replicas
