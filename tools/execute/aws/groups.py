"""What executors read of an Auto Scaling group, and what they ask of it before anything is done."""

from __future__ import annotations

from typing import Any

from tools.errors import Refused
from tools.execute.aws.acting import Acting
from tools.model.identity import Ref

ACTIVE = ("Pending", "InProgress", "Cancelling", "RollbackInProgress", "Baking")
"""The states of an instance refresh that blocks another one."""
NEEDED = ("Launch", "Terminate")
"""The processes without which a group replaces nothing."""
Group = dict[str, Any]


def group_of(aws: Acting, ref: Ref) -> Group:
    """The group, the same one by its ARN. Raises `Refused` where it is gone."""
    found = aws.read("autoscaling", "describe_auto_scaling_groups", AutoScalingGroupNames=[ref.name])
    for group in found["AutoScalingGroups"]:
        if group["AutoScalingGroupARN"] == ref.uid and not group.get("Status"):
            return dict(group)
    raise Refused("gone", f"{ref} is gone, or is being deleted", mend="audit again")


def refreshes(aws: Acting, ref: Ref) -> list[dict[str, Any]]:
    """Its instance refreshes, the newest first."""
    found = aws.read("autoscaling", "describe_instance_refreshes", AutoScalingGroupName=ref.name)
    return list(found["InstanceRefreshes"])


def refuse_unable(group: Group, ref: Ref) -> None:
    """Raise `Refused` where the group could not replace anything: it keeps no servers, or a process is suspended."""
    stopped = [p["ProcessName"] for p in group.get("SuspendedProcesses", []) if p["ProcessName"] in NEEDED]
    if stopped:
        raise Refused(
            "suspended",
            f"{ref} replaces nothing: {' and '.join(stopped)} are suspended",
            mend=f"aws autoscaling resume-processes --auto-scaling-group-name {ref.name}",
        )
    if not group["DesiredCapacity"]:
        raise Refused("empty", f"{ref} is to keep no servers: there is nothing to replace")


def serving(group: Group) -> list[dict[str, Any]]:
    """Its members that are in service and healthy."""
    return [m for m in group["Instances"] if m["LifecycleState"] == "InService" and m["HealthStatus"] == "Healthy"]
