"""What is added to moto answers as botocore's service models say: every operation, called over HTTP, its answer walked
before it is written and after it was read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import botocore.session
import pytest
from botocore.model import StructureShape

from auditor.embedded_aws.call import OPERATIONS, Call, Handler
from tests.aws_fleet import Fleet, emptied, fleet
from tests.aws_shapes import faults

WHEN = datetime(2026, 11, 1)
BUILD = "arn:aws:imagebuilder:eu-central-1:123456789012:image/web/1.0.0/1"
GROUP = {"AutoScalingGroupName": "web"}


@pytest.fixture(scope="module")
def server() -> Iterator[Fleet]:
    with fleet() as made:
        yield made


@pytest.fixture
def aws(server: Fleet) -> Fleet:
    """A group with a warm pool, an instance that is managed, and something on every shelf."""
    made = emptied(server)
    image = made.image("web-1")
    made.template("web", image)
    (one,) = made.group("web", "1", 1)
    made.groups.put_warm_pool(**GROUP, MinSize=1)
    made.managed(one)
    shelf = made.aws.shelf
    member = {"InstanceId": one, "InstanceType": "t3.micro", "AvailabilityZone": "eu-central-1a"}
    state = {"LifecycleState": "Warmed:Stopped", "HealthStatus": "Healthy", "ProtectedFromScaleIn": False}
    shelf("warm pool").append({"group": "web", "instance": member | state})
    shelf("images").append(
        {
            "arn": BUILD,
            "name": "web",
            "version": "1.0.0/1",
            "platform": "Linux",
            "state": {"status": "AVAILABLE"},
            "dateCreated": "2026-11-01T07:00:00Z",
            "sourcePipelineArn": "arn:aws:imagebuilder:eu-central-1:123456789012:image-pipeline/web",
            "outputResources": {"amis": [{"region": "eu-central-1", "image": image, "accountId": "123456789012"}]},
        }
    )
    shelf("image scan findings").append({"severity": "HIGH", "imageBuildVersionArn": BUILD, "title": "CVE-2026-1"})
    shelf("coverage").append(
        {
            "resourceType": "AWS_EC2_INSTANCE",
            "resourceId": one,
            "accountId": "123456789012",
            "scanType": "PACKAGE",
            "scanStatus": {"statusCode": "ACTIVE", "reason": "SUCCESSFUL"},
        }
    )
    shelf("findings").append(finding(one))
    shelf("patch states").append(
        {
            "InstanceId": one,
            "PatchGroup": "web",
            "BaselineId": "pb-1",
            "OperationStartTime": WHEN,
            "OperationEndTime": WHEN,
            "Operation": "Install",
            "InstalledCount": 3,
        }
    )
    return made


def finding(instance: str) -> dict[str, Any]:
    return {
        "findingArn": "arn:aws:inspector2:eu-central-1:123456789012:finding/1",
        "awsAccountId": "123456789012",
        "type": "PACKAGE_VULNERABILITY",
        "description": "a package",
        "remediation": {"recommendation": {"text": "update it"}},
        "severity": "HIGH",
        "firstObservedAt": WHEN,
        "lastObservedAt": WHEN,
        "status": "ACTIVE",
        "fixAvailable": "YES",
        "resources": [{"type": "AWS_EC2_INSTANCE", "id": instance}],
    }


def one(aws: Fleet) -> str:
    return aws.members("web")[0]


def refreshing(aws: Fleet) -> dict[str, Any]:
    desired = {"LaunchTemplate": {"LaunchTemplateName": "web", "Version": "1"}}
    return {**GROUP, "DesiredConfiguration": desired, "Preferences": {"CheckpointPercentages": [50, 100]}}


def rolled(aws: Fleet) -> dict[str, Any]:
    aws.groups.start_instance_refresh(**refreshing(aws))
    aws.wait(1)
    aws.groups.rollback_instance_refresh(**GROUP)
    aws.wait(900)
    return GROUP


def deployed(aws: Fleet) -> str:
    deploy = aws.client("codedeploy")
    deploy.create_application(applicationName="shop", computePlatform="Server")
    deploy.create_deployment_group(
        applicationName="shop",
        deploymentGroupName="web",
        serviceRoleArn="arn:aws:iam::123456789012:role/deploy",
        autoScalingGroups=["web"],
    )
    revision = {"revisionType": "S3", "s3Location": {"bucket": "b", "key": "k", "bundleType": "zip"}}
    made = deploy.create_deployment(applicationName="shop", deploymentGroupName="web", revision=revision)
    return str(made["deploymentId"])


def associated(aws: Fleet) -> str:
    targets = [{"Key": "InstanceIds", "Values": [one(aws)]}]
    made = aws.client("ssm").create_association(Name="AWS-RunPatchBaseline", Targets=targets)
    return str(made["AssociationDescription"]["AssociationId"])


def held(aws: Fleet) -> dict[str, Any]:
    """A member that waits for a hook, and the hook."""
    aws.hook("web", "warm", "LAUNCHING")
    before = aws.members("web")
    aws.groups.set_desired_capacity(**GROUP, DesiredCapacity=2)
    (new,) = set(aws.members("web")) - set(before)
    return {**GROUP, "LifecycleHookName": "warm", "InstanceId": new}


def subnet(aws: Fleet) -> str:
    return str(aws.ec2.describe_subnets()["Subnets"][0]["SubnetId"])


def nothing(aws: Fleet) -> dict[str, Any]:
    return {}


ASKED: dict[tuple[str, str], Callable[[Fleet], dict[str, Any]]] = {
    ("autoscaling", "StartInstanceRefresh"): refreshing,
    ("autoscaling", "DescribeInstanceRefreshes"): rolled,
    ("autoscaling", "CancelInstanceRefresh"): lambda aws: aws.groups.start_instance_refresh(**GROUP) and GROUP,
    ("autoscaling", "RollbackInstanceRefresh"): lambda aws: (
        aws.groups.start_instance_refresh(**refreshing(aws)) and GROUP
    ),
    ("autoscaling", "DescribeScalingActivities"): nothing,
    ("autoscaling", "CompleteLifecycleAction"): lambda aws: {**held(aws), "LifecycleActionResult": "CONTINUE"},
    ("autoscaling", "RecordLifecycleActionHeartbeat"): lambda aws: held(aws),
    ("autoscaling", "DescribeWarmPool"): lambda aws: GROUP,
    ("cloudtrail", "LookupEvents"): nothing,
    ("codedeploy", "ListDeploymentTargets"): lambda aws: {"deploymentId": deployed(aws)},
    ("codedeploy", "BatchGetDeploymentTargets"): lambda aws: {"deploymentId": deployed(aws), "targetIds": [one(aws)]},
    ("ec2", "CreateReplaceRootVolumeTask"): lambda aws: {"InstanceId": one(aws)},
    ("ec2", "DescribeReplaceRootVolumeTasks"): lambda aws: (
        aws.ec2.create_replace_root_volume_task(InstanceId=one(aws)) and {}
    ),
    ("ec2", "DeleteLaunchTemplateVersions"): lambda aws: {
        "LaunchTemplateName": "web",
        "Versions": [aws.template("web", aws.image("web-2")), "1", "99"],
    },
    ("ec2", "RegisterImage"): lambda aws: {"Name": "web-2", "RootDeviceName": "/dev/xvda"},
    ("ec2", "GetSerialConsoleAccessStatus"): nothing,
    ("ec2", "EnableSerialConsoleAccess"): nothing,
    ("ec2", "DisableSerialConsoleAccess"): nothing,
    ("ec2", "CreateInstanceConnectEndpoint"): lambda aws: {"SubnetId": subnet(aws)},
    ("ec2", "DescribeInstanceConnectEndpoints"): lambda aws: (
        aws.ec2.create_instance_connect_endpoint(SubnetId=subnet(aws)) and {}
    ),
    ("ec2", "DescribeInstanceImageMetadata"): nothing,
    ("ec2", "GetImageBlockPublicAccessState"): nothing,
    ("ec2", "GetInstanceMetadataDefaults"): nothing,
    ("ec2-instance-connect", "SendSSHPublicKey"): lambda aws: {
        "InstanceId": one(aws),
        "InstanceOSUser": "ec2-user",
        "SSHPublicKey": "ssh-ed25519 " + "A" * 300,
    },
    ("imagebuilder", "ListImages"): nothing,
    ("imagebuilder", "ListImageBuildVersions"): nothing,
    ("imagebuilder", "GetImage"): lambda aws: {"imageBuildVersionArn": BUILD},
    ("imagebuilder", "ListImageScanFindings"): nothing,
    ("inspector2", "ListCoverage"): nothing,
    ("inspector2", "ListFindings"): nothing,
    ("ssm", "DescribeInstanceInformation"): nothing,
    ("ssm", "SendCommand"): lambda aws: {"DocumentName": "AWS-RunShellScript", "InstanceIds": [one(aws)]},
    ("ssm", "ListCommands"): lambda aws: {"CommandId": aws.run("ada", "id", one(aws))},
    ("ssm", "ListCommandInvocations"): lambda aws: {"CommandId": aws.run("ada", "id", one(aws)), "Details": True},
    ("ssm", "GetCommandInvocation"): lambda aws: {
        "CommandId": aws.run("ada", "id", one(aws)),
        "InstanceId": one(aws),
    },
    ("ssm", "CreateAssociation"): lambda aws: {"Name": "AWS-RunPatchBaseline", "InstanceId": one(aws)},
    ("ssm", "ListAssociations"): lambda aws: {"MaxResults": 50} if associated(aws) else {},
    ("ssm", "DescribeAssociation"): lambda aws: {"AssociationId": associated(aws)},
    ("ssm", "DescribeAssociationExecutions"): lambda aws: {"AssociationId": associated(aws)},
    ("ssm", "DescribeAssociationExecutionTargets"): lambda aws: dict.fromkeys(
        ("AssociationId", "ExecutionId"), associated(aws)
    ),
    ("ssm", "DescribeInstancePatchStates"): lambda aws: {"InstanceIds": [one(aws)]},
    ("ssm", "StartSession"): lambda aws: {"Target": one(aws), "Reason": "a look"},
    ("ssm", "TerminateSession"): lambda aws: {
        "SessionId": aws.client("ssm").start_session(Target=one(aws))["SessionId"]
    },
    ("ssm", "DescribeSessions"): lambda aws: aws.client("ssm").start_session(Target=one(aws)) and {"State": "Active"},
    ("sts", "GetCallerIdentity"): lambda aws: {},
}


def shape(service: str, operation: str) -> StructureShape:
    model = botocore.session.get_session().get_service_model(service)
    return model.operation_model(operation).output_shape


def test_each_added_operation_is_called_here(server: Fleet) -> None:
    assert set(ASKED) == set(OPERATIONS)


@pytest.mark.parametrize(("service", "operation"), ASKED, ids=lambda name: str(name))
def test_an_answer_is_what_the_model_says(
    aws: Fleet, monkeypatch: pytest.MonkeyPatch, service: str, operation: str
) -> None:
    asked = ASKED[service, operation](aws)
    written: list[dict[str, Any]] = []
    handler: Handler = OPERATIONS[service, operation]

    def kept(call: Call) -> dict[str, Any]:
        written.append(handler(call))
        return written[-1]

    monkeypatch.setitem(OPERATIONS, (service, operation), kept)
    read = aws.client(service)._make_api_call(operation, asked)
    read.pop("ResponseMetadata")
    assert [*faults(written[0], shape(service, operation))] == []
    assert [*faults(read, shape(service, operation))] == []
    assert {name for name, value in written[0].items() if value is not None} == set(read)
    assert (
        any(value for value in read.values() if value is not False)
        or "SerialConsole" in operation
        or "Lifecycle" in operation
    ), read


def test_the_walk_finds_what_is_wrong() -> None:
    activities = shape("autoscaling", "DescribeScalingActivities")
    good = {"ActivityId": "1", "AutoScalingGroupName": "w", "Cause": "c", "StartTime": WHEN, "StatusCode": "Failed"}
    assert [*faults({"Activities": [good]}, activities)] == []
    for wrong, said in (
        (good | {"StatusCode": "Fine"}, "is none of"),
        (good | {"StartTime": "2026"}, "is no timestamp"),
        (good | {"Colour": "red"}, "no such member"),
        ({k: v for k, v in good.items() if k != "Cause"}, "required"),
        (good | {"Progress": True}, "is no integer"),
        ("activity", "is no structure"),
    ):
        assert said in next(faults({"Activities": [wrong]}, activities), "")
