"""How far a rollout is, and how the next would go: from each kind's status and strategy, with the API's defaults."""

from __future__ import annotations

import msgspec

from tools.collect.kubernetes import wire
from tools.model.nouns import Rollout, Strategy


def of_deployment(status: wire.DeploymentStatus) -> Rollout:
    """A Deployment's status."""
    index, progressing = _progressing(status.conditions)
    return Rollout(
        updated=status.updated_replicas,
        replicas=status.replicas,
        available=status.available_replicas,
        generation_seen=status.observed_generation,
        progressing=progressing.status if progressing else None,
        reason=(progressing.reason or "") if progressing else "",
        message=(progressing.message or "") if progressing else "",
        since=(progressing.last_transition_time or "") if progressing else "",
        condition_slot=f"/status/conditions/{index}" if progressing else "",
    )


def of_argo(status: wire.RolloutStatus) -> Rollout:
    """An Argo Rollout's status. Its condition keeps one status from release to release, so the time is that of its last
    update; `observedGeneration` is text."""
    index, progressing = _progressing(status.conditions)
    seen = status.observed_generation
    return Rollout(
        updated=status.updated_replicas,
        replicas=status.replicas,
        available=status.available_replicas,
        generation_seen=int(seen) if seen.isascii() and seen.isdigit() else None,
        progressing=progressing.status if progressing else None,
        reason=(progressing.reason or "") if progressing else "",
        message=status.message or (progressing.message or "" if progressing else ""),
        since=(progressing.last_update_time or progressing.last_transition_time or "") if progressing else "",
        condition_slot=f"/status/conditions/{index}" if progressing else "",
        phase=status.phase,
        aborted=status.abort,
    )


def of_stateful_set(status: wire.StatefulSetStatus) -> Rollout:
    """A StatefulSet's status, which has no condition: when its rollout began is told by its ControllerRevision."""
    available = status.available_replicas
    counted = _counted(
        status.updated_replicas,
        status.replicas,
        status.ready_replicas if available is None else available,
        status.observed_generation,
    )
    leaving = status.current_revision if status.current_revision != status.update_revision else ""
    return msgspec.structs.replace(counted, leaving=leaving)


def of_daemon_set(status: wire.DaemonSetStatus) -> Rollout:
    """A DaemonSet's status: it counts nodes, and has no condition either."""
    return _counted(
        status.updated_number_scheduled,
        status.current_number_scheduled,
        status.number_available,
        status.observed_generation,
    )


def _counted(updated: int, replicas: int, available: int, seen: int | None) -> Rollout:
    return Rollout(
        updated=updated,
        replicas=replicas,
        available=available,
        generation_seen=seen,
        progressing=None,
        reason="",
        message="",
        since="",
        condition_slot="",
    )


def _progressing(conditions: list[wire.Condition] | None) -> tuple[int, wire.Condition | None]:
    return next(((i, c) for i, c in enumerate(conditions or ()) if c.type == "Progressing"), (0, None))


def deployment_strategy(strategy: wire.DeploymentStrategy) -> Strategy:
    """A Deployment's: 25 % and 25 % unless it says otherwise."""
    if strategy.type == "Recreate":
        return Strategy("Recreate")
    return _bounds(strategy.rolling_update, "25%", "25%")


def stateful_set_strategy(strategy: wire.UpdateStrategy) -> Strategy:
    """A StatefulSet's: one at a time, from the highest ordinal down to the partition."""
    return Strategy("OnDelete") if strategy.type == "OnDelete" else _bounds(strategy.rolling_update, "1", "")


def daemon_set_strategy(strategy: wire.UpdateStrategy) -> Strategy:
    """A DaemonSet's: one node at a time, and no surge."""
    return Strategy("OnDelete") if strategy.type == "OnDelete" else _bounds(strategy.rolling_update, "1", "0")


def argo_strategy(strategy: wire.RolloutStrategy) -> Strategy | None:
    """An Argo Rollout's; None where it has none, which its controller refuses."""
    if strategy.canary is not None:
        return Strategy("Canary", str(strategy.canary.max_unavailable), str(strategy.canary.max_surge))
    return Strategy("BlueGreen") if strategy.blue_green is not None else None


def _bounds(update: wire.RollingUpdate | None, unavailable: str, surge: str) -> Strategy:
    update = update or wire.RollingUpdate()
    return Strategy(
        "RollingUpdate",
        unavailable if update.max_unavailable is None else str(update.max_unavailable),
        surge if update.max_surge is None else str(update.max_surge),
        update.partition,
    )
