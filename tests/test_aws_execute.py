"""Acting on servers: a prior image is redeployed and a server replaced, over the embedded AWS, behind the gate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auditor import embedded_aws
from tests.aws_fleet import Fleet
from tests.driver.servers import ServerLoop


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    """A group `web` that runs version 1, and names version 2 of its template."""
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


def versions(fleet: Fleet) -> list[str]:
    return [member["LaunchTemplate"]["Version"] for member in fleet.told("web")["Instances"]]


def events(fleet: Fleet, name: str) -> list[dict[str, Any]]:
    """What the account's trail holds of an operation."""
    asked = [{"AttributeKey": "EventName", "AttributeValue": name}]
    return list(fleet.client("cloudtrail").lookup_events(LookupAttributes=asked)["Events"])


def test_a_server_is_replaced(fleet: Fleet, loop: ServerLoop) -> None:
    first = fleet.members("web")[0]
    plan = loop.approved("--replace", first)
    said = loop.execute(plan)
    assert said.code == 0, said
    assert first not in fleet.members("web")
    assert len(fleet.members("web")) == 3
    assert len(events(fleet, "TerminateInstanceInAutoScalingGroup")) == 1


def test_a_group_goes_back_to_its_prior_release(fleet: Fleet, loop: ServerLoop) -> None:
    """It names a version that none of its servers runs; the plan goes back to the one that serves."""
    fleet.pin("web", "2")
    loop.settings("[checks.rollout-complete]\ngrace = 0\n")
    before = fleet.members("web")
    plan = loop.approved(loop.finding("rollout-complete", "web")["fingerprint"])
    assert [step["action"]["target"]["name"] for step in plan["steps"]] == ["web:1"]
    said = loop.execute(plan)
    assert said.code == 0, said
    assert fleet.told("web")["LaunchTemplate"]["Version"] == "1"
    assert versions(fleet) == ["1"] * 3
    assert not set(before) & set(fleet.members("web"))
    assert len(events(fleet, "StartInstanceRefresh")) == 1
