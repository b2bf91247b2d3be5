"""Systems Manager: which instances it manages, and Run Command."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from moto.ec2.models import ec2_backends
from moto.moto_api._internal import mock_random

from auditor.embedded_aws.call import Answer, Call, Refused, operation, page

CORE = "AmazonSSMManagedInstanceCore"
MANAGED, COMMANDS = "managed instances", "commands"


def managed(call: Call) -> Iterator[Any]:
    """The running instances that Systems Manager manages: whose role has the managed policy for it, or that were named
    on the shelf `managed instances` (an account's Default Host Management)."""
    named = set(call.shelf(MANAGED))
    for reservation in ec2_backends[call.account][call.region].reservations.values():
        for instance in reservation.instances:
            if instance.state == "running" and (instance.id in named or _core(instance)):
                yield instance


def _core(instance: Any) -> bool:
    associated = instance.ec2_backend.iam_instance_profile_associations.get(instance.id)
    roles = associated.iam_instance_profile.roles if associated else []
    return any(CORE in arn for role in roles for arn in role.managed_policies)


@operation("ssm", "DescribeInstanceInformation")
def describe_instance_information(call: Call) -> Answer:
    """The managed instances, or those that a filter names."""
    filters = call.get("Filters", []) + [
        {"Key": one["key"], "Values": one["valueSet"]} for one in call.get("InstanceInformationFilterList", [])
    ]
    wanted = [value for one in filters if one["Key"] == "InstanceIds" for value in one["Values"]]
    told = [_information(call, one) for one in managed(call) if not wanted or one.id in wanted]
    return page(told, call, "InstanceInformationList", "MaxResults", 50)


def _information(call: Call, instance: Any) -> dict[str, Any]:
    return {
        "InstanceId": instance.id,
        "PingStatus": "Online",
        "LastPingDateTime": call.now,
        "AgentVersion": "3.3.2299.0",
        "IsLatestVersion": True,
        "PlatformType": "Windows" if instance.platform == "windows" else "Linux",
        "PlatformName": "Amazon Linux",
        "PlatformVersion": "2023",
        "ResourceType": "EC2Instance",
        "IPAddress": instance.private_ip,
        "ComputerName": instance.private_dns_name,
        "SourceId": instance.id,
        "SourceType": "AWS::EC2::Instance",
    }


def targets(call: Call) -> list[str]:
    """The managed instances that InstanceIds and Targets mean. Raises `Refused` where one is not managed."""
    known = {instance.id: instance for instance in managed(call)}
    named = list(call.get("InstanceIds", []))
    for target in call.get("Targets", []):
        if target["Key"] == "InstanceIds":
            named += target["Values"]
        elif target["Key"].startswith("tag:"):
            key = target["Key"].removeprefix("tag:")
            named += [
                i
                for i, one in known.items()
                if any(t["key"] == key and t["value"] in target["Values"] for t in one.get_tags())
            ]
    if unknown := [one for one in named if one not in known]:
        raise Refused(
            "InvalidInstanceId", f"Instances [[{', '.join(unknown)}]] not in a valid state for account {call.account}"
        )
    return list(dict.fromkeys(named))


@operation("ssm", "SendCommand")
def send_command(call: Call) -> Answer:
    """Run a document on instances; here it ends well at once. (moto takes every instance where no target is named.)"""
    ids = targets(call)
    given = ("Comment", "Parameters", "Targets", "MaxConcurrency", "MaxErrors", "DocumentVersion")
    command = {
        "CommandId": str(mock_random.uuid4()),
        "DocumentName": call.get("DocumentName"),
        "Comment": "",
        "ExpiresAfter": call.now + timedelta(hours=2),
        "Parameters": {},
        "InstanceIds": list(call.get("InstanceIds", [])),
        "Targets": [],
        "RequestedDateTime": call.now,
        "Status": "Success",
        "StatusDetails": "Success",
        "TargetCount": len(ids),
        "CompletedCount": len(ids),
        "ErrorCount": 0,
        "DeliveryTimedOutCount": 0,
        "TimeoutSeconds": call.get("TimeoutSeconds", 3600),
        **{name: call.get(name) for name in given if call.get(name) is not None},
    }
    call.shelf(COMMANDS).append((command, ids))
    begun = {"Status": "Pending", "StatusDetails": "Pending", "CompletedCount": 0, "TargetCount": len(ids)}
    return {"Command": command | begun}


@operation("ssm", "ListCommands")
def list_commands(call: Call) -> Answer:
    """The commands of the last 30 days, newest first; what they ran is in them."""
    return page([command for command, _ in _commands(call)], call, "Commands", "MaxResults", 50)


@operation("ssm", "ListCommandInvocations")
def list_command_invocations(call: Call) -> Answer:
    """Each command on each instance; with `Details` its plugins."""
    told = [
        _invocation(call, command, one)
        for command, ids in _commands(call)
        for one in ids
        if call.get("InstanceId") in (None, one)
    ]
    return page(told, call, "CommandInvocations", "MaxResults", 50)


@operation("ssm", "GetCommandInvocation")
def get_command_invocation(call: Call) -> Answer:
    """One command on one instance."""
    wanted = call.get("InstanceId")
    for command, ids in _commands(call):
        if wanted in ids:
            shared = {k: command[k] for k in ("CommandId", "Comment", "DocumentName", "Status", "StatusDetails")}
            return {**shared, "InstanceId": wanted, "ResponseCode": 0, "StandardOutputContent": ""}
    raise Refused("InvocationDoesNotExist", "")


def _commands(call: Call) -> list[tuple[dict[str, Any], list[str]]]:
    oldest = call.now - timedelta(days=30)
    known = [one for one in reversed(call.shelf(COMMANDS)) if one[0]["RequestedDateTime"] >= oldest]
    wanted, instance = call.get("CommandId"), call.get("InstanceId")
    found = [one for one in known if wanted in (None, one[0]["CommandId"])]
    if wanted and not found:
        raise Refused("InvalidCommandId", "")
    return [one for one in found if instance in (None, *one[1])]


def _invocation(call: Call, command: dict[str, Any], instance: str) -> dict[str, Any]:
    shared = ("CommandId", "Comment", "DocumentName", "RequestedDateTime", "Status", "StatusDetails")
    told = {name: command[name] for name in shared} | {"InstanceId": instance, "InstanceName": "", "CommandPlugins": []}
    if call.get("Details"):
        moment = command["RequestedDateTime"]
        plugin = {"Name": "aws:runShellScript", "Status": "Success", "StatusDetails": "Success", "ResponseCode": 0}
        told["CommandPlugins"] = [plugin | {"ResponseStartDateTime": moment, "ResponseFinishDateTime": moment}]
    return told
