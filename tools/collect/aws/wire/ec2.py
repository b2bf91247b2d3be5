"""EC2's answers, as its API names them: only the fields that are used (botocore `ec2/2016-11-15/service-2.json`).

Times are text (RFC 3339). An absent field has the API's own default where it documents one, and else None.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Tag(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """A tag of a resource."""

    key: str
    value: str = ""


class State(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`InstanceState`: `pending`, `running`, `shutting-down`, `terminated`, `stopping`, `stopped`."""

    name: str


class Profile(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`IamInstanceProfile`."""

    arn: str = ""


class MetadataOptions(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`InstanceMetadataOptionsResponse`, and the same of a template and a launch configuration."""

    http_tokens: str | None = None
    http_endpoint: str = ""
    http_put_response_hop_limit: int | None = None


class GroupId(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`GroupIdentifier`: a security group."""

    group_id: str


class InterfaceAttachment(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`InstanceNetworkInterfaceAttachment`: it is attached at the launch, and stays so over a stop."""

    attach_time: str = ""
    device_index: int = 0


class Association(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`InstanceNetworkInterfaceAssociation`: `ip_owner_id` is `amazon`, and of an Elastic IP the account."""

    public_ip: str = ""
    ip_owner_id: str = ""


class Interface(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`InstanceNetworkInterface`."""

    attachment: InterfaceAttachment | None = None
    association: Association | None = None
    groups: tuple[GroupId, ...] = ()


class EbsDevice(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`EbsInstanceBlockDevice`."""

    volume_id: str = ""
    attach_time: str = ""
    delete_on_termination: bool | None = None


class InstanceDevice(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`InstanceBlockDeviceMapping`: EC2 lists EBS volumes here, and no instance store."""

    device_name: str = ""
    ebs: EbsDevice | None = None


class Operator(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`OperatorResponse`: the service that manages an instance (`eks.amazonaws.com`)."""

    managed: bool = False
    principal: str = ""


class Instance(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`Instance` of `DescribeInstances`. `launch_time` moves at each start."""

    instance_id: str
    state: State
    image_id: str = ""
    launch_time: str = ""
    instance_type: str = ""
    key_name: str = ""
    iam_instance_profile: Profile | None = None
    metadata_options: MetadataOptions | None = None
    security_groups: tuple[GroupId, ...] = ()
    network_interfaces: tuple[Interface, ...] = ()
    block_device_mappings: tuple[InstanceDevice, ...] = ()
    root_device_name: str = ""
    root_device_type: str = ""
    state_transition_reason: str = ""
    operator: Operator | None = None
    tags: tuple[Tag, ...] = ()


class Ebs(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`EbsBlockDevice` of an image, a template or a launch configuration."""

    snapshot_id: str = ""
    delete_on_termination: bool | None = None


class Device(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`BlockDeviceMapping`: a device that a server has from its start; `virtual_name` is `ephemeral0` and so on.
    `no_device` (the empty string, or true) takes a device of the image away."""

    device_name: str = ""
    virtual_name: str = ""
    no_device: str | bool | None = None
    ebs: Ebs | None = None


class TemplateVersion(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`LaunchTemplateVersion`. Its data are kept as they were read, for their digest; `TemplateData` is of them what
    the nouns need."""

    launch_template_id: str
    version_number: int
    launch_template_name: str = ""
    create_time: str = ""
    default_version: bool = False
    launch_template_data: dict[str, Any] = {}


class TemplateData(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`ResponseLaunchTemplateData`. `image_id` may be an alias (`resolve:ssm:/…`), `user_data` is base64."""

    image_id: str = ""
    user_data: str = ""
    metadata_options: MetadataOptions | None = None
    block_device_mappings: tuple[Device, ...] = ()


class Template(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`LaunchTemplate`: what `$Default` and `$Latest` are now."""

    launch_template_id: str
    launch_template_name: str = ""
    default_version_number: int | None = None
    latest_version_number: int | None = None


class Image(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`Image` of `DescribeImages`."""

    image_id: str
    owner_id: str = ""
    image_owner_alias: str = ""
    public: bool = False
    state: str = ""
    name: str = ""
    creation_date: str = ""
    deprecation_time: str = ""
    block_device_mappings: tuple[Device, ...] = ()
    tags: tuple[Tag, ...] = ()


class Snapshot(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`Snapshot` of `DescribeSnapshots`: `pending`, `completed`, `error`, `recoverable`, `recovering`."""

    snapshot_id: str
    state: str = ""


class Attachment(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`VolumeAttachment`."""

    instance_id: str = ""
    device: str = ""
    state: str = ""
    attach_time: str = ""
    delete_on_termination: bool | None = None


class Volume(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`Volume` of `DescribeVolumes`."""

    volume_id: str
    attachments: tuple[Attachment, ...] = ()
    tags: tuple[Tag, ...] = ()


class Disk(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`DiskInfo`: disks of one size that an instance type has."""

    count: int = 1


class StorageInfo(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`InstanceStorageInfo`. NVMe disks (`required`) are there whether a mapping names them or not."""

    nvme_support: str = ""
    disks: tuple[Disk, ...] = ()


class InstanceType(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`InstanceTypeInfo`."""

    instance_type: str
    instance_storage_supported: bool = False
    instance_storage_info: StorageInfo | None = None
