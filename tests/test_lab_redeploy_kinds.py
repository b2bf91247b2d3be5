"""A StatefulSet and a DaemonSet go back to their prior release on a real cluster, whatever their strategy leaves to be
replaced one by one."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.driver.kill_at import Stop
from tests.driver.loop import POLICY, Loop
from tests.driver.seen import Seen
from tests.driver.sets import GRACE, Set
from tests.lab.cluster import Lab
from tests.lab.scenarios import rollout

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


def test_a_daemon_set_that_has_no_instance_of_its_prior_release_left_is_redeployed(loop: Loop, make: Make) -> None:
    """Its status does not say what the rollout leaves: that no instance was ever ready does."""
    daemon = make("DaemonSet", updateStrategy={"rollingUpdate": {"maxUnavailable": 2}})
    daemon.break_(running=2)
    plan = loop.approved(daemon.finding(loop))
    assert actions(plan) == ["redeploy-prior-release"]
    said = loop.execute(plan)
    assert said.code == 0, said
    assert daemon.whole(daemon.prior)


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


@pytest.mark.parametrize("kind", KINDS)
def test_a_set_that_replaces_on_delete_alone_is_redeployed_one_by_one(
    loop: Loop, make: Make, seen: Seen, kind: str
) -> None:
    """Its controller replaces nothing: what runs the broken release is evicted, and what does not stays as it is."""
    one = make(kind, updateStrategy={"type": "OnDelete"})
    first, second = one.pods()
    one.apply(one.broken)
    one.replace(first["metadata"]["name"])
    one.wait_broken(1)
    plan = loop.approved(one.finding(loop))
    (broken,) = [p["metadata"]["name"] for p in one.pods() if rollout.image_of(p) == one.broken]
    assert actions(plan) == ["redeploy-prior-release", f"replace-instance {broken}"]
    said = loop.execute(plan)
    assert said.code == 0, said
    assert one.whole(one.prior)
    assert second["metadata"]["uid"] in [pod["metadata"]["uid"] for pod in one.pods()]
    assert len(seen.writes(ACTOR, one.name, one.namespace)) == 1
    assert len(seen.evictions(ACTOR, one.namespace)) == 1


def test_what_a_partition_keeps_stays(loop: Loop, make: Make, seen: Seen) -> None:
    stateful = make("StatefulSet", updateStrategy={"rollingUpdate": {"partition": 1}})
    kept = stateful.pods()[0]["metadata"]["uid"]
    stateful.break_()
    plan = loop.approved(stateful.finding(loop))
    assert actions(plan) == ["redeploy-prior-release", "replace-instance set-1"]
    assert any("its partition 1 keeps" in note for note in plan["notes"]), plan["notes"]
    said = loop.execute(plan)
    assert said.code == 0, said
    assert stateful.whole(stateful.prior)
    assert stateful.pods()[0]["metadata"]["uid"] == kept
    assert len(seen.evictions(ACTOR, stateful.namespace)) == 1


def test_the_one_instance_of_a_set_goes_back(loop: Loop, make: Make, seen: Seen) -> None:
    """No instance of the release before is left to say that the rollout hangs: its status does."""
    stateful = make("StatefulSet", size=1, replicas=1)
    stateful.break_()
    plan = loop.approved(stateful.finding(loop))
    assert actions(plan) == ["redeploy-prior-release", "replace-instance set-0"]
    said = loop.execute(plan)
    assert said.code == 0, said
    assert stateful.whole(stateful.prior)


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_deployed_since_the_plan_is_not_overwritten(loop: Loop, make: Make, seen: Seen, kind: str) -> None:
    one = make(kind)
    one.break_()
    plan = loop.approved(one.finding(loop))
    one.apply(one.first)
    said = loop.execute(plan)
    assert (said.code, loop.refusals(plan)) == (1, ["changed"]), said
    assert one.image == one.first
    assert not seen.writes(ACTOR, one.name, one.namespace)
    assert not seen.evictions(ACTOR, one.namespace)


def test_a_release_that_is_gone_by_then_is_not_redeployed(loop: Loop, make: Make, seen: Seen) -> None:
    daemon = make("DaemonSet")
    daemon.break_()
    plan = loop.approved(daemon.finding(loop))
    name = daemon.revision(daemon.prior)["metadata"]["name"]
    daemon.lab.kubectl("delete", "controllerrevision", name, "-n", daemon.namespace, user="alice")
    said = loop.execute(plan)
    assert (said.code, loop.refusals(plan)) == (1, ["gone"]), said
    assert name in said.err
    assert not seen.writes(ACTOR, daemon.name, daemon.namespace)


@pytest.mark.parametrize(
    ("point", "step"),
    [
        *((point, 1) for point in ("intent:after", "write:before", "write:after", "effect:after", "done:after")),
        *((point, 2) for point in ("intent:before", "intent:after", "evict:after", "effect:after", "done:before")),
        ("verify:before", 1),
    ],
)
def test_killed_and_resumed_it_does_everything_once(loop: Loop, make: Make, seen: Seen, point: str, step: int) -> None:
    stateful = make("StatefulSet")
    stateful.break_()
    plan = loop.approved(stateful.finding(loop))
    killed = loop.execute(plan, stop=Stop(point, step=step))
    assert killed.code == -9, f"it was not killed at {point}: {killed}"
    said = loop.resume(plan)
    assert said.code == 0, said
    assert loop.journal(plan) == ["intent", "effect", "done"] * 2
    assert stateful.whole(stateful.prior)
    assert len(seen.writes(ACTOR, stateful.name, stateful.namespace)) == 1
    assert len(seen.evictions(ACTOR, stateful.namespace)) == 1


def test_the_way_back_of_a_redeploy_on_delete_takes_the_instances_along(loop: Loop, make: Make, seen: Seen) -> None:
    """Undone, the template is the newer one again; what its strategy leaves is said."""
    daemon = make("DaemonSet", updateStrategy={"type": "OnDelete"})
    daemon.apply(daemon.broken)
    daemon.replace(daemon.pods()[0]["metadata"]["name"])
    daemon.wait_broken(1)
    plan = loop.approved(daemon.finding(loop))
    assert loop.execute(plan).code == 0
    undo = loop.plan("--undo", plan["run"])
    assert actions(undo)[0] == "redeploy-prior-release"
    assert any("OnDelete" in note for note in undo["notes"]), undo["notes"]
