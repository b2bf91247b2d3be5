"""A small shop on the embedded AWS, for the reading's tests: groups on templates, a bare server, doors, a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from auditor.embedded_aws import EmbeddedAws
from tests.aws_fleet import Fleet, fleet


def furnish(shop: Fleet) -> dict[str, Any]:
    """Make the shop; gives the ids of what a test asks for."""
    old, new = shop.image("web-1"), shop.image("web-2", Commit="4f2a")
    door = shop.closed()
    profile = shop.profile("web")
    shop.template("web", old, SecurityGroupIds=[door], IamInstanceProfile=profile)
    web = shop.group("web", "1", 3)
    shop.template("web", new, SecurityGroupIds=[door], IamInstanceProfile=profile)
    shop.groups.put_lifecycle_hook(
        LifecycleHookName="drain",
        AutoScalingGroupName="web",
        LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING",
        HeartbeatTimeout=60,
    )
    shop.groups.start_instance_refresh(
        AutoScalingGroupName="web",
        DesiredConfiguration={"LaunchTemplate": {"LaunchTemplateName": "web", "Version": "2"}},
        Preferences={"MinHealthyPercentage": 50, "InstanceWarmup": 0},
    )
    for _ in range(40):
        shop.wait(60)
    shop.template("batch", new)
    batch = shop.group("batch", "$Latest", 2)
    bare = shop.ec2.run_instances(ImageId=new, MinCount=1, MaxCount=1, InstanceType="t3.micro")["Instances"][0]
    web = shop.members("web")
    shop.managed(*web)
    command = shop.run("mallory", "yum install -y nmap", web[0])
    _deploy(shop)
    shop.client("ssm").create_association(
        Name="AWS-RunShellScript", Targets=[{"Key": "InstanceIds", "Values": [web[1]]}]
    )
    _patching(shop, *batch)
    shop.groups.put_warm_pool(AutoScalingGroupName="batch", MinSize=1)
    shop.aws.shelf("images").append(_build(shop, new))
    return {
        "images": (old, new),
        "web": web,
        "batch": batch,
        "bare": bare["InstanceId"],
        "command": command,
        "door": door,
    }


def _patching(shop: Fleet, unclear: str, patched: str) -> None:
    """An association that scans or installs, nobody tells which; and patches that no command and no event tells of."""
    targets = [{"Key": "InstanceIds", "Values": [unclear]}]
    shop.client("ssm").create_association(Name="AWS-RunPatchBaselineAssociation", Targets=targets)
    shop.aws.shelf("patch states").append(
        {
            "InstanceId": patched,
            "PatchGroup": "",
            "BaselineId": "pb-0123456789abcdef0",
            "Operation": "Install",
            "OperationStartTime": "2026-11-02T08:40:00Z",
            "OperationEndTime": "2026-11-02T08:41:00Z",
            "InstalledCount": 3,
        }
    )


def _deploy(shop: Fleet) -> None:
    """A deployment in place, onto the group's servers."""
    deploy = shop.client("codedeploy")
    deploy.create_application(applicationName="shop", computePlatform="Server")
    deploy.create_deployment_group(
        applicationName="shop",
        deploymentGroupName="web",
        serviceRoleArn="arn:aws:iam::123456789012:role/deploy",
        autoScalingGroups=["web"],
        deploymentStyle={"deploymentType": "IN_PLACE", "deploymentOption": "WITHOUT_TRAFFIC_CONTROL"},
    )
    revision = {"revisionType": "S3", "s3Location": {"bucket": "shop", "key": "app.zip", "bundleType": "zip"}}
    deploy.create_deployment(applicationName="shop", deploymentGroupName="web", revision=revision)


def _build(shop: Fleet, image: str) -> dict[str, Any]:
    """Image Builder's build of an image."""
    return {
        "arn": f"arn:aws:imagebuilder:{shop.aws.region}:{shop.aws.account}:image/web/1.0.0/1",
        "name": "web",
        "type": "AMI",
        "version": "1.0.0/1",
        "platform": "Linux",
        "state": {"status": "AVAILABLE"},
        "dateCreated": "2026-11-02T07:00:00.000Z",
        "outputResources": {"amis": [{"region": shop.aws.region, "image": image, "accountId": shop.aws.account}]},
    }


@contextmanager
def shop() -> Iterator[tuple[EmbeddedAws, dict[str, Any]]]:
    """The shop, running."""
    with fleet() as made:
        yield made.aws, furnish(made)
