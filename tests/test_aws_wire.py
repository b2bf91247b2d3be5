"""The wire of EC2 and EC2 Auto Scaling: its names are the API's, and so are the documents of the tests."""

from __future__ import annotations

import typing
from typing import Any

import botocore.session
import msgspec
import pytest

from tests import aws_compute as aws
from tests.aws_shapes import faults
from tools.collect.aws import reads_compute as reads
from tools.collect.aws.operation import Operation
from tools.collect.aws.wire import autoscaling, ec2

SESSION = botocore.session.get_session()
RICH: dict[str, list[dict[str, Any]]] = {
    reads.INSTANCES.key: [
        aws.instance(
            aws.ONE, aws.OLD, Operator={"Managed": True, "Principal": "eks.amazonaws.com"}, StateTransitionReason="User"
        )
    ],
    reads.GROUPS.key: [
        aws.group(
            LaunchConfigurationName="old",
            MixedInstancesPolicy={
                "LaunchTemplate": {
                    "LaunchTemplateSpecification": aws.TARGET,
                    "Overrides": [
                        {
                            "InstanceType": "m6g.large",
                            "LaunchTemplateSpecification": aws.TARGET,
                            "ImageId": aws.ARM,
                            "WeightedCapacity": "2",
                        }
                    ],
                }
            },
            Instances=[aws.member(aws.ONE, "1", LaunchConfigurationName="old", ProtectedFromScaleIn=True)],
            SuspendedProcesses=[{"ProcessName": "Launch", "SuspensionReason": "User suspended"}],
            NewInstancesProtectedFromScaleIn=True,
            InstanceMaintenancePolicy={"MinHealthyPercentage": 100, "MaxHealthyPercentage": 110},
            WarmPoolConfiguration={"MinSize": 1, "InstanceReusePolicy": {"ReuseOnScaleIn": True}},
            WarmPoolSize=1,
            DesiredCapacityType="vcpu",
        )
    ],
    reads.TEMPLATES.key: aws.fleet()[reads.TEMPLATES.key],
    reads.TEMPLATE_VERSIONS.key: aws.fleet()[reads.TEMPLATE_VERSIONS.key],
    reads.LAUNCH_CONFIGURATIONS.key: [
        {
            "LaunchConfigurationName": "old",
            "LaunchConfigurationARN": "arn:old",
            "ImageId": aws.OLD,
            "KeyName": "ops",
            "SecurityGroups": ["sg-0a"],
            "UserData": aws.USER_DATA,
            "InstanceType": "m5.large",
            "IamInstanceProfile": "web",
            "BlockDeviceMappings": [{"DeviceName": "/dev/sdb", "VirtualName": "ephemeral0"}],
            "MetadataOptions": {"HttpTokens": "required"},
            "AssociatePublicIpAddress": True,
            "CreatedTime": "2026-08-01T00:00:00Z",
        }
    ],
    reads.IMAGES.key: [
        aws.image(
            aws.OLD, "137112412989", ImageOwnerAlias="amazon", Public=True, DeprecationTime="2026-12-01T00:00:00.000Z"
        )
    ],
    reads.SNAPSHOTS.key: aws.fleet()[reads.SNAPSHOTS.key],
    reads.VOLUMES.key: [
        {
            "VolumeId": "vol-1",
            "Tags": [{"Key": "ebs.csi.aws.com/cluster", "Value": "true"}],
            "Attachments": [
                {
                    "InstanceId": aws.ONE,
                    "Device": "/dev/sdf",
                    "State": "attached",
                    "AttachTime": "2026-11-20T10:00:00Z",
                    "DeleteOnTermination": False,
                }
            ],
        }
    ],
    reads.INSTANCE_TYPES.key: [
        {
            "InstanceType": "m5d.large",
            "InstanceStorageSupported": True,
            "InstanceStorageInfo": {"NvmeSupport": "required", "Disks": [{"Count": 2, "SizeInGB": 75}]},
        }
    ],
    reads.REFRESHES.key: [
        aws.refresh(
            "RollbackSuccessful",
            EndTime="2026-11-01T11:00:00Z",
            DesiredConfiguration={
                "LaunchTemplate": aws.TARGET,
                "MixedInstancesPolicy": {"LaunchTemplate": {"LaunchTemplateSpecification": aws.TARGET}},
            },
            RollbackDetails={"RollbackReason": "an alarm", "RollbackStartTime": "2026-11-01T10:30:00Z"},
        )
    ],
    reads.WARM_POOLS.key: [aws.member(aws.TWO, "1", LifecycleState="Warmed:Stopped")],
    reads.HOOKS.key: [
        {
            "LifecycleHookName": "drain",
            "AutoScalingGroupName": "web",
            "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
            "HeartbeatTimeout": 300,
        }
    ],
    reads.ACTIVITIES.key: [
        {
            "ActivityId": "a-1",
            "AutoScalingGroupName": "web",
            "Description": f"Launching a new EC2 instance: {aws.ONE}",
            "Cause": "At …",
            "StartTime": "2026-11-01T10:00:00Z",
            "EndTime": "2026-11-01T10:02:00Z",
            "StatusCode": "Successful",
        }
    ],
}
"""For each operation an answer in which every field that is decoded has a value."""
TEMPLATE_DATA = {
    "ImageId": aws.OLD,
    "UserData": aws.USER_DATA,
    "MetadataOptions": {"HttpTokens": "required"},
    "BlockDeviceMappings": [{"DeviceName": "/dev/sdb", "NoDevice": ""}],
}


def shape_of(operation: Operation[Any]) -> Any:
    """The shape of one item of an operation's answer, in botocore's model."""
    shape = SESSION.get_service_model(operation.service).operation_model(operation.name).output_shape
    for step in operation.items.split("."):
        shape = shape.members[step.removesuffix("[]")]
        shape = shape.member if step.endswith("[]") else shape
    return shape


def structs_in(kind: Any) -> list[Any]:
    """The Structs that a type is made of."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return [kind]
    return [found for inner in typing.get_args(kind) for found in structs_in(inner)]


def unknown_names(kind: Any, shape: Any, place: str) -> list[str]:
    """The fields of a Struct, and of those in it, that are no members of its shape."""
    missing: list[str] = []
    hints = typing.get_type_hints(kind)
    for field in msgspec.structs.fields(kind):
        inner = shape.members.get(field.encode_name)
        if inner is None:
            missing.append(f"{place}.{field.encode_name}")
            continue
        inner = inner.member if inner.type_name == "list" else inner
        for struct in structs_in(hints[field.name]):
            missing += unknown_names(struct, inner, f"{place}.{field.encode_name}")
    return missing


def given(value: Any, into: set[tuple[str, str]]) -> None:
    """Collect the fields that have another value than their default, of a value and of what is in it."""
    if isinstance(value, tuple | list):
        for inner in value:
            given(inner, into)
    if isinstance(value, msgspec.Struct):
        for field in msgspec.structs.fields(value):
            held = getattr(value, field.name)
            if held != field.default:
                into.add((f"{type(value).__module__}.{type(value).__name__}", field.name))
            given(held, into)


@pytest.mark.parametrize("operation", reads.COMPUTE, ids=lambda operation: operation.key)
def test_every_name_is_the_apis(operation: Operation[Any]) -> None:
    assert unknown_names(operation.type, shape_of(operation), operation.key) == []


def test_the_names_of_a_templates_data_are_the_apis() -> None:
    shape = shape_of(reads.TEMPLATE_VERSIONS).members["LaunchTemplateData"]
    assert unknown_names(ec2.TemplateData, shape, "LaunchTemplateData") == []


def test_a_name_that_the_api_has_not_is_found() -> None:
    class Wrong(msgspec.Struct, rename="pascal"):
        auto_scaling_group_arn: str = ""  # the API writes ARN

    assert unknown_names(Wrong, shape_of(reads.GROUPS), "Group") == ["Group.AutoScalingGroupArn"]


@pytest.mark.parametrize("operation", reads.COMPUTE, ids=lambda operation: operation.key)
def test_parameters_are_the_apis(operation: Operation[Any]) -> None:
    model = SESSION.get_service_model(operation.service).operation_model(operation.name)
    found = list(faults(operation.parameters, model.input_shape))
    assert found in ([], [f".{operation.about}: required"])  # which each call says for itself
    assert not operation.about or operation.about in model.input_shape.members


@pytest.mark.parametrize("operation", reads.COMPUTE, ids=lambda operation: operation.key)
def test_the_documents_of_the_tests_are_what_the_api_answers(operation: Operation[Any]) -> None:
    for document in (*RICH[operation.key], *aws.fleet()[operation.key]):
        found = [fault for fault in faults(document, shape_of(operation)) if not fault.endswith("is no timestamp")]
        assert found == []


def test_every_field_was_seen_with_a_value() -> None:
    seen: set[tuple[str, str]] = set()
    given([msgspec.convert(TEMPLATE_DATA, ec2.TemplateData)], seen)
    for operation in reads.COMPUTE:
        given(aws.decoded(operation, RICH[operation.key]), seen)
    wanted = {
        (f"{module.__name__}.{name}", field.name)
        for module in (ec2, autoscaling)
        for name, kind in vars(module).items()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind.__module__ == module.__name__
        for field in msgspec.structs.fields(kind)
        if field.default is not msgspec.NODEFAULT or field.default_factory is not msgspec.NODEFAULT
    }
    assert wanted - seen == set()


def test_recorded_answers_of_the_real_aws_decode() -> None:
    found = aws.recorded(
        "test_asg_image_age_filter_template",
        "test_asg_invalid_filter_bad",
        "test_ec2_image_filter",
        "test_launch_template_get",
    )
    assert {key.partition(".")[2] for key in found} == {
        "DescribeAutoScalingGroups",
        "DescribeImages",
        "DescribeInstances",
        "DescribeLaunchConfigurations",
        "DescribeLaunchTemplateVersions",
        "DescribeSnapshots",
    }
    seen: set[tuple[str, str]] = set()
    for key, documents in found.items():
        given(aws.decoded(aws.BY_KEY[key], documents), seen)
    names = {f"{module.rpartition('.')[2]}.{field}" for module, field in seen}
    assert {"Instance.security_groups", "Group.auto_scaling_group_arn", "Image.image_owner_alias"} <= names
