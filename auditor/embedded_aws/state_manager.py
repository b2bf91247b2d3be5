"""Systems Manager's State Manager, which applies documents again and again, and Patch Manager."""

from __future__ import annotations

from typing import Any

from moto.moto_api._internal import mock_random

from auditor.embedded_aws.call import Answer, Call, Refused, operation, page

ASSOCIATIONS, PATCHED = "associations", "patch states"


@operation("ssm", "CreateAssociation")
def create_association(call: Call) -> Answer:
    """State Manager applies a document to instances from now on, and did so at once."""
    known = call.shelf(ASSOCIATIONS)
    copied = ("Name", "InstanceId", "Targets", "ScheduleExpression", "AssociationName", "Parameters", "DocumentVersion")
    association = {
        "AssociationId": str(mock_random.uuid4()),
        "AssociationVersion": "1",
        "LastExecutionDate": call.now,
        "Overview": {"Status": "Success", "DetailedStatus": "Success"},
        **{name: call.get(name) for name in copied if call.get(name) is not None},
    }
    known.append(association)
    return {"AssociationDescription": association | {"Date": call.now, "LastUpdateAssociationDate": call.now}}


@operation("ssm", "ListAssociations")
def list_associations(call: Call) -> Answer:
    """What State Manager applies."""
    told = [{k: v for k, v in one.items() if k != "Parameters"} for one in call.shelf(ASSOCIATIONS)]
    return page(told, call, "Associations", "MaxResults", 50)


@operation("ssm", "DescribeAssociation")
def describe_association(call: Call) -> Answer:
    """One of them, with its parameters."""
    return {"AssociationDescription": _association(call)}


@operation("ssm", "DescribeAssociationExecutions")
def describe_association_executions(call: Call) -> Answer:
    """When it was applied: once, when it was made."""
    one = _association(call)
    told = {
        "AssociationId": one["AssociationId"],
        "AssociationVersion": "1",
        "ExecutionId": one["AssociationId"],
        "Status": "Success",
        "DetailedStatus": "Success",
        "CreatedTime": one["LastExecutionDate"],
        "LastExecutionDate": one["LastExecutionDate"],
    }
    return page([told], call, "AssociationExecutions", "MaxResults", 50)


@operation("ssm", "DescribeAssociationExecutionTargets")
def describe_association_execution_targets(call: Call) -> Answer:
    """The instances of an execution."""
    one = _association(call)
    named = [one["InstanceId"]] if "InstanceId" in one else []
    for target in one.get("Targets", []):
        if target["Key"] == "InstanceIds":
            named += target["Values"]
    shared = {"AssociationId": one["AssociationId"], "AssociationVersion": "1", "ExecutionId": one["AssociationId"]}
    done = {"ResourceType": "ManagedInstance", "Status": "Success", "DetailedStatus": "Success"}
    told = [shared | done | {"ResourceId": name, "LastExecutionDate": one["LastExecutionDate"]} for name in named]
    return page(told, call, "AssociationExecutionTargets", "MaxResults", 50)


def _association(call: Call) -> dict[str, Any]:
    wanted = call.get("AssociationId")
    found: dict[str, Any] | None = next(
        (one for one in call.shelf(ASSOCIATIONS) if one["AssociationId"] == wanted), None
    )
    if found is None:
        raise Refused("AssociationDoesNotExist", f"Association {wanted} does not exist.")
    return found


@operation("ssm", "DescribeInstancePatchStates")
def describe_instance_patch_states(call: Call) -> Answer:
    """What Patch Manager last did to instances, as the shelf `patch states` has it."""
    wanted = call.get("InstanceIds", [])
    told = [one for one in call.shelf(PATCHED) if one["InstanceId"] in wanted]
    return page(told, call, "InstancePatchStates", "MaxResults", 100)
