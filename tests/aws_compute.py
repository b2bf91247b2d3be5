"""Hand-written answers of EC2 and EC2 Auto Scaling, in the shapes of botocore's service models, and how they are
decoded: a small fleet of which every test says what it changes."""

from __future__ import annotations

import base64
import copy
import json
from pathlib import Path
from typing import Any

import msgspec

from tools.collect.aws import reads_compute as reads
from tools.collect.aws.answers import Answers
from tools.collect.aws.operation import Operation

ACCOUNT, REGION = "123456789012", "eu-central-1"
SCOPE = f"{ACCOUNT}/{REGION}"
DATA = Path(__file__).parent / "data" / "aws"
BY_KEY = {operation.key: operation for operation in reads.COMPUTE}
LT, LT_ARM = "lt-0a1b2c3d4e5f60718", "lt-0ffffffffffffffff"
OLD, NEW, ARM = "ami-00000000000000001", "ami-00000000000000002", "ami-0000000000000000a"
ONE, TWO, BARE = "i-00000000000000001", "i-00000000000000002", "i-0000000000000000b"
USER_DATA = base64.b64encode(b"#!/bin/bash\nyum install -y nginx\n").decode()
ARN = f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:autoScalingGroup:6b8a:autoScalingGroupName/web"
TARGET = {"LaunchTemplateId": LT, "LaunchTemplateName": "web", "Version": "2"}


def instance(identity: str, image: str, version: str = "", group: str = "web", **more: Any) -> dict[str, Any]:
    """An item of `DescribeInstances`; of a group where that is named."""
    tags = [{"Key": "Name", "Value": "web"}]
    if group:
        tags.append({"Key": "aws:autoscaling:groupName", "Value": group})
    if version:
        tags.append({"Key": "aws:ec2launchtemplate:id", "Value": LT})
        tags.append({"Key": "aws:ec2launchtemplate:version", "Value": version})
    fields: dict[str, Any] = {
        "InstanceId": identity,
        "State": {"Code": 16, "Name": "running"},
        "StateTransitionReason": "",
        "ImageId": image,
        "LaunchTime": "2026-11-10T10:00:00Z",
        "InstanceType": "m5.large",
        "KeyName": "ops",
        "IamInstanceProfile": {"Arn": f"arn:aws:iam::{ACCOUNT}:instance-profile/web", "Id": "AIPA"},
        "MetadataOptions": {"State": "applied", "HttpTokens": "required", "HttpPutResponseHopLimit": 1,
                            "HttpEndpoint": "enabled"},
        "SecurityGroups": [{"GroupId": "sg-0a", "GroupName": "web"}],
        "NetworkInterfaces": [
            {
                "NetworkInterfaceId": "eni-1",
                "Association": {"PublicIp": "198.51.100.7", "IpOwnerId": "amazon"},
                "Attachment": {"AttachTime": "2026-11-01T10:00:00Z", "DeviceIndex": 0, "Status": "attached"},
                "Groups": [{"GroupId": "sg-0b", "GroupName": "ssh"}],
            },
            {"NetworkInterfaceId": "eni-2", "Attachment": {"AttachTime": "2026-10-01T10:00:00Z", "DeviceIndex": 1}},
        ],
        "BlockDeviceMappings": [
            {
                "DeviceName": "/dev/xvda",
                "Ebs": {"VolumeId": f"vol-root-{identity[2:]}", "AttachTime": "2026-11-01T10:00:01Z",
                        "DeleteOnTermination": True, "Status": "attached"},
            }
        ],
        "RootDeviceName": "/dev/xvda",
        "RootDeviceType": "ebs",
        "Tags": tags,
    }  # fmt: skip
    return {**fields, **more}


def member(identity: str, version: str, **more: Any) -> dict[str, Any]:
    """A member of a group."""
    fields = {
        "InstanceId": identity,
        "InstanceType": "m5.large",
        "AvailabilityZone": f"{REGION}a",
        "LifecycleState": "InService",
        "HealthStatus": "Healthy",
        "LaunchTemplate": {"LaunchTemplateId": LT, "LaunchTemplateName": "web", "Version": version},
        "ProtectedFromScaleIn": False,
    }
    return {**fields, **more}


def version(number: int, image: str, template: str = LT, name: str = "web", **data: Any) -> dict[str, Any]:
    """An item of `DescribeLaunchTemplateVersions`."""
    return {
        "LaunchTemplateId": template,
        "LaunchTemplateName": name,
        "VersionNumber": number,
        "CreateTime": f"2026-10-0{number}T10:00:00Z",
        "CreatedBy": f"arn:aws:iam::{ACCOUNT}:user/dev",
        "DefaultVersion": number == 1,
        "LaunchTemplateData": {"ImageId": image, "InstanceType": "m5.large", **data},
    }


def image(identity: str, owner: str = ACCOUNT, **more: Any) -> dict[str, Any]:
    """An item of `DescribeImages`."""
    fields: dict[str, Any] = {
        "ImageId": identity,
        "OwnerId": owner,
        "Name": f"web-{identity[-1]}",
        "State": "available",
        "Public": False,
        "CreationDate": "2026-10-01T00:00:00.000Z",
        "BlockDeviceMappings": [
            {"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": f"snap-{identity[4:]}", "DeleteOnTermination": True}}
        ],
        "Tags": [{"Key": "commit", "Value": "abc"}],
    }
    return {**fields, **more}


def refresh(status: str, number: int = 1, **more: Any) -> dict[str, Any]:
    """An item of `DescribeInstanceRefreshes`."""
    fields: dict[str, Any] = {
        "InstanceRefreshId": f"refresh-{number}",
        "AutoScalingGroupName": "web",
        "Status": status,
        "StatusReason": f"it is {status}",
        "StartTime": f"2026-11-0{number}T10:00:00Z",
        "Strategy": "Rolling",
        "Preferences": {"MinHealthyPercentage": 75, "MaxHealthyPercentage": 120, "SkipMatching": True,
                        "ScaleInProtectedInstances": "Wait", "StandbyInstances": "Ignore"},
    }  # fmt: skip
    return {**fields, **more}


def group(**more: Any) -> dict[str, Any]:
    """An item of `DescribeAutoScalingGroups`: two members, one of each version of its template."""
    fields: dict[str, Any] = {
        "AutoScalingGroupName": "web",
        "AutoScalingGroupARN": ARN,
        "CreatedTime": "2026-09-01T10:00:00Z",
        "MinSize": 1,
        "MaxSize": 4,
        "DesiredCapacity": 2,
        "DefaultCooldown": 300,
        "AvailabilityZones": [f"{REGION}a"],
        "HealthCheckType": "EC2",
        "LaunchTemplate": TARGET,
        "Instances": [member(ONE, "1"), member(TWO, "2")],
        "SuspendedProcesses": [],
        "Tags": [],
    }
    return {**fields, **more}


def fleet() -> dict[str, list[dict[str, Any]]]:
    """A whole account: a group of two, one on the version before, and a bare instance."""
    return copy.deepcopy(
        {
            reads.INSTANCES.key: [
                instance(ONE, OLD, "1"),
                instance(TWO, NEW, "2"),
                instance(BARE, OLD, group=""),
            ],
            reads.GROUPS.key: [group()],
            reads.REFRESHES.key: [],
            reads.WARM_POOLS.key: [],
            reads.HOOKS.key: [],
            reads.TEMPLATES.key: [
                {"LaunchTemplateId": LT, "LaunchTemplateName": "web", "DefaultVersionNumber": 1,
                 "LatestVersionNumber": 2}
            ],
            reads.TEMPLATE_VERSIONS.key: [version(1, OLD), version(2, NEW, UserData=USER_DATA)],
            reads.LAUNCH_CONFIGURATIONS.key: [],
            reads.IMAGES.key: [image(OLD), image(NEW)],
            reads.SNAPSHOTS.key: [{"SnapshotId": f"snap-{i[4:]}", "State": "completed"} for i in (OLD, NEW)],
            reads.VOLUMES.key: [],
            reads.INSTANCE_TYPES.key: [{"InstanceType": "m5.large", "InstanceStorageSupported": False}],
            reads.ACTIVITIES.key: [],
        }
    )  # fmt: skip


def answers(items: dict[str, list[dict[str, Any]]], account: str = ACCOUNT) -> Answers:
    """Decoded answers; an operation that has no list was not read."""
    read = Answers(account, REGION, "2026-11-28T00:00:00Z")
    for key, documents in items.items():
        operation = BY_KEY[key]
        read.add(operation, decoded(operation, documents))
        read.whole.add(operation.key)
    return read


def decoded(operation: Operation[Any], documents: list[Any]) -> list[Any]:
    """The things that an operation's documents are."""
    return [msgspec.convert(document, operation.type, strict=False) for document in documents]


def items_of(operation: Operation[Any], answer: Any) -> list[Any]:
    """The things in an answer, by the operation's path."""
    found = [answer]
    for step in operation.items.split("."):
        found = [value[step.removesuffix("[]")] for value in found]
        found = [inner for value in found for inner in value] if step.endswith("[]") else found
    return found


def recorded(*folders: str) -> dict[str, list[Any]]:
    """What real AWS answered, as cloud-custodian's tests keep it (placebo), by the operation that their names say."""
    found: dict[str, list[Any]] = {}
    for folder in folders:
        for path in sorted((DATA / "cloud-custodian" / folder).glob("*.json")):
            operation = BY_KEY[path.name.rpartition("_")[0]]
            answer = json.loads(path.read_text(), object_hook=_time)["data"]
            found.setdefault(operation.key, []).extend(items_of(operation, answer))
    return found


def _time(value: dict[str, Any]) -> Any:
    if value.get("__class__") != "datetime":
        return value
    return "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z".format(**value)
