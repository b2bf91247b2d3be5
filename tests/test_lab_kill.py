"""SIGKILL at every step of an execution: a resume completes it, and the cluster has seen the write exactly once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.driver.kill_at import STEPS, Stop
from tests.driver.loop import Loop
from tests.driver.seen import Seen
from tests.driver.shop import Shop

pytest_plugins = ["tests.driver.fixtures"]
pytestmark = pytest.mark.lab

ACTOR = "auditor-actor"
POINTS = [f"{step}:{when}" for step in STEPS if step not in ("evict", "send") for when in ("before", "after")]
UNCLAIMED = "claim:before"
ALL_DONE = ("verify:after", "resume:after")  # nothing is left to do but to say so
MAIN = [
    "claim:after", "gate:after", "dry-run:after", "intent:before", "intent:after", "write:before", "write:after",
    "effect:before", "effect:after", "done:before", "done:after", "execute:after", "verify:before", "look:after",
]  # fmt: skip


def kill_and_resume(loop: Loop, plan: dict[str, Any], point: str) -> None:
    """Execute, be killed at the point, and go on: that must end verified."""
    killed = loop.execute(plan, stop=Stop(point))
    assert killed.code == -9, f"it was not killed at {point}: {killed}"
    assert (loop.state(plan) == "done") is (point in ALL_DONE)
    said = loop.execute(plan) if point == UNCLAIMED else loop.resume(plan)
    assert said.code == 0, said
    assert loop.journal(plan) == ["intent", "effect", "done"]
    assert loop.state(plan) == "done"


@pytest.mark.parametrize("point", MAIN)
def test_a_redeploy_is_completed_once(loop: Loop, shop: Shop, seen: Seen, point: str) -> None:
    shop.break_()
    plan = loop.approved(shop.finding(loop))
    assert plan["steps"][0]["action"]["target"]["uid"] == shop.release_of(shop.prior)["metadata"]["uid"]
    kill_and_resume(loop, plan, point)
    assert len(seen.writes(ACTOR, shop.name, shop.namespace)) == 1
    assert shop.image == shop.prior
    assert shop.runs_only(shop.prior)


@pytest.mark.parametrize("point", POINTS)
def test_a_cordon_is_completed_once(loop: Loop, host: str, seen: Seen, point: str) -> None:
    plan = loop.approved("--cordon", host)
    kill_and_resume(loop, plan, point)
    assert len(seen.writes(ACTOR, host)) == 1
    assert loop.lab.get("node", host)["spec"]["unschedulable"] is True


def test_a_write_that_was_undone_before_the_resume_is_not_repeated(loop: Loop, host: str, seen: Seen) -> None:
    plan = loop.approved("--cordon", host)
    loop.execute(plan, stop=Stop("write:after"))
    assert len(seen.writes(ACTOR, host)) == 1
    loop.lab.kubectl("uncordon", host, user="alice")
    said = loop.resume(plan)
    assert len(seen.writes(ACTOR, host)) == 1, f"it wrote over what alice had done: {said}"
    assert said.code == 1
    assert loop.refusals(plan) == ["changed"]


def test_a_write_that_its_inverse_has_undone_is_not_repeated(loop: Loop, host: str, seen: Seen) -> None:
    plan = loop.approved("--cordon", host)
    loop.execute(plan, stop=Stop("write:after"))
    assert loop.execute(loop.approved("--uncordon", host)).code == 0
    said = loop.resume(plan)
    assert len(seen.writes(ACTOR, host)) == 2, f"it cordoned again what a later plan has uncordoned: {said}"
    assert (said.code, loop.refusals(plan)) == (1, ["changed"])


@pytest.mark.parametrize("image", ["app:v3", "app:v1"])
def test_a_deployment_after_the_write_is_not_overwritten(loop: Loop, shop: Shop, seen: Seen, image: str) -> None:
    shop.break_()
    plan = loop.approved(shop.finding(loop))
    loop.execute(plan, stop=Stop("write:after"))
    shop.apply(loop.lab.image(image))
    said = loop.resume(plan)
    assert shop.image == loop.lab.image(image), f"it wrote over what the pipeline had deployed: {said}"
    assert len(seen.writes(ACTOR, shop.name, shop.namespace)) == 1
    assert (said.code, loop.refusals(plan)) == (1, ["changed"])


def test_a_deployment_between_intent_and_write_is_not_overwritten(loop: Loop, shop: Shop, seen: Seen) -> None:
    shop.break_()
    plan = loop.approved(shop.finding(loop))
    loop.execute(plan, stop=Stop("intent:after"))
    shop.apply(loop.lab.image("app:v1"))
    said = loop.resume(plan)
    assert (said.code, loop.refusals(plan)) == (1, ["changed"])
    assert shop.image == loop.lab.image("app:v1")
    assert not seen.writes(ACTOR, shop.name, shop.namespace)


def test_another_deployment_while_it_settles_is_not_called_done(loop: Loop, shop: Shop, seen: Seen) -> None:
    shop.break_()
    plan = loop.approved(shop.finding(loop))
    loop.execute(plan, stop=Stop("effect:after"))
    shop.release(loop.lab.image("app:v1"))
    said = loop.start("resume", plan, patience=2).wait()
    assert said.code == 1, said
    assert loop.state(plan) != "done"
    assert loop.journal(plan) == ["intent", "effect"], "what came to its end was somebody else's release"
    assert len(seen.writes(ACTOR, shop.name, shop.namespace)) == 1


def test_an_approval_that_expires_before_the_intent_can_be_given_again(loop: Loop, host: str, seen: Seen) -> None:
    plan = loop.approved("--cordon", host)
    loop.execute(plan, stop=Stop("claim:after"))
    loop.sql("UPDATE approvals SET data = json_replace(CAST(data AS TEXT), '$.expires', '2026-01-01T00:00:00Z')")
    assert loop.resume(plan).code == 1
    assert loop.refusals(plan) == ["expired"]
    assert not seen.writes(ACTOR, host)
    assert loop.approve(plan).code == 0
    said = loop.execute(plan)
    assert (said.code, loop.state(plan)) == (0, "done"), f"a dead end: {said}"
