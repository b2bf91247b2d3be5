"""How CloudTrail writes a request's parameters: names begin small, EC2's lists are sets of items, secrets are gone."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
REMOVED = "<sensitiveDataRemoved>"

# EC2 operations that are younger than its query API's first form: their parameters stand below the request's name.
WRAPPED = {
    "CreateLaunchTemplate",
    "CreateLaunchTemplateVersion",
    "ModifyLaunchTemplate",
    "DeleteLaunchTemplate",
    "DeleteLaunchTemplateVersions",
    "CreateReplaceRootVolumeTask",
    "EnableSerialConsoleAccess",
    "DisableSerialConsoleAccess",
    "CreateInstanceConnectEndpoint",
    "ModifyInstanceMetadataOptions",
}

# What EC2 calls a list of which it writes the items.
SETS = {
    "InstanceIds": "instancesSet",
    "SecurityGroups": "groupSet",
    "SecurityGroupIds": "groupSet",
    "Groups": "groupSet",
    "TagSpecifications": "tagSpecificationSet",
    "BlockDeviceMappings": "blockDeviceMapping",
    "NetworkInterfaces": "networkInterfaceSet",
    "Resources": "resourcesSet",
    "Tags": "tagSet",
}
ITEMS = {"InstanceIds": "instanceId", "SecurityGroupIds": "groupId", "Groups": "groupId", "Resources": "resourceId"}


def written(service: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
    """The `requestParameters` of an event; None where there are none."""
    known = {name: value for name, value in parameters.items() if value is not None and name != "DryRun"}
    if not known:
        return None
    if service == "ssm" and operation == "SendCommand" and "Parameters" in known:
        known["Parameters"] = HIDDEN
    if service == "ec2" and operation in WRAPPED:
        return {f"{operation}Request": _plain(known)}
    if service == "ec2":
        told: dict[str, Any] = _ec2(_run(known) if operation == "RunInstances" else known)
        return told
    small: dict[str, Any] = _small(known)
    return small


def _run(known: dict[str, Any]) -> dict[str, Any]:
    """RunInstances tells what it starts as one item of a set."""
    item = {name: known.pop(name) for name in ("ImageId", "MinCount", "MaxCount", "KeyName") if name in known}
    return {"instancesSet": {"items": [_small(item)]}, **known}


def _plain(value: Any) -> Any:
    """A wrapped request keeps the API's names."""
    if isinstance(value, Mapping):
        return {k: REMOVED if k == "UserData" else _plain(v) for k, v in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else scalar(value)


def _small(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            k[:1].lower() + k[1:]: REMOVED if k in ("UserData", "SSHPublicKey") else _small(v) for k, v in value.items()
        }
    return [_small(one) for one in value] if isinstance(value, list) else scalar(value)


def _ec2(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return scalar(value)
    told: dict[str, Any] = {}
    for name, inner in value.items():
        if name == "UserData":
            told["userData"] = {"value": REMOVED} if isinstance(inner, Mapping) else REMOVED
        elif isinstance(inner, list):
            items = [_ec2(one) if isinstance(one, Mapping) else {_item(name): scalar(one)} for one in inner]
            told[SETS.get(name, name[:1].lower() + name[1:])] = {"items": items}
        else:
            told[name[:1].lower() + name[1:]] = inner if name == "instancesSet" else _ec2(inner)
    return told


def _item(name: str) -> str:
    return ITEMS.get(name, name[:1].lower() + name[1:].removesuffix("s"))


def scalar(value: Any) -> Any:
    """A value as JSON holds it."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
