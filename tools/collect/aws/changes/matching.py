"""Which record of a service an event is of. Its answer names that (`commandId`, `sessionId`, …); an event whose answer
CloudTrail left out, as it does with long ones, is known by what was asked, and when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from tools.collect.aws.changes.services import Services
from tools.model.times import parsed

NEAR = timedelta(seconds=5)
"""How far a service's own time may be from the event's, which has whole seconds."""


def command(services: Services, document: str, time: str, instances: list[str]) -> str:
    """The one command of this document at that time, on no other instances than these; empty where there is none, or
    more than one."""
    return _only(
        one.command_id
        for one in services.commands.values()
        if one.document_name == document
        and _near(one.requested_date_time, time)
        and (not instances or not one.instance_ids or set(one.instance_ids) == set(instances))
    )


def session(services: Services, target: str, time: str) -> str:
    """The one session on this target that began then."""
    return _only(
        one.session_id for one in services.sessions.values() if one.target == target and _near(one.start_date, time)
    )


def association(services: Services, document: str) -> str:
    """The one association of this document."""
    return _only(one.association_id for one in services.associations.values() if document and one.name == document)


def deployment(services: Services, application: str, group: str, time: str) -> str:
    """The one deployment of this application to this group that was made then."""
    return _only(
        one.deployment_id
        for one in services.deployments.values()
        if (one.application_name, one.deployment_group_name) == (application, group) and _near(one.create_time, time)
    )


def root_volume_task(services: Services, instance: str, time: str) -> str:
    """The one task on this instance that began then."""
    return _only(
        one.replace_root_volume_task_id
        for one in services.tasks.values()
        if one.instance_id == instance and _near(one.start_time, time)
    )


def refresh(services: Services, group: str, time: str) -> str:
    """The one refresh of this group that began then."""
    return _only(
        one.instance_refresh_id
        for one in services.refreshes.values()
        if one.auto_scaling_group_name == group and _near(one.start_time, time)
    )


def _only(found: Iterable[str]) -> str:
    some = list(found)
    return some[0] if len(some) == 1 else ""


def _near(one: str, other: str) -> bool:
    first, second = parsed(one), parsed(other)
    return first is not None and second is not None and abs(first - second) <= NEAR
