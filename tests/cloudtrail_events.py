"""Hand-written events of CloudTrail, in the shapes that its reference and its services' pages document, and trail files
of them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import msgspec

from tests.aws_compute import ACCOUNT, REGION
from tools.collect.aws import changes, reads_acts
from tools.collect.aws.answers import Answers

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CLI = (
    "aws-cli/2.31.0 md/awscrt#0.27.6 ua/2.1 os/linux#6.8 md/arch#x86_64 lang/python#3.13.7 md/command#ssm.send-command"
)
TERRAFORM = "APN/1.0 HashiCorp/1.0 Terraform/1.11.4 (+https://www.terraform.io) terraform-provider-aws/6.20.0"
BOTO = "Boto3/1.40.1 md/Botocore#1.40.1 ua/2.1 os/linux#6.8 lang/python#3.12.3"
SINCE, UNTIL = "2026-10-01T00:00:00Z", "2026-11-28T00:00:00Z"


def user(name: str = "ada", **more: Any) -> dict[str, Any]:
    """An IAM user."""
    arn = f"arn:aws:iam::{ACCOUNT}:user/{name}"
    return {"type": "IAMUser", "principalId": "AIDA1", "arn": arn, "accountId": ACCOUNT, "userName": name, **more}


def role(
    name: str, session: str, path: str = "/", context: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """A session of a role."""
    issuer = {"type": "Role", "arn": f"arn:aws:iam::{ACCOUNT}:role{path}{name}", "userName": name, "accountId": ACCOUNT}
    return {
        "type": "AssumedRole",
        "principalId": f"AROA1:{session}",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{session}",
        "accountId": ACCOUNT,
        "sessionContext": {"sessionIssuer": issuer, "attributes": {"mfaAuthenticated": "false"}, **(context or {})},
        **more,
    }


def event(name: str, source: str = "ec2", asked: Any = None, answer: Any = None, **more: Any) -> dict[str, Any]:
    """One event."""
    fields = {
        "eventVersion": "1.11",
        "userIdentity": user(),
        "eventTime": "2026-11-20T10:00:00Z",
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "awsRegion": REGION,
        "sourceIPAddress": "198.51.100.9",
        "userAgent": CLI,
        "requestParameters": asked,
        "responseElements": answer,
        "eventID": f"event-{name}",
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    }
    return {**fields, **more}


def sent(*instances: str, command: str = "c-1", document: str = "AWS-RunShellScript", **more: Any) -> dict[str, Any]:
    """SendCommand to instances by their ids."""
    asked = {"documentName": document, "instanceIds": list(instances), "parameters": HIDDEN, "interactive": False}
    return event("SendCommand", "ssm", asked, {"command": {"commandId": command, "parameters": HIDDEN}}, **more)


def by_tag(command: str = "c-1", document: str = "AWS-RunShellScript", **more: Any) -> dict[str, Any]:
    """SendCommand to what bears a tag."""
    targets = [{"key": "tag:Name", "values": ["web"]}]
    asked = {"documentName": document, "targets": targets, "parameters": HIDDEN}
    return event("SendCommand", "ssm", asked, {"command": {"commandId": command}}, **more)


def written(path: Path, *events: dict[str, Any], packed: bool = False) -> Path:
    """A log file of a trail."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = json.dumps({"Records": list(events)}).encode()
    path.write_bytes(gzip.compress(data) if packed else data)
    return path


def looked_up(answers: Answers, *events: dict[str, Any], since: str = SINCE, until: str = UNTIL) -> Answers:
    """The answers with CloudTrail's history, asked by each name for an interval."""
    pages = []
    for name in reads_acts.LOOKED_UP:
        found = [one for one in events if one["eventName"] == name]
        pages.append(
            {
                "Events": [
                    {"EventId": one["eventID"], "EventTime": one["eventTime"], "CloudTrailEvent": json.dumps(one)}
                    for one in found
                ],
                "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": name}],
                "StartTime": since,
                "EndTime": until,
            }
        )
    return told(answers, reads_acts.LOOKUP_EVENTS, *pages)


def told(answers: Answers, operation: Any, *things: Any) -> Answers:
    """The answers with those of one operation more."""

    answers.add(operation, [msgspec.convert(thing, operation.type, strict=False) for thing in things])
    answers.whole.add(operation.key)
    return answers


def trail_of(folder: Path, *events: dict[str, Any], **more: Any) -> changes.Trail:
    """A trail of one file."""
    return changes.trail([written(folder / "trail.json", *events)], **more)
