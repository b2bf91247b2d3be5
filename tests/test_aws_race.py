"""Two processes and one approval over servers: one of them acts, and the account's trail holds the act exactly once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from auditor import embedded_aws
from tests.aws_fleet import Fleet
from tests.driver import command
from tests.driver.kill_at import Stop
from tests.driver.servers import ServerLoop
from tests.running import Said

ACTS = ("StartInstanceRefresh", "TerminateInstanceInAutoScalingGroup")
COMPLETE = ["intent", "effect", "done"]
LATE = {"claimed", "reused", "ended"}  # what the one who comes second is told


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    """A group `web` whose three servers run version 1 of its template, and which names a version 2."""
    with embedded_aws.serve() as aws:
        fleet = Fleet(aws)
        fleet.template("web", fleet.image("web-1"))
        fleet.group("web", "1", DefaultInstanceWarmup=0)
        fleet.template("web", fleet.image("web-2"))
        yield fleet


@pytest.fixture
def loop(fleet: Fleet, tmp_path: Path) -> ServerLoop:
    return ServerLoop(fleet, tmp_path)


@pytest.fixture(params=ACTS)
def plan(request: pytest.FixtureRequest, fleet: Fleet, loop: ServerLoop) -> dict[str, Any]:
    """An approved plan of one step whose act is the parameter's."""
    if request.param == ACTS[1]:
        return loop.approved("--replace", fleet.members("web")[0])
    fleet.pin("web", "2")
    loop.settings("[checks.rollout-complete]\ngrace = -1\n")  # however lately it was pinned
    return loop.approved(loop.finding("rollout-complete", "web")["fingerprint"])


def both(loop: ServerLoop, verb: str, plan: dict[str, Any]) -> list[Said]:
    """Two processes that do the same at once, each to its end."""
    environment = loop.fleet.aws.environment(loop.actor)
    running = [command.start(loop.home, verb, plan["run"], environment=environment) for _ in range(2)]
    return [one.wait() for one in running]


def acts(fleet: Fleet) -> int:
    """How many acts of the actor's the account has seen, those that it refused among them."""
    asked = [{"AttributeKey": "Username", "AttributeValue": "execute"}]
    found = fleet.client("cloudtrail").lookup_events(LookupAttributes=asked)["Events"]
    return sum(event["EventName"] in ACTS for event in found)


def stand(loop: ServerLoop, plan: dict[str, Any]) -> tuple[str, list[str]]:
    """The state of the plan's run, and those that its step went through; notes left out."""
    with closing(sqlite3.connect(loop.home / "store" / "store.db", timeout=30)) as connection:
        ((state,),) = connection.execute("SELECT state FROM runs WHERE id = ?", (plan["run"],))
        lines = connection.execute("SELECT state FROM journal_lines WHERE plan = ? ORDER BY number", (plan["id"],))
        return state, [line for (line,) in lines if line != "note"]


def whole(fleet: Fleet) -> bool:
    """Whether the group has its three servers, all of version 1."""
    return [member["LaunchTemplate"]["Version"] for member in fleet.told("web")["Instances"]] == ["1"] * 3


def test_two_that_execute_at_once(fleet: Fleet, loop: ServerLoop, plan: dict[str, Any]) -> None:
    said = both(loop, "execute", plan)
    assert sorted(one.code for one in said) == [0, 1], said
    assert acts(fleet) == 1
    assert loop.refusals(plan)[0] in LATE
    assert stand(loop, plan) == ("done", COMPLETE)


@pytest.mark.parametrize("point", ["claim:after", "intent:after", "send:after"])
def test_two_that_resume_at_once(fleet: Fleet, loop: ServerLoop, plan: dict[str, Any], point: str) -> None:
    assert loop.execute(plan, stop=Stop(point)).code == -9
    said = both(loop, "resume", plan)
    assert any(one.code == 0 for one in said), said
    assert all(one.code == 0 or "refused" in one.err for one in said), said
    assert set(loop.refusals(plan)) <= LATE
    assert acts(fleet) == 1
    assert stand(loop, plan) == ("done", COMPLETE)
    assert whole(fleet)


def test_a_run_that_is_done_is_resumed_to_no_effect(fleet: Fleet, loop: ServerLoop, plan: dict[str, Any]) -> None:
    assert loop.execute(plan).code == 0
    assert all(one.code == 0 for one in both(loop, "resume", plan))
    assert acts(fleet) == 1
