"""An Auto Scaling group that does what its desired capacity, its suspended processes and its members' health ask for,
and writes its scaling activities."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from moto.autoscaling import models as autoscaling

from auditor.embedded_aws import activities, hooks, launching, world
from auditor.embedded_aws.configured import Configured
from auditor.embedded_aws.launching import CannotLaunch, Launch, Setting
from auditor.embedded_aws.members import Member

LIVE = ("Pending", "Pending:Wait", "InService")
RETRY = timedelta(seconds=60)


class Group(Configured):
    """The group, moving."""

    _retry: datetime | None = None

    def set_desired_capacity(self, new_capacity: int | None) -> None:
        """Set it, and launch or terminate until it is met."""
        before = getattr(self, "desired_capacity", None)
        self.desired_capacity = self.min_size if new_capacity is None else new_capacity
        self._retry = None
        moved = f"changing the desired capacity from {before or 0} to {self.desired_capacity}"
        self.meet(f"a user request explicitly set group desired capacity {moved}")

    def live(self) -> list[Member]:
        """The members that count: in service or on their way."""
        return [member for member in self.instance_states if member.lifecycle_state in LIVE]

    def meet(self, why: str = "") -> None:
        """Launch or terminate members until the desired capacity is met; a refresh's surge is not too many."""
        running = next((refresh for refresh in self.refreshes if refresh.active), None)
        now = world.current().now()
        missing = self._target() - len(self.live())
        if missing > 0 and not self.suspended("Launch") and not (self._retry and now < self._retry):
            said = (
                why
                or f"an instance was started in response to a difference between desired and actual capacity, "
                f"increasing the capacity from {len(self.live())} to {self._target()}"
            )
            for _ in range(missing):
                if self.start(self._said(said), running.by if running else "") is None:
                    break
        elif missing < 0 and not self.suspended("Terminate") and running is None:
            self._shrink(-missing, why)

    def start(self, cause: str, by: str = "") -> Member | None:
        """Launch one member; None where that failed, which an activity tells."""
        now = world.current().now()
        try:
            options = launching.options(self, self.desired_setting or self.setting)
            spot = self._spot()
            launch = options[len(self.instance_states) % len(options)] if spot else options[0]
            instance = launching.run(self, launch, spot)
        except CannotLaunch as error:
            self._retry = now + RETRY
            self.activities.append(activities.refused(self, cause, str(error), now))
            return None
        self._retry = None
        member = Member(
            instance, protected_from_scale_in=self.new_instances_protected_from_scale_in, autoscaling_group=self
        )
        member.launch, member.by, member.spot = launch, by, spot
        member.ready_at = now + world.current().boot
        member.activity = activities.launching(self, instance, cause, now)
        member.lifecycle_state = "Pending"
        self.activities.append(member.activity)
        self.instance_states.append(member)
        self._arrive(now)
        return member

    def present(self) -> list[Member]:
        """The members that are not on their way out."""
        return [member for member in self.instance_states if not member.lifecycle_state.startswith("Terminating")]

    def end(self, member: Member, cause: str) -> None:
        """Terminate one member, after the hooks that it has to wait for."""
        now = world.current().now()
        member.activity = activities.terminating(self, member.instance, cause, now)
        self.activities.append(member.activity)
        gone = member.abandoned or member.instance.state in ("terminated", "shutting-down")
        if gone or not hooks.hold(self, member, hooks.GOING, now):
            self._gone(member, now)

    def _gone(self, member: Member, now: datetime) -> None:
        activities.done(member.activity, now)
        self.instance_states.remove(member)
        if member.instance.state not in ("terminated", "shutting-down"):
            member.instance.disable_api_termination = False  # which Auto Scaling does not ask about
            self.ec2_backend.terminate_instances([member.instance.id])
            told = {"InstanceIds": [member.instance.id]}
            activities.say_terminated(self, told)

    def step(self, now: datetime) -> None:
        """What is due: instances come into service, unhealthy ones are replaced, capacity is met, refreshes go on."""
        self._arrive(now)
        self._heal()
        self.meet()
        for refresh in self.refreshes:
            refresh.step(now)

    def due(self, now: datetime) -> datetime | None:
        """The next moment at which something is due."""
        moments = [m.ready_at for m in self.instance_states if m.lifecycle_state == "Pending"]
        moments += [until for m in self.instance_states for until, _ in m.hooks.values()]
        moments += [self._retry] if self._retry else []
        moments += [at for refresh in self.refreshes if refresh.active for at in refresh.moments(now)]
        return min((at for at in moments if at > now), default=None)

    def fresh(self, setting: Setting) -> list[Launch]:
        """What a setting launches."""
        return launching.options(self, setting)

    def _arrive(self, now: datetime) -> None:
        for member in list(self.instance_states):
            came = member.lifecycle_state == "Pending" and member.ready_at <= now
            if came and not hooks.hold(self, member, hooks.COMING, now):
                self._serve(member, member.ready_at)
            elif member.lifecycle_state in hooks.WAITING and hooks.lapse(member, now):
                self._proceed(member, now)

    def _serve(self, member: Member, since: datetime) -> None:
        member.lifecycle_state, member.ready_at = "InService", since
        activities.done(member.activity, since)

    def _proceed(self, member: Member, now: datetime) -> None:
        """After the hooks: into service, or away."""
        if member.lifecycle_state == "Terminating:Wait":
            self._gone(member, now)
        elif member.abandoned:
            member.activity.update(StatusCode="Cancelled", EndTime=now, Progress=100)
            self.end(member, self._said("an instance was taken out of service in response to an abandoned launch"))
        else:
            self._serve(member, now)

    def _heal(self) -> None:
        """Health checks by EC2's status; who is unhealthy is terminated, then replaced as capacity is missing."""
        for member in list(self.instance_states):
            if member.lifecycle_state != "InService":
                continue
            if member.instance.state != "running" and not self.suspended("HealthCheck"):
                member.health_status = "Unhealthy"
            stopped = any(map(self.suspended, ("ReplaceUnhealthy", "Terminate")))
            if member.health_status == "Unhealthy" and not stopped:
                gone = "an EC2 health check indicating it has been terminated or stopped"
                why = gone if member.instance.state != "running" else "a user health-check"
                self.end(member, self._said(f"an instance was taken out of service in response to {why}"))

    def _shrink(self, count: int, why: str) -> None:
        """Scale in: what is not of the present setting first, then the oldest; who is protected stays."""
        try:
            wanted = {launch.same for launch in self.fresh(self.setting)}
        except CannotLaunch:
            wanted = set()
        open_ = [member for member in self.live() if not member.protected_from_scale_in]
        open_.sort(key=lambda m: (m.launch is not None and m.launch.same in wanted, m.instance.launch_time))
        for member in open_[:count]:
            self.end(
                member, self._said(why or "a difference between desired and actual capacity, shrinking the capacity")
            )

    def _target(self) -> int:
        """How many instances the desired capacity is; where a policy has weights, of the first type."""
        overrides = (self.mixed_instances_policy or {}).get("LaunchTemplate", {}).get("Overrides") or [{}]
        return math.ceil((self.desired_capacity or 0) / max(1, int(overrides[0].get("WeightedCapacity") or 1)))

    def _spot(self) -> bool:
        """Whether the next launch is a spot instance, by the policy's instances distribution."""
        policy = (self.mixed_instances_policy or {}).get("InstancesDistribution") or {}
        if not self.mixed_instances_policy:
            return False
        base = int(policy.get("OnDemandBaseCapacity") or 0)
        share = int(policy.get("OnDemandPercentageAboveBaseCapacity", 100))
        above = max(0, self._target() - base)
        demand = sum(not member.spot for member in self.live())
        return demand >= min(self._target(), base + math.ceil(above * share / 100))

    def _said(self, what: str) -> str:
        return f"At {activities.text(world.current().now())} {what}."


def moving() -> Iterator[Any]:
    """All groups of all accounts and regions."""
    for regions in list(autoscaling.autoscaling_backends.values()):
        for backend in list(regions.values()):
            yield from list(backend.autoscaling_groups.values())


def found(account: str, region: str, name: str) -> Any:
    """A group by its name; None where there is none."""
    return autoscaling.autoscaling_backends[account][region].autoscaling_groups.get(name)
