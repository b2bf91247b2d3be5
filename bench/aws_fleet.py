"""A generated fleet of servers behind an endpoint on loopback, as AWS would answer for it.

`python -m bench.aws_fleet INSTANCES` prints the endpoint, what was planted and ends with its standard input. Fifty
instances are a group; 20 instances are stale: they run the release and the image before the one that was rolled out.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from bench import aws_objects as o
from bench import aws_scaling as scaling
from bench.aws_groups import PRODUCTS, SIZE, VERSIONS, ServerGroup
from bench.aws_objects import ACCOUNT, REGION, ZONES, Object, ago, made
from bench.aws_server import Answer, Server
from bench.aws_tables import Table, at

STALE = 20
FAULTS = {"latest": range(1, 5), "default": range(6, 8), "ssh": range(10, 14), "imdsv1": range(20, 26)} | {
    "key": range(30, 40),
    "lost": range(50, 53),
    "fetches": range(60, 64),
}
"""Which groups of each hundred have which fault beside the stale ones."""


class Fleet:
    """All of it, from the number of instances and the moment."""

    def __init__(self, instances: int, now: datetime) -> None:
        count = instances // SIZE
        apart = max(1, count // STALE)
        self.now = now
        self.groups = [ServerGroup(n, now, self._faults(n, apart, count)) for n in range(count)]

    @staticmethod
    def _faults(number: int, apart: int, count: int) -> frozenset[str]:
        stale = {"stale"} if number % apart == 0 and number // apart < STALE and number < count else set()
        return frozenset(stale | {fault for fault, ones in FAULTS.items() if number % 100 in ones})

    def planted(self) -> dict[str, list[str]]:
        """The ids of the stale instances, and the names of the groups that have another fault."""
        found = {"stale": [name for group in self.groups for name in group.stale]}
        return found | {fault: [g.name for g in self.groups if fault in g.faults] for fault in FAULTS}

    def images(self) -> list[Object]:
        """The images of each product; of what is lost, the newest is deregistered."""
        days = ((0, 700, -30), (1, 400, -300), (2, 120, 1), (3, 40, -600))
        names = (*PRODUCTS, "legacy")
        return [
            o.image(name, number, _millis(ago(self.now, days=created)), _millis(ago(self.now, days=ends)))
            for name in names
            for number, created, ends in days
            if (name, number) != ("legacy", 3)
        ]

    def snapshots(self) -> list[Object]:
        """The snapshots behind those images."""
        return [
            {
                "StorageTier": "standard",
                "SnapshotId": disk["Ebs"]["SnapshotId"],
                "VolumeId": "vol-ffffffff",
                "State": "completed",
                "StartTime": image["CreationDate"].replace(".000Z", "+00:00"),
                "Progress": "100%",
                "OwnerId": ACCOUNT,
                "Description": f"Created by CreateImage for {image['ImageId']}",
                "VolumeSize": disk["Ebs"]["VolumeSize"],
                "Encrypted": True,
            }
            for image in self.images()
            for disk in image["BlockDeviceMappings"]
        ]

    def tables(self) -> list[Table]:
        """What each list operation answers."""
        return [*self._machines(), *self._releases(), *self._around(), *self._scaling()]

    def _machines(self) -> list[Table]:
        ids = at("InstanceId")
        filters = {"instance-id": ids, "image-id": at("ImageId"), "instance-state-name": at("State.Name")}
        reservations = [one for group in self.groups for one in group.reservations()]
        volumes = [one for group in self.groups for one in scaling.volumes(group)]
        of_volumes = {
            "volume-id": at("VolumeId"),
            "attachment.instance-id": at("Attachments[].InstanceId"),
            "attachment.delete-on-termination": at("Attachments[].DeleteOnTermination"),
        }
        managed = [one for group in self.groups for one in scaling.managed(group)]
        ec2 = "DescribeInstances", "Reservations", reservations, 1000
        return [
            Table("ec2", *ec2, {"InstanceIds": ids}, filters, "InvalidInstanceID.NotFound", "Instances"),
            Table("ec2", "DescribeVolumes", "Volumes", volumes, 1000, {"VolumeIds": at("VolumeId")}, of_volumes),
            Table("ssm", "DescribeInstanceInformation", "InstanceInformationList", managed, 50),
        ]

    def _releases(self) -> list[Table]:
        images, snapshots = self.images(), self.snapshots()
        templates = [group.launch_template() for group in self.groups]
        versions = [one for group in self.groups for one in group.versions()]
        of = {"LaunchTemplateId": at("LaunchTemplateId"), "LaunchTemplateName": at("LaunchTemplateName")}
        many = {"LaunchTemplateIds": of["LaunchTemplateId"], "LaunchTemplateNames": of["LaunchTemplateName"]}
        owned = {"Owners": _owners, "ImageIds": at("ImageId")}
        seen = {"image-id": at("ImageId"), "state": at("State"), "owner-id": at("OwnerId"), "is-public": at("Public")}
        kept = {"snapshot-id": at("SnapshotId"), "owner-id": at("OwnerId"), "status": at("State")}
        by = {"SnapshotIds": at("SnapshotId"), "OwnerIds": _owners}
        return [
            Table("ec2", "DescribeLaunchTemplates", "LaunchTemplates", templates, 200, many),
            Table("ec2", "DescribeLaunchTemplateVersions", "LaunchTemplateVersions", versions, 200, _versions(of)),
            Table("ec2", "DescribeImages", "Images", images, 1000, owned, seen),
            Table("ec2", "DescribeSnapshots", "Snapshots", snapshots, 1000, by, kept),
            Table("autoscaling", "DescribeLaunchConfigurations", "LaunchConfigurations", [], 100),
        ]

    def _around(self) -> list[Table]:
        services = [
            o.security_group(f"{name}-service", made("sg", "balancers"), 8080) for name in (*PRODUCTS, "legacy")
        ]
        others = [o.security_group("balancers", "0.0.0.0/0", 443), o.security_group("open-ssh", "0.0.0.0/0", 22, 8080)]
        keys = [
            {
                "KeyPairId": made("key", name),
                "KeyType": "ed25519",
                "Tags": [],
                "CreateTime": ago(self.now, days=600),
                "KeyName": f"{name}-operators",
                "KeyFingerprint": f"{made('f', name)}=",
            }
            for name in PRODUCTS
        ]
        by = {"GroupIds": at("GroupId"), "GroupNames": at("GroupName")}
        filters = {"group-id": at("GroupId"), "vpc-id": at("VpcId")}
        regions = [
            {"OptInStatus": "opt-in-not-required", "RegionName": REGION, "Endpoint": f"ec2.{REGION}.amazonaws.com"}
        ]
        zones = [
            {"ZoneName": zone, "ZoneId": zone_id, "RegionName": REGION, "State": "available"} for zone, zone_id in ZONES
        ]
        return [
            Table("ec2", "DescribeSecurityGroups", "SecurityGroups", services + others, 1000, by, filters),
            Table("ec2", "DescribeKeyPairs", "KeyPairs", keys, 1000, {"KeyNames": at("KeyName")}),
            Table("ec2", "DescribeRegions", "Regions", regions),
            Table("ec2", "DescribeAvailabilityZones", "AvailabilityZones", zones),
            *(Table("ec2", operation, member, []) for operation, member in EMPTY),
        ]

    def _scaling(self) -> list[Table]:
        groups = [scaling.group(one) for one in self.groups]
        refreshes = list(chain.from_iterable(map(scaling.refreshes, self.groups)))
        done = list(chain.from_iterable(map(scaling.activities, self.groups)))
        done.sort(key=lambda one: str(one["StartTime"]), reverse=True)
        name = {"AutoScalingGroupName": at("AutoScalingGroupName")}
        names = {"AutoScalingGroupNames": at("AutoScalingGroupName")}
        service = "autoscaling"
        return [
            Table(service, "DescribeAutoScalingGroups", "AutoScalingGroups", groups, 100, names),
            Table(service, "DescribeInstanceRefreshes", "InstanceRefreshes", refreshes, 100, name),
            Table(service, "DescribeScalingActivities", "Activities", done, 100, name),
            Table(service, "DescribeWarmPool", "Instances", [], 50),
            Table(service, "DescribeLifecycleHooks", "LifecycleHooks", [], 50),
        ]

    def single(self) -> dict[str, Answer]:
        """What operations answer that are no lists."""
        data = {one["InstanceId"]: group for group in self.groups for one in group.instances}

        def attribute(asked: Object) -> Object:
            group = data[asked["InstanceId"]]
            newest = group.versions()[0]["LaunchTemplateData"]["UserData"]
            told = {"UserData": {"Value": newest}} if asked["Attribute"] == "userData" else {}
            return {"InstanceId": asked["InstanceId"], **told}

        types = Counter(group.type for group in self.groups)
        me = {"UserId": "AIDAEXAMPLE", "Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/reader"}
        store = {"InstanceStorageSupported": False, "CurrentGeneration": True}
        return {
            "sts.GetCallerIdentity": lambda _: me,
            "ec2.DescribeInstanceAttribute": attribute,
            "ec2.DescribeInstanceTypes": lambda _: {"InstanceTypes": [{"InstanceType": t, **store} for t in types]},
            "ec2.GetSerialConsoleAccessStatus": lambda _: {"SerialConsoleAccessEnabled": False},
            "ssm.ListCommands": lambda _: {"Commands": []},
            "ssm.ListCommandInvocations": lambda _: {"CommandInvocations": []},
            "ssm.ListAssociations": lambda _: {"Associations": []},
            "ssm.DescribeSessions": lambda _: {"Sessions": []},
            "ssm.DescribeInstancePatchStates": lambda _: {"InstancePatchStates": []},
            "cloudtrail.LookupEvents": lambda _: {"Events": []},
            "codedeploy.ListDeployments": lambda _: {"deployments": []},
            "imagebuilder.ListImageBuildVersions": lambda _: {"imageSummaryList": []},
        }


EMPTY = (
    ("DescribeAddresses", "Addresses"),
    ("DescribeInstanceConnectEndpoints", "InstanceConnectEndpoints"),
    ("DescribeReplaceRootVolumeTasks", "ReplaceRootVolumeTasks"),
    ("DescribeVpcEndpoints", "VpcEndpoints"),
    ("DescribeNetworkAcls", "NetworkAcls"),
)
"""What this account has none of."""


def _millis(time: str) -> str:
    """As EC2 writes the times of an image, which are plain text there."""
    return time.replace("+00:00", ".000Z")


def _owners(one: Object) -> list[str]:
    return ["self", str(one["OwnerId"])]


def _versions(of: dict[str, Any]) -> dict[str, Any]:
    def names(one: Object) -> list[str]:
        number = one["VersionNumber"]
        return [str(number), *(["$Latest", "$Default"] if number == VERSIONS else [])]

    return {**of, "Versions": names}


def main() -> None:
    """Serve until standard input ends."""
    fleet = Fleet(int(sys.argv[1]), datetime.now(UTC).replace(microsecond=0))
    with Server(fleet.tables(), fleet.single()) as server:
        print(json.dumps({"endpoint": server.endpoint, "planted": fleet.planted()}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
