"""The loop on a real cluster, as a person runs it: a failed rollout goes back to its prior release, whatever moves
beside it."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.driver import command
from tests.driver.kill_at import Stop
from tests.driver.loop import Loop
from tests.driver.seen import Seen
from tests.driver.shop import Shop
from tests.lab.cluster import Lab
from tests.running import auditor

pytest_plugins = ["tests.driver.fixtures"]
pytestmark = pytest.mark.lab

ACTOR = "auditor-actor"
STRATEGIES: dict[str, dict[str, Any]] = {
    "one replica": {"replicas": 1},
    "recreated": {"replicas": 2, "strategy": {"type": "Recreate"}, "stopping": 2},
    "doubled": {"replicas": 2, "strategy": {"rollingUpdate": {"maxSurge": "100%", "maxUnavailable": 0}}},
    "with a minimum": {"replicas": 2, "minReadySeconds": 1},
}


def test_the_loop_by_hand(loop: Loop, shop: Shop, seen: Seen, tmp_path: Path) -> None:
    """Each command in a process of its own; the dry run is the server's, and the cluster says who approved."""
    shop.break_()
    prior = shop.release_of(shop.prior)["metadata"]["uid"]
    plan = auditor(tmp_path, "plan", shop.finding(loop), "--json", "--kubeconfig", loop.actor).report
    assert plan["steps"][0]["action"]["target"]["uid"] == prior
    assert plan["steps"][0]["preview"]["by"] == "server dry run"
    changes = [
        line.split() for line in plan["steps"][0]["preview"]["diff"].splitlines() if line.startswith(("- ", "+ "))
    ]
    assert [words[-1] for words in changes] == [shop.broken, shop.prior]
    code = plan["id"].removeprefix("p-")[:8]
    said = auditor(tmp_path, "approve", plan["run"], "--code", code, "--kubeconfig", loop.approver, USER="bob")
    assert said.code == 0, said
    assert loop.sql("SELECT json_extract(CAST(data AS TEXT), '$.approver') FROM approvals") == [("alice",)]
    assert shop.image == shop.broken
    said = auditor(tmp_path, "execute", plan["run"], "--json", "--kubeconfig", loop.actor)
    assert (said.code, said.report["verified"]) == (0, True), said
    assert said.report["seconds"] < 15, "the figure that a redeploy aims at"
    assert len(seen.writes(ACTOR, shop.name, shop.namespace)) == 1
    assert shop.image == shop.prior
    assert shop.runs_only(shop.prior)
    assert shop.release_of(shop.prior)["metadata"]["uid"] == prior


def test_the_reader_shows_a_preview_of_its_own(loop: Loop, shop: Shop, seen: Seen) -> None:
    """It may not even try the write: the preview is computed, says so, and is what the server would do."""
    shop.break_()
    plan = loop.plan(shop.finding(loop))
    assert plan["steps"][0]["preview"]["by"] == "computed here"
    assert "403" in plan["steps"][0]["preview"]["reason"]
    loop.reader = loop.actor
    assert loop.plan(shop.finding(loop))["steps"][0]["preview"]["diff"] == plan["steps"][0]["preview"]["diff"]
    assert shop.image == shop.broken
    assert not seen.writes(ACTOR, shop.name, shop.namespace)
    assert not seen.writes("auditor-reader", shop.name, shop.namespace)


@pytest.fixture(params=STRATEGIES)
def strategic(granted: Lab, request: pytest.FixtureRequest) -> Iterator[Shop]:
    """A Deployment of another shape, broken."""
    namespace = granted.namespace(f"strategy-{secrets.token_hex(3)}")
    shop = Shop(granted, namespace, **STRATEGIES[request.param])
    shop.release(shop.prior)
    shop.break_()
    yield shop
    granted.discard_namespace(namespace)


def test_every_shape_of_deployment_is_redeployed(loop: Loop, strategic: Shop, seen: Seen) -> None:
    plan = loop.approved(strategic.finding(loop))
    said = loop.execute(plan)
    assert said.code == 0, said
    assert strategic.runs_only(strategic.prior)
    assert len(seen.writes(ACTOR, strategic.name, strategic.namespace)) == 1


def test_what_does_not_matter_may_change(loop: Loop, shop: Shop, seen: Seen) -> None:
    """Labels, annotations, scale and a restarted pod's status do not invalidate an approval."""
    shop.break_()
    plan = loop.approved(shop.finding(loop))
    where = ("-n", shop.namespace)
    before = shop.live["metadata"]["resourceVersion"]
    loop.lab.kubectl("label", "deployment", shop.name, "team=shop", *where, user="alice")
    loop.lab.kubectl("annotate", "deployment", shop.name, "note=looking at it", *where, user="alice")
    loop.lab.kubectl("delete", "pods", "-l", f"app={shop.name}", *where, "--wait=false", user="alice")
    assert shop.live["metadata"]["resourceVersion"] != before
    said = loop.execute(plan)
    assert said.code == 0, said
    live = shop.live["metadata"]
    assert (live["labels"]["team"], live["annotations"]["note"]) == ("shop", "looking at it")
    assert len(seen.writes(ACTOR, shop.name, shop.namespace)) == 1


@pytest.mark.parametrize(
    ("verb", "point"), [("plan", "dry-run:before"), ("approve", "dry-run:before"), ("execute", "dry-run:before"),
                        ("execute", "write:before")],
)  # fmt: skip
def test_a_write_between_its_look_and_its_own_does_not_stop_it(
    loop: Loop, shop: Shop, seen: Seen, verb: str, point: str
) -> None:
    """Others write labels, annotations and status all the time: a conflict is looked at again."""
    shop.break_()
    loop.reader = loop.actor  # who may try the write on the server
    words: tuple[str | Path, ...] = ("plan", shop.finding(loop))
    if verb != "plan":
        plan = loop.plan(shop.finding(loop)) if verb == "approve" else loop.approved(shop.finding(loop))
        words = (verb, plan["run"], *(("--code", plan["id"][2:10]) if verb == "approve" else ()))
    user = loop.approver if verb == "approve" else loop.actor
    running = command.start(loop.home, *words, "--kubeconfig", user, stop=Stop(point, signal.SIGSTOP))
    loop.lab.wait("it to stand before its write", running.stopped)
    shop.note("beat", secrets.token_hex(4))
    os.kill(running.pid, signal.SIGCONT)
    said = running.wait()
    assert said.code == 0, said
    assert len(seen.writes(ACTOR, shop.name, shop.namespace)) == (verb == "execute")


def test_the_mark_of_the_plan_is_all_that_it_leaves(loop: Loop, shop: Shop) -> None:
    shop.break_()
    before = shop.live
    plan = loop.approved(shop.finding(loop))
    assert loop.execute(plan).code == 0
    after = shop.live
    added = after["metadata"]["annotations"].items() - before["metadata"]["annotations"].items()
    assert {key for key, _ in added} == {"auditor/plan", "deployment.kubernetes.io/revision"}
    assert {k: v for k, v in after["spec"].items() if k != "template"} == {
        k: v for k, v in before["spec"].items() if k != "template"
    }
