"""Which events of CloudTrail are acts on servers, and on what keeps them."""

from __future__ import annotations

from tools.collect.aws.changes import by_ssm, on_instances
from tools.collect.aws.changes.making import Making
from tools.collect.aws.changes.on_groups import ON_GROUPS, ON_TEMPLATES
from tools.collect.aws.changes.on_instances import Handler
from tools.collect.aws.wire.cloudtrail import Event
from tools.model.change import Act


def tell(event: Event, making: Making) -> None:
    """Make of an event the changes that it is."""
    handler = ACTS.get((event.event_source.removesuffix(".amazonaws.com"), event.event_name))
    if handler is not None:
        handler(event, making)


ACTS: dict[tuple[str, str], Handler] = {
    ("ssm", "SendCommand"): by_ssm.tell_command,
    ("ssm", "StartSession"): by_ssm.tell_session,
    **{
        ("ssm", name): by_ssm.tell_association
        for name in ("CreateAssociation", "CreateAssociationBatch", "UpdateAssociation", "StartAssociationsOnce")
    },
    ("ec2-instance-connect", "SendSSHPublicKey"): on_instances.key("instance-connect"),
    ("ec2-instance-connect", "SendSerialConsoleSSHPublicKey"): on_instances.key("serial-console"),
    **{
        ("ec2", name): on_instances.attribute
        for name in (
            "ModifyInstanceAttribute",
            "ModifyInstanceMetadataOptions",
            "AssociateIamInstanceProfile",
            "ReplaceIamInstanceProfileAssociation",
        )
    },
    **{("ec2", name): on_instances.volume for name in ("AttachVolume", "DetachVolume")},
    **{("ec2", name): on_instances.state("restart") for name in ("StopInstances", "StartInstances", "RebootInstances")},
    ("ec2", "TerminateInstances"): on_instances.state("delete"),
    ("autoscaling", "TerminateInstanceInAutoScalingGroup"): on_instances.state("delete"),
    ("ec2", "RunInstances"): on_instances.launch,
    ("ec2", "CreateReplaceRootVolumeTask"): on_instances.root_volume,
    ("codedeploy", "CreateDeployment"): on_instances.deployment,
    **{("autoscaling", name): handler for name, handler in ON_GROUPS.items()},
    **{("ec2", name): handler for name, handler in ON_TEMPLATES.items()},
    ("autoscaling", "StartInstanceRefresh"): on_instances.refresh,
}

_WRITE: tuple[Act, ...] = ("write",)
_ASSOCIATION: tuple[Act, ...] = ("association",)
_RESTART: tuple[Act, ...] = ("restart",)
_ATTRIBUTE: tuple[Act, ...] = ("modify-attribute",)
ACTS_OF: dict[str, tuple[Act, ...]] = {
    **{name: _ATTRIBUTE for (_, name), handler in ACTS.items() if handler is on_instances.attribute},
    **{name: _ASSOCIATION for (_, name), handler in ACTS.items() if handler is by_ssm.tell_association},
    **dict.fromkeys(("AttachVolume", "DetachVolume", "AttachInstances", "DetachInstances"), _WRITE),
    **dict.fromkeys(("EnterStandby", "ExitStandby", "SuspendProcesses", "ResumeProcesses"), _WRITE),
    **dict.fromkeys(("UpdateAutoScalingGroup", "CreateLaunchTemplateVersion", "ModifyLaunchTemplate"), _WRITE),
    **dict.fromkeys(("StopInstances", "StartInstances", "RebootInstances", "RollbackInstanceRefresh"), _RESTART),
    **dict.fromkeys(("SetDesiredCapacity", "ExecutePolicy"), ("scale",)),
    **dict.fromkeys(("CreateAutoScalingGroup", "RunInstances"), ("create",)),
    **dict.fromkeys(("DeleteAutoScalingGroup", "TerminateInstances"), ("delete",)),
    "TerminateInstanceInAutoScalingGroup": ("delete",),
    "SendCommand": ("run-command", "patch-baseline"),
    "StartSession": ("session",),
    "SendSSHPublicKey": ("instance-connect",),
    "SendSerialConsoleSSHPublicKey": ("serial-console",),
    "CreateReplaceRootVolumeTask": ("replace-root-volume",),
    "CreateDeployment": ("deploy-in-place",),
    "StartInstanceRefresh": ("write", "replace-root-volume"),
}
"""The acts that an event may be: what nobody could see where it is not asked for."""
