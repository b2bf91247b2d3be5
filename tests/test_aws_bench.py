"""The generated fleet of servers: what it serves is what botocore reads, paged, filtered and refused as by AWS."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.parsers import create_parser

from bench import aws_wire
from bench.aws_fleet import STALE, Fleet
from bench.aws_objects import REGION
from bench.aws_server import Server
from bench.aws_tables import Table

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
FLEET = Fleet(1_000, NOW)
TABLES = {table.key: table for table in FLEET.tables()}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(list(TABLES.values()), FLEET.single()) as running:
        yield running


def client(server: Server, service: str, region: str = REGION) -> Any:
    once = Config(retries={"mode": "standard", "total_max_attempts": 1})
    keys = {"aws_access_key_id": "reader", "aws_secret_access_key": "none"}
    return boto3.client(service, endpoint_url=server.endpoint, region_name=region, config=once, **keys)


def plain(value: Any) -> Any:
    """With times as the generator writes them."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items() if key != "ResponseMetadata"}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


@pytest.mark.parametrize("table", [table for table in TABLES.values() if table.items], ids=lambda table: table.key)
def test_what_is_rendered_parses_back_to_the_same(table: Table) -> None:
    value = {table.member: table.items[:3]}
    shape = aws_wire.model(table.service).operation_model(table.operation).output_shape
    for given in (
        value,
        {
            table.member: [
                aws_wire.written(table.service, table.operation, table.member, one) for one in table.items[:3]
            ]
        },
    ):
        body, kind = aws_wire.render(table.service, table.operation, given)
        answer = {"status_code": 200, "headers": {"Content-Type": kind}, "body": body}
        assert plain(create_parser(aws_wire.protocol(table.service)).parse(answer, shape)) == value


@pytest.mark.parametrize(
    ("service", "operation"), [("ec2", "DescribeInstances"), ("ssm", "DescribeInstanceInformation")]
)
def test_a_member_that_the_api_does_not_have_is_not_rendered(service: str, operation: str) -> None:
    table = TABLES[f"{service}.{operation}"]
    with pytest.raises(KeyError, match="Nonsense"):
        aws_wire.render(service, operation, {table.member: [{**table.items[0], "Nonsense": 1}]})


def test_lists_are_paged_and_never_longer_than_the_api_allows(server: Server) -> None:
    pages = list(client(server, "ec2").get_paginator("describe_instances").paginate(MaxResults=300))
    found = [[i["InstanceId"] for r in page["Reservations"] for i in r["Instances"]] for page in pages]
    assert [len(page) for page in found] == [300, 300, 300, 100]
    assert len({one for page in found for one in page}) == 1_000
    groups = list(client(server, "autoscaling").get_paginator("describe_scaling_activities").paginate())
    assert {len(page["Activities"]) for page in groups} == {100}
    assert len(groups) == 20
    assert len(client(server, "ssm").describe_instance_information()["InstanceInformationList"]) == 50


def test_ids_and_filters_choose_and_what_is_not_there_is_an_error(server: Server) -> None:
    ec2 = client(server, "ec2")
    wanted = FLEET.groups[3].stale[0]
    [reservation] = ec2.describe_instances(InstanceIds=[wanted])["Reservations"]
    assert [one["InstanceId"] for one in reservation["Instances"]] == [wanted]
    template = FLEET.groups[3].template
    [latest] = ec2.describe_launch_template_versions(LaunchTemplateId=template, Versions=["$Latest"])[
        "LaunchTemplateVersions"
    ]
    assert latest["VersionNumber"] == 5
    assert ec2.describe_images(Filters=[{"Name": "image-id", "Values": ["ami-gone"]}])["Images"] == []
    with pytest.raises(ClientError, match=r"InvalidInstanceID\.NotFound"):
        ec2.describe_instances(InstanceIds=["i-gone"])
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        ec2.describe_images(Filters=[{"Name": "nonsense", "Values": ["x"]}])


@pytest.mark.parametrize(
    ("service", "method", "code"),
    [
        ("ec2", "describe_subnets", "UnauthorizedOperation"),
        ("iam", "list_roles", "AccessDenied"),
        ("inspector2", "list_findings", "AccessDeniedException"),
        ("s3", "list_buckets", "AccessDenied"),
    ],
)
def test_what_it_does_not_hold_is_denied_in_the_service_s_own_format(
    server: Server, service: str, method: str, code: str
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(client(server, service), method)()
    assert refused.value.response["Error"]["Code"] == code
    with pytest.raises(ClientError, match="AuthFailure"):
        client(server, "ec2", "eu-west-1").describe_instances()


def test_the_stale_ones_run_the_image_before_the_one_that_was_rolled_out() -> None:
    planted = set(FLEET.planted()["stale"])
    assert len(planted) == STALE
    current = {g.name: g.versions()[0]["LaunchTemplateData"]["ImageId"] for g in FLEET.groups}
    differ = {i["InstanceId"] for g in FLEET.groups for i in g.instances if i["ImageId"] != current[g.name]}
    assert differ == planted
    assert len({i["InstanceId"] for g in FLEET.groups for i in g.instances}) == 1_000
