"""Which events of CloudTrail are acts on servers, and what each of them says: one function for each way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tools.collect.aws.changes import matching
from tools.collect.aws.changes.documents import act_of, effect_of
from tools.collect.aws.changes.making import Making
from tools.collect.aws.changes.on_groups import ON_GROUPS, ON_TEMPLATES
from tools.collect.aws.changes.parameters import fields_of, texts_of
from tools.collect.aws.changes.services import ROOT_VOLUME
from tools.collect.aws.wire.cloudtrail import Event
from tools.model.change import Act

Handler = Callable[[Event, Making], None]


def tell(event: Event, making: Making) -> None:
    """Make of an event the changes that it is."""
    handler = ACTS.get((event.event_source.removesuffix(".amazonaws.com"), event.event_name))
    if handler is not None:
        handler(event, making)


def instances_of(tree: Any) -> list[str]:
    """The instances that a request or an answer names, wherever in it."""
    return sorted({text for text in _named(tree, ("instanceid", "instanceids")) if text.startswith("i-")})


def _named(tree: Any, keys: tuple[str, ...], ours: bool = False) -> Iterator[str]:
    if isinstance(tree, dict):
        for key, inner in tree.items():
            yield from _named(inner, keys, str(key).lower() in keys or (ours and key == "items"))
    elif isinstance(tree, list):
        for inner in tree:
            yield from _named(inner, keys, ours)
    elif ours and isinstance(tree, str):
        yield tree


def _one(tree: dict[str, Any] | None, *path: str) -> str:
    return next(iter(texts_of(tree, *path)), "")


def _command(event: Event, making: Making) -> None:
    """Run Command: CloudTrail says who, SSM what and on which instances."""
    asked, answer = event.request_parameters, event.response_elements
    document = _one(asked, "documentName")
    named = [*texts_of(asked, "instanceIds"), *texts_of(answer, "command", "instanceIds")]
    named += [text for text in _targets(asked) if text.startswith("i-")]
    known = _one(answer, "command", "commandId")
    command = known or matching.command(making.services, document, event.event_time, named)
    making.told.add(command)
    effect = effect_of(document, making.services.parameters(command))
    if effect == "reads":
        return
    reached = making.services.ran_on(command, sorted(set(named)))
    if reached is None:
        told = f"{event.event_name} of {document} at {event.event_time} went to targets that are told by tag or group"
        making.unknown(act_of(effect), event.event_time, f"{told}, and ssm.ListCommandInvocations does not hold them")
        return
    text, unknown = making.services.told(command, document)
    servers = [name for name in reached if name.startswith("i-")]
    making.on_instances(event, servers, act_of(effect), command=text, note=unknown)


def _targets(asked: dict[str, Any] | None) -> list[str]:
    targets = (asked or {}).get("targets")
    found = []
    for target in targets if isinstance(targets, list) else []:
        if isinstance(target, dict) and target.get("key") == "InstanceIds":
            found += texts_of(target, "values")
    return found


def _session(event: Event, making: Making) -> None:
    """Session Manager."""
    target = _one(event.request_parameters, "target")
    session = _one(event.response_elements, "sessionId")
    session = session or matching.session(making.services, target, event.event_time)
    making.told.add(session)
    known = making.services.sessions.get(session)
    if target.startswith("i-") and (known is None or known.status != "Failed"):
        making.on_instances(event, [target], "session", command=_one(event.request_parameters, "documentName"))


def _association(event: Event, making: Making) -> None:
    """State Manager: the event says who; what it was applied to, the association's executions."""
    asked, answer = event.request_parameters, event.response_elements
    found = {*_named(answer, ("associationid",)), *_named(asked, ("associationid", "associationids"))}
    found = found or {matching.association(making.services, _one(asked, "name"))}
    for association in sorted(found):
        known = making.services.associations.get(association)
        document = known.name if known else _one(answer, "associationDescription", "name") or _one(asked, "name")
        effect = effect_of(document, None)
        if effect == "reads":
            making.told.add(association)
            continue
        if effect == "scans-or-patches":
            continue  # what Patch Manager did, an instance's patch state tells
        making.told.add(association)
        applied = {a.resource_id: a for a in making.services.applied.get(association, ())}
        named = sorted({*applied, *instances_of(asked), *_targets(asked)} - {"*"})
        if not named:
            reason = f"{event.event_name} of {document} at {event.event_time}: what it was applied to was not read"
            making.unknown("association", event.event_time, reason)
        for name in named:
            run = applied.get(name)
            if making.subjects.before(name, event.event_time) and run is not None:
                making.scheduled(run, document)
            elif name.startswith("i-"):
                making.on_instances(event, [name], "association", command=document)


def _key(act: Act) -> Handler:
    """EC2 Instance Connect and the serial console: a key that is pushed for a minute."""

    def tell_key(event: Event, making: Making) -> None:
        user, port = (_one(event.request_parameters, key) for key in ("instanceOSUser", "serialPort"))
        what = f"a key for {user}" if user else f"a key for port {port}" if port else ""
        making.on_instances(event, instances_of(event.request_parameters), act, command=what)

    return tell_key


def _attribute(event: Event, making: Making) -> None:
    """What an instance is told to be: its user data, its type, its security groups, its metadata service, its role."""
    asked = event.request_parameters or {}
    inner = next((value for key, value in asked.items() if key.endswith("Request") and isinstance(value, dict)), asked)
    fields = fields_of(inner, "instanceId", "InstanceId", "AssociationId")
    names = instances_of(asked) or instances_of(event.response_elements)
    making.on_instances(event, names, "modify-attribute", fields=fields)


def _volume(event: Event, making: Making) -> None:
    fields = fields_of(event.request_parameters, "instanceId")
    making.on_instances(event, instances_of(event.request_parameters), "write", fields=fields)


def _state(act: Act) -> Handler:
    """A stop, a start, a reboot or an end."""

    def tell_state(event: Event, making: Making) -> None:
        making.on_instances(event, instances_of(event.request_parameters), act)

    return tell_state


def _launch(event: Event, making: Making) -> None:
    making.on_instances(event, instances_of(event.response_elements), "create")


def _root_volume(event: Event, making: Making) -> None:
    tasks = list(_named(event.response_elements, ("replacerootvolumetaskid",)))
    for instance in [] if tasks else instances_of(event.request_parameters):
        tasks.append(matching.root_volume_task(making.services, instance, event.event_time))
    making.told.update(tasks)
    if any(task in making.services.tasks and making.services.tasks[task].task_state == "failed" for task in tasks):
        return
    image = next(_named(event.request_parameters, ("imageid", "snapshotid")), "")
    making.on_instances(event, instances_of(event.request_parameters), "replace-root-volume", command=image)


def _deployment(event: Event, making: Making) -> None:
    """CodeDeploy: the event does not say whether it is one in place; the deployment does."""
    application, group = (_one(event.request_parameters, key) for key in ("applicationName", "deploymentGroupName"))
    deployment = _one(event.response_elements, "deploymentId")
    deployment = deployment or matching.deployment(making.services, application, group, event.event_time)
    making.told.add(deployment)
    reached = making.services.in_place(deployment)
    what = f"{application} {group}"
    if reached is None:
        reason = f"CreateDeployment of {what} at {event.event_time}: CodeDeploy was not read for its type and targets"
        making.unknown("deploy-in-place", event.event_time, reason)
    else:
        making.on_instances(event, reached, "deploy-in-place", command=what.strip())


def _refresh(event: Event, making: Making) -> None:
    """An instance refresh; one that replaces root volumes keeps the instances."""
    if _one(event.request_parameters, "strategy") == ROOT_VOLUME:
        group = _one(event.request_parameters, "autoScalingGroupName")
        begun = _one(event.response_elements, "instanceRefreshId")
        begun = begun or matching.refresh(making.services, group, event.event_time)
        refresh = making.services.refreshes.get(begun)
        members = making.subjects.members(group, event.event_time)
        if refresh is not None and refresh.status == "Successful":
            making.told.add(refresh.instance_refresh_id)
            making.on_instances(event, members, "replace-root-volume")
        elif refresh is None or refresh.status != "Failed":
            told = f"a refresh of {group} with strategy {ROOT_VOLUME} began at {event.event_time}"
            making.unknown("replace-root-volume", event.event_time, f"{told}; which members it has reached is not told")
    ON_GROUPS[event.event_name](event, making)


ACTS: dict[tuple[str, str], Handler] = {
    ("ssm", "SendCommand"): _command,
    ("ssm", "StartSession"): _session,
    **{
        ("ssm", name): _association
        for name in ("CreateAssociation", "CreateAssociationBatch", "UpdateAssociation", "StartAssociationsOnce")
    },
    ("ec2-instance-connect", "SendSSHPublicKey"): _key("instance-connect"),
    ("ec2-instance-connect", "SendSerialConsoleSSHPublicKey"): _key("serial-console"),
    **{
        ("ec2", name): _attribute
        for name in (
            "ModifyInstanceAttribute",
            "ModifyInstanceMetadataOptions",
            "AssociateIamInstanceProfile",
            "ReplaceIamInstanceProfileAssociation",
        )
    },
    **{("ec2", name): _volume for name in ("AttachVolume", "DetachVolume")},
    **{("ec2", name): _state("restart") for name in ("StopInstances", "StartInstances", "RebootInstances")},
    ("ec2", "TerminateInstances"): _state("delete"),
    ("autoscaling", "TerminateInstanceInAutoScalingGroup"): _state("delete"),
    ("ec2", "RunInstances"): _launch,
    ("ec2", "CreateReplaceRootVolumeTask"): _root_volume,
    ("codedeploy", "CreateDeployment"): _deployment,
    **{("autoscaling", name): handler for name, handler in ON_GROUPS.items()},
    **{("ec2", name): handler for name, handler in ON_TEMPLATES.items()},
    ("autoscaling", "StartInstanceRefresh"): _refresh,
}

_WRITE: tuple[Act, ...] = ("write",)
_ASSOCIATION: tuple[Act, ...] = ("association",)
_RESTART: tuple[Act, ...] = ("restart",)
_ATTRIBUTE: tuple[Act, ...] = ("modify-attribute",)
ACTS_OF: dict[str, tuple[Act, ...]] = {
    **{name: _ATTRIBUTE for (_, name), handler in ACTS.items() if handler is _attribute},
    **{name: _ASSOCIATION for (_, name), handler in ACTS.items() if handler is _association},
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
