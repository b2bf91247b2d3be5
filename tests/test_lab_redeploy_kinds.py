"""A StatefulSet and a DaemonSet go back to their prior release on a real cluster, whatever their strategy leaves to be
replaced one by one."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.driver.loop import POLICY, Loop
from tests.driver.seen import Seen
from tests.driver.sets import GRACE, Set
from tests.lab.cluster import Lab

pytest_plugins = ["tests.driver.fixtures"]
pytestmark = pytest.mark.lab

ACTOR = "auditor-actor"
KINDS = ("DaemonSet", "StatefulSet")
Make = Callable[..., Set]


@pytest.fixture
def make(granted: Lab, loop: Loop) -> Iterator[Make]:
    """Makes a set that runs v2 after v1, in a namespace of its own; the loop's grace is short."""
    loop.settings(f"{POLICY}\n[checks.rollout-complete]\ngrace = {GRACE}\n")
    made: list[Set] = []

    def new(kind: str, **spec: Any) -> Set:
        one = Set(granted, granted.namespace(f"sets-{secrets.token_hex(3)}"), kind, **spec)
        made.append(one)
        one.release(one.prior)
        return one

    yield new
    for one in made:
        granted.discard_namespace(one.namespace)


def actions(plan: dict[str, Any]) -> list[str]:
    """The kinds of a plan's steps, and what each evicts."""
    return [
        " ".join(
            [step["action"]["type"], *([step["action"]["instance"]["name"]] if "instance" in step["action"] else [])]
        )
        for step in plan["steps"]
    ]


def test_a_daemon_set_is_redeployed(loop: Loop, make: Make, seen: Seen) -> None:
    daemon = make("DaemonSet")
    daemon.break_()
    plan = loop.approved(daemon.finding(loop))
    assert actions(plan) == ["redeploy-prior-release"]
    step = plan["steps"][0]
    assert step["action"]["target"]["uid"] == daemon.revision(daemon.prior)["metadata"]["uid"]
    changed = [line.split()[-1] for line in step["preview"]["diff"].splitlines() if line.startswith(("- ", "+ "))]
    assert changed == [daemon.broken, daemon.prior]
    said = loop.execute(plan)
    assert said.code == 0, said
    assert daemon.whole(daemon.prior)
    assert len(seen.writes(ACTOR, daemon.name, daemon.namespace)) == 1
    assert not seen.evictions(ACTOR, daemon.namespace)


def test_a_stateful_set_that_waits_for_a_broken_pod_goes_on(loop: Loop, make: Make, seen: Seen) -> None:
    """A template alone does not help: the controller waits for the broken pod before it replaces it."""
    stateful = make("StatefulSet")
    stateful.break_()
    plan = loop.approved(stateful.finding(loop))
    assert actions(plan) == ["redeploy-prior-release", "replace-instance set-1"]
    said = loop.execute(plan)
    assert said.code == 0, said
    assert stateful.whole(stateful.prior)
    assert len(seen.writes(ACTOR, stateful.name, stateful.namespace)) == 1
    assert len(seen.evictions(ACTOR, stateful.namespace)) == 1
