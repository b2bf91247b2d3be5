"""The EC2 objects that a generated fleet of servers is made of, as `Describe…` returns them."""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import datetime, timedelta
from typing import Any

Object = dict[str, Any]

ACCOUNT, REGION, OTHER = "123456789012", "eu-central-1", "210987654321"
ZONES = (("eu-central-1a", "euc1-az2"), ("eu-central-1b", "euc1-az3"), ("eu-central-1c", "euc1-az1"))
VPC = "vpc-0c1a2b3c4d5e6f708"


def ago(now: datetime, **back: float) -> str:
    """A time before now, as RFC 3339 text of whole seconds."""
    return (now - timedelta(**back)).strftime("%Y-%m-%dT%H:%M:%S+00:00")


def made(prefix: str, *words: object) -> str:
    """An id of 17 hexadecimal digits, from what it names."""
    return f"{prefix}-0{hashlib.sha256('/'.join(map(str, words)).encode()).hexdigest()[:16]}"


def unique(*words: object) -> str:
    """A uid from what it names."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, "/".join(map(str, words))))


def tags(**named: str) -> list[Object]:
    """Tags in the API's form; `__` stands for a colon."""
    return [{"Key": key.replace("__", ":"), "Value": value} for key, value in named.items()]


def image(product: str, number: int, created: str, deprecated: str) -> Object:
    """An image of this account with two snapshots, as Packer leaves one."""
    name = f"{product}-{number}.{created[:10].replace('-', '')}"
    disks = [("/dev/xvda", 20, "root"), ("/dev/xvdb", 50, "data")]
    return {
        "PlatformDetails": "Linux/UNIX",
        "UsageOperation": "RunInstances",
        "BlockDeviceMappings": [
            {"DeviceName": device, "Ebs": {**disk(size), "SnapshotId": made("snap", product, number, what)}}
            for device, size, what in disks
        ],
        "Description": f"{product}, release {number}",
        "EnaSupport": True,
        "Hypervisor": "xen",
        "Name": name,
        "RootDeviceName": "/dev/xvda",
        "RootDeviceType": "ebs",
        "SriovNetSupport": "simple",
        "Tags": tags(
            Name=name,
            product=product,
            commit=hashlib.sha256(name.encode()).hexdigest()[:40],
            source=f"https://git.example.com/images/{product}",
            built_by="packer 1.14.2",
        ),
        "VirtualizationType": "hvm",
        "BootMode": "uefi-preferred",
        "DeprecationTime": deprecated,
        "ImdsSupport": "v2.0",
        "DeregistrationProtection": "disabled",
        "ImageId": made("ami", product, number),
        "ImageLocation": f"{ACCOUNT}/{name}",
        "State": "available",
        "OwnerId": ACCOUNT,
        "CreationDate": created,
        "Public": False,
        "Architecture": "x86_64",
        "ImageType": "machine",
    }


def disk(size: int) -> Object:
    """The settings of a disk in a mapping of an image or a launch template."""
    return {
        "DeleteOnTermination": True,
        "Iops": 3000,
        "VolumeSize": size,
        "VolumeType": "gp3",
        "Throughput": 125,
        "Encrypted": True,
    }


def volume(instance: Object, number: int, size: int, snapshot: str) -> Object:
    """The volume behind one of an instance's mappings."""
    mapping = instance["BlockDeviceMappings"][number]
    attached = {
        "DeleteOnTermination": mapping["Ebs"]["DeleteOnTermination"],
        "VolumeId": mapping["Ebs"]["VolumeId"],
        "InstanceId": instance["InstanceId"],
        "Device": mapping["DeviceName"],
        "State": "attached",
        "AttachTime": mapping["Ebs"]["AttachTime"],
    }
    return {
        "AvailabilityZoneId": instance["Placement"]["AvailabilityZoneId"],
        "Iops": 3000,
        "Tags": [tag for tag in instance["Tags"] if not tag["Key"].startswith("aws:")],
        "VolumeType": "gp3",
        "MultiAttachEnabled": False,
        "Throughput": 125,
        "Operator": {"Managed": False},
        "VolumeId": mapping["Ebs"]["VolumeId"],
        "Size": size,
        "SnapshotId": snapshot,
        "AvailabilityZone": instance["Placement"]["AvailabilityZone"],
        "State": "in-use",
        "CreateTime": mapping["Ebs"]["AttachTime"],
        "Attachments": [attached],
        "Encrypted": True,
        "KmsKeyId": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{unique('key')}",
    }


def security_group(name: str, source: str, *ports: int) -> Object:
    """A security group that lets those ports in from there, and everything out."""
    group = made("sg", name)
    return {
        "GroupId": group,
        "IpPermissionsEgress": [permission("0.0.0.0/0", None)],
        "Tags": tags(Name=name, owner="platform"),
        "VpcId": VPC,
        "SecurityGroupArn": f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/{group}",
        "OwnerId": ACCOUNT,
        "GroupName": name,
        "Description": f"{name}, made by the platform's code",
        "IpPermissions": [permission(source, port) for port in ports],
    }


def permission(source: str, port: int | None) -> Object:
    """One rule of a security group, from a range or from another group."""
    ports = {} if port is None else {"FromPort": port, "ToPort": port}
    group = source.startswith("sg-")
    return {
        "IpProtocol": "-1" if port is None else "tcp",
        **ports,
        "UserIdGroupPairs": [{"UserId": ACCOUNT, "GroupId": source}] if group else [],
        "IpRanges": [] if group else [{"Description": "by code", "CidrIp": source}],
        "Ipv6Ranges": [],
        "PrefixListIds": [],
    }


def address(number: int) -> str:
    """The private address of the fleet's n-th server."""
    return f"10.{40 + number // 60_000}.{number // 250 % 240}.{number % 250 + 4}"


def interface(number: int, groups: list[Object], subnet: str, attached: str) -> Object:
    """The primary network interface of the fleet's n-th server."""
    told = address(number)
    name = f"ip-{told.replace('.', '-')}.{REGION}.compute.internal"
    return {
        "Attachment": {
            "AttachTime": attached,
            "AttachmentId": made("eni-attach", number),
            "DeleteOnTermination": True,
            "DeviceIndex": 0,
            "Status": "attached",
            "NetworkCardIndex": 0,
        },
        "Description": "",
        "Groups": groups,
        "Ipv6Addresses": [],
        "MacAddress": "06:" + ":".join(made("m", number)[3 + 2 * i : 5 + 2 * i] for i in range(5)),
        "NetworkInterfaceId": made("eni", number),
        "OwnerId": ACCOUNT,
        "PrivateDnsName": name,
        "PrivateIpAddress": told,
        "PrivateIpAddresses": [{"Primary": True, "PrivateDnsName": name, "PrivateIpAddress": told}],
        "SourceDestCheck": True,
        "Status": "in-use",
        "SubnetId": subnet,
        "VpcId": VPC,
        "InterfaceType": "interface",
        "Operator": {"Managed": False},
    }


def activity(group: Object, started: str, ended: str, description: str, cause: str, zone: str) -> Object:
    """A scaling activity that came to its end."""
    return {
        "ActivityId": unique(group["AutoScalingGroupName"], started, description),
        "AutoScalingGroupName": group["AutoScalingGroupName"],
        "Description": description,
        "Cause": cause,
        "StartTime": started,
        "EndTime": ended,
        "StatusCode": "Successful",
        "Progress": 100,
        "Details": json.dumps({"Subnet ID": made("subnet", zone), "Availability Zone": zone}),
        "AutoScalingGroupARN": group["AutoScalingGroupARN"],
    }
