"""Small fleets on the embedded AWS, built over HTTP as somebody would: images, templates, groups, doors, people.

A test of one thing takes a `Fleet` and makes what it needs; `aws_shop` makes a whole one.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import boto3

from auditor import embedded_aws
from auditor.embedded_aws import EmbeddedAws, HandClock

START = "2026-11-02T08:00:00"
SDK = "Boto3/1.44.8 md/Botocore#1.44.8 ua/2.1 os/linux lang/python#3.11.7 Botocore/1.44.8"
CONSOLE = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
SSM_CORE = "AmazonSSMManagedInstanceCore"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
MANAGED = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["ssm:UpdateInstanceInformation", "ssmmessages:*"], "Resource": "*"}],
}


class Fleet:
    """An account and region that is being furnished. `clients` are boto3's, by service; `by` gives another caller's."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self.aws = aws
        self.deployer = aws.role("deploy", "pipeline-812")
        self._clients: dict[tuple[str, str], Any] = {}

    def client(self, service: str, caller: Any = None, agent: str = SDK) -> Any:
        """A client of a service, of the deploying pipeline where no caller is named. `agent` is the tool that it is."""
        who = caller or self.deployer
        known = self._clients.get((service, who.key + agent))
        if known is None:
            known = boto3.client(service, **self.aws.client(who))
            known.meta.events.register("before-send", lambda request, **_: _say(request, agent))
            self._clients[service, who.key + agent] = known
        return known

    @cached_property
    def ec2(self) -> Any:
        """EC2, for the pipeline."""
        return self.client("ec2")

    @cached_property
    def groups(self) -> Any:
        """EC2 Auto Scaling, for the pipeline."""
        return self.client("autoscaling")

    def wait(self, seconds: float) -> None:
        """Let time pass, and what is due in it happen."""
        clock = self.aws.clock
        assert isinstance(clock, HandClock)
        clock.advance(seconds)
        self.groups.describe_auto_scaling_groups()

    def image(self, name: str, **tags: str) -> str:
        """A machine image of the account's own, with a snapshot behind it."""
        volume = self.ec2.create_volume(Size=8, AvailabilityZone=f"{self.aws.region}a")["VolumeId"]
        snapshot = self.ec2.create_snapshot(VolumeId=volume, Description=name)["SnapshotId"]
        self.ec2.delete_volume(VolumeId=volume)
        disk = {"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot, "VolumeSize": 8, "VolumeType": "gp3"}}
        identifier = self.ec2.register_image(
            Name=name, RootDeviceName="/dev/xvda", Architecture="x86_64", BlockDeviceMappings=[disk]
        )["ImageId"]
        if tags:
            self.ec2.create_tags(Resources=[identifier], Tags=[{"Key": k, "Value": v} for k, v in tags.items()])
        return str(identifier)

    def template(self, name: str, image: str, **data: Any) -> str:
        """A launch template's version: the first, or the next. Gives its number. Instances take IMDSv2 only."""
        safe = {"HttpTokens": "required", "HttpEndpoint": "enabled"}
        whole = {"ImageId": image, "InstanceType": "t3.micro", "MetadataOptions": safe, **data}
        if script := whole.get("UserData"):
            whole["UserData"] = base64.b64encode(script.encode()).decode()
        known = {one["LaunchTemplateName"] for one in self.ec2.describe_launch_templates()["LaunchTemplates"]}
        if name not in known:
            self.ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=whole)
            return "1"
        made = self.ec2.create_launch_template_version(LaunchTemplateName=name, LaunchTemplateData=whole)
        return str(made["LaunchTemplateVersion"]["VersionNumber"])

    def group(self, name: str, version: str, size: int = 3, **settings: Any) -> list[str]:
        """A group of this name from the launch template of this name; gives its members."""
        named = {"LaunchTemplate": {"LaunchTemplateName": name, "Version": version}}
        if "MixedInstancesPolicy" in settings:
            named = {}
        self.groups.create_auto_scaling_group(
            AutoScalingGroupName=name,
            MinSize=settings.pop("MinSize", 1),
            MaxSize=settings.pop("MaxSize", 10),
            DesiredCapacity=size,
            AvailabilityZones=settings.pop("AvailabilityZones", [f"{self.aws.region}a", f"{self.aws.region}b"]),
            **named,
            **settings,
        )
        return self.members(name)

    def members(self, name: str) -> list[str]:
        """The instances of a group, in its order."""
        return [one["InstanceId"] for one in self.told(name)["Instances"]]

    def told(self, name: str) -> dict[str, Any]:
        """What `DescribeAutoScalingGroups` says of a group."""
        found = self.groups.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
        return dict(found[0])

    def activities(self, name: str) -> list[dict[str, Any]]:
        """What a group did, the newest first."""
        return list(self.groups.describe_scaling_activities(AutoScalingGroupName=name)["Activities"])

    def hook(self, group: str, name: str, transition: str, seconds: int = 300, result: str = "ABANDON") -> None:
        """A lifecycle hook of a group, on `LAUNCHING` or `TERMINATING`."""
        self.groups.put_lifecycle_hook(
            AutoScalingGroupName=group,
            LifecycleHookName=name,
            LifecycleTransition=f"autoscaling:EC2_INSTANCE_{transition}",
            HeartbeatTimeout=seconds,
            DefaultResult=result,
        )

    def pin(self, name: str, version: str) -> None:
        """Let a group launch another version from now on; its members stay."""
        named = {"LaunchTemplateName": name, "Version": version}
        self.groups.update_auto_scaling_group(AutoScalingGroupName=name, LaunchTemplate=named)

    def managed(self, *instances: str) -> None:
        """Let Systems Manager manage instances."""
        self.aws.shelf("managed instances").extend(instances)

    def run(self, who: str, command: str, *instances: str, agent: str = CONSOLE) -> str:
        """A person runs a command on instances by Run Command; gives the command's id."""
        ssm = self.client("ssm", self.aws.person(who), agent)
        sent = ssm.send_command(
            DocumentName="AWS-RunShellScript", InstanceIds=list(instances), Parameters={"commands": [command]}
        )
        return str(sent["Command"]["CommandId"])

    def door(self, name: str, port: int = 22, source: str = "0.0.0.0/0") -> str:
        """A security group that lets a port in from a range."""
        vpc = self.ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        identifier = self.ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        opened = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": source}]}
        self.ec2.authorize_security_group_ingress(GroupId=identifier, IpPermissions=[opened])
        return str(identifier)

    def closed(self, name: str = "web-only") -> str:
        """A security group that lets nothing in but HTTPS."""
        return self.door(name, 443)

    def profile(self, name: str) -> dict[str, str]:
        """An instance profile whose role Systems Manager may manage by; gives what a template names."""
        iam = self.client("iam")
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
        known = {one["PolicyName"]: one["Arn"] for one in iam.list_policies(Scope="Local")["Policies"]}
        if SSM_CORE not in known:
            made = iam.create_policy(PolicyName=SSM_CORE, PolicyDocument=json.dumps(MANAGED))
            known[SSM_CORE] = made["Policy"]["Arn"]
        iam.attach_role_policy(RoleName=name, PolicyArn=known[SSM_CORE])
        iam.create_instance_profile(InstanceProfileName=name)
        iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
        return {"Name": name}


def _say(request: Any, agent: str) -> None:
    """Let a request come from another tool."""
    del request.headers["User-Agent"]
    request.headers["User-Agent"] = agent


@contextmanager
def fleet(**serving: Any) -> Iterator[Fleet]:
    """An empty fleet on an embedded AWS whose clock is held."""
    with embedded_aws.serve(HandClock(START), seed=7, **serving) as aws:
        yield Fleet(aws)


def emptied(used: Fleet) -> Fleet:
    """A fleet with nothing in it, at the same time as the one before (one server, and its clients, for many tests)."""
    used.aws.reset()
    assert isinstance(used.aws.clock, HandClock)
    used.aws.clock.set(START)
    used.aws.role("deploy", "pipeline-812")
    return used
