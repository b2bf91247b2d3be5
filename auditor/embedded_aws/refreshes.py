"""The operations of instance refreshes, and of a group's scaling activities and warm pool."""

from __future__ import annotations

from typing import Any

from auditor.embedded_aws import groups
from auditor.embedded_aws.call import Answer, Call, Refused, operation, page
from auditor.embedded_aws.launching import CannotLaunch, check
from auditor.embedded_aws.preferences import invalid, irreversible, preferences
from auditor.embedded_aws.refresh import Refresh


def _group(call: Call) -> Any:
    name = call.get("AutoScalingGroupName", "")
    group = groups.found(call.account, call.region, name)
    if group is None:
        raise invalid(f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")
    return group


def _active(group: Any) -> Refresh | None:
    return next((refresh for refresh in group.refreshes if refresh.active), None)


@operation("autoscaling", "StartInstanceRefresh")
def start_instance_refresh(call: Call) -> Answer:
    """Begin one; it is Pending until the next thing happens."""
    group = _group(call)
    if running := _active(group):
        message = "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh."
        raise Refused("InstanceRefreshInProgress", f"{message} Instance refresh ID: {running.id}")
    desired = call.get("DesiredConfiguration", {})
    given = preferences(group, call.get("Preferences", {}))
    if given["AutoRollback"] and (why := irreversible(group, desired)):
        raise invalid(f"AutoRollback is not supported: {why}.")
    try:
        for launch in group.fresh(desired or group.setting):
            if launch.image not in group.ec2_backend.amis:
                check(group, launch)
    except CannotLaunch as error:
        raise invalid(str(error)) from error
    refresh = Refresh(group, call.get("Strategy", "Rolling"), desired, given, call.now)
    group.refreshes.append(refresh)
    return {"InstanceRefreshId": refresh.id}


@operation("autoscaling", "DescribeInstanceRefreshes")
def describe_instance_refreshes(call: Call) -> Answer:
    """The newest first."""
    wanted = call.get("InstanceRefreshIds", [])
    known = [refresh for refresh in reversed(_group(call).refreshes) if not wanted or refresh.id in wanted]
    return page([_told(refresh) for refresh in known], call, "InstanceRefreshes", "MaxRecords", 100)


@operation("autoscaling", "CancelInstanceRefresh")
def cancel_instance_refresh(call: Call) -> Answer:
    """Stop the one that is in progress, or its rollback."""
    refresh = _in_progress(_group(call))
    refresh.cancel(call.get("WaitForTransitioningInstances", True), call.now)
    return {"InstanceRefreshId": refresh.id}


@operation("autoscaling", "RollbackInstanceRefresh")
def rollback_instance_refresh(call: Call) -> Answer:
    """Undo the one that is in progress, where that is supported."""
    group = _group(call)
    refresh = _in_progress(group)
    if refresh.status not in ("Pending", "InProgress", "Baking"):
        raise _none()
    if why := irreversible(group, refresh.desired):
        raise Refused("IrreversibleInstanceRefresh", f"The instance refresh can't be rolled back: {why}.")
    refresh.roll_back("Manual rollback was initiated.", call.now)
    return {"InstanceRefreshId": refresh.id}


def _in_progress(group: Any) -> Refresh:
    refresh = _active(group)
    if refresh is None or refresh.status == "Cancelling":
        raise _none()
    return refresh


def _none() -> Refused:
    return Refused("ActiveInstanceRefreshNotFound", "No in progress or pending Instance Refresh found.")


def _told(refresh: Refresh) -> dict[str, Any]:
    told = {
        "InstanceRefreshId": refresh.id,
        "AutoScalingGroupName": refresh.group.name,
        "Status": refresh.status,
        "StatusReason": refresh.reason or None,
        "StartTime": refresh.start,
        "EndTime": refresh.end,
        "PercentageComplete": refresh.percentage,
        "InstancesToUpdate": refresh.left,
        "Preferences": refresh.given,
        "DesiredConfiguration": refresh.desired or None,
        "RollbackDetails": refresh.rollback or None,
        "Strategy": refresh.strategy,
    }
    return {key: value for key, value in told.items() if value is not None}


@operation("autoscaling", "DescribeScalingActivities")
def describe_scaling_activities(call: Call) -> Answer:
    """The newest first, of one group or of all."""
    name, wanted = call.get("AutoScalingGroupName"), call.get("ActivityIds", [])
    here = (
        [_group(call)]
        if name
        else [g for g in groups.moving() if (g.account_id, g.region) == (call.account, call.region)]
    )
    known = [activity for group in here for activity in group.activities]
    found = [one for one in known if not wanted or one["ActivityId"] in wanted]
    found.sort(key=lambda activity: activity["StartTime"])
    return page(found[::-1], call, "Activities", "MaxRecords", 100)


@operation("autoscaling", "DescribeWarmPool")
def describe_warm_pool(call: Call) -> Answer:
    """A warm pool's configuration, and the instances that were put into it."""
    group = _group(call)
    pool = [one for one in call.shelf("warm pool") if one["group"] == group.name]
    told = page([one["instance"] for one in pool], call, "Instances", "MaxRecords", 50)
    return told | ({"WarmPoolConfiguration": group.warm_pool} if group.warm_pool else {})
