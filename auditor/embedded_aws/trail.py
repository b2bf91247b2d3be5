"""CloudTrail's event history: each call that changes something, as a management event tells it, and `LookupEvents`."""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta
from typing import Any

from moto.moto_api._internal import mock_random

from auditor.embedded_aws import world
from auditor.embedded_aws.call import Answer, Call, Refused, operation, page
from auditor.embedded_aws.principals import Principal, auto_scaling
from auditor.embedded_aws.trail_words import written

READS = ("BatchGet", "Describe", "Get", "List", "Lookup", "Search", "Head", "Filter", "Simulate")
EVENTS = "trail events"
DAYS = 90
KINDS = {
    "instanceId": "AWS::EC2::Instance",
    "autoScalingGroupName": "AWS::AutoScaling::AutoScalingGroup",
    "groupId": "AWS::EC2::SecurityGroup",
    "imageId": "AWS::EC2::Ami",
    "keyName": "AWS::EC2::KeyPair",
    "launchTemplateId": "AWS::EC2::LaunchTemplate",
    "target": "AWS::EC2::Instance",
}


def changes(action: str) -> bool:
    """Whether an operation is one that CloudTrail's event history calls a write."""
    return bool(action) and not action.startswith(READS)


def record(call: Call, error: tuple[str, str] | None = None, at: int | None = None) -> None:
    """Write what was called into the event history; `error` is the code and message of its refusal, `at` its place
    there, before what came of it (the end where it is not said)."""
    source = call.principal.service or "127.0.0.1"
    event: dict[str, Any] = {
        "eventVersion": "1.11",
        "userIdentity": call.principal.identity(),
        "eventTime": call.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": f"{call.service}.amazonaws.com",
        "eventName": call.operation,
        "awsRegion": call.region,
        "sourceIPAddress": source,
        "userAgent": call.user_agent,
        "requestParameters": written(call.service, call.operation, call.parameters),
        "responseElements": None,
        "requestID": str(_uuid()),
        "eventID": str(_uuid()),
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": call.account,
        "eventCategory": "Management",
    }
    if error:
        event["errorCode"], event["errorMessage"] = error
    events = call.shelf(EVENTS)
    events.insert(len(events) if at is None else at, event)


def by_service(account: str, region: str, name: str, parameters: dict[str, Any]) -> None:
    """Write what Auto Scaling does to EC2 on its own."""
    caller = auto_scaling(account)
    record(Call("ec2", name, parameters, account, region, caller, caller.service))


def told(event: dict[str, Any]) -> dict[str, Any]:
    """An event as `LookupEvents` answers it."""
    identity = event["userIdentity"]
    name = identity.get("userName") or identity["arn"].rsplit("/", 1)[-1]
    return {
        "EventId": event["eventID"],
        "EventName": event["eventName"],
        "ReadOnly": str(event["readOnly"]).lower(),
        "AccessKeyId": identity["accessKeyId"],
        "EventTime": datetime.fromisoformat(event["eventTime"].removesuffix("Z")),
        "EventSource": event["eventSource"],
        "Username": name,
        "Resources": _resources(event["requestParameters"]),
        "CloudTrailEvent": json.dumps(event),
    }


@operation("cloudtrail", "LookupEvents")
def lookup_events(call: Call) -> Answer:
    """The newest first, of the last 90 days, at most 50 a page; one lookup attribute, as the API has it."""
    attributes = call.get("LookupAttributes", [])
    if len(attributes) > 1:
        raise Refused("InvalidLookupAttributesException", "You can only specify one lookup attribute at a time.")
    start, end = _plain(call.get("StartTime")), _plain(call.get("EndTime"))
    if start and end and start > end:
        raise Refused("InvalidTimeRangeException", "The start time must be before the end time.")
    oldest = call.now - timedelta(days=DAYS)
    events = [told(event) for event in reversed(call.shelf(EVENTS))]
    found = [
        event
        for event in events
        if event["EventTime"] >= max(start or oldest, oldest)
        and (end is None or event["EventTime"] <= end)
        and all(_matches(event, one["AttributeKey"], one["AttributeValue"]) for one in attributes)
    ]
    return page(found, call, "Events", "MaxResults", 50)


def _matches(event: dict[str, Any], key: str, value: str) -> bool:
    if key in ("ResourceName", "ResourceType"):
        return any(resource[key] == value for resource in event["Resources"])
    return bool(event.get(key) == value)


def _resources(parameters: Any, name: str = "") -> list[dict[str, str]]:
    """What an event is about: the names in its parameters that CloudTrail knows the type of."""
    if isinstance(parameters, dict):
        return [one for key, value in parameters.items() for one in _resources(value, key[:1].lower() + key[1:])]
    if isinstance(parameters, list):
        return [one for value in parameters for one in _resources(value, name.removesuffix("s"))]
    kind = KINDS.get(name)
    return [{"ResourceType": kind, "ResourceName": str(parameters)}] if kind and parameters else []


def _plain(moment: datetime | None) -> datetime | None:
    """A time of a request, UTC without zone."""
    return moment.replace(tzinfo=None) if moment else None


def _uuid() -> uuid.UUID:
    identifier: uuid.UUID = mock_random.uuid4()
    return identifier


def caller(account: str, key: str) -> Principal:
    """Whose an access key is: one that was handed out, or the account's operator."""
    known: list[Principal] = world.current().shelf("principals", "", "")
    return next((one for one in known if one.key == key), Principal(account, "operator", key))
