"""Recorded answers of AWS, in every form that somebody may have them, go through the same decoder as live ones."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from tests.aws_reading import furnished
from tests.objects import fleet, record
from tools.collect.actors import Actors
from tools.collect.aws.answers import Answers
from tools.collect.aws.assemble import assemble
from tools.collect.aws.live import read
from tools.collect.aws.operation import Operation
from tools.collect.aws.operations import OPERATIONS
from tools.collect.sources import AuditLog, collect, parse_source
from tools.errors import SourceError
from tools.model.facts import Facts

DATA = Path(__file__).parent / "data/aws"
HEAD = {"account": "123456789012", "region": "eu-central-1"}
REQUIRED = {"Instance", "Workload", "Release", "Artifact"}


def looked(path: Path, log: AuditLog = AuditLog()) -> Facts:  # noqa: B008 (frozen)
    return collect(parse_source(str(path), log=log))


def instance(name: str = "i-0123456789abcdef0", **more: Any) -> dict[str, Any]:
    return {
        "InstanceId": name,
        "ImageId": "ami-0123456789abcdef0",
        "State": {"Name": "running"},
        "LaunchTime": "2026-11-02T08:00:00Z",
        "Placement": {"AvailabilityZone": "eu-central-1a"},
        **more,
    }


def instances(*some: dict[str, Any], owner: str = "123456789012", **more: Any) -> dict[str, Any]:
    return {"Reservations": [{"OwnerId": owner, "Instances": list(some or [instance()])}], **more}


def answered(service: str, operation: str, response: Any = None, **more: Any) -> dict[str, Any]:
    found = {"aws": {"service": service, "operation": operation, **more.pop("head", {})}, **more}
    return found if response is None else {**found, "response": response}


def write(file: Path, *documents: Any) -> Path:
    """JSON where there is one document, and else YAML of several."""
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(documents[0]) if file.suffix == ".json" else yaml.safe_dump_all(documents)
    file.write_text(text, encoding="utf-8")
    return file


def held(facts: Facts) -> set[str]:
    """The operations that a recording is not said to lack."""
    lacking = {gap.reason.partition("answer of ")[2] for gap in facts.gaps if gap.code == "not-recorded"}
    return {one.key for one in OPERATIONS if f"{one.service} {one.name}" not in lacking}


@pytest.mark.parametrize(
    ("name", "scope", "moment", "seen"),
    [
        ("test_asg_image_age_filter_template", "644160558196/us-east-1", "2019-02-27T19:26:02Z", {"workloads": 1}),
        ("test_ec2_image_filter", "644160558196/us-east-2", "2016-11-06T11:43:02Z", {"instances": 1, "artifacts": 1}),
        ("test_asg_invalid_filter_bad", "", "2016-06-24T20:28:16Z", {"workloads": 1, "releases": 1}),
        ("test_launch_template_get", "", "2019-01-31T11:39:44Z", {"instances": 0}),
        ("test_ssm_get_managed_instances", "", "2018-09-21T11:57:59Z", {"instances": 0}),
    ],
)
def test_flight_data_of_the_real_aws(name: str, scope: str, moment: str, seen: dict[str, int]) -> None:
    facts = looked(DATA / "cloud-custodian" / name)
    (found,) = facts.scopes
    assert not [gap for gap in facts.gaps if gap.code == "broken"]
    assert facts.moment == moment
    assert {noun: len(getattr(facts, noun)) for noun in seen} == seen
    assert found.recorded
    assert (found.id == scope) if scope else not found.stable
    files = {file.name.partition("_")[0] for file in (DATA / "cloud-custodian" / name).iterdir()}
    assert files <= held(facts)


def test_the_documentation_s_sample() -> None:
    facts = looked(DATA / "aws-cli")
    assert held(facts) == {"autoscaling.DescribeInstanceRefreshes"}
    assert facts.moment == "2023-03-23T16:42:55Z"


def test_one_file_of_several_documents_names_its_account_once(tmp_path: Path) -> None:
    file = write(
        tmp_path / "fleet.yaml",
        answered("ec2", "DescribeInstances", instances(), head=HEAD),
        answered("autoscaling", "DescribeAutoScalingGroups", {"AutoScalingGroups": []}),
        answered("ec2", "DescribeImages", error={"Code": "UnauthorizedOperation", "Message": "not yours"}),
    )
    facts = looked(file)
    assert [scope.id for scope in facts.scopes] == ["123456789012/eu-central-1"]
    (gap,) = [gap for gap in facts.gaps if gap.code == "forbidden"]
    assert gap.required
    assert "UnauthorizedOperation" in gap.reason
    assert "ec2:DescribeImages" in gap.mend


def test_a_recording_of_two_accounts_is_two_scopes(tmp_path: Path) -> None:
    other = {"account": "210987654321", "region": "eu-west-1"}
    file = write(
        tmp_path / "fleet.yaml",
        answered("ec2", "DescribeInstances", instances(), head=HEAD),
        answered("ec2", "DescribeInstances", instances(instance("i-0other")), head=other),
    )
    facts = looked(file)
    assert [scope.id for scope in facts.scopes] == ["123456789012/eu-central-1", "210987654321/eu-west-1"]
    assert {one.ref.scope for one in facts.instances} == {scope.id for scope in facts.scopes}


@pytest.mark.parametrize("name", ["describe-instances.json", "saved.json", "ec2.DescribeInstances_1.json"])
def test_what_the_cli_prints(name: str, tmp_path: Path) -> None:
    facts = looked(write(tmp_path / "dump" / name, instances()).parent)
    assert [scope.id for scope in facts.scopes] == ["123456789012/eu-central-1"]
    assert facts.scopes[0].stable
    assert [one.ref.name for one in facts.instances] == ["i-0123456789abcdef0"]
    assert facts.moment == "2026-11-02T08:00:00Z"


def test_what_the_cli_prints_as_yaml(tmp_path: Path) -> None:
    assert len(looked(write(tmp_path / "saved.yaml", instances())).instances) == 1


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("inspector2.ListFindings_1.json", "inspector2.ListFindings"),
        ("list-image-scan-findings.json", "imagebuilder.ListImageScanFindings"),
    ],
)
def test_a_key_of_two_operations_is_told_by_the_file_s_name(name: str, known: str, tmp_path: Path) -> None:
    write(tmp_path / "describe-instances.json", instances())
    write(tmp_path / name, {"findings": []})
    assert known in held(looked(tmp_path))


def test_times_that_are_seconds_of_unix(tmp_path: Path) -> None:
    write(tmp_path / "describe-instances.json", instances())
    command = {"CommandId": "c-1", "DocumentName": "AWS-RunShellScript", "RequestedDateTime": 1793000000.5}
    write(tmp_path / "list-commands.json", {"Commands": [command]})
    assert not [gap for gap in looked(tmp_path).gaps if gap.code == "broken"]


def test_only_four_answers_are_required(tmp_path: Path) -> None:
    facts = looked(write(tmp_path / "fleet.yaml", answered("ssm", "ListCommands", {"Commands": []}, head=HEAD)))
    lacking = [gap for gap in facts.gaps if gap.code == "not-recorded"]
    assert {gap.noun for gap in lacking if gap.required} == REQUIRED
    assert len({gap.reason for gap in lacking if gap.required}) == 4


def test_the_moment_is_the_newest_time_that_has_been(tmp_path: Path) -> None:
    image: dict[str, Any] = {"ImageId": "ami-0123456789abcdef0", "CreationDate": "2026-11-03T08:00:00.000Z"}
    image |= {"DeprecationTime": "2028-11-03T08:00:00.000Z", "Tags": [{"Key": "x", "Value": "2030-01-01T00:00:00Z"}]}
    write(tmp_path / "describe-instances.json", instances())
    write(tmp_path / "describe-images.json", {"Images": [image]})
    assert looked(tmp_path).moment == "2026-11-03T08:00:00Z"


def test_a_page_that_names_a_further_one(tmp_path: Path) -> None:
    file = write(tmp_path / "ec2.DescribeInstances_1.json", instances(NextToken="more"))
    (gap,) = {gap.reason for gap in looked(tmp_path).gaps if gap.code == "truncated" and gap.required}
    assert "DescribeInstances" in gap
    write(file.with_name("ec2.DescribeInstances_2.json"), instances(instance("i-0second")))
    facts = looked(tmp_path)
    assert "truncated" not in {gap.code for gap in facts.gaps}
    assert len(facts.instances) == 2


def test_a_broken_thing_has_its_place(tmp_path: Path) -> None:
    broken = {"ImageId": "ami-1", "State": {"Name": "running"}}
    facts = looked(write(tmp_path / "describe-instances.json", instances(instance(), broken)))
    assert len(facts.instances) == 1
    (gap,) = {gap.reason for gap in facts.gaps if gap.code == "broken"}
    assert "describe-instances.json /Reservations/0/Instances/1" in gap


@pytest.mark.parametrize(
    "text",
    ["", "{", '{"Reservations": [{"Inst', '{"Reservations": ' + "[" * 100_000, "\x00\x01", '{"Reservations": 3}', "[]"],
    ids=["empty", "open", "cut", "deep", "binary", "number", "list"],
)
def test_a_file_that_can_not_be_read(text: str, tmp_path: Path) -> None:
    write(tmp_path / "all" / "describe-instances.json", instances())
    broken = tmp_path / "all" / "describe-auto-scaling-groups.json"
    broken.write_text(text, encoding="utf-8")
    facts = looked(tmp_path / "all")
    assert len(facts.instances) == 1
    assert any("describe-auto-scaling-groups.json" in gap.reason for gap in facts.gaps if gap.code == "broken")
    if text not in ('{"Reservations": 3}', "[]"):
        with pytest.raises(SourceError):
            looked(broken)


def test_answers_that_are_not_read_are_counted(tmp_path: Path) -> None:
    write(tmp_path / "describe-instances.json", instances())
    for number in (1, 2):
        write(tmp_path / f"ec2.DescribeSubnets_{number}.json", {"status_code": 200, "data": {"Subnets": []}})
    (gap,) = [gap for gap in looked(tmp_path).gaps if gap.code == "not-read-yet"]
    assert (gap.kind, gap.count, gap.required) == ("ec2.DescribeSubnets", 2, False)


def test_flight_data_of_an_error(tmp_path: Path) -> None:
    write(tmp_path / "describe-instances.json", instances())
    failed = {"status_code": 400, "data": {"Error": {"Code": "AccessDenied", "Message": "no"}}}
    write(tmp_path / "autoscaling.DescribeAutoScalingGroups_1.json", failed)
    found = [gap for gap in looked(tmp_path).gaps if gap.code == "forbidden"]
    assert {gap.noun for gap in found} == {"Workload", "Release"}


def test_a_trail_beside_the_answers(tmp_path: Path) -> None:
    event = {
        "eventVersion": "1.08",
        "eventTime": "2026-11-02T09:00:00Z",
        "eventName": "ModifyInstanceAttribute",
        "eventSource": "ec2.amazonaws.com",
        "eventID": "e-1",
        "awsRegion": "eu-central-1",
        "recipientAccountId": "123456789012",
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::123456789012:user/mallory", "userName": "mallory"},
        "userAgent": "aws-cli/2.0",
        "requestParameters": {"instanceId": "i-0123456789abcdef0", "userData": "<sensitiveDataRemoved>"},
    }
    log = gzip.compress(json.dumps({"Records": [event]}).encode())
    write(tmp_path / "all" / "describe-instances.json", instances())
    name = "123456789012_CloudTrail_eu-central-1_20261102T0905Z_x.json.gz"
    (tmp_path / "all" / name).write_bytes(log)
    (tmp_path / name).write_bytes(log)
    inside = looked(tmp_path / "all")
    (tmp_path / "all" / name).unlink()
    named = looked(tmp_path / "all", AuditLog((str(tmp_path / name),)))
    for facts in (inside, named):
        assert [change.ref.name for change in facts.changes] == ["i-0123456789abcdef0"]
        assert facts.changes[0].actor.name.endswith("mallory")
        assert facts.moment >= "2026-11-02T09:00:00Z"


def test_a_cluster_and_an_account_in_one_folder(tmp_path: Path) -> None:
    record(tmp_path / "cluster.json", *fleet())
    write(tmp_path / "describe-instances.json", instances())
    facts = looked(tmp_path)
    assert [scope.kind for scope in facts.scopes] == ["kubernetes", "aws"]
    assert all(scope.moment for scope in facts.scopes)
    assert not [gap for gap in facts.gaps if gap.code == "broken"]
    assert {one.ref.kind for one in facts.instances} == {"Pod", "Instance"}


def test_a_cluster_and_an_account_in_one_file(tmp_path: Path) -> None:
    file = write(tmp_path / "all.yaml", *fleet(), answered("ec2", "DescribeInstances", instances(), head=HEAD))
    for facts in (looked(file), looked(tmp_path)):
        assert {one.ref.kind for one in facts.instances} == {"Pod", "Instance"}
        assert not [gap for gap in facts.gaps if gap.code in ("broken", "unknown-version")]


def test_a_cluster_alone_is_no_account(tmp_path: Path) -> None:
    assert [scope.kind for scope in looked(record(tmp_path / "cluster.json", *fleet())).scopes] == ["kubernetes"]


def nested(operation: Operation[Any], things: list[Any]) -> list[Any]:
    """Answers that hold these things where the operation finds them."""
    plain = [msgspec.to_builtins(thing) for thing in things]
    if not operation.items:
        return plain
    if not operation.items.endswith("[]"):
        return [{operation.items: thing} for thing in plain]
    value: Any = plain
    for step in reversed(operation.items.split(".")):
        value = {step.removesuffix("[]"): value}
        value = value if step == operation.items.split(".")[0] else [value]
    return [value]


def saved(answers: Answers, folder: Path) -> None:
    """Write what was answered as a recording."""
    for operation in OPERATIONS:
        head = {"account": answers.account, "region": answers.region}
        for number, response in enumerate(nested(operation, answers.of(operation)), 1):
            file = folder / f"{operation.key}_{number:03}.json"
            write(file, answered(operation.service, operation.name, response, head=head))


def test_what_was_read_live_and_what_was_recorded_of_it_are_one(tmp_path: Path) -> None:
    with furnished() as shop:
        answers = read(shop.connection)
    saved(answers, tmp_path / "all")
    live, recorded = assemble(answers, "shop", Actors(())), looked(tmp_path / "all")
    for noun in ("workloads", "releases", "instances", "artifacts", "volumes", "accesses", "attestations"):
        assert getattr(recorded, noun) == getattr(live, noun), noun
    assert {(c.ref, c.time, c.act) for c in recorded.changes} == {(c.ref, c.time, c.act) for c in live.changes}
    assert "not-recorded" not in {gap.code for gap in recorded.gaps}
