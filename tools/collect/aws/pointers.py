"""Where each field of a noun stands in AWS's own documents, as JSON pointers (RFC 6901) into one item of the answer.

An instance's is one of `DescribeInstances`, a group's of `DescribeAutoScalingGroups` (what its rollout says: of its
`DescribeInstanceRefreshes`, from its root), a release's of `DescribeLaunchTemplateVersions` or
`DescribeLaunchConfigurations`, an image's of `DescribeImages`, a volume's the instance's own device mapping.
"""

from __future__ import annotations

from tools.collect.aws.mapping.access import ACCESS_POINTERS
from tools.collect.aws.mapping.said import SAID_POINTERS

_DATA = "/LaunchTemplateData"

COMPUTE_POINTERS = {
    "Artifact.alias": "/ImageOwnerAlias",
    "Artifact.created": "/CreationDate",
    "Artifact.deprecated": "/DeprecationTime",
    "Artifact.found": "/ImageId",
    "Artifact.held_by": "/OwnerId",
    "Artifact.lost": "/BlockDeviceMappings",
    "Artifact.name": "/Name",
    "Artifact.owner": "/OwnerId",
    "Artifact.public": "/Public",
    "Artifact.state": "/State",
    "Container.image": "/ImageId",
    "Container.image_id": "/ImageId",
    "Container.started": "/LaunchTime",
    "Container.state": "/State/Name",
    "Instance.controller": "/Tags",
    "Instance.created": "/NetworkInterfaces/0/Attachment/AttachTime",
    "Instance.deleted": "/StateTransitionReason",
    "Instance.machine.address": "/NetworkInterfaces/0/Association/PublicIp",
    "Instance.machine.endpoint": "/MetadataOptions/HttpEndpoint",
    "Instance.machine.hops": "/MetadataOptions/HttpPutResponseHopLimit",
    "Instance.machine.key": "/KeyName",
    "Instance.machine.launched": "/LaunchTime",
    "Instance.machine.lifecycle": "/LifecycleState",
    "Instance.machine.profile": "/IamInstanceProfile/Arn",
    "Instance.machine.protected": "/ProtectedFromScaleIn",
    "Instance.machine.tokens": "/MetadataOptions/HttpTokens",
    "Instance.machine.tokens_seen": "/MetadataOptions/HttpTokens",
    "Instance.machine.type": "/InstanceType",
    "Instance.phase": "/State/Name",
    "Instance.ready": "/State/Name",
    "Instance.ready_since": "/EndTime",
    "Instance.release_ref.name": "/Tags",
    "Part.image": "{slot}/ImageId",
    "Release.boot.digest": f"{_DATA}/UserData",
    "Release.boot.fetches": f"{_DATA}/UserData",
    "Release.boot.form": f"{_DATA}/UserData",
    "Release.boot.size": f"{_DATA}/UserData",
    "Release.created": "/CreateTime",
    "Release.number": "/VersionNumber",
    "Release.ref.name": "/VersionNumber",
    "Release.template": _DATA,
    "Release.tokens": f"{_DATA}/MetadataOptions/HttpTokens",
    "LaunchConfiguration.boot.digest": "/UserData",
    "LaunchConfiguration.boot.fetches": "/UserData",
    "LaunchConfiguration.boot.form": "/UserData",
    "LaunchConfiguration.boot.size": "/UserData",
    "LaunchConfiguration.created": "/CreatedTime",
    "LaunchConfiguration.ref.name": "/LaunchConfigurationName",
    "LaunchConfiguration.template": "",
    "LaunchConfiguration.tokens": "/MetadataOptions/HttpTokens",
    "Volume.attached": "/Ebs/AttachTime",
    "Volume.declared": "/DeviceName",
    "Volume.device": "/DeviceName",
    "Volume.kept": "/Ebs/DeleteOnTermination",
    "Volume.kind": "/Ebs/VolumeId",
    "Volume.root": "/DeviceName",
    "Workload.created": "/CreatedTime",
    "Workload.current": "/LaunchTemplate/Version",
    "Workload.group.named": "/LaunchTemplate/Version",
    "Workload.group.overrides": "/MixedInstancesPolicy/LaunchTemplate/Overrides",
    "Workload.group.protect_new": "/NewInstancesProtectedFromScaleIn",
    "Workload.group.protected": "{status_slot}/Preferences/ScaleInProtectedInstances",
    "Workload.group.refresh": "{status_slot}/InstanceRefreshId",
    "Workload.group.skip_matching": "{status_slot}/Preferences/SkipMatching",
    "Workload.group.standby": "{status_slot}/Preferences/StandbyInstances",
    "Workload.group.stopped": "/SuspendedProcesses",
    "Workload.group.strategy": "{status_slot}/Strategy",
    "Workload.group.warm": "/WarmPoolSize",
    "Workload.group.warm_reuse": "/WarmPoolConfiguration/InstanceReusePolicy/ReuseOnScaleIn",
    "Workload.history_limit": "",
    "Workload.number": "/LaunchTemplate/Version",
    "Workload.replicas": "/DesiredCapacity",
    "Workload.rollout.aborted": "{status_slot}/RollbackDetails",
    "Workload.rollout.available": "/Instances",
    "Workload.rollout.message": "{status_slot}/StatusReason",
    "Workload.rollout.phase": "{status_slot}/Status",
    "Workload.rollout.reason": "{status_slot}/Status",
    "Workload.rollout.replicas": "/Instances",
    "Workload.rollout.since": "{status_slot}/EndTime",
    "Workload.rollout.updated": "/Instances",
    "Workload.strategy.max_surge": "/InstanceMaintenancePolicy/MaxHealthyPercentage",
    "Workload.strategy.max_unavailable": "/InstanceMaintenancePolicy/MinHealthyPercentage",
    "Workload.strategy.type": "",
}
"""Servers, groups, releases, images and disks."""


CHANGE_POINTERS = {
    "Change.actor_kind": "/userIdentity",
    "Change.command": "/Parameters",
    "Change.note": "/userIdentity",
    "Change.summary": "/requestParameters",
    "Change.time": "/eventTime",
    "Change.tool": "/userAgent",
    "Change.user": "/userIdentity",
    "Change.version": "/eventID",
    "Record.command": "/Parameters",
}
"""In CloudTrail's event; the command in Systems Manager's own record, as is all of what the service alone tells."""

POINTERS = {**COMPUTE_POINTERS, **ACCESS_POINTERS, **SAID_POINTERS, **CHANGE_POINTERS}
"""Where each field of a noun is in AWS's own documents."""
