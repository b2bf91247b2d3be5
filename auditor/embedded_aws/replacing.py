"""How an instance refresh replaces: the old before the new, the new before the old, or only the root volume."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from auditor.embedded_aws.ec2 import replace_root
from auditor.embedded_aws.members import Member
from auditor.embedded_aws.preferences import batch

if TYPE_CHECKING:
    from auditor.embedded_aws.refresh import Refresh

ROOT = "ReplaceRootVolume"


def replace(refresh: Refresh, now: datetime) -> None:
    """Replace what may be replaced now."""
    old = [member for member in refresh.group.present() if member.instance.id in refresh.todo]
    if refresh.at_checkpoint(now, old):
        return
    free = [member for member in old if not refresh.held_back(member)]
    size, first = batch(refresh.group.desired_capacity, refresh.given)
    if refresh.strategy == ROOT and not refresh.rollback:
        size, first = batch(refresh.group.desired_capacity, refresh.given)[0], False
    flying = len(refresh.in_flight(now))
    blocked = any(map(refresh.group.suspended, ("Launch", "Terminate")))
    if first and not blocked:
        _surge(refresh, free, size, now)
    elif not blocked:
        for member in free[: max(0, min(size - flying - refresh.missing(), refresh.goal() - refresh.gone))]:
            _swap(refresh, member, now)
    refresh.conclude(old, now)


def _surge(refresh: Refresh, free: list[Member], size: int, now: datetime) -> None:
    """New ones first: as many as the maximum lets, and an old one goes for each that has warmed up."""
    extra = len(refresh.group.live()) - refresh.group.desired_capacity
    warm = sum(refresh.warm(member, now) for member in refresh.fresh())
    spare = min(extra, warm - refresh.gone)
    for member in free[: max(0, spare)]:
        refresh.group.end(member, refresh.cause())
    left = [member for member in free if member in refresh.group.present()]
    extra = len(refresh.group.live()) - refresh.group.desired_capacity
    for _ in range(
        max(0, min(size - extra, len(left) - len(refresh.in_flight(now)), refresh.goal() - len(refresh.fresh())))
    ):
        if refresh.group.start(refresh.cause(), refresh.by) is None:
            break
    refresh.count(now)


def _swap(refresh: Refresh, member: Member, now: datetime) -> None:
    if refresh.strategy == ROOT and not refresh.rollback:
        _in_place(refresh, member, now)
        return
    refresh.group.end(member, refresh.cause())
    if len(refresh.group.live()) < refresh.group.desired_capacity:
        refresh.group.start(refresh.cause(), refresh.by)


def _in_place(refresh: Refresh, member: Member, now: datetime) -> None:
    """The instance stays and gets another root volume, of the image that it should have."""
    launch = refresh.group.fresh(refresh.desired or refresh.group.setting)[0]
    replace_root(refresh.group.account_id, refresh.group.region, member.instance, launch.image, now)
    member.launch, member.by, member.ready_at = launch, refresh.by, now
    refresh.todo.remove(member.instance.id)
