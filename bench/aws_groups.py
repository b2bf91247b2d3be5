"""One Auto Scaling group of a generated fleet: its launch template of five versions, and its members.

The fifth version is the one that the last refresh rolled out. `faults` are what is wrong with it: `stale` (its last
member still runs the fourth version, and the image that it names), `latest` and `default` (it names no number), `ssh`
(port 22 open to the world), `imdsv1`, `key` (a key pair), `lost` (its image is deregistered), `fetches` (user data).
"""

from __future__ import annotations

import base64
from datetime import datetime

from bench import aws_objects as o
from bench.aws_objects import ACCOUNT, REGION, ZONES, Object, ago, made, unique

VERSIONS, IMAGE_OF, SIZE = 5, (0, 1, 1, 2, 2, 3), 50
PRODUCTS = ("checkout", "search", "ledger", "catalogue", "mail", "media", "edge")
TYPES = ("m7i.large", "c7i.xlarge", "r7i.large", "m6a.2xlarge", "t3.medium")
BAKED = "#!/bin/sh\nset -eu\necho 'role={}' > /etc/service/role\nsystemctl enable --now service\n" + "# baked\n" * 90
FETCHED = "#!/bin/sh\nyum install -y service\ncurl -fsSL https://get.example.com/agent.sh | sh\n" + "# later\n" * 90


class ServerGroup:
    """The group with this number; `now` is when the fleet is looked at."""

    def __init__(self, number: int, now: datetime, faults: frozenset[str]) -> None:
        self.number, self.now, self.faults = number, now, faults
        self.product = "legacy" if "lost" in faults else PRODUCTS[number % len(PRODUCTS)]
        self.name, self.type = f"{self.product}-{number:03d}", TYPES[number % len(TYPES)]
        self.template = made("lt", self.name)
        arn = f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:autoScalingGroup:{unique(self.name)}"
        self.arn = f"{arn}:autoScalingGroupName/{self.name}"
        self.days = 1 + number % 28
        self.sg = made("sg", "open-ssh" if "ssh" in faults else f"{self.product}-service")
        self.named = "$Latest" if "latest" in faults else "$Default" if "default" in faults else str(VERSIONS)
        self.instances = [self._instance(index) for index in range(SIZE)]

    def version_of(self, index: int) -> int:
        """Which version the member with that index was launched from."""
        return VERSIONS - 1 if "stale" in self.faults and index == SIZE - 1 else VERSIONS

    @property
    def stale(self) -> list[str]:
        """The ids of the members that run what was superseded."""
        return [one["InstanceId"] for index, one in enumerate(self.instances) if self.version_of(index) != VERSIONS]

    def _metadata(self) -> Object:
        return {"HttpTokens": "optional" if "imdsv1" in self.faults else "required", "HttpPutResponseHopLimit": 2}

    def versions(self) -> list[Object]:
        """Its launch template's versions, the newest first."""
        return [self._version(number) for number in range(VERSIONS, 0, -1)]

    def _version(self, number: int) -> Object:
        text = FETCHED if "fetches" in self.faults else BAKED.format(self.product)
        named = o.tags(Name=self.name, product=self.product, release=str(number))
        data = {
            "EbsOptimized": True,
            "IamInstanceProfile": {"Arn": f"arn:aws:iam::{ACCOUNT}:instance-profile/{self.product}"},
            "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": o.disk(20)}],
            "ImageId": made("ami", self.product, IMAGE_OF[number]),
            "InstanceType": self.type,
            **({"KeyName": f"{self.product}-operators"} if "key" in self.faults else {}),
            "Monitoring": {"Enabled": True},
            "UserData": base64.b64encode(text.encode()).decode(),
            "TagSpecifications": [{"ResourceType": kind, "Tags": named} for kind in ("instance", "volume")],
            "SecurityGroupIds": [self.sg],
            "MetadataOptions": {**self._metadata(), "HttpEndpoint": "enabled", "InstanceMetadataTags": "disabled"},
        }
        return {
            "LaunchTemplateId": self.template,
            "LaunchTemplateName": self.name,
            "VersionNumber": number,
            "VersionDescription": f"release {number}",
            "CreateTime": ago(self.now, days=self.days + 30 * (VERSIONS - number), hours=1),
            "CreatedBy": f"arn:aws:sts::{ACCOUNT}:assumed-role/pipeline/deploy-{self.product}",
            "DefaultVersion": number == VERSIONS,
            "LaunchTemplateData": data,
            "Operator": {"Managed": False},
        }

    def launch_template(self) -> Object:
        """The launch template, as `DescribeLaunchTemplates` returns it."""
        return {
            "LaunchTemplateId": self.template,
            "LaunchTemplateName": self.name,
            "CreateTime": ago(self.now, days=200),
            "CreatedBy": f"arn:aws:sts::{ACCOUNT}:assumed-role/pipeline/deploy-{self.product}",
            "DefaultVersionNumber": VERSIONS,
            "LatestVersionNumber": VERSIONS,
            "Tags": o.tags(product=self.product),
            "Operator": {"Managed": False},
        }

    def launched(self, index: int) -> str:
        """When the member with that index was launched: five at a time, three minutes apart, in the last refresh."""
        before = 30 if self.version_of(index) != VERSIONS else 0
        return ago(self.now, days=self.days + before, minutes=-3 * (index // 5), seconds=-(index % 5))

    def _instance(self, index: int) -> Object:
        number = self.number * SIZE + index
        name, (zone, zone_id) = made("i", self.name, index), ZONES[index % len(ZONES)]
        launched, version = self.launched(index), self.version_of(index)
        groups = [{"GroupId": self.sg, "GroupName": "open-ssh" if "ssh" in self.faults else f"{self.product}-service"}]
        subnet, dns = made("subnet", zone), f"ip-{o.address(number).replace('.', '-')}.{REGION}.compute.internal"
        disks = [("/dev/xvda", "root"), ("/dev/xvdb", "data")]
        options = {"State": "applied", **self._metadata(), "HttpEndpoint": "enabled", "HttpProtocolIpv6": "disabled"}
        return {
            "Architecture": "x86_64",
            "BlockDeviceMappings": [
                {
                    "DeviceName": device,
                    "Ebs": {
                        "AttachTime": launched,
                        "DeleteOnTermination": True,
                        "Status": "attached",
                        "VolumeId": made("vol", name, what),
                        "EbsCardIndex": 0,
                    },
                }
                for device, what in disks
            ],
            "ClientToken": unique(name, "token"),
            "EbsOptimized": True,
            "EnaSupport": True,
            "Hypervisor": "xen",
            "IamInstanceProfile": {
                "Arn": f"arn:aws:iam::{ACCOUNT}:instance-profile/{self.product}",
                "Id": f"AIPA{made('p', self.product)[3:].upper()}",
            },
            "NetworkInterfaces": [o.interface(number, groups, subnet, launched)],
            "RootDeviceName": "/dev/xvda",
            "RootDeviceType": "ebs",
            "SecurityGroups": groups,
            "SourceDestCheck": True,
            "Tags": o.tags(
                aws__autoscaling__groupName=self.name,
                aws__ec2launchtemplate__id=self.template,
                aws__ec2launchtemplate__version=str(version),
                Name=self.name,
                product=self.product,
                release=str(version),
            ),
            "VirtualizationType": "hvm",
            "CpuOptions": {"CoreCount": 1, "ThreadsPerCore": 2},
            "CapacityReservationSpecification": {"CapacityReservationPreference": "open"},
            "HibernationOptions": {"Configured": False},
            "MetadataOptions": {**options, "InstanceMetadataTags": "disabled"},
            "EnclaveOptions": {"Enabled": False},
            "BootMode": "uefi-preferred",
            "PlatformDetails": "Linux/UNIX",
            "UsageOperation": "RunInstances",
            "UsageOperationUpdateTime": launched,
            "PrivateDnsNameOptions": {
                "HostnameType": "ip-name",
                "EnableResourceNameDnsARecord": False,
                "EnableResourceNameDnsAAAARecord": False,
            },
            "MaintenanceOptions": {"AutoRecovery": "default", "RebootMigration": "default"},
            "CurrentInstanceBootMode": "uefi",
            "NetworkPerformanceOptions": {"BandwidthWeighting": "default"},
            "Operator": {"Managed": False},
            "InstanceId": name,
            "ImageId": made("ami", self.product, IMAGE_OF[version]),
            "State": {"Code": 16, "Name": "running"},
            "PrivateDnsName": dns,
            "PublicDnsName": "",
            "StateTransitionReason": "",
            **({"KeyName": f"{self.product}-operators"} if "key" in self.faults else {}),
            "AmiLaunchIndex": index % 5,
            "ProductCodes": [],
            "InstanceType": self.type,
            "LaunchTime": launched,
            "Placement": {
                "AvailabilityZoneId": zone_id,
                "GroupName": "",
                "Tenancy": "default",
                "AvailabilityZone": zone,
            },
            "Monitoring": {"State": "enabled"},
            "SubnetId": subnet,
            "VpcId": o.VPC,
            "PrivateIpAddress": o.address(number),
        }

    def reservations(self) -> list[Object]:
        """Its members, five to a reservation, as the refresh launched them."""
        five = [self.instances[start : start + 5] for start in range(0, SIZE, 5)]
        common = {"OwnerId": ACCOUNT, "RequesterId": o.OTHER, "Groups": []}
        return [{"ReservationId": made("r", self.name, i), **common, "Instances": one} for i, one in enumerate(five)]
