"""Lifecycle hooks on the embedded AWS: who comes and who goes waits for them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.aws_fleet import Fleet, fleet
from tests.aws_refreshing import start, until, waiting
from tests.test_embedded_aws_groups import versions
from tests.test_embedded_aws_trail import refused


@pytest.fixture(scope="module")
def server() -> Iterator[Fleet]:
    with fleet(boot_seconds=20) as made:
        yield made


@pytest.fixture
def aws(server: Fleet) -> Fleet:
    return waiting(server)


def states(aws: Fleet) -> dict[str, str]:
    return {one["InstanceId"]: one["LifecycleState"] for one in aws.told("web")["Instances"]}


def complete(aws: Fleet, instance: str, result: str, hook: str = "check") -> None:
    aws.groups.complete_lifecycle_action(
        AutoScalingGroupName="web", LifecycleHookName=hook, InstanceId=instance, LifecycleActionResult=result
    )


def grown(aws: Fleet, **hook: str) -> str:
    """The fifth member, which waits for a hook."""
    aws.hook("web", "check", "LAUNCHING", 300, **hook)
    before = states(aws)
    aws.groups.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=5)
    aws.wait(25)
    (new,) = states(aws).keys() - before.keys()
    assert states(aws)[new] == "Pending:Wait"
    assert aws.activities("web")[0]["StatusCode"] == "MidLifecycleAction"
    return new


def test_a_launch_waits_until_it_is_completed(aws: Fleet) -> None:
    new = grown(aws)
    aws.wait(100)
    complete(aws, new, "CONTINUE")
    assert states(aws)[new] == "InService"
    refused(lambda: complete(aws, new, "CONTINUE"), "ValidationError", "No active Lifecycle Action found")


@pytest.mark.parametrize(("result", "there"), [("CONTINUE", True), ("ABANDON", False)])
def test_when_its_time_is_over_the_default_holds(aws: Fleet, result: str, there: bool) -> None:
    new = grown(aws, result=result)
    aws.groups.record_lifecycle_action_heartbeat(AutoScalingGroupName="web", LifecycleHookName="check", InstanceId=new)
    aws.wait(299)
    assert states(aws)[new] == "Pending:Wait"
    aws.wait(2)
    assert (states(aws).get(new) == "InService") == there
    assert len(states(aws)) == 5  # who was abandoned is replaced


def test_a_termination_waits_and_its_replacement_does_not(aws: Fleet) -> None:
    aws.hook("web", "check", "TERMINATING", 300)
    old = aws.members("web")[0]
    aws.groups.terminate_instance_in_auto_scaling_group(InstanceId=old, ShouldDecrementDesiredCapacity=False)
    assert states(aws)[old] == "Terminating:Wait"
    assert len(states(aws)) == 5
    aws.wait(290)
    assert (
        aws.ec2.describe_instances(InstanceIds=[old])["Reservations"][0]["Instances"][0]["State"]["Name"] == "running"
    )
    complete(aws, old, "CONTINUE")
    assert old not in states(aws)
    assert aws.ec2.describe_instances(InstanceIds=[old])["Reservations"][0]["Instances"][0]["State"]["Code"] == 48


def test_a_refresh_goes_through_both(aws: Fleet) -> None:
    aws.hook("web", "check", "LAUNCHING", 60, result="CONTINUE")
    aws.hook("web", "drain", "TERMINATING", 60, result="CONTINUE")
    start(aws)
    until(aws, "Successful")
    aws.wait(61)
    assert versions(aws) == ["2", "2", "2", "2"]


def test_a_launch_that_is_always_abandoned_fails_the_refresh(aws: Fleet) -> None:
    aws.hook("web", "check", "LAUNCHING", 60, result="ABANDON")
    start(aws)
    assert until(aws, "Failed", seconds=60)[-1] == "Failed"
    assert "2" not in [
        one["LaunchTemplate"]["Version"] for one in aws.told("web")["Instances"] if one["LifecycleState"] == "InService"
    ]
