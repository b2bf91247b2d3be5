"""Which releases and hosts may not be chosen: gone, the same, worse than the current one, or of a paused workload."""

from __future__ import annotations

from typing import Any

import pytest

from tests.driver import command
from tests.driver.loop import Loop
from tests.driver.seen import Seen
from tests.driver.shop import Shop
from tests.lab.cluster import Lab

pytest_plugins = ["tests.driver.fixtures"]
pytestmark = pytest.mark.lab

ACTOR = "auditor-actor"


def refused_plan(loop: Loop, *wanted: str) -> str:
    """`auditor plan`, which must refuse; the code that was recorded."""
    said = command.run(loop.home, "plan", *wanted, "--kubeconfig", loop.reader)
    assert (said.code, said.first.split(":")[0].strip()) == (1, "refused"), said
    rows = loop.sql("SELECT code FROM refusals")
    assert len(rows) == 1, rows
    assert loop.sql("SELECT * FROM plans") == []
    return str(rows[0][0])


def release_of(shop: Shop, image: str) -> dict[str, Any]:
    metadata: dict[str, Any] = shop.release_of(image)["metadata"]
    return metadata


def test_the_current_release_is_refused(loop: Loop, shop: Shop) -> None:
    shop.break_()
    current = release_of(shop, shop.broken)["name"]
    assert refused_plan(loop, shop.finding(loop), "--to", current) == "same-release"


def test_a_release_that_never_was_is_refused(loop: Loop, shop: Shop) -> None:
    shop.break_()
    assert refused_plan(loop, shop.finding(loop), "--to", "shop-0000000000") == "gone"


def test_an_earlier_release_can_be_chosen(loop: Loop, shop: Shop) -> None:
    shop.break_()
    first = release_of(shop, loop.lab.image("app:v1"))
    plan = loop.plan(shop.finding(loop), "--to", first["name"])
    assert plan["steps"][0]["action"]["target"]["uid"] == first["uid"]


def test_a_release_that_is_deleted_after_the_approval_is_gone(loop: Loop, shop: Shop, seen: Seen) -> None:
    shop.break_()
    first = release_of(shop, loop.lab.image("app:v1"))["name"]
    plan = loop.approved(shop.finding(loop), "--to", first)
    loop.lab.kubectl("delete", "replicaset", first, "-n", shop.namespace)
    assert loop.execute(plan).code == 1
    assert loop.refusals(plan) == ["gone"]
    assert shop.image == shop.broken
    assert not seen.writes(ACTOR, shop.name, shop.namespace)
    shop.release(loop.lab.image("app:v1"))  # for the next test
    shop.release(shop.prior)


def test_a_paused_deployment_is_refused(loop: Loop, shop: Shop) -> None:
    shop.break_()
    finding = shop.finding(loop)
    loop.lab.kubectl("rollout", "pause", f"deployment/{shop.name}", "-n", shop.namespace, user="alice")
    try:
        assert refused_plan(loop, finding) == "paused"
    finally:
        loop.lab.kubectl("rollout", "resume", f"deployment/{shop.name}", "-n", shop.namespace, user="alice")


@pytest.fixture
def tagged(granted: Lab, namespace: str) -> Shop:
    """A Deployment whose prior release is named by tag, and whose broken one is pinned."""
    granted.namespace(namespace)
    shop = Shop(granted, namespace, "tagged")
    shop.prior = granted.image("app:v1", pinned=False)
    shop.release(shop.prior)
    shop.break_()
    return shop


def test_a_release_that_breaks_a_blocking_check_is_refused(loop: Loop, tagged: Shop) -> None:
    prior = release_of(tagged, tagged.prior)["name"]
    assert refused_plan(loop, tagged.finding(loop), "--to", prior) == "blocking-violation"
    said = command.run(loop.home, "plan", tagged.finding(loop), "--kubeconfig", loop.reader)
    assert said.code == 1
    assert "image-pinned-by-digest" in said.err


def test_a_tagged_release_may_replace_one_that_is_no_better(loop: Loop, tagged: Shop) -> None:
    tagged.broken = loop.lab.image("app:v3", pinned=False)
    tagged.break_()
    plan = loop.plan(tagged.finding(loop))
    assert plan["steps"][0]["action"]["target"]["uid"] == release_of(tagged, tagged.prior)["uid"]


def test_a_host_that_is_cordoned_is_not_cordoned_again(loop: Loop, host: str) -> None:
    loop.lab.kubectl("cordon", host)
    assert refused_plan(loop, "--cordon", host) == "already-cordoned"


def test_a_host_that_is_not_there(loop: Loop) -> None:
    assert refused_plan(loop, "--cordon", "node-z") == "gone"


def test_a_host_that_is_schedulable_is_not_uncordoned(loop: Loop, host: str) -> None:
    assert refused_plan(loop, "--uncordon", host) == "not-cordoned"


def test_a_finding_without_remedy(loop: Loop, tagged: Shop) -> None:
    assert refused_plan(loop, tagged.finding(loop, "tag-only")) == "no-remedy"
