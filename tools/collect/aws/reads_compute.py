"""What is read of EC2 and EC2 Auto Scaling: servers, their groups, their releases, images and disks.

In the order of reading: what is asked for `each` comes after what names it. Of what only adds to a noun (`Group`,
`Rollout`) the absence is said, and ends no set: each thing then says for itself what it lacks.
"""

from __future__ import annotations

from typing import Any

from tools.collect.aws.operation import Operation
from tools.collect.aws.wire import autoscaling, ec2

INSTANCES = Operation(
    service="ec2",
    name="DescribeInstances",
    items="Reservations[].Instances[]",
    type=ec2.Instance,
    nouns=("Instance", "Workload"),
    required=True,
    parameters={"MaxResults": 500},
)
GROUPS = Operation(
    service="autoscaling",
    name="DescribeAutoScalingGroups",
    items="AutoScalingGroups[]",
    type=autoscaling.Group,
    nouns=("Workload", "Release"),
    required=True,
    parameters={"MaxRecords": 100},
)
TEMPLATES = Operation(
    service="ec2",
    name="DescribeLaunchTemplates",
    items="LaunchTemplates[]",
    type=ec2.Template,
    nouns=("Group",),
    parameters={"MaxResults": 200},
)
"""What `$Default` and `$Latest` are now. Its absence is a gap of the groups that need it (`mapping/releases.py`)."""
TEMPLATE_VERSIONS = Operation(
    service="ec2",
    name="DescribeLaunchTemplateVersions",
    items="LaunchTemplateVersions[]",
    type=ec2.TemplateVersion,
    nouns=("Release",),
    required=True,
    parameters={"MaxResults": 200},
    each=True,
    about="LaunchTemplateId",
)
"""All versions of each template that a group or an instance names (`LaunchTemplateId`)."""
LAUNCH_CONFIGURATIONS = Operation(
    service="autoscaling",
    name="DescribeLaunchConfigurations",
    items="LaunchConfigurations[]",
    type=autoscaling.LaunchConfiguration,
    nouns=("Group",),
    parameters={"MaxRecords": 100},
)
"""A group's own release where it names one; its absence is a gap of such groups."""
IMAGES = Operation(
    service="ec2",
    name="DescribeImages",
    items="Images[]",
    type=ec2.Image,
    nouns=("Artifact",),
    required=True,
    parameters={"IncludeDeprecated": True, "IncludeDisabled": True},
    each=True,
)
"""By filter `image-id`, so that one that is gone is no error."""
SNAPSHOTS = Operation(
    service="ec2",
    name="DescribeSnapshots",
    items="Snapshots[]",
    type=ec2.Snapshot,
    nouns=("Artifact",),
    parameters={"MaxResults": 1000},
    each=True,
)
"""By filter `snapshot-id`, of the images that this account owns."""
VOLUMES = Operation(
    service="ec2",
    name="DescribeVolumes",
    items="Volumes[]",
    type=ec2.Volume,
    nouns=("Volume",),
    parameters={"MaxResults": 500, "Filters": [{"Name": "attachment.delete-on-termination", "Values": ["false"]}]},
)
"""Those that outlive their server. (What is attached at all, an instance itself says.)"""
INSTANCE_TYPES = Operation(
    service="ec2",
    name="DescribeInstanceTypes",
    items="InstanceTypes[]",
    type=ec2.InstanceType,
    nouns=("Volume",),
    each=True,
)
"""Of the types in use: whether they have an instance store, which no instance reports."""
REFRESHES = Operation(
    service="autoscaling",
    name="DescribeInstanceRefreshes",
    items="InstanceRefreshes[]",
    type=autoscaling.Refresh,
    nouns=("Rollout",),
    parameters={"MaxRecords": 100},
    each=True,
    about="AutoScalingGroupName",
)
"""Of each group. (Not read: its rollout is None, and what is asked of it raises.)"""
WARM_POOLS = Operation(
    service="autoscaling",
    name="DescribeWarmPool",
    items="Instances[]",
    type=autoscaling.Member,
    nouns=("Group",),
    each=True,
    about="AutoScalingGroupName",
)
"""Of each group that has one. An answer does not name its group: the instances' own tags do."""
HOOKS = Operation(
    service="autoscaling",
    name="DescribeLifecycleHooks",
    items="LifecycleHooks[]",
    type=autoscaling.Hook,
    nouns=("Group",),
    each=True,
    about="AutoScalingGroupName",
)
ACTIVITIES = Operation(
    service="autoscaling",
    name="DescribeScalingActivities",
    items="Activities[]",
    type=autoscaling.Activity,
    nouns=("Group",),
    parameters={"MaxRecords": 100},
)
"""The last six weeks: when a member came into service."""

COMPUTE: tuple[Operation[Any], ...] = (
    INSTANCES,
    GROUPS,
    REFRESHES,
    WARM_POOLS,
    HOOKS,
    TEMPLATES,
    TEMPLATE_VERSIONS,
    LAUNCH_CONFIGURATIONS,
    IMAGES,
    SNAPSHOTS,
    VOLUMES,
    INSTANCE_TYPES,
    ACTIVITIES,
)
