"""What moto's EC2 lacks: replacing a root volume, the serial console's switch, Instance Connect endpoints, and what an
account says of its images."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from moto.ec2.models import ec2_backends
from moto.moto_api._internal import mock_random

from auditor.embedded_aws import world
from auditor.embedded_aws.call import Answer, Call, Refused, operation, page

TASKS = "root volume tasks"


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def identifier(prefix: str) -> str:
    """An EC2 id."""
    return f"{prefix}-{mock_random.get_random_hex(17)}"


def instance_of(call: Call, name: str = "InstanceId") -> Any:
    """Moto's instance that a call names. Raises `Refused` where there is none."""
    wanted = call.get(name, "")
    for reservation in ec2_backends[call.account][call.region].reservations.values():
        for instance in reservation.instances:
            if instance.id == wanted:
                return instance
    raise Refused("InvalidInstanceID.NotFound", f"The instance ID '{wanted}' does not exist")


def replace_root(
    account: str, region: str, instance: Any, image: str, now: datetime, snapshot: str = "", keep: bool = True
) -> dict[str, Any]:
    """Give an instance another root volume, of an image, a snapshot, or the one it began with; gives the task."""
    ec2 = ec2_backends[account][region]
    device = instance.root_device_name
    name = device if device in instance.block_device_mapping else next(iter(instance.block_device_mapping))
    old = instance.block_device_mapping[name].volume_id
    if image:
        instance.image_id = image
    ec2.detach_volume(old, instance.id, name)
    if not keep:
        ec2.delete_volume(old)
    volume = ec2.create_volume(size=8, zone_name=instance.placement.zone, snapshot_id=snapshot or None)
    ec2.attach_volume(volume.id, instance.id, name, True)
    task = {
        "ReplaceRootVolumeTaskId": identifier("replacevol"),
        "InstanceId": instance.id,
        "TaskState": "succeeded",
        "StartTime": _text(now),
        "CompleteTime": _text(now),
        "Tags": [],
        "ImageId": image or instance.image_id,
        "DeleteReplacedRootVolume": not keep,
        **({"SnapshotId": snapshot} if snapshot else {}),
    }
    world.current().shelf(TASKS, account, region).append(task)
    return task


@operation("ec2", "CreateReplaceRootVolumeTask")
def create_replace_root_volume_task(call: Call) -> Answer:
    """Replace the root volume of a running instance."""
    instance, image, snapshot = instance_of(call), call.get("ImageId", ""), call.get("SnapshotId", "")
    if image and snapshot:
        raise Refused("InvalidParameterCombination", "You can't specify both SnapshotId and ImageId.")
    if instance.state != "running":
        raise Refused("IncorrectState", f"The instance '{instance.id}' is not in the 'running' state.")
    if image and image not in ec2_backends[call.account][call.region].amis:
        raise Refused("InvalidAMIID.NotFound", f"The image id '[{image}]' does not exist")
    keep = not call.get("DeleteReplacedRootVolume", False)
    return {"ReplaceRootVolumeTask": replace_root(call.account, call.region, instance, image, call.now, snapshot, keep)}


@operation("ec2", "DescribeReplaceRootVolumeTasks")
def describe_replace_root_volume_tasks(call: Call) -> Answer:
    """The tasks of an account and region, or those named, or of an instance."""
    wanted = call.get("ReplaceRootVolumeTaskIds", [])
    of = [value for f in call.get("Filters", []) if f["Name"] == "instance-id" for value in f["Values"]]
    tasks = [task for task in call.shelf(TASKS) if not wanted or task["ReplaceRootVolumeTaskId"] in wanted]
    found = [task for task in tasks if not of or task["InstanceId"] in of]
    return page(found, call, "ReplaceRootVolumeTasks", "MaxResults", 1000)


@operation("ec2", "GetSerialConsoleAccessStatus")
def get_serial_console_access_status(call: Call) -> Answer:
    """Whether the account lets anybody at a serial console; it does not unless it was allowed."""
    return _console(call)


@operation("ec2", "EnableSerialConsoleAccess")
def enable_serial_console_access(call: Call) -> Answer:
    """Allow it."""
    call.shelf("serial console")[:] = [True]
    return _console(call, managed=False)


@operation("ec2", "DisableSerialConsoleAccess")
def disable_serial_console_access(call: Call) -> Answer:
    """Forbid it."""
    call.shelf("serial console").clear()
    return _console(call, managed=False)


def _console(call: Call, managed: bool = True) -> Answer:
    status: Answer = {"SerialConsoleAccessEnabled": bool(call.shelf("serial console"))}
    return status | ({"ManagedBy": "account"} if managed else {})


@operation("ec2", "CreateInstanceConnectEndpoint")
def create_instance_connect_endpoint(call: Call) -> Answer:
    """A way from the Internet to the instances of a network, for whoever may."""
    subnet = ec2_backends[call.account][call.region].get_subnet(call.get("SubnetId", ""))
    new = identifier("eice")
    endpoint = {
        "OwnerId": call.account,
        "InstanceConnectEndpointId": new,
        "InstanceConnectEndpointArn": f"arn:aws:ec2:{call.region}:{call.account}:instance-connect-endpoint/{new}",
        "State": "create-complete",
        "StateMessage": "",
        "DnsName": f"{new}.ec2-instance-connect-endpoint.{call.region}.amazonaws.com",
        "NetworkInterfaceIds": [],
        "VpcId": subnet.vpc_id,
        "AvailabilityZone": subnet.availability_zone,
        "CreatedAt": call.now,
        "SubnetId": subnet.id,
        "PreserveClientIp": bool(call.get("PreserveClientIp", False)),
        "SecurityGroupIds": call.get("SecurityGroupIds", []),
        "Tags": [],
    }
    call.shelf("connect endpoints").append(endpoint)
    return {"InstanceConnectEndpoint": endpoint}


@operation("ec2", "DescribeInstanceConnectEndpoints")
def describe_instance_connect_endpoints(call: Call) -> Answer:
    """The endpoints of an account and region."""
    wanted = call.get("InstanceConnectEndpointIds", [])
    known = [one for one in call.shelf("connect endpoints") if not wanted or one["InstanceConnectEndpointId"] in wanted]
    return page(known, call, "InstanceConnectEndpoints", "MaxResults", 50)


@operation("ec2", "DescribeInstanceImageMetadata")
def describe_instance_image_metadata(call: Call) -> Answer:
    """Each instance with what is told of its image, also of one that is deregistered, of which only the id is left."""
    ec2 = ec2_backends[call.account][call.region]
    told = []
    for instance in (i for r in ec2.reservations.values() for i in r.instances):
        image = ec2.amis.get(instance.image_id)
        metadata = {"ImageId": instance.image_id}
        if image:
            metadata |= {"Name": image.name, "OwnerId": image.owner_id, "State": image.state}
        told.append(
            {
                "InstanceId": instance.id,
                "InstanceType": instance.instance_type,
                "LaunchTime": instance.launch_time,
                "AvailabilityZone": instance.placement.zone,
                "State": {"Name": instance.state, "Code": instance.state_code},
                "OwnerId": call.account,
                "ImageMetadata": metadata,
            }
        )
    wanted = call.get("InstanceIds", [])
    return page(
        [t for t in told if not wanted or t["InstanceId"] in wanted], call, "InstanceImageMetadata", "MaxResults", 1000
    )


@operation("ec2", "GetImageBlockPublicAccessState")
def get_image_block_public_access_state(call: Call) -> Answer:
    """New accounts block it."""
    return {"ImageBlockPublicAccessState": "block-new-sharing", "ManagedBy": "account"}


@operation("ec2", "GetInstanceMetadataDefaults")
def get_instance_metadata_defaults(call: Call) -> Answer:
    """An account that has set none."""
    return {"AccountLevel": {"ManagedBy": "account"}}
