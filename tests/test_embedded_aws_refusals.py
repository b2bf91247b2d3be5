"""Every refusal of the operations of an instance refresh, with its documented code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.aws_fleet import Fleet, fleet
from tests.aws_refreshing import start, until, waiting
from tests.test_embedded_aws_trail import refused


@pytest.fixture(scope="module")
def server() -> Iterator[Fleet]:
    """A boot takes 20 s."""
    with fleet(boot_seconds=20) as made:
        yield made


@pytest.fixture
def aws(server: Fleet) -> Fleet:
    return waiting(server)


def test_one_at_a_time_and_none_to_stop(aws: Fleet) -> None:
    groups, name = aws.groups, {"AutoScalingGroupName": "web"}
    refused(lambda: groups.cancel_instance_refresh(**name), "ActiveInstanceRefreshNotFound")
    refused(lambda: groups.rollback_instance_refresh(**name), "ActiveInstanceRefreshNotFound")
    start(aws)
    refused(lambda: start(aws), "InstanceRefreshInProgress")
    until(aws, "Successful")
    refused(lambda: groups.rollback_instance_refresh(**name), "ActiveInstanceRefreshNotFound")
    refused(lambda: groups.start_instance_refresh(AutoScalingGroupName="no"), "ValidationError", "not found")
    start(aws)
    assert len(groups.describe_instance_refreshes(**name)["InstanceRefreshes"]) == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"MinHealthyPercentage": None, "MaxHealthyPercentage": 110}, "must specify MinHealthyPercentage"),
        ({"MinHealthyPercentage": 50, "MaxHealthyPercentage": 200}, "greater than 100"),
        ({"CheckpointDelay": 60}, "CheckpointPercentages"),
        ({"CheckpointPercentages": [50, 50]}, "ascending"),
        ({"CheckpointPercentages": [80, 20]}, "ascending"),
    ],
)
def test_preferences_that_are_refused(aws: Fleet, given: dict[str, Any], said: str) -> None:
    asked = {"InstanceWarmup": 30, **{k: v for k, v in given.items() if v is not None}}
    refused(
        lambda: aws.groups.start_instance_refresh(AutoScalingGroupName="web", Preferences=asked),
        "ValidationError",
        said,
    )


def parameter(aws: Fleet) -> dict[str, Any]:
    """A desired configuration whose image is a parameter's."""
    aws.client("ssm").put_parameter(Name="/web/image", Value=aws.image("web-3"), Type="String")
    return {"LaunchTemplate": {"LaunchTemplateName": "web", "Version": aws.template("web", "resolve:ssm:/web/image")}}


IRREVERSIBLE: dict[str, Any] = {
    "no desired configuration": lambda aws: {},
    "$Latest": lambda aws: {"LaunchTemplate": {"LaunchTemplateName": "web", "Version": "$Latest"}},
    "$Default": lambda aws: {"LaunchTemplate": {"LaunchTemplateName": "web", "Version": "$Default"}},
    "Systems Manager parameter": parameter,
}


@pytest.mark.parametrize("why", IRREVERSIBLE)
def test_what_cannot_be_rolled_back_is_refused_before_and_while(aws: Fleet, why: str) -> None:
    desired = IRREVERSIBLE[why](aws)
    refused(lambda: start(aws, desired, AutoRollback=True), "ValidationError", why)
    start(aws, desired)
    aws.wait(5)
    refused(
        lambda: aws.groups.rollback_instance_refresh(AutoScalingGroupName="web"), "IrreversibleInstanceRefresh", why
    )
    assert until(aws, "Successful")[-1] == "Successful"


def test_a_group_that_names_latest_cannot_go_back_either(aws: Fleet) -> None:
    aws.pin("web", "$Latest")
    start(aws)
    refused(lambda: aws.groups.rollback_instance_refresh(AutoScalingGroupName="web"), "IrreversibleInstanceRefresh")


def test_a_version_without_an_image_or_that_is_not_there_is_refused(aws: Fleet) -> None:
    image = aws.image("web-3")
    version = aws.template("web", image)
    aws.ec2.deregister_image(ImageId=image)
    gone = {"LaunchTemplate": {"LaunchTemplateName": "web", "Version": version}}
    refused(lambda: start(aws, gone), "ValidationError", f"'[{image}]' does not exist")
    never = {"LaunchTemplate": {"LaunchTemplateName": "web", "Version": "99"}}
    refused(lambda: start(aws, never), "ValidationError", "valid fully-formed launch template")
