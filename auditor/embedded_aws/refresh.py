"""The state machine of an instance refresh, as Amazon EC2 Auto Scaling documents it.

    Pending → InProgress → (Baking →) Successful | Failed
                  ├→ Cancelling → Cancelled
                  └→ RollbackInProgress → RollbackSuccessful | RollbackFailed

A step does what is due: it replaces a batch, counts an instance as updated when it has been in service, healthy, for
the warm-up, waits at checkpoints, and gives up after an hour without progress.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from moto.moto_api._internal import mock_random

from auditor.embedded_aws import replacing, world
from auditor.embedded_aws.launching import CannotLaunch, Setting
from auditor.embedded_aws.members import Member
from auditor.embedded_aws.preferences import irreversible

ACTIVE = ("Pending", "InProgress", "Baking", "Cancelling", "RollbackInProgress")
PATIENCE = timedelta(hours=1)
PENDING = timedelta(seconds=1)


class Refresh:
    """One instance refresh of a group. `desired` is the DesiredConfiguration (empty: none), `given` the preferences."""

    def __init__(self, group: Any, strategy: str, desired: Setting, given: dict[str, Any], now: datetime) -> None:
        self.id = str(mock_random.uuid4())
        self.group, self.strategy, self.desired, self.given = group, strategy, desired, given
        self.before: Setting = group.setting
        self.status, self.reason = "Pending", ""
        self.asked = self.progressed = now
        self.start: datetime | None = None
        self.end: datetime | None = None
        self.held: datetime | None = None  # the end of the wait at a checkpoint
        self.baked: datetime | None = None
        self.passed = 0  # checkpoints
        self.todo: list[str] = []
        self.total = 0
        self.updated: set[str] = set()
        self.most = 0
        self.rollback: dict[str, Any] = {}
        self.waits = True

    @property
    def active(self) -> bool:
        """Whether it has not ended."""
        return self.status in ACTIVE

    @property
    def warmup(self) -> timedelta:
        """How long an instance is in service before it counts."""
        return timedelta(seconds=self.given["InstanceWarmup"])

    @property
    def by(self) -> str:
        """What its new members are marked with; those of a rollback apart."""
        return f"{self.id}/back" if self.rollback else self.id

    def fresh(self) -> list[Member]:
        """The members that it brought, and that are there."""
        return [member for member in self.group.present() if member.by == self.by]

    def step(self, now: datetime) -> None:
        """Do what is due now."""
        if self.status == "Pending" and now >= self.asked + PENDING:
            self._begin(now)
        if self.group.suspended("InstanceRefresh"):
            return
        if self.status in ("InProgress", "RollbackInProgress"):
            self.count(now)
            replacing.replace(self, now)
        if self.status == "Baking" and self.baked and now >= self.baked:
            self._succeed(now)
        if self.status == "Cancelling" and not (self.waits and self.in_flight(now)):
            self._finish("Cancelled", now)

    def moments(self, now: datetime) -> Iterator[datetime]:
        """When something may be due next."""
        yield self.asked + PENDING
        yield self.progressed + PATIENCE
        yield from (at for at in (self.held, self.baked) if at)
        yield from (member.ready_at + self.warmup for member in self.fresh())

    def cancel(self, waits: bool, now: datetime) -> None:
        """Stop replacing; what is on its way is waited for where asked."""
        self.status, self.waits = "Cancelling", waits
        self.group.desired_setting = None
        self.step(now)

    def roll_back(self, reason: str, now: datetime) -> None:
        """Go back to what the group was before."""
        fresh = [member.instance.id for member in self.fresh()]
        self.rollback = {
            "RollbackReason": reason,
            "RollbackStartTime": now,
            "PercentageCompleteOnRollback": self.percentage,
            "InstancesToUpdateOnRollback": self.left,
        }
        self.status, self.reason = "RollbackInProgress", reason
        self.group.desired_setting = self.before
        self.todo, self.total, self.updated, self.most = fresh, len(fresh), set(), 0
        self.progressed, self.held, self.baked = now, None, None

    @property
    def percentage(self) -> int:
        """How much of it is done; during a rollback what is left to undo, down to zero."""
        if not self.total:
            return 0 if self.rollback or self.status == "Pending" else 100
        share = 100 * len(self.updated) // self.total
        return self.rollback["PercentageCompleteOnRollback"] * (100 - share) // 100 if self.rollback else share

    @property
    def left(self) -> int:
        """How many instances remain to be updated; of a rollback, what the refresh had left."""
        if self.rollback:
            return int(self.rollback["InstancesToUpdateOnRollback"])
        return self.total - len(self.updated)

    def _begin(self, now: datetime) -> None:
        self.status, self.start, self.progressed = "InProgress", now, now
        self.group.desired_setting = self.desired or None
        same = self._same() if self.given["SkipMatching"] else set()
        for member in self.group.present():
            matching = member.launch is not None and (member.launch.same, member.launch.instance_type) in same
            if not matching and not self._ignored(member):
                self.todo.append(member.instance.id)
        self.total = len(self.todo)

    def _same(self) -> set[Any]:
        try:
            options = self.group.fresh(self.desired or self.group.setting)
        except CannotLaunch:
            return set()
        return {(launch.same, launch.instance_type) for launch in options}

    def _ignored(self, member: Member) -> bool:
        standby = member.lifecycle_state == "Standby" and self.given["StandbyInstances"] == "Ignore"
        return standby or (bool(member.protected_from_scale_in) and self.given["ScaleInProtectedInstances"] == "Ignore")

    def held_back(self, member: Member) -> bool:
        """Whether an instance must be waited for: protected from scale in, or in standby."""
        if self.rollback:
            return False
        if member.lifecycle_state == "Standby":
            return bool(self.given["StandbyInstances"] == "Wait")
        return bool(member.protected_from_scale_in) and self.given["ScaleInProtectedInstances"] == "Wait"

    def in_flight(self, now: datetime) -> list[Member]:
        """The new members that do not count yet."""
        return [member for member in self.fresh() if not self.warm(member, now)]

    def warm(self, member: Member, now: datetime) -> bool:
        """Whether a member has been in service, healthy, for the warm-up."""
        well = member.lifecycle_state == "InService" and member.health_status == "Healthy"
        return bool(well and now >= member.ready_at + self.warmup)

    def count(self, now: datetime) -> None:
        """Count what is updated; none is counted that an old one still stands beside."""
        warm = [member.instance.id for member in self.fresh() if self.warm(member, now)]
        self.updated = set(warm[: self.gone])
        warming = [m for m in self.in_flight(now) if m.lifecycle_state == "InService" and m.health_status == "Healthy"]
        if warming or len(self.updated) > self.most:
            self.progressed = now
        self.most = max(self.most, len(self.updated))

    def _there(self) -> int:
        there = {member.instance.id for member in self.group.present()}
        return sum(one in there for one in self.todo)

    def missing(self) -> int:
        """How many instances the group lacks."""
        return int(max(0, self.group.desired_capacity - len(self.group.live())))

    def goal(self) -> int:
        """How many are to be updated until the next checkpoint."""
        points = self.given.get("CheckpointPercentages") or [100]
        share = 100 if self.rollback else points[min(self.passed, len(points) - 1)]
        return -(-self.total * share // 100)

    @property
    def gone(self) -> int:
        """How many of the instances to be replaced are gone."""
        return self.total - self._there()

    def at_checkpoint(self, now: datetime, old: list[Member]) -> bool:
        """Whether it waits at a checkpoint."""
        points = self.given.get("CheckpointPercentages") or []
        if self.rollback or not points or len(self.updated) < self.goal() or self.passed >= len(points) - 1:
            return False
        if self.held is None:
            self.held = now + timedelta(seconds=self.given["CheckpointDelay"])
            self.reason = f"Waiting at the {points[self.passed]}% checkpoint until {self.held:%Y-%m-%dT%H:%M:%SZ}."
        if now < self.held:
            self.progressed = now
            return True
        self.held, self.reason, self.passed = None, "", self.passed + 1
        return self.at_checkpoint(now, old)

    def conclude(self, old: list[Member], now: datetime) -> None:
        """End it where all is done, or where nothing has come for an hour."""
        if self.gone >= self.goal() and not self.missing() and not self.in_flight(now):
            bake = 0 if self.rollback else self.given.get("BakeTime") or 0
            if bake:
                self.status, self.baked = "Baking", now + timedelta(seconds=bake)
            else:
                self._succeed(now)
        elif now >= self.progressed + PATIENCE:
            self._fail(old, now)

    def _succeed(self, now: datetime) -> None:
        if self.goal() == self.total:
            self.total = len(self.updated)  # the group may have become smaller meanwhile
        if not self.rollback and self.desired:
            self.group.adopt(self.desired)
        self._finish("RollbackSuccessful" if self.rollback else "Successful", now)

    def _fail(self, old: list[Member], now: datetime) -> None:
        held = [member.instance.id for member in old if self.held_back(member)]
        why = "instances are in Standby state or protected from scale in" if held else "instances could not be launched"
        self.reason = (
            f"Timed out: no instance was replaced for an hour because {why}: {', '.join(held) or self.group.name}."
        )
        if self.rollback:
            self._finish("RollbackFailed", now)
        elif self.given["AutoRollback"] and not irreversible(self.group, self.desired):
            self.roll_back(f"Automatic rollback: {self.reason}", now)
        else:
            self._finish("Failed", now)

    def _finish(self, status: str, now: datetime) -> None:
        self.status, self.end = status, now
        self.group.desired_setting = None

    def cause(self) -> str:
        """What its scaling activities say."""
        moment = f"{world.current().now():%Y-%m-%dT%H:%M:%SZ}"
        return f"At {moment} an instance was replaced in response to an instance refresh ({self.id})."
