"""How far a group's instance refresh is, and how its next one would replace (`DescribeInstanceRefreshes`)."""

from __future__ import annotations

from collections.abc import Iterable

from tools.collect.aws.mapping.mixed import main_of
from tools.collect.aws.wire.autoscaling import Desired, Group, Member, Refresh
from tools.model.workload import Rollout, Strategy

ACTIVE = ("Pending", "InProgress", "Baking")
"""The states in which a refresh replaces, or is about to: by its desired configuration, where it has one."""
GOES_BACK = ("RollbackInProgress", "RollbackSuccessful", "RollbackFailed")
GAVE_UP = ("Failed", "RollbackFailed", "Cancelled")
MIN_HEALTHY, MAX_HEALTHY = 90, 100
"""The API's defaults, in percent of the desired capacity, where neither a refresh nor the group says another."""


def newest_of(refreshes: Iterable[Refresh]) -> tuple[Refresh | None, int]:
    """The newest of a group's refreshes, with its place in the answer: one that has not ended, else the one that began
    (of a recording without that: ended) last."""
    numbered = list(enumerate(refreshes))
    if not numbered:
        return None, -1

    def order(item: tuple[int, Refresh]) -> tuple[bool, str, int]:
        index, refresh = item
        open_ = refresh.status in (*ACTIVE, "Cancelling", "RollbackInProgress")
        return open_, refresh.start_time or refresh.end_time, -index

    index, newest = max(numbered, key=order)
    return newest, index


def target_of(group: Group, refresh: Refresh | None) -> Group | Desired:
    """What a group replaces by now: the desired configuration of a refresh that is under way, which the group takes
    over when it has succeeded; else its own."""
    desired = refresh.desired_configuration if refresh is not None and refresh.status in ACTIVE else None
    return desired if desired is not None and main_of(desired) is not None else group


def strategy_of(group: Group, refresh: Refresh | None) -> Strategy:
    """How it replaces: the percentages of the last refresh, else of the group's maintenance policy, else the API's
    defaults, as bounds (90 % healthy at least: 10 % unavailable at most)."""
    least, most = MIN_HEALTHY, MAX_HEALTHY
    for source in (group.instance_maintenance_policy, refresh.preferences if refresh is not None else None):
        if source is not None:
            low, high = source.min_healthy_percentage, source.max_healthy_percentage
            least = low if low is not None and low >= 0 else least  # -1: taken back
            most = high if high is not None and high >= 0 else most
    return Strategy("InstanceRefresh", f"{100 - least}%", f"{max(most - 100, 0)}%")


def rollout_of(versions: list[tuple[Member, bool]], refresh: Refresh | None, index: int) -> Rollout:
    """The rollout of a group's current release: its members, each with whether it is of that release, and what the
    newest refresh says."""
    status = refresh.status if refresh is not None else ""
    back = refresh is not None and (status in GOES_BACK or refresh.rollback_details is not None)
    told = (refresh.rollback_details.rollback_reason if refresh.rollback_details else "") if refresh else ""
    return Rollout(
        updated=sum(1 for _, current in versions if current),
        replicas=len(versions),
        available=sum(1 for member, _ in versions if serves(member)),
        generation_seen=None,
        progressing=None if not status else "False" if status in (*GAVE_UP, "RollbackSuccessful") else "True",
        reason=status,
        message=(told or refresh.status_reason) if refresh is not None else "",
        since=(refresh.end_time or refresh.start_time) if refresh is not None else "",
        condition_slot=f"/InstanceRefreshes/{index}" if refresh is not None else "",
        phase="Failed" if status in ("Failed", "RollbackFailed") else "",
        aborted=back,
    )


def serves(member: Member) -> bool:
    """Whether a member is in service, and healthy."""
    return member.lifecycle_state == "InService" and member.health_status.lower() == "healthy"


def stays(member: Member) -> bool:
    """Whether a member is not on its way out of its group."""
    return not member.lifecycle_state.startswith(("Terminat", "Detach"))
