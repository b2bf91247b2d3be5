"""`auditor doctor` on a real cluster: it names exactly the right that was taken, and what it prints gives it back."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.driver import command
from tests.driver.loop import Loop
from tests.driver.rights import Account, Right, all_but, shipped
from tests.lab.cluster import Lab
from tests.test_lab_rights import OPTIONAL, PASSES_LOST
from tools.collect.kubernetes import access
from tools.collect.kubernetes.api import connect

pytest_plugins = ["tests.driver.fixtures"]
pytestmark = pytest.mark.lab

READER, ACTOR = shipped("reader"), shipped("actor")


@pytest.fixture(scope="module")
def account(granted: Lab) -> Iterator[Account]:
    """An account that is given all rights but one."""
    namespace = granted.namespace(f"doctor-{secrets.token_hex(3)}")
    account = Account(granted, namespace, "limited")
    yield account
    account.take_away()
    granted.discard_namespace(namespace)


def doctor(loop: Loop, account: Account, *more: str) -> tuple[int, dict[str, Any]]:
    said = command.run(loop.home, "doctor", "--json", *more, "--kubeconfig", account.kubeconfig)
    return said.code, said.report


def lacking(found: dict[str, Any]) -> list[Right]:
    rights = [row["right"] for row in found["missing"] if row["right"]]
    return [Right(r["group"], r["resource"], r["verb"], (r["name"],) if r["name"] else ()) for r in rights]


def closed_by_its_manifest(loop: Loop, account: Account, found: dict[str, Any], *more: str) -> bool:
    """Apply what the doctor printed as an administrator, until it misses no right; then take it away again."""
    names = {document["metadata"]["name"] for document in yaml.safe_load_all(found["manifest"])}
    account.lab.kubectl("apply", "-f", "-", stdin=found["manifest"])
    try:
        account.lab.wait("the doctor to miss no right", lambda: not lacking(doctor(loop, account, *more)[1]), 10)
        return doctor(loop, account, *more)[0] == 0
    finally:
        account.lab.kubectl("delete", "clusterrole,clusterrolebinding", *names)


@pytest.mark.parametrize(("missing", "others"), [pytest.param(*pair, id=str(pair[0])) for pair in all_but(READER)])
def test_it_names_the_one_right_that_a_reader_lacks_and_grants_it(
    loop: Loop, account: Account, missing: Right, others: tuple[Right, ...]
) -> None:
    account.give(others)
    code, found = doctor(loop, account)
    assert lacking(found) == [missing]
    (row,) = [row for row in found["missing"] if row["right"]]
    required = missing.verb == "list" and missing.resource not in OPTIONAL
    assert (code, row["gap"]["required"]) == (3 if required else 0, required)
    assert row["checks"] or row["blinds"]
    if missing.verb == "list":
        assert set(row["checks"]) >= PASSES_LOST.get(missing.resource, set())
    assert closed_by_its_manifest(loop, account, found)


@pytest.mark.parametrize(("missing", "others"), [pytest.param(*pair, id=str(pair[0])) for pair in all_but(ACTOR)])
def test_it_names_the_one_right_that_an_actor_lacks_and_grants_it(
    loop: Loop, account: Account, missing: Right, others: tuple[Right, ...]
) -> None:
    account.give(others)
    code, found = doctor(loop, account, "--acting")
    assert (code, lacking(found)) == (3, [missing])
    assert closed_by_its_manifest(loop, account, found, "--acting")


def test_a_right_to_a_subresource_is_asked_as_one(loop: Loop, account: Account) -> None:
    """To evict is not to create, and the right to the one is not the right to the other."""
    api = connect(str(account.kubeconfig))
    evict = access.Right("", "pods/eviction", "create", "Pod")
    account.give((*READER, Right("", "pods", "create")))
    assert access.refusal(api, evict)
    account.give((*READER, Right("", "pods/eviction", "create")))
    account.lab.wait("the right to evict", lambda: not access.refusal(api, evict), 10)
    assert access.refusal(api, access.Right("", "pods", "create", "Pod"))


def test_a_user_of_the_cluster_is_bound_by_name(loop: Loop) -> None:
    said = command.run(loop.home, "doctor", "--json", "--kubeconfig", loop.lab.kubeconfig("auditor-limited"))
    found = json.loads(said.out)
    assert said.code == 3
    assert set(lacking(found)) == set(READER)
    _, binding = yaml.safe_load_all(found["manifest"])
    assert [(s["kind"], s["name"]) for s in binding["subjects"]] == [("User", "auditor-limited")]


def test_expired_credentials_are_said_in_one_line(loop: Loop) -> None:
    said = command.run(loop.home, "doctor", "--kubeconfig", loop.lab.expired_kubeconfig())
    assert said.code == 1
    assert "401" in said.err
    assert "renew the credentials" in said.err
    assert not said.out


def test_the_shipped_reader_misses_no_right(loop: Loop) -> None:
    said = command.run(loop.home, "doctor", "--json", "--kubeconfig", loop.reader)
    assert (said.code, lacking(said.report), said.report["manifest"]) == (0, [], "")
