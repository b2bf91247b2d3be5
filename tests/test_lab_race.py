"""Two processes and one approval: one of them acts, and the cluster has seen the write exactly once."""

from __future__ import annotations

import os
import signal

import pytest

from tests.driver.kill_at import Stop
from tests.driver.loop import Loop
from tests.driver.seen import Seen
from tests.driver.shop import Shop

pytest_plugins = ["tests.driver.fixtures"]
pytestmark = pytest.mark.lab

ACTOR = "auditor-actor"
COMPLETE = ["intent", "effect", "done"]
LATE = {"claimed", "reused", "ended"}  # what the one who comes second is told
UNDONE = ["dry-run:after", "intent:after", "write:before", "write:after", "effect:after", "verify:before"]


@pytest.mark.parametrize("_round", range(3))
def test_two_that_execute_at_once(loop: Loop, host: str, seen: Seen, _round: int) -> None:
    plan = loop.approved("--cordon", host)
    both = [loop.start("execute", plan) for _ in range(2)]
    said = [one.wait() for one in both]
    assert sorted(one.code for one in said) == [0, 1], said
    assert len(seen.writes(ACTOR, host)) == 1
    assert loop.journal(plan) == COMPLETE
    assert loop.refusals(plan)[0] in LATE


@pytest.mark.parametrize("point", ["claim:after", "intent:after", "write:after"])
def test_two_that_resume_at_once(loop: Loop, shop: Shop, seen: Seen, point: str) -> None:
    shop.break_()
    plan = loop.approved(shop.finding(loop))
    loop.execute(plan, stop=Stop(point))
    both = [loop.start("resume", plan) for _ in range(2)]
    said = [one.wait() for one in both]
    assert any(one.code == 0 for one in said), said
    assert all(one.code == 0 or "refused" in one.err for one in said), said
    assert set(loop.refusals(plan)) <= LATE
    assert loop.journal(plan) == COMPLETE
    assert len(seen.writes(ACTOR, shop.name, shop.namespace)) == 1
    assert shop.image == shop.prior


def test_one_that_looked_before_and_claims_after_the_other_has_ended(loop: Loop, host: str, seen: Seen) -> None:
    plan = loop.approved("--cordon", host)
    late = loop.start("execute", plan, stop=Stop("claim:before", signal.SIGSTOP))
    loop.lab.wait("it to stand before its claim", late.stopped)
    assert loop.execute(plan).code == 0
    loop.lab.kubectl("uncordon", host, user="alice")
    os.kill(late.pid, signal.SIGCONT)
    said = late.wait()
    assert len(seen.writes(ACTOR, host)) == 1
    assert (said.code, loop.state(plan)) == (1, "done"), f"it says that it did something: {said}"
    assert set(loop.refusals(plan)) <= LATE


def test_a_living_holder_keeps_its_claim(loop: Loop, host: str, seen: Seen) -> None:
    plan = loop.approved("--cordon", host)
    first = loop.start("execute", plan, stop=Stop("intent:after", signal.SIGSTOP))
    loop.lab.wait("it to stand behind its intent", first.stopped)
    for verb in ("execute", "resume"):
        said = loop.start(verb, plan).wait()
        assert said.code == 1
        assert str(first.pid) in said.err
    assert loop.refusals(plan) == ["claimed", "claimed"]
    assert not seen.writes(ACTOR, host)
    os.kill(first.pid, signal.SIGCONT)
    assert first.wait().code == 0
    assert len(seen.writes(ACTOR, host)) == 1


@pytest.mark.parametrize("point", UNDONE)
def test_a_holder_whose_lease_ran_out_writes_nothing_more(loop: Loop, host: str, seen: Seen, point: str) -> None:
    plan = loop.approved("--cordon", host)
    stale = loop.start("execute", plan, stop=Stop(point, signal.SIGSTOP), patience=1)
    loop.lab.wait(f"it to stand at {point}", stale.stopped)
    loop.sql("UPDATE claims SET lease_until = 1 WHERE run = ?", plan["run"])
    assert loop.resume(plan).code == 0
    loop.lab.kubectl("uncordon", host, user="alice")  # so that a second write would be one
    os.kill(stale.pid, signal.SIGCONT)
    said = stale.wait()
    assert len(seen.writes(ACTOR, host)) == 1, said
    assert loop.journal(plan) == COMPLETE
    assert (said.code, loop.state(plan)) == (1, "done"), said


def test_a_run_that_never_was_is_not_resumed(loop: Loop, host: str) -> None:
    loop.plan("--cordon", host)
    for verb in ("resume", "execute"):
        said = loop.start(verb, {"run": "r-00000000"}).wait()
        assert said.code == 2
        assert "r-00000000" in said.first


def test_a_run_that_was_not_executed_is_not_resumed(loop: Loop, host: str, seen: Seen) -> None:
    plan = loop.approved("--cordon", host)
    assert loop.resume(plan).code == 1
    assert loop.refusals(plan) == ["not-begun"]
    assert not seen.writes(ACTOR, host)
    assert loop.execute(plan).code == 0


def test_a_run_that_is_done_is_resumed_to_no_effect(loop: Loop, host: str, seen: Seen) -> None:
    plan = loop.approved("--cordon", host)
    assert loop.execute(plan).code == 0
    loop.lab.kubectl("uncordon", host, user="alice")
    said = loop.resume(plan)
    assert said.code == 0
    assert "done" in said.out
    assert len(seen.writes(ACTOR, host)) == 1
    assert loop.journal(plan) == COMPLETE
