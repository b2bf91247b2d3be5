"""Acting on servers: a prior image is redeployed and a server replaced, over the embedded AWS, behind the gate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auditor import embedded_aws
from tests.aws_fleet import Fleet
from tests.driver.kill_at import Stop
from tests.driver.servers import ServerLoop

GRACE = "[checks.rollout-complete]\ngrace = 0\n"


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    """A group `web` whose three servers run version 1 of its template, which has a version 2."""
    with embedded_aws.serve() as aws:
        fleet = Fleet(aws)
        first, second = fleet.image("web-1"), fleet.image("web-2")
        fleet.template("web", first)
        fleet.group("web", "1", DefaultInstanceWarmup=0)
        fleet.template("web", second)
        yield fleet


@pytest.fixture
def loop(fleet: Fleet, tmp_path: Path) -> ServerLoop:
    return ServerLoop(fleet, tmp_path)


@pytest.fixture
def back(fleet: Fleet, loop: ServerLoop) -> dict[str, Any]:
    """An approved plan: `web` names version 2, which none of its servers runs, and is to go back to 1."""
    fleet.pin("web", "2")
    loop.settings(GRACE)
    return loop.approved(loop.finding("rollout-complete", "web")["fingerprint"])


def versions(fleet: Fleet) -> list[str]:
    return [member["LaunchTemplate"]["Version"] for member in fleet.told("web")["Instances"]]


def events(fleet: Fleet, name: str) -> list[dict[str, Any]]:
    """What the account's trail holds of an operation."""
    asked = [{"AttributeKey": "EventName", "AttributeValue": name}]
    return list(fleet.client("cloudtrail").lookup_events(LookupAttributes=asked)["Events"])


def refresh_to(fleet: Fleet, version: str) -> str:
    """The pipeline refreshes `web` to a version."""
    named = {"LaunchTemplate": {"LaunchTemplateName": "web", "Version": version}}
    made = fleet.groups.start_instance_refresh(AutoScalingGroupName="web", DesiredConfiguration=named)
    return str(made["InstanceRefreshId"])


def test_a_server_is_replaced(fleet: Fleet, loop: ServerLoop) -> None:
    first = fleet.members("web")[0]
    said = loop.execute(loop.approved("--replace", first))
    assert said.code == 0, said
    assert first not in fleet.members("web")
    assert len(fleet.members("web")) == 3
    assert len(events(fleet, "TerminateInstanceInAutoScalingGroup")) == 1


def test_a_group_goes_back_to_its_prior_release(fleet: Fleet, loop: ServerLoop, back: dict[str, Any]) -> None:
    before = fleet.members("web")
    assert [step["action"]["target"]["name"] for step in back["steps"]] == ["web:1"]
    diff = back["steps"][0]["preview"]["diff"]
    assert all(f"- {name}" in diff for name in before)
    assert "AutoRollback=True" in diff
    said = loop.execute(back)
    assert said.code == 0, said
    assert fleet.told("web")["LaunchTemplate"]["Version"] == "1"
    assert versions(fleet) == ["1"] * 3
    assert not set(before) & set(fleet.members("web"))
    (event,) = events(fleet, "StartInstanceRefresh")
    assert "auditor-actor" in event["CloudTrailEvent"]


@pytest.mark.parametrize("point", ["intent:after", "send:before", "send:after", "effect:after", "done:before"])
def test_killed_and_resumed_a_refresh_is_started_once(
    fleet: Fleet, loop: ServerLoop, back: dict[str, Any], point: str
) -> None:
    killed = loop.execute(back, stop=Stop(point))
    assert killed.code == -9, f"it was not killed at {point}: {killed}"
    said = loop.resume(back)
    assert said.code == 0, said
    assert len(events(fleet, "StartInstanceRefresh")) == 1
    assert versions(fleet) == ["1"] * 3


@pytest.mark.parametrize("point", ["intent:after", "send:after"])
def test_killed_and_resumed_a_server_is_ended_once(fleet: Fleet, loop: ServerLoop, point: str) -> None:
    first, *others = fleet.members("web")
    plan = loop.approved("--replace", first)
    assert loop.execute(plan, stop=Stop(point)).code == -9
    said = loop.resume(plan)
    assert said.code == 0, said
    assert set(others) < set(fleet.members("web"))
    assert len(events(fleet, "TerminateInstanceInAutoScalingGroup")) == 1


def test_a_group_that_was_edited_meanwhile_is_left_alone(fleet: Fleet, loop: ServerLoop, back: dict[str, Any]) -> None:
    fleet.template("web", fleet.image("web-3"))
    fleet.pin("web", "3")
    said = loop.execute(back)
    assert (said.code, loop.refusals(back)) == (1, ["changed"]), said
    assert not events(fleet, "StartInstanceRefresh")


def test_a_refresh_by_somebody_else_meanwhile_stops_it(fleet: Fleet, loop: ServerLoop, back: dict[str, Any]) -> None:
    refresh_to(fleet, "2")
    said = loop.execute(back)
    assert said.code == 1, said
    assert loop.refusals(back)[0] in ("changed", "refresh-running")
    assert len(events(fleet, "StartInstanceRefresh")) == 1


def test_a_version_that_was_deleted_meanwhile_is_not_gone_back_to(
    fleet: Fleet, loop: ServerLoop, back: dict[str, Any]
) -> None:
    fleet.ec2.modify_launch_template(LaunchTemplateName="web", DefaultVersion="2")  # a default one can't be deleted
    fleet.ec2.delete_launch_template_versions(LaunchTemplateName="web", Versions=["1"])
    said = loop.execute(back)
    assert (said.code, loop.refusals(back)) == (1, ["gone"]), said
    assert not events(fleet, "StartInstanceRefresh")


def test_a_group_that_was_deleted_meanwhile_is_said(fleet: Fleet, loop: ServerLoop, back: dict[str, Any]) -> None:
    fleet.groups.delete_auto_scaling_group(AutoScalingGroupName="web", ForceDelete=True)
    said = loop.execute(back)
    assert (said.code, loop.refusals(back)) == (1, ["gone"]), said


def test_an_image_that_is_gone_is_not_gone_back_to(fleet: Fleet, loop: ServerLoop) -> None:
    first = fleet.ec2.describe_images(Owners=["self"], Filters=[{"Name": "name", "Values": ["web-1"]}])["Images"][0]
    fleet.ec2.deregister_image(ImageId=first["ImageId"])
    fleet.pin("web", "2")
    loop.settings(GRACE)
    finding = loop.finding("rollout-complete", "web")["fingerprint"]
    said = loop.run(loop.reader, "plan", finding, "--source", "aws:")
    assert said.code == 1, said
    assert "machine-image-lost" in said.err


def test_a_protected_server_is_not_ended(fleet: Fleet, loop: ServerLoop) -> None:
    first = fleet.members("web")[0]
    fleet.groups.set_instance_protection(InstanceIds=[first], AutoScalingGroupName="web", ProtectedFromScaleIn=True)
    said = loop.run(loop.reader, "plan", "--replace", first, "--source", "aws:")
    assert said.code == 1, said
    assert "protected from scale-in" in said.err


def test_a_group_that_launches_nothing_is_not_acted_on(fleet: Fleet, loop: ServerLoop) -> None:
    fleet.groups.suspend_processes(AutoScalingGroupName="web", ScalingProcesses=["Launch"])
    said = loop.run(loop.reader, "plan", "--replace", fleet.members("web")[0], "--source", "aws:")
    assert said.code == 1, said
    assert "Launch are suspended" in said.err


def test_another_accounts_credentials_execute_nothing(fleet: Fleet, loop: ServerLoop, back: dict[str, Any]) -> None:
    said = loop.run(loop.reader, "plan", "--undo", back["run"], "--source", "aws:")
    assert said.code == 1, said
    assert not events(fleet, "StartInstanceRefresh")
