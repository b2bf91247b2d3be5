"""What of moto is replaced while the embedded AWS runs, and put back when it ends: its group and member, its time, and
the Auto Scaling operations that do not do what AWS does."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import moto.ec2.models
import moto.ssm.models  # noqa: F401 - what is corrected must be there
from moto.autoscaling import models as autoscaling
from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.responses import AutoScalingResponse
from moto.core import utils

from auditor.embedded_aws import activities, world
from auditor.embedded_aws.configured import EXTRAS
from auditor.embedded_aws.corrections_ec2 import SWAPS as EC2
from auditor.embedded_aws.groups import Group
from auditor.embedded_aws.members import Member

Backend: Any = autoscaling.AutoScalingBackend
_created, _updated = AutoScalingResponse.create_auto_scaling_group, AutoScalingResponse.update_auto_scaling_group
_detached, _entered, _left = Backend.detach_instances, Backend.enter_standby_instances, Backend.exit_standby_instances
_made = Backend.create_auto_scaling_group


def create(self: Any) -> Any:
    """CreateAutoScalingGroup keeps also what moto does not read."""
    answer = _created(self)
    _keep(self)
    return answer


def update(self: Any) -> Any:
    """UpdateAutoScalingGroup too."""
    answer = _updated(self)
    _keep(self)
    return answer


def _keep(response: Any) -> None:
    group = response.autoscaling_backend.autoscaling_groups[response.params["AutoScalingGroupName"]]
    for name, attribute in EXTRAS.items():
        if response.params.get(name) is not None:
            setattr(group, attribute, response.params[name])


def make(self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    """A second group of a name is refused, which moto puts in the first one's place."""
    if name in self.autoscaling_groups:
        raise _already(name)
    return _made(self, name, *args, **kwargs)


def _already(name: str) -> Exception:
    error: Exception = AutoscalingClientError(
        "AlreadyExists", f"AutoScalingGroup by this name already exists - A group with the name {name} already exists"
    )
    return error


def terminated_by_ec2(self: Any, instance_ids: list[str]) -> None:
    """Members that EC2 terminated are unhealthy; what comes of it is the health check's."""
    for group in self.autoscaling_groups.values():
        group.step(world.current().now())


def terminate(self: Any, instance_id: str, should_decrement: bool) -> dict[str, Any]:
    """TerminateInstanceInAutoScalingGroup: the activity that it answers with is recorded; a replacement follows."""
    member = _member(self, instance_id)
    group = member.auto_scaling_group
    if should_decrement and group.desired_capacity - 1 < (group.min_size or 0):
        raise ValidationError(
            f"Currently, desiredSize equals minSize ({group.min_size}). Terminating instance without replacement will "
            "violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower "
            "group's min size."
        )
    moment = activities.text(world.current().now())
    cause = f"At {moment} instance {instance_id} was taken out of service in response to a user request."
    group.desired_capacity -= bool(should_decrement)
    group.end(member, cause)
    activity: dict[str, Any] = group.activities[-1]
    group.meet()
    return activity


def set_health(self: Any, instance_id: str, health_status: str) -> None:
    """SetInstanceHealth: an unhealthy member is replaced when the next thing happens."""
    _member(self, instance_id).health_status = health_status


def _member(backend: Any, instance_id: str) -> Any:
    for group in backend.autoscaling_groups.values():
        for member in group.instance_states:
            if member.instance.id == instance_id:
                return member
    raise ValidationError(f"Instance Id not found - No managed instance found for instance ID: {instance_id}")


def _recorded(original: Any) -> Any:
    def call(self: Any, group_name: str, *args: Any, **kwargs: Any) -> Any:
        done = original(self, group_name, *args, **kwargs)
        self.autoscaling_groups[group_name].activities += [_plain(one) for one in done]
        return done

    return call


def _plain(activity: Any) -> dict[str, Any]:
    """Moto's activity, which it leaves in progress, as one that is done."""
    told = {
        "ActivityId": activity.activity_id,
        "AutoScalingGroupName": activity.auto_scaling_group_name,
        "Description": activity.description,
        "Cause": activity.cause,
        "StartTime": activity.start_time,
    }
    return activities.done(told, activity.start_time)


SWAPS: tuple[tuple[Any, str, Any], ...] = (
    *EC2,
    (autoscaling, "FakeAutoScalingGroup", Group),
    (autoscaling, "InstanceState", Member),
    (AutoScalingResponse, "create_auto_scaling_group", create),
    (AutoScalingResponse, "update_auto_scaling_group", update),
    (Backend, "create_auto_scaling_group", make),
    (Backend, "notify_terminate_instances", terminated_by_ec2),
    (Backend, "terminate_instance", terminate),
    (Backend, "set_instance_health", set_health),
    (Backend, "detach_instances", _recorded(_detached)),
    (Backend, "enter_standby_instances", _recorded(_entered)),
    (Backend, "exit_standby_instances", _recorded(_left)),
)


@contextmanager
def corrected() -> Iterator[None]:
    """The corrections, for as long as the `with` lasts."""
    clocks = [
        (m, "utcnow", world.utcnow) for n, m in list(sys.modules.items()) if n.startswith("moto.") and _tells_time(m)
    ]
    before = [(owner, name, owner.__dict__.get(name)) for owner, name, _ in (*SWAPS, *clocks)]
    for owner, name, value in (*SWAPS, *clocks):
        setattr(owner, name, value)
    try:
        yield
    finally:
        for owner, name, value in before:
            if value is None:
                delattr(owner, name)
            else:
                setattr(owner, name, value)


def _tells_time(module: Any) -> bool:
    return getattr(module, "utcnow", None) is utils.utcnow
