"""Events of EC2, CodeDeploy and Auto Scaling that enter, change, stop or end servers."""

from __future__ import annotations

from collections.abc import Callable

from tools.collect.aws.changes import matching
from tools.collect.aws.changes.making import Making
from tools.collect.aws.changes.on_groups import ON_GROUPS
from tools.collect.aws.changes.parameters import fields_of, instances_of, named, one_of
from tools.collect.aws.changes.services import ROOT_VOLUME
from tools.collect.aws.wire.cloudtrail import Event
from tools.model.change import Act

Handler = Callable[[Event, Making], None]


def key(act: Act) -> Handler:
    """EC2 Instance Connect and the serial console: a key that is pushed for a minute."""

    def tell_key(event: Event, making: Making) -> None:
        user, port = (one_of(event.request_parameters, key) for key in ("instanceOSUser", "serialPort"))
        what = f"a key for {user}" if user else f"a key for port {port}" if port else ""
        making.on_instances(event, instances_of(event.request_parameters), act, command=what)

    return tell_key


def attribute(event: Event, making: Making) -> None:
    """What an instance is told to be: its user data, its type, its security groups, its metadata service, its role."""
    asked = event.request_parameters or {}
    inner = next((value for key, value in asked.items() if key.endswith("Request") and isinstance(value, dict)), asked)
    fields = fields_of(inner, "instanceId", "InstanceId", "AssociationId")
    names = instances_of(asked) or instances_of(event.response_elements)
    making.on_instances(event, names, "modify-attribute", fields=fields)


def volume(event: Event, making: Making) -> None:
    """A disk that is attached or taken away: it enters nothing, and changes nothing of what runs."""
    fields = fields_of(event.request_parameters, "instanceId")
    making.on_instances(event, instances_of(event.request_parameters), "write", fields=fields)


def state(act: Act) -> Handler:
    """A stop, a start, a reboot or an end."""

    def tell_state(event: Event, making: Making) -> None:
        making.on_instances(event, instances_of(event.request_parameters), act)

    return tell_state


def launch(event: Event, making: Making) -> None:
    """Instances that were launched."""
    making.on_instances(event, instances_of(event.response_elements), "create")


def root_volume(event: Event, making: Making) -> None:
    """A root volume that is replaced under a running instance."""
    tasks = list(named(event.response_elements, ("replacerootvolumetaskid",)))
    for instance in [] if tasks else instances_of(event.request_parameters):
        tasks.append(matching.root_volume_task(making.services, instance, event.event_time))
    making.told.update(tasks)
    if any(task in making.services.tasks and making.services.tasks[task].task_state == "failed" for task in tasks):
        return
    image = next(named(event.request_parameters, ("imageid", "snapshotid")), "")
    making.on_instances(event, instances_of(event.request_parameters), "replace-root-volume", command=image)


def deployment(event: Event, making: Making) -> None:
    """CodeDeploy: the event does not say whether it is one in place; the deployment does."""
    application, group = (one_of(event.request_parameters, key) for key in ("applicationName", "deploymentGroupName"))
    deployment = one_of(event.response_elements, "deploymentId")
    deployment = deployment or matching.deployment(making.services, application, group, event.event_time)
    making.told.add(deployment)
    reached = making.services.in_place(deployment)
    what = f"{application} {group}"
    if reached is None:
        reason = f"CreateDeployment of {what} at {event.event_time}: CodeDeploy was not read for its type and targets"
        making.unknown("deploy-in-place", event.event_time, reason)
    else:
        making.on_instances(event, reached, "deploy-in-place", command=what.strip())


def refresh(event: Event, making: Making) -> None:
    """An instance refresh; one that replaces root volumes keeps the instances."""
    if one_of(event.request_parameters, "strategy") == ROOT_VOLUME:
        group = one_of(event.request_parameters, "autoScalingGroupName")
        begun = one_of(event.response_elements, "instanceRefreshId")
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
