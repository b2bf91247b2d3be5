"""The two ClusterRoles hold what is needed and nothing else: each right is taken away once, and something must miss it.

What works with exactly the shipped rights is shown by every other test of the loop: they run as those two accounts.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from tests.driver import command
from tests.driver.loop import POLICY, Loop
from tests.driver.rights import Account, Right, all_but, shipped
from tests.driver.seen import Seen
from tests.driver.sets import GRACE, RESOURCES, Set
from tests.driver.shop import Shop
from tests.lab.cluster import Lab
from tools.collect.kubernetes.decode import READ
from tools.collect.kubernetes.live import LISTS

pytest_plugins = ["tests.driver.fixtures"]
pytestmark = pytest.mark.lab

READER, ACTOR = shipped("reader"), shipped("actor")
NOUN = {path.rpartition("/")[2]: READ[kind][2] for kind, path in LISTS.items()}
OPTIONAL = ("events", "poddisruptionbudgets", "rollouts")
"""What an ordinary reader may lack: said, and not exit 3."""
PASSES_LOST: dict[str, set[str]] = {
    "pods": {"image-pinned-by-digest", "instance-runs-release", "rollout-complete"},
    "nodes": {"host-baseline"},
    "deployments": {"rollout-complete"},
    "replicasets": {"instance-runs-release", "rollout-complete"},
}
"""The checks of which no pass of a Deployment can be told without the list of a resource."""


@pytest.fixture(scope="module")
def account(granted: Lab) -> Iterator[Account]:
    """An account that is given all rights but one."""
    namespace = granted.namespace(f"rights-{secrets.token_hex(3)}")
    account = Account(granted, namespace, "limited")
    yield account
    account.take_away()
    granted.discard_namespace(namespace)


def audited(loop: Loop) -> tuple[int, dict[str, Any]]:
    said = command.run(loop.home, "audit", "--json", "--kubeconfig", loop.reader)
    return said.code, said.report


def reading(verb: str) -> list[Any]:
    return [pytest.param(*pair, id=str(pair[0])) for pair in all_but(READER) if pair[0].verb == verb]


@pytest.mark.parametrize(("missing", "others"), reading("list"))
def test_a_reader_that_may_not_list(
    loop: Loop, shop: Shop, account: Account, missing: Right, others: tuple[Right, ...]
) -> None:
    account.give(others)
    loop.reader = account.kubeconfig
    code, report = audited(loop)
    (gap,) = [g for g in report["gaps"] if g["code"] == "forbidden"]
    required = missing.resource not in OPTIONAL
    assert (gap["noun"], gap["required"]) == (NOUN[missing.resource], required)
    assert missing.resource in gap["reason"]
    assert code == (10 if any(f["verdict"] == "violation" for f in report["findings"]) else 3 if required else 0)
    rows = {row["check"]: row for row in report["coverage"]}
    for check in PASSES_LOST.get(missing.resource, ()):
        assert rows[check]["passed"] == 0 or missing.group == "apps", rows[check]  # other kinds have their own lists
        assert rows[check]["unseen"] or rows[check]["inconclusive"], rows[check]


@pytest.mark.parametrize(("missing", "others"), reading("get"))
def test_a_reader_that_may_not_get(
    loop: Loop, shop: Shop, host: str, account: Account, missing: Right, others: tuple[Right, ...]
) -> None:
    """Either the audit has a gap, or one of the two plans can't be made; else the right is superfluous."""
    shop.break_()
    finding = shop.finding(loop)
    account.give(others)
    loop.reader = account.kubeconfig
    _, report = audited(loop)
    gaps = [g for g in report["gaps"] if g["code"] == "forbidden"]
    wishes = (("--cordon", host), (finding,))
    said = [command.run(loop.home, "plan", *wish, "--kubeconfig", loop.reader) for wish in wishes]
    failed = [one for one in said if one.code]
    assert gaps or failed, f"the right to {missing} is superfluous"
    for told in (*(gap["reason"] for gap in gaps), *(one.err for one in failed)):
        assert missing.resource in told or "no one finding" in told, told
    if missing.resource == "namespaces":
        assert not report["scopes"][0]["stable"]


def acting(*verbs: str) -> list[Any]:
    return [pytest.param(*pair, id=str(pair[0])) for pair in all_but(ACTOR) if pair[0].verb in verbs]


def begin(loop: Loop, shop: Shop, host: str, missing: Right) -> tuple[dict[str, Any], tuple[str, str]]:
    """An approved plan that the missing right matters to, and the name and namespace of what it writes to."""
    if missing.resource == "nodes":
        return loop.approved("--cordon", host), (host, "")
    for kind, resource in RESOURCES.items():
        if (missing.resource, missing.verb) == (resource, "patch"):
            loop.settings(f"{POLICY}\n[checks.rollout-complete]\ngrace = {GRACE}\n")
            one = Set(shop.lab, shop.namespace, kind, kind.lower())
            one.release(one.prior)
            one.break_()
            return loop.approved(one.finding(loop)), (one.name, one.namespace)
    shop.break_()
    return loop.approved(shop.finding(loop)), (shop.name, shop.namespace)


@pytest.mark.parametrize(("missing", "others"), acting("get", "patch"))
def test_an_actor_that_may_not_get_or_write(
    loop: Loop, shop: Shop, host: str, seen: Seen, account: Account, missing: Right, others: tuple[Right, ...]
) -> None:
    """It stops with a clear line and has written nothing; with the right, the same run goes on."""
    plan, (name, namespace) = begin(loop, shop, host, missing)
    account.give(others)
    loop.actor = account.kubeconfig
    said = loop.execute(plan)
    assert said.code != 0, f"the right to {missing} is superfluous"
    assert "403" in said.err, said
    assert missing.resource in said.err, said
    assert not seen.writes(account.user, name, namespace)
    account.give(ACTOR)
    verb = "resume" if loop.sql("SELECT * FROM claims WHERE run = ?", plan["run"]) else "execute"
    again = loop.start(verb, plan).wait()
    assert again.code == 0, again
    assert len(seen.writes(account.user, name, namespace)) == 1


@pytest.mark.parametrize(("missing", "others"), acting("list"))
def test_an_actor_that_may_not_list(
    loop: Loop, shop: Shop, host: str, seen: Seen, account: Account, missing: Right, others: tuple[Right, ...]
) -> None:
    """It writes and can't see whether it worked: it says so, and with the right a resume verifies it."""
    plan, (name, namespace) = begin(loop, shop, host, missing)
    account.give(others)
    loop.actor = account.kubeconfig
    said = loop.start("execute", plan, patience=1).wait()
    assert said.code == 1, said
    assert "403" in said.out + said.err, said
    assert missing.resource in said.out + said.err, said
    account.give(ACTOR)
    again = loop.resume(plan)
    assert len(seen.writes(account.user, name, namespace)) == 1
    assert (again.code, loop.state(plan)) == (0, "done"), again


@pytest.mark.parametrize(("missing", "others"), acting("create"))
def test_an_actor_that_may_not_evict(
    loop: Loop, shop: Shop, seen: Seen, account: Account, missing: Right, others: tuple[Right, ...]
) -> None:
    """It stops before it has journaled anything, with a clear line; with the right, the same run goes on."""
    assert missing.resource == "pods/eviction"
    shop.release(shop.prior)
    name = shop.pods()[0]
    plan = loop.approved("--replace", f"{shop.namespace}/{name}")
    account.give(others)
    loop.actor = account.kubeconfig
    said = loop.execute(plan)
    assert said.code == 1, f"the right to {missing} is superfluous"
    assert "403" in said.err, said
    assert loop.journal(plan) == []
    assert not seen.evictions(account.user, shop.namespace)
    account.give(ACTOR)
    again = loop.resume(plan)
    assert again.code == 0, again
    assert [event["objectRef"]["name"] for event in seen.evictions(account.user, shop.namespace)] == [name]


def test_the_shipped_rights_are_what_the_accounts_have(granted: Lab) -> None:
    """Neither account may change anything else, enter a pod, or read a Secret or a ConfigMap."""
    never = ("create pods", "delete pods", "patch pods", "create pods/exec", "get secrets", "list configmaps",
             "patch replicasets.apps", "update deployments.apps", "delete nodes", "create jobs.batch")  # fmt: skip
    for user in ("auditor-reader", "auditor-actor"):
        for right in (*never, *(() if user == "auditor-actor" else ("patch deployments.apps", "patch nodes"))):
            answer = granted.kubectl("auth", "can-i", *right.split(), "-A", user=user, check=False)
            assert answer.strip() == "no", (user, right)
