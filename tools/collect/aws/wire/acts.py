"""What the services themselves tell of what was done to servers, as their APIs name it: SSM, CodeDeploy, EC2."""

from __future__ import annotations

import msgspec


class Target(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`Targets[]`: instances by id (`InstanceIds`), by tag (`tag:NAME`) or by resource group."""

    key: str = ""
    values: tuple[str, ...] = ()


class Command(msgspec.Struct, frozen=True, rename="pascal"):
    """`Commands[]` of ssm.ListCommands: what Run Command was told to run. CloudTrail redacts `Parameters`; here they
    are whole. Kept by SSM for 30 days."""

    command_id: str
    document_name: str = ""
    requested_date_time: str = ""
    parameters: dict[str, tuple[str, ...]] = {}
    instance_ids: tuple[str, ...] = ()
    targets: tuple[Target, ...] = ()
    target_count: int | None = None
    status: str = ""


class Invocation(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`CommandInvocations[]` of ssm.ListCommandInvocations: one instance that a command was sent to."""

    command_id: str
    instance_id: str
    status: str = ""
    status_details: str = ""


class Session(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`Sessions[]` of ssm.DescribeSessions: who (`Owner`, an ARN) opened a session on what (`Target`)."""

    session_id: str
    target: str = ""
    status: str = ""
    start_date: str = ""
    document_name: str = ""
    owner: str = ""


class Association(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`Associations[]` of ssm.ListAssociations: what State Manager keeps applying. `Name` is the document's."""

    association_id: str = ""
    name: str = ""
    association_name: str = ""
    last_execution_date: str = ""


class Execution(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`AssociationExecutions[]` of ssm.DescribeAssociationExecutions: one time that it was applied."""

    association_id: str
    execution_id: str
    created_time: str = ""
    status: str = ""


class Applied(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`AssociationExecutionTargets[]` of ssm.DescribeAssociationExecutionTargets: what it was applied to."""

    association_id: str
    execution_id: str = ""
    resource_id: str = ""
    status: str = ""
    last_execution_date: str = ""


class PatchState(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`InstancePatchStates[]` of ssm.DescribeInstancePatchStates: the last run of Patch Manager on an instance."""

    instance_id: str
    operation: str = ""
    operation_start_time: str = ""
    operation_end_time: str = ""
    baseline_id: str = ""
    snapshot_id: str = ""
    installed_count: int | None = None


class DeploymentStyle(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """`deploymentStyle`: `IN_PLACE` or `BLUE_GREEN`."""

    deployment_type: str = ""


class DeploymentInfo(msgspec.Struct, frozen=True, rename="camel"):
    """`deploymentsInfo[]` of codedeploy.BatchGetDeployments."""

    deployment_id: str
    application_name: str = ""
    deployment_group_name: str = ""
    create_time: str = ""
    status: str = ""
    creator: str = ""
    compute_platform: str = ""
    deployment_style: DeploymentStyle | None = None


class DeploymentTargets(msgspec.Struct, frozen=True, rename="camel"):
    """An answer of codedeploy.ListDeploymentTargets: of a deployment in place the instances' ids. `deployment_id` is
    what was asked for; the API's answer does not repeat it."""

    target_ids: tuple[str, ...] = ()
    deployment_id: str = ""


class RootVolumeTask(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """`ReplaceRootVolumeTasks[]` of ec2.DescribeReplaceRootVolumeTasks. `ImageId` is what it was replaced from; a
    snapshot or the launch state otherwise."""

    replace_root_volume_task_id: str
    instance_id: str = ""
    task_state: str = ""
    start_time: str = ""
    complete_time: str = ""
    image_id: str = ""
    snapshot_id: str = ""
