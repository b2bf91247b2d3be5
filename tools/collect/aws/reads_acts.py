"""What is read to tell what was done to servers: CloudTrail, and the services' own records of what they did."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tools.collect.aws.answers import Answers
from tools.collect.aws.operation import Operation
from tools.collect.aws.reads_compute import INSTANCES
from tools.collect.aws.wire import acts, cloudtrail
from tools.model.times import parsed

KEPT = timedelta(days=90)
"""How long CloudTrail's event history lasts, whatever trails there are."""
IMPRECISE = timedelta(minutes=10)
"""How long before the oldest instance's launch it is asked from: its network interface is attached a little earlier."""

NAMES: tuple[str, ...] = (
    "SendCommand",
    "StartSession",
    "CreateAssociation",
    "CreateAssociationBatch",
    "UpdateAssociation",
    "StartAssociationsOnce",
    "SendSSHPublicKey",
    "SendSerialConsoleSSHPublicKey",
    "ModifyInstanceAttribute",
    "ModifyInstanceMetadataOptions",
    "AssociateIamInstanceProfile",
    "ReplaceIamInstanceProfileAssociation",
    "AttachVolume",
    "DetachVolume",
    "StopInstances",
    "StartInstances",
    "RebootInstances",
    "TerminateInstances",
    "RunInstances",
    "CreateReplaceRootVolumeTask",
    "CreateDeployment",
    "CreateAutoScalingGroup",
    "UpdateAutoScalingGroup",
    "DeleteAutoScalingGroup",
    "SetDesiredCapacity",
    "ExecutePolicy",
    "AttachInstances",
    "DetachInstances",
    "EnterStandby",
    "ExitStandby",
    "SuspendProcesses",
    "ResumeProcesses",
    "StartInstanceRefresh",
    "RollbackInstanceRefresh",
    "TerminateInstanceInAutoScalingGroup",
    "CreateLaunchTemplateVersion",
    "ModifyLaunchTemplate",
)
"""The events that are acts on servers and on what keeps them."""
LOOKED_UP = tuple(
    name for name in NAMES if name not in ("RunInstances", "TerminateInstances", "AttachVolume", "DetachVolume")
)
"""What is asked of LookupEvents, which takes one attribute a request: by name it pages through these alone, however
busy the account is. What no check judges and an elastic fleet is full of is read from a trail's files only."""

MOST = 100
"""How many pages of one name are waited for: 5,000 events, the newest first, in 50 seconds."""
LOOKUP_EVENTS = Operation(
    service="cloudtrail",
    name="LookupEvents",
    items="",
    type=cloudtrail.Lookup,
    nouns=("Change",),
    each=True,
    about="LookupAttributes",
    rate=2,
    most=MOST,
)
COMMANDS = Operation(service="ssm", name="ListCommands", items="Commands[]", type=acts.Command, nouns=("Change",))
INVOCATIONS = Operation(
    service="ssm",
    name="ListCommandInvocations",
    items="CommandInvocations[]",
    type=acts.Invocation,
    nouns=("Change",),
)
SESSIONS = Operation(
    service="ssm", name="DescribeSessions", items="Sessions[]", type=acts.Session, nouns=("Change",), each=True
)
ASSOCIATIONS = Operation(
    service="ssm", name="ListAssociations", items="Associations[]", type=acts.Association, nouns=("Change",)
)
EXECUTIONS = Operation(
    service="ssm",
    name="DescribeAssociationExecutions",
    items="AssociationExecutions[]",
    type=acts.Execution,
    nouns=("Change",),
    each=True,
    about="AssociationId",
)
APPLIED = Operation(
    service="ssm",
    name="DescribeAssociationExecutionTargets",
    items="AssociationExecutionTargets[]",
    type=acts.Applied,
    nouns=("Change",),
    each=True,
    about="AssociationId",
)
PATCHES = Operation(
    service="ssm",
    name="DescribeInstancePatchStates",
    items="InstancePatchStates[]",
    type=acts.PatchState,
    nouns=("Change",),
    each=True,
)
DEPLOYMENTS = Operation(
    service="codedeploy", name="ListDeployments", items="deployments[]", type=str, nouns=("Change",)
)
DEPLOYED = Operation(
    service="codedeploy",
    name="BatchGetDeployments",
    items="deploymentsInfo[]",
    type=acts.DeploymentInfo,
    nouns=("Change",),
    each=True,
)
DEPLOYMENT_TARGETS = Operation(
    service="codedeploy",
    name="ListDeploymentTargets",
    items="",
    type=acts.DeploymentTargets,
    nouns=("Change",),
    each=True,
    about="deploymentId",
)
ROOT_VOLUME_TASKS = Operation(
    service="ec2",
    name="DescribeReplaceRootVolumeTasks",
    items="ReplaceRootVolumeTasks[]",
    type=acts.RootVolumeTask,
    nouns=("Change",),
)

ACTS: tuple[Operation[Any], ...] = (
    LOOKUP_EVENTS,
    COMMANDS,
    INVOCATIONS,
    SESSIONS,
    ASSOCIATIONS,
    EXECUTIONS,
    APPLIED,
    PATCHES,
    DEPLOYMENTS,
    DEPLOYED,
    DEPLOYMENT_TARGETS,
    ROOT_VOLUME_TASKS,
)
"""What is read of acts, in order: what is asked for `each` comes after what names it."""


def since(answers: Answers) -> datetime | None:
    """From when CloudTrail is asked: a little before the oldest instance's launch, 90 days ago at most; None where
    there is no moment to count from. (An instance that was stopped and started again tells a later launch: its volumes
    and its network interface are older, so it is asked from their time.)"""
    moment = parsed(answers.moment)
    if moment is None:
        return None
    began = [time for instance in answers.of(INSTANCES) for time in _began(instance) if time is not None]
    return max(moment - KEPT, min(began) - IMPRECISE) if began else moment - timedelta(days=1)


def _began(instance: Any) -> list[datetime | None]:
    cards = [card.attachment.attach_time for card in instance.network_interfaces or () if card.attachment]
    disks = [disk.ebs.attach_time for disk in instance.block_device_mappings or () if disk.ebs]
    return [parsed(text) for text in (instance.launch_time, *cards, *disks) if text]


def _lookups(answers: Answers) -> list[dict[str, Any]]:
    begin, end = since(answers), parsed(answers.moment) or datetime.now(UTC)
    window = {"StartTime": begin, "EndTime": end} if begin else {}
    return [
        {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": name}], "MaxResults": 50, **window}
        for name in LOOKED_UP
    ]


def _last_executions(answers: Answers) -> list[dict[str, Any]]:
    """The newest execution of each association: the one before it did the same."""
    newest: dict[str, acts.Execution] = {}
    for run in answers.of(EXECUTIONS):
        known = newest.get(run.association_id)
        if known is None or known.created_time < run.created_time:
            newest[run.association_id] = run
    return [{"AssociationId": run.association_id, "ExecutionId": run.execution_id} for run in newest.values()]


ASKED: dict[str, Callable[[Answers], list[dict[str, Any]]]] = {
    LOOKUP_EVENTS.key: _lookups,
    SESSIONS.key: lambda _: [{"State": "Active"}, {"State": "History"}],
    EXECUTIONS.key: lambda answers: [
        {"AssociationId": one.association_id} for one in answers.of(ASSOCIATIONS) if one.last_execution_date
    ],
    APPLIED.key: _last_executions,
    PATCHES.key: lambda answers: [
        {"InstanceIds": some} for some in _batches([i.instance_id for i in answers.of(INSTANCES)], 50)
    ],
    DEPLOYED.key: lambda answers: [{"deploymentIds": some} for some in _batches(answers.of(DEPLOYMENTS), 25)],
    DEPLOYMENT_TARGETS.key: lambda answers: [
        {"deploymentId": one.deployment_id}
        for one in answers.of(DEPLOYED)
        if one.deployment_style is not None and one.deployment_style.deployment_type == "IN_PLACE"
    ],
}
"""What an operation that is asked for `each` is asked, from what was answered before: the parameters of each call. The
answer is to hold those that it does not repeat (`StartTime`, `deploymentId`), under their names."""


def _batches(ids: list[str], size: int) -> list[list[str]]:
    return [ids[at : at + size] for at in range(0, len(ids), size)]
