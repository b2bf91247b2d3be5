"""What an instance refresh is asked to do: its preferences with their documented defaults and refusals."""

from __future__ import annotations

import math
from typing import Any

from auditor.embedded_aws.call import Refused

VERSIONS = ("$Latest", "$Default")


def invalid(message: str) -> Refused:
    """The refusal of a request that is not valid."""
    return Refused("ValidationError", message)


def preferences(group: Any, asked: dict[str, Any]) -> dict[str, Any]:
    """The preferences as `DescribeInstanceRefreshes` tells them: what was asked for, and defaults. Raises `Refused`."""
    given = dict(asked)
    _bounds(given)
    checkpoints = given.get("CheckpointPercentages") or []
    if given.get("CheckpointDelay") is not None and not checkpoints:
        raise invalid("You must specify CheckpointPercentages when you specify CheckpointDelay.")
    if checkpoints != sorted(set(checkpoints)) or any(not 1 <= one <= 100 for one in checkpoints):
        raise invalid("CheckpointPercentages must be unique, in ascending order and between 1 and 100.")
    policy = group.instance_maintenance_policy or {}
    warm = given.get("InstanceWarmup", group.default_instance_warmup)
    defaults = {
        "MinHealthyPercentage": policy.get("MinHealthyPercentage", 90),
        "InstanceWarmup": group.health_check_grace_period if warm is None else warm,
        "SkipMatching": False,
        "AutoRollback": False,
        "ScaleInProtectedInstances": "Wait",
        "StandbyInstances": "Wait",
    }
    if "MaxHealthyPercentage" in policy and "MinHealthyPercentage" not in given:
        defaults["MaxHealthyPercentage"] = policy["MaxHealthyPercentage"]
    if checkpoints:
        defaults["CheckpointDelay"] = 3600
    return defaults | given


def _bounds(given: dict[str, Any]) -> None:
    low, high = given.get("MinHealthyPercentage"), given.get("MaxHealthyPercentage")
    if low is not None and not 0 <= low <= 100:
        raise invalid("MinHealthyPercentage must be between 0 and 100.")
    if high is None:
        return
    if low is None:
        raise invalid("You must specify MinHealthyPercentage when you specify MaxHealthyPercentage.")
    if not 100 <= high <= 200:
        raise invalid("MaxHealthyPercentage must be between 100 and 200.")
    if high - low > 100:
        raise invalid(
            "The difference between MaxHealthyPercentage and MinHealthyPercentage cannot be greater than 100."
        )


def irreversible(group: Any, desired: dict[str, Any]) -> str:
    """Why a refresh of a group can't be rolled back, as documented; empty where it can."""
    if not desired:
        return "there is no desired configuration specified for the instance refresh"
    for setting in (group.setting, desired):
        for spec in _specs(setting):
            if (spec.get("Version") or "$Default") in VERSIONS:
                return "the Auto Scaling group uses the launch template's $Latest or $Default version"
            if _by_parameter(group, spec):
                return "the launch template uses an AWS Systems Manager parameter instead of an AMI ID"
    return ""


def _specs(setting: dict[str, Any]) -> list[dict[str, Any]]:
    """Each launch template that a setting names."""
    if template := setting.get("LaunchTemplate"):
        return [template]
    policy = (setting.get("MixedInstancesPolicy") or {}).get("LaunchTemplate") or {}
    own = [
        one["LaunchTemplateSpecification"]
        for one in policy.get("Overrides") or []
        if one.get("LaunchTemplateSpecification")
    ]
    return [*([policy["LaunchTemplateSpecification"]] if policy else []), *own]


def _by_parameter(group: Any, spec: dict[str, Any]) -> bool:
    ec2 = group.ec2_backend
    identifier, name = spec.get("LaunchTemplateId"), spec.get("LaunchTemplateName")
    template = ec2.get_launch_template(identifier) if identifier else ec2.get_launch_template_by_name(name)
    return str(template.get_version(spec["Version"]).data.get("ImageId", "")).startswith("resolve:ssm:")


def batch(desired: int, given: dict[str, Any]) -> tuple[int, bool]:
    """How many instances may be under replacement at once, at least one, and whether a new one comes before the old
    goes: where a maximum was set that lets it, or that together with the minimum leaves no other way."""
    out = math.floor(desired * (100 - given["MinHealthyPercentage"]) / 100)
    high = given.get("MaxHealthyPercentage")
    if high is not None and (high > 100 or out == 0):
        return max(1, math.floor(desired * (high - 100) / 100)), True
    return max(1, out), False
