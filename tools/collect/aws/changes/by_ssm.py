"""What Systems Manager was told to do to servers: Run Command, sessions, State Manager. CloudTrail says who; the rest
it redacts, or does not know, and the service itself tells."""

from __future__ import annotations

from typing import Any

from tools.collect.aws.changes import matching
from tools.collect.aws.changes.documents import act_of, effect_of
from tools.collect.aws.changes.making import Making
from tools.collect.aws.changes.parameters import instances_of, named, one_of, texts_of
from tools.collect.aws.wire.cloudtrail import Event


def tell_command(event: Event, making: Making) -> None:
    """Run Command: CloudTrail says who, SSM what and on which instances."""
    asked, answer = event.request_parameters, event.response_elements
    document = one_of(asked, "documentName")
    named = [*texts_of(asked, "instanceIds"), *texts_of(answer, "command", "instanceIds")]
    named += [text for text in _targets(asked) if text.startswith("i-")]
    known = one_of(answer, "command", "commandId")
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


def tell_session(event: Event, making: Making) -> None:
    """Session Manager."""
    target = one_of(event.request_parameters, "target")
    session = one_of(event.response_elements, "sessionId")
    session = session or matching.session(making.services, target, event.event_time)
    making.told.add(session)
    known = making.services.sessions.get(session)
    if target.startswith("i-") and (known is None or known.status != "Failed"):
        making.on_instances(event, [target], "session", command=one_of(event.request_parameters, "documentName"))


def tell_association(event: Event, making: Making) -> None:
    """State Manager: the event says who; what it was applied to, the association's executions."""
    asked, answer = event.request_parameters, event.response_elements
    found = {*named(answer, ("associationid",)), *named(asked, ("associationid", "associationids"))}
    found = found or {matching.association(making.services, one_of(asked, "name"))}
    for association in sorted(found):
        known = making.services.associations.get(association)
        document = known.name if known else one_of(answer, "associationDescription", "name") or one_of(asked, "name")
        effect = effect_of(document, None)
        if effect == "reads":
            making.told.add(association)
            continue
        if effect == "scans-or-patches":
            continue  # what Patch Manager did, an instance's patch state tells
        making.told.add(association)
        applied = {a.resource_id: a for a in making.services.applied.get(association, ())}
        names = sorted({*applied, *instances_of(asked), *_targets(asked)} - {"*"})
        if not names:
            reason = f"{event.event_name} of {document} at {event.event_time}: what it was applied to was not read"
            making.unknown("association", event.event_time, reason)
        for name in names:
            run = applied.get(name)
            if making.subjects.before(name, event.event_time) and run is not None:
                making.scheduled(run, document)
            elif name.startswith("i-"):
                making.on_instances(event, [name], "association", command=document)
