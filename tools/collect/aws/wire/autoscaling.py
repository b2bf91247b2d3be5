"""EC2 Auto Scaling's answers, as its API names them: only the fields that are used (botocore
`autoscaling/2011-01-01/service-2.json`). Times are text (RFC 3339)."""

from __future__ import annotations

import msgspec

from tools.collect.aws.wire.ec2 import Device, MetadataOptions


class TemplateSpec(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`LaunchTemplateSpecification`. A group names its template by id, by name or (as it is answered) by both; its
    `version` is a number, `$Latest` or `$Default`, and `$Default` where none is given."""

    launch_template_id: str = ""
    launch_template_name: str = ""
    version: str = "$Default"


class Override(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`LaunchTemplateOverrides`: an instance type (or requirements), perhaps with a template or an image of its own."""

    instance_type: str = ""
    weighted_capacity: str = ""
    launch_template_specification: TemplateSpec | None = None
    image_id: str = ""


class PolicyTemplate(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`LaunchTemplate` of a mixed instances policy."""

    launch_template_specification: TemplateSpec | None = None
    overrides: tuple[Override, ...] = ()


class MixedPolicy(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`MixedInstancesPolicy`."""

    launch_template: PolicyTemplate | None = None


class Member(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`Instance` of a group or of its warm pool."""

    instance_id: str
    lifecycle_state: str = ""
    health_status: str = ""
    instance_type: str = ""
    launch_configuration_name: str = ""
    launch_template: TemplateSpec | None = None
    protected_from_scale_in: bool = False


class Suspended(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`SuspendedProcess`."""

    process_name: str


class Maintenance(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`InstanceMaintenancePolicy`: percentages of the desired capacity; -1 where one is taken back."""

    min_healthy_percentage: int | None = None
    max_healthy_percentage: int | None = None


class ReusePolicy(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`InstanceReusePolicy`. (API default: a member does not return to the warm pool.)"""

    reuse_on_scale_in: bool = False


class WarmPool(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`WarmPoolConfiguration`."""

    instance_reuse_policy: ReusePolicy | None = None


class Group(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`AutoScalingGroup` of `DescribeAutoScalingGroups`. `desired_capacity` counts instances only without weights and
    with the type `units` (the API's default)."""

    auto_scaling_group_name: str
    auto_scaling_group_arn: str = msgspec.field(name="AutoScalingGroupARN", default="")
    created_time: str = ""
    desired_capacity: int = 0
    desired_capacity_type: str = "units"
    launch_configuration_name: str = ""
    launch_template: TemplateSpec | None = None
    mixed_instances_policy: MixedPolicy | None = None
    instances: tuple[Member, ...] = ()
    suspended_processes: tuple[Suspended, ...] = ()
    new_instances_protected_from_scale_in: bool = False
    instance_maintenance_policy: Maintenance | None = None
    warm_pool_configuration: WarmPool | None = None
    warm_pool_size: int = 0


class Preferences(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`RefreshPreferences`."""

    min_healthy_percentage: int | None = None
    max_healthy_percentage: int | None = None
    skip_matching: bool | None = None
    scale_in_protected_instances: str = ""
    standby_instances: str = ""


class Desired(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`DesiredConfiguration`: what a refresh replaces by, and the group names once it has succeeded."""

    launch_template: TemplateSpec | None = None
    mixed_instances_policy: MixedPolicy | None = None


class Rollback(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`RollbackDetails`."""

    rollback_reason: str = ""


class Refresh(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`InstanceRefresh`: `Pending`, `InProgress`, `Baking`, `Successful`, `Failed`, `Cancelling`, `Cancelled`,
    `RollbackInProgress`, `RollbackFailed`, `RollbackSuccessful`."""

    instance_refresh_id: str
    auto_scaling_group_name: str
    status: str
    status_reason: str = ""
    start_time: str = ""
    end_time: str = ""
    strategy: str = ""
    preferences: Preferences | None = None
    desired_configuration: Desired | None = None
    rollback_details: Rollback | None = None


class Activity(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`Activity`: what the group did. `description` names the instance (`Launching a new EC2 instance: i-…`)."""

    auto_scaling_group_name: str = ""
    description: str = ""
    start_time: str = ""
    end_time: str = ""
    status_code: str = ""


class Hook(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`LifecycleHook`. `heartbeat_timeout` is in seconds."""

    lifecycle_hook_name: str
    auto_scaling_group_name: str = ""
    lifecycle_transition: str = ""
    heartbeat_timeout: int | None = None


class LaunchConfiguration(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`LaunchConfiguration`: immutable, without versions. `user_data` is base64."""

    launch_configuration_name: str
    launch_configuration_arn: str = msgspec.field(name="LaunchConfigurationARN", default="")
    image_id: str = ""
    key_name: str = ""
    security_groups: tuple[str, ...] = ()
    user_data: str = ""
    instance_type: str = ""
    iam_instance_profile: str = ""
    block_device_mappings: tuple[Device, ...] = ()
    metadata_options: MetadataOptions | None = None
    associate_public_ip_address: bool | None = None
    created_time: str = ""
