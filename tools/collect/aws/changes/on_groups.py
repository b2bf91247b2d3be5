"""Events that change what keeps servers: Auto Scaling groups, and the launch templates that they follow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tools.collect.aws.changes.making import Making
from tools.collect.aws.changes.parameters import fields_of, texts_of
from tools.collect.aws.changes.whom import actor_of
from tools.collect.aws.wire.cloudtrail import Event
from tools.model.change import Act, FieldChange


def _group(act: Act) -> Callable[[Event, Making], None]:
    """An act on one group, with the fields that the request writes."""

    def tell(event: Event, making: Making) -> None:
        asked = event.request_parameters
        for name in texts_of(asked, "autoScalingGroupName"):
            ref = making.subjects.group(name, event.event_time)
            fields = fields_of(asked, "autoScalingGroupName", "forceDelete", "honorCooldown")
            making.event(event, ref, ref, act, fields=fields)

    return tell


def _processes(event: Event, making: Making) -> None:
    """Processes that are suspended or resumed: all of them where the request names none."""
    for name in texts_of(event.request_parameters, "autoScalingGroupName"):
        ref = making.subjects.group(name, event.event_time)
        named = sorted(texts_of(event.request_parameters, "scalingProcesses")) or ["all"]
        field = FieldChange("/suspendedProcesses", None, f'"{event.event_name}: {", ".join(named)}"')
        making.event(event, ref, ref, "write", fields=(field,))


def _started(event: Event, making: Making) -> None:
    """A refresh: a release, which a pipeline may bring with it. A configuration that comes with one of somebody else's
    writes the group's template."""
    released = actor_of(event, making.rules).kind in ("pipeline", "controller", "auditor")
    asked = event.request_parameters or {}
    for name in texts_of(asked, "autoScalingGroupName"):
        ref = making.subjects.group(name, event.event_time)
        desired = asked.get("desiredConfiguration")
        fields = fields_of(desired) if isinstance(desired, dict) and desired else None
        making.event(event, ref, ref, "write" if fields and not released else "restart", fields=fields)


def new_version(event: Event, making: Making) -> None:
    """A new version of a launch template: a release, and a change of each group that names `$Latest`."""
    asked = _inner(event.request_parameters)
    made = _inner(event.response_elements).get("launchTemplateVersion")
    answer: dict[str, Any] = made if isinstance(made, dict) else {}
    template = str(answer.get("launchTemplateId") or asked.get("LaunchTemplateId") or "")
    name = str(answer.get("launchTemplateName") or asked.get("LaunchTemplateName") or "")
    version = str(answer.get("versionNumber") or "")
    data = asked.get("LaunchTemplateData")
    fields = fields_of(data if isinstance(data, dict) else {})
    for release in making.subjects.versions(template, version):
        making.event(event, release.ref, release.workload, "create", fields=fields)
    for group in making.subjects.following(template, name, "$Latest"):
        field = FieldChange("/launchTemplate/latestVersion", None, version or None)
        note = "the group names $Latest"
        making.event(event, group.ref, group.ref, "write", fields=(field, *(fields or ())), note=note)


def new_default(event: Event, making: Making) -> None:
    """Another default version: a change of each group that names `$Default`."""
    asked = _inner(event.request_parameters)
    version = asked.get("SetDefaultVersion", asked.get("DefaultVersion"))
    template, name = str(asked.get("LaunchTemplateId") or ""), str(asked.get("LaunchTemplateName") or "")
    if version is None:
        return
    for group in making.subjects.following(template, name, "$Default"):
        field = FieldChange("/launchTemplate/defaultVersion", None, str(version))
        making.event(event, group.ref, group.ref, "write", fields=(field,), note="the group names $Default")


def _inner(tree: dict[str, Any] | None) -> dict[str, Any]:
    """A request or an answer of EC2's newer calls, which CloudTrail has below a name of its own."""
    for key, value in (tree or {}).items():
        if key.endswith(("Request", "Response")) and isinstance(value, dict):
            return value
    return tree or {}


ON_GROUPS: dict[str, Callable[[Event, Making], None]] = {
    "CreateAutoScalingGroup": _group("create"),
    "UpdateAutoScalingGroup": _group("write"),
    "DeleteAutoScalingGroup": _group("delete"),
    "SetDesiredCapacity": _group("scale"),
    "ExecutePolicy": _group("scale"),
    "AttachInstances": _group("write"),
    "DetachInstances": _group("write"),
    "EnterStandby": _group("write"),
    "ExitStandby": _group("write"),
    "SuspendProcesses": _processes,
    "ResumeProcesses": _processes,
    "StartInstanceRefresh": _started,
    "RollbackInstanceRefresh": _started,
}
"""Of EC2 Auto Scaling."""
ON_TEMPLATES: dict[str, Callable[[Event, Making], None]] = {
    "CreateLaunchTemplateVersion": new_version,
    "ModifyLaunchTemplate": new_default,
}
"""Of EC2."""
