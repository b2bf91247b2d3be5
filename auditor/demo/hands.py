"""Hands that furnish the embedded AWS over its API, as a pipeline and people would: the one place that calls it so."""

from __future__ import annotations

from typing import Any

import boto3

from auditor.embedded_aws import EmbeddedAws
from auditor.embedded_aws.principals import Principal

CONSOLE = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
DISK = "/dev/xvda"


class Hands:
    """Makes images, launch templates, groups and doors. `client` is boto3's, of the pipeline if nobody is named."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self.aws = aws
        self.pipeline = aws.role("deploy", "pipeline-812")
        self._clients: dict[tuple[str, str], Any] = {}

    def client(self, service: str, caller: Principal | None = None) -> Any:
        """A client of a service."""
        who = caller or self.pipeline
        if (service, who.key) not in self._clients:
            self._clients[service, who.key] = boto3.client(service, **self.aws.client(who))
        return self._clients[service, who.key]

    def image(self, name: str, **tags: str) -> str:
        """A machine image of the account's own, with a snapshot behind it; gives its id."""
        ec2 = self.client("ec2")
        volume = ec2.create_volume(Size=8, AvailabilityZone=f"{self.aws.region}a")["VolumeId"]
        snapshot = ec2.create_snapshot(VolumeId=volume, Description=name)["SnapshotId"]
        ec2.delete_volume(VolumeId=volume)
        disk = {"DeviceName": DISK, "Ebs": {"SnapshotId": snapshot, "VolumeSize": 8, "VolumeType": "gp3"}}
        made = ec2.register_image(
            Name=name, RootDeviceName=DISK, Architecture="x86_64", BlockDeviceMappings=[disk], VirtualizationType="hvm"
        )
        ec2.create_tags(Resources=[made["ImageId"]], Tags=[{"Key": k, "Value": v} for k, v in tags.items()])
        return str(made["ImageId"])

    def door(self, name: str, port: int, source: str = "0.0.0.0/0") -> str:
        """A security group that lets one port in; gives its id."""
        ec2 = self.client("ec2")
        vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        identifier = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        opened = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": source}]}
        ec2.authorize_security_group_ingress(GroupId=identifier, IpPermissions=[opened])
        return str(identifier)

    def release(self, name: str, image: str, door: str, *, first: bool = False, kind: str = "t3.micro") -> None:
        """The next version of a launch template (the first one makes it). Its servers want session tokens."""
        data = {
            "ImageId": image,
            "InstanceType": kind,
            "SecurityGroupIds": [door],
            "MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "enabled"},
        }
        ec2 = self.client("ec2")
        make = ec2.create_launch_template if first else ec2.create_launch_template_version
        make(LaunchTemplateName=name, LaunchTemplateData=data)

    def group(self, name: str, size: int, version: str = "1") -> None:
        """An Auto Scaling group that launches a version of the template of its name."""
        self.client("autoscaling").create_auto_scaling_group(
            AutoScalingGroupName=name,
            MinSize=1,
            MaxSize=2 * size,
            DesiredCapacity=size,
            DefaultInstanceWarmup=0,
            AvailabilityZones=[f"{self.aws.region}{zone}" for zone in "ab"],
            LaunchTemplate={"LaunchTemplateName": name, "Version": version},
        )

    def name_version(self, name: str, version: str) -> None:
        """Let a group launch another version from now on; its members stay."""
        named = {"LaunchTemplateName": name, "Version": version}
        self.client("autoscaling").update_auto_scaling_group(AutoScalingGroupName=name, LaunchTemplate=named)

    def members(self, name: str) -> list[dict[str, Any]]:
        """What the API tells of a group's members."""
        asked = {"AutoScalingGroupNames": [name]}
        return list(
            self.client("autoscaling").describe_auto_scaling_groups(**asked)["AutoScalingGroups"][0]["Instances"]
        )

    def run_command(self, who: Principal, command: str, instance: str) -> None:
        """A person runs a command on a server by Run Command, from the console."""
        ssm = self.client("ssm", who)
        ssm.meta.events.register("before-send", _from_console)
        ssm.send_command(DocumentName="AWS-RunShellScript", InstanceIds=[instance], Parameters={"commands": [command]})


def _from_console(request: Any, **_: Any) -> None:
    del request.headers["User-Agent"]
    request.headers["User-Agent"] = CONSOLE
