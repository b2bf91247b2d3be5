"""A group on the embedded AWS that is about to be refreshed, and how its refresh is begun and followed."""

from __future__ import annotations

import itertools
from typing import Any

from tests.aws_fleet import Fleet, emptied

TO_TWO = {"LaunchTemplate": {"LaunchTemplateName": "web", "Version": "2"}}


def waiting(server: Fleet) -> Fleet:
    """Four members on version 1, to which the group is pinned; a version 2 that nobody runs."""
    made = emptied(server)
    made.template("web", made.image("web-1"))
    made.group("web", "1", 4)
    made.template("web", made.image("web-2"))
    made.wait(30)
    return made


def start(aws: Fleet, desired: dict[str, Any] | None = None, strategy: str = "Rolling", **asked: Any) -> str:
    given = {"MinHealthyPercentage": 50, "InstanceWarmup": 30, **asked}
    more = {} if desired == {} else {"DesiredConfiguration": desired or TO_TWO}
    begun = aws.groups.start_instance_refresh(AutoScalingGroupName="web", Strategy=strategy, Preferences=given, **more)
    return str(begun["InstanceRefreshId"])


def told(aws: Fleet) -> dict[str, Any]:
    return dict(aws.groups.describe_instance_refreshes(AutoScalingGroupName="web")["InstanceRefreshes"][0])


def stand(aws: Fleet) -> tuple[str, int, int]:
    now = told(aws)
    return now["Status"], now["PercentageComplete"], now["InstancesToUpdate"]


def until(aws: Fleet, *states: str, seconds: int = 10, most: int = 900) -> list[str]:
    """Step until it is in one of these states; gives the states that it was in."""
    seen = [told(aws)["Status"]]
    for _ in range(most):
        if seen[-1] in states:
            return [state for state, _ in itertools.groupby(seen)]
        aws.wait(seconds)
        seen.append(told(aws)["Status"])
    raise AssertionError(f"it stays {seen[-1]}: {told(aws)}")


def healthy(aws: Fleet) -> int:
    return sum(one["LifecycleState"] == "InService" for one in aws.told("web")["Instances"])
