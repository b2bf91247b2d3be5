"""The embedded AWS: whom it knows, and what its event history says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from tests.aws_fleet import CONSOLE, Fleet, emptied, fleet


@pytest.fixture(scope="module")
def server() -> Iterator[Fleet]:
    with fleet() as made:
        yield made


@pytest.fixture
def aws(server: Fleet) -> Fleet:
    return emptied(server)


def events(aws: Fleet, **asked: Any) -> list[dict[str, Any]]:
    trail = aws.client("cloudtrail")
    pages = trail.get_paginator("lookup_events").paginate(**asked)
    return [json.loads(one["CloudTrailEvent"]) for page in pages for one in page["Events"]]


def refused(call: Any, code: str, said: str = "") -> None:
    with pytest.raises(ClientError) as caught:
        call()
    assert caught.value.response["Error"]["Code"] == code
    assert said in caught.value.response["Error"]["Message"]


def test_reset_forgets_everything(aws: Fleet) -> None:
    aws.template("web", aws.image("web-1"))
    aws.group("web", "1", 1)
    aws.aws.reset()
    assert aws.groups.describe_auto_scaling_groups()["AutoScalingGroups"] == []
    assert events(aws) == []


def test_an_environment_is_whole(aws: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in aws.aws.environment(aws.aws.person("ada")).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_SESSION_TOKEN")
    ec2 = boto3.session.Session().client("ec2")
    assert ec2.meta.endpoint_url == aws.aws.endpoint
    ec2.create_key_pair(KeyName="adas")
    assert events(aws)[0]["userIdentity"]["userName"] == "ada"


def test_what_neither_has_answers_500_with_html(aws: Fleet) -> None:
    config = boto3.session.Config(retries={"total_max_attempts": 1})
    ec2 = boto3.client("ec2", config=config, **aws.aws.client())
    with pytest.raises(ResponseParserError, match="500 Internal Server Error"):  # HTML, where EC2 answers XML
        ec2.describe_fpga_images()


def test_what_changes_something_is_in_the_trail_and_what_reads_is_not(aws: Fleet) -> None:
    door = aws.door("open")
    aws.ec2.describe_instances()
    names = [event["eventName"] for event in events(aws)]
    assert names == ["AuthorizeSecurityGroupIngress", "CreateSecurityGroup"]  # the newest first
    newest = events(aws)[0]
    assert newest["requestParameters"] == {
        "groupId": door,
        "ipPermissions": {
            "items": [
                {"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}}
            ]
        },
    }
    identity = newest["userIdentity"]
    assert identity["arn"] == "arn:aws:sts::123456789012:assumed-role/deploy/pipeline-812"
    assert identity["sessionContext"]["sessionIssuer"]["userName"] == "deploy"
    assert newest["eventTime"] == "2026-11-02T08:00:00Z"
    assert "Botocore" in newest["userAgent"]


def test_a_command_and_user_data_are_hidden_in_the_trail(aws: Fleet) -> None:
    aws.template("web", aws.image("web-1"), UserData="#!/bin/sh\necho secret")
    members = aws.group("web", "1", 1)
    aws.managed(*members)
    sent = aws.run("ada", "vi /etc/nginx.conf", *members)
    told = {event["eventName"]: event for event in events(aws)}
    assert told["SendCommand"]["requestParameters"]["parameters"] == "HIDDEN_DUE_TO_SECURITY_REASONS"
    assert told["SendCommand"]["userAgent"] == CONSOLE
    data = told["CreateLaunchTemplate"]["requestParameters"]["CreateLaunchTemplateRequest"]["LaunchTemplateData"]
    assert data["UserData"] == "<sensitiveDataRemoved>"
    command = aws.client("ssm").list_commands(CommandId=sent)["Commands"][0]
    assert command["Parameters"] == {"commands": ["vi /etc/nginx.conf"]}  # which Systems Manager still tells


def test_the_trail_tells_what_auto_scaling_did_on_its_own_after_who_asked_for_it(aws: Fleet) -> None:
    aws.template("web", aws.image("web-1"))
    aws.group("web", "1", 1)
    newest, before = events(aws)[:2]
    assert (newest["eventName"], before["eventName"]) == ("RunInstances", "CreateAutoScalingGroup")
    assert newest["userIdentity"]["invokedBy"] == "autoscaling.amazonaws.com"
    assert before["requestParameters"]["autoScalingGroupName"] == "web"


def test_a_refusal_is_in_the_trail_with_its_code(aws: Fleet) -> None:
    refused(lambda: aws.ec2.terminate_instances(InstanceIds=["i-0123456789abcdef0"]), "InvalidInstanceID.NotFound")
    refused(lambda: aws.groups.cancel_instance_refresh(AutoScalingGroupName="no"), "ValidationError")
    assert [event["errorCode"] for event in events(aws)] == ["ValidationError", "InvalidInstanceID.NotFound"]


def test_the_trail_has_pages_of_fifty_one_attribute_and_ninety_days(aws: Fleet) -> None:
    for index in range(120):
        aws.ec2.create_key_pair(KeyName=f"key-{index}")
    trail = aws.client("cloudtrail")
    assert len(trail.lookup_events()["Events"]) == 50
    assert len(events(aws)) == 120
    one = {"AttributeKey": "ResourceName", "AttributeValue": "key-7"}
    assert len(trail.lookup_events(LookupAttributes=[one])["Events"]) == 1
    refused(lambda: trail.lookup_events(LookupAttributes=[one, one]), "InvalidLookupAttributesException")
    aws.wait(91 * 86400)
    assert events(aws) == []
