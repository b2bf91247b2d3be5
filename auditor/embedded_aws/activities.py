"""Scaling activities: what a group did, why, when, and how it went, as `DescribeScalingActivities` tells them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from moto.moto_api._internal import mock_random

from auditor.embedded_aws import trail

Activity = dict[str, Any]


def text(moment: datetime) -> str:
    """A time as causes write it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def launching(group: Any, instance: Any, cause: str, now: datetime) -> Activity:
    """A launch that has begun."""
    made = _activity(group, f"Launching a new EC2 instance: {instance.id}", cause, now)
    return made | {"Details": _details(group, instance)}


def terminating(group: Any, instance: Any, cause: str, now: datetime) -> Activity:
    """A termination that has begun."""
    made = _activity(group, f"Terminating EC2 instance: {instance.id}", cause, now)
    return made | {"Details": _details(group, instance)}


def refused(group: Any, cause: str, message: str, now: datetime) -> Activity:
    """A launch that failed."""
    said = f"Launching a new EC2 instance.  Status Reason: {message}"
    made = _activity(group, said, cause, now)
    return made | {"StatusCode": "Failed", "StatusMessage": message[:255], "EndTime": now, "Progress": 100}


def done(activity: Activity, now: datetime) -> Activity:
    """The activity, ended well."""
    activity.update(StatusCode="Successful", Progress=100, EndTime=now)
    return activity


def say_terminated(group: Any, told: dict[str, Any]) -> None:
    """CloudTrail tells a termination of Auto Scaling's as its own."""
    trail.by_service(group.account_id, group.region, "TerminateInstances", told)


def _activity(group: Any, description: str, cause: str, now: datetime) -> Activity:
    return {
        "ActivityId": str(mock_random.uuid4()),
        "AutoScalingGroupName": group.name,
        "AutoScalingGroupARN": group.arn,
        "Description": description,
        "Cause": cause[:1023],
        "StartTime": now,
        "StatusCode": "InProgress",
        "Progress": 30,
    }


def _details(group: Any, instance: Any) -> str:
    where = {"Availability Zone": instance.placement.zone}
    return json.dumps({"Subnet ID": instance.subnet_id, **where} if group.vpc_zone_identifier else where)
