"""With the cluster's own audit log: what the auditor executed is not held against it, and whoever imitates it is."""

from __future__ import annotations

import json
import secrets
import ssl
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from auditor.store.store import Store
from tests.driver import command
from tests.driver.loop import Loop
from tests.driver.seen import Seen
from tests.driver.shop import Shop
from tests.lab import certificates, settings, users
from tests.lab.cluster import Lab
from tests.test_lab_drain import NODE, Fleet, fleet  # noqa: F401 - a fixture
from tools.check import View
from tools.sanctions import Ledger

pytest_plugins = ["tests.driver.fixtures"]
pytestmark = pytest.mark.lab

ACTOR = "auditor-actor"


@pytest.fixture
def shop(granted: Lab) -> Iterator[Shop]:
    """A shop of its own for each test: what another store's auditor did to it would be held against that one."""
    namespace = granted.namespace(f"sanction-{secrets.token_hex(3)}")
    shop = Shop(granted, namespace)
    shop.release(granted.image("app:v1"))
    shop.release(shop.prior)
    yield shop
    granted.discard_namespace(namespace)


def audited(loop: Loop, *, log: bool = True) -> list[dict[str, Any]]:
    """The findings of a new audit, with the cluster's audit log or without."""
    given = ("--audit-log", str(loop.lab.audit_log), "--audit-policy", str(loop.lab.audit_policy)) if log else ()
    said = command.run(loop.home, "audit", "--json", *given, "--kubeconfig", loop.reader)
    assert said.code in (0, 10), said
    findings: list[dict[str, Any]] = said.report["findings"]
    return findings


def accused(findings: list[dict[str, Any]], uid: str) -> dict[str, str]:
    """The causes for which a workload is accused of imperative changes, each with what is said of it."""
    return {
        f["code"]: f["message"]
        for f in findings
        if f["check"] == "imperative-change" and f["verdict"] == "violation" and f["owner"]["uid"] == uid
    }


def patch(shop: Shop, body: dict[str, Any], *, user: str, audit_id: str = "", query: str = "", name: str = "") -> None:
    """A merge patch of a Deployment, sent by hand."""
    url = f"{settings.API_SERVER}/apis/apps/v1/namespaces/{shop.namespace}/deployments/{name or shop.name}{query}"
    headers = {"Content-Type": "application/merge-patch+json", "Authorization": f"Bearer {users.tokens()[user]}"}
    headers |= {"Audit-ID": audit_id, "User-Agent": "auditor"} if audit_id else {}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method="PATCH")
    trust = ssl.create_default_context(cafile=str(certificates.CA))
    with urllib.request.urlopen(request, timeout=5, context=trust) as answer:
        answer.read()


def redeployed(loop: Loop, shop: Shop) -> tuple[dict[str, Any], str]:
    """A redeploy that was executed: its plan, and the audit id of its write."""
    shop.break_()
    plan = loop.approved(shop.finding(loop))
    said = loop.execute(plan)
    assert said.code == 0, said
    ((write_id,),) = loop.sql("SELECT write_id FROM journal WHERE plan = ?", plan["id"])
    return plan, str(write_id)


def test_a_redeploy_is_not_held_against_it_and_its_imitators_are_accused(loop: Loop, shop: Shop, seen: Seen) -> None:
    plan, write_id = redeployed(loop, shop)
    uid = shop.live["metadata"]["uid"]
    (event,) = seen.writes(ACTOR, shop.name, shop.namespace)
    assert (event["auditID"], event["verb"]) == (write_id, "patch"), "the API server took the id over"
    for _ in range(2):  # and the look after it, which remembers the first
        assert accused(audited(loop), uid) == {}

    dry = {"spec": {"minReadySeconds": 1}}
    patch(shop, dry, user="alice", audit_id=write_id, query="?dryRun=All&fieldManager=auditor")
    assert accused(audited(loop), uid) == {}, "a dry run is no change, whoever sends it"

    mark = {"metadata": {"annotations": {"auditor/plan": plan["id"]}}}
    copied = {**mark, "spec": {"template": {"metadata": {"annotations": {"by": "alice"}}}}}
    shop.lab.kubectl(
        "patch", "deployment", shop.name, "-n", shop.namespace, "--type=merge", "-p", json.dumps(copied), user="alice"
    )
    replayed = {**mark, "spec": {"replicas": 3}}
    patch(shop, replayed, user="alice", audit_id=write_id, query="?fieldManager=auditor")
    patch(shop, {**mark, "spec": {"paused": True}}, user=ACTOR, audit_id=write_id, query="?fieldManager=auditor")
    told = accused(audited(loop), uid)
    patch(shop, {"spec": {"replicas": 2, "paused": False}}, user="ci-bot")
    assert set(told) == {"template-changed", "scaled", "paused"}
    for message in told.values():
        assert f"it carries the mark of plan {plan['id']}, and is not it" in message
    assert "that plan's requests bore other audit ids" in told["template-changed"]
    assert "which auditor-actor carried out, not alice" in told["scaled"]
    assert "which was used before" in told["paused"]


def test_its_audit_id_on_another_object_and_a_plan_of_another_store(loop: Loop, shop: Shop, granted: Lab) -> None:
    plan, write_id = redeployed(loop, shop)
    other = Shop(granted, shop.namespace, name="other")
    other.apply(other.prior)
    mark = {"metadata": {"annotations": {"auditor/plan": plan["id"]}}}
    patch(other, {**mark, "spec": {"replicas": 1}}, user=ACTOR, audit_id=write_id, query="?fieldManager=auditor")
    told = accused(audited(loop), other.live["metadata"]["uid"])
    assert f"which wrote to Deployment/{shop.namespace}/{shop.name}, not to" in told["scaled"]

    stranger = Loop(granted, loop.home / "stranger")
    told = accused(audited(stranger), shop.live["metadata"]["uid"])
    assert "no such plan was executed, as this store's ledger knows" in told["template-changed"]


def test_an_edited_ledger_sanctions_nothing(loop: Loop, shop: Shop) -> None:
    redeployed(loop, shop)
    loop.sql("DROP TRIGGER ledger_no_UPDATE")
    loop.sql(
        "UPDATE ledger SET body = CAST(replace(CAST(body AS TEXT), ?, 'alice') AS BLOB)"
        " WHERE CAST(body AS TEXT) LIKE '%\"intent\"%'",
        ACTOR,
    )
    (message,) = accused(audited(loop), shop.live["metadata"]["uid"]).values()
    assert "the ledger does not prove that this plan was executed" in message
    assert "was edited" in message


def test_without_a_log_it_is_known_by_the_mark_alone_and_that_is_said(loop: Loop, shop: Shop) -> None:
    plan, _ = redeployed(loop, shop)
    uid = shop.live["metadata"]["uid"]
    findings = audited(loop, log=False)
    assert accused(findings, uid) == {}
    (own,) = [f for f in findings if f["check"] == "imperative-change" and f["owner"]["uid"] == uid]
    assert f"step 1 of plan {plan['id']}, by the mark and the time alone; an audit log would prove it" in own["message"]

    copied = {"metadata": {"annotations": {"auditor/plan": "p-copied"}}, "spec": {"minReadySeconds": 1}}
    patch(shop, copied, user="alice", query="?fieldManager=auditor")
    told = accused(audited(loop, log=False), uid)
    patch(shop, {"spec": {"minReadySeconds": 0}}, user="ci-bot")
    assert "it carries the mark of plan p-copied, and is not it: no such plan was executed" in " ".join(told.values())


def test_a_cordon_and_a_drain_are_known_by_the_audit_ids_of_each_request(
    loop: Loop,
    fleet: Fleet,  # noqa: F811 - the fixture
    seen: Seen,
) -> None:
    fleet.place()
    plan = loop.approved("--drain", NODE)
    said = loop.execute(plan)
    assert said.code == 0, said
    uid = fleet.lab.get("deployment", "app", fleet.namespace)["metadata"]["uid"]
    fleet.lab.wait("what was evicted to be gone", lambda: len(fleet.pods()) == 2 or None, 60)
    assert accused(audited(loop), uid) == {}
    store = Store(str(loop.home / "store" / "store.db"))
    ((snapshot,),) = loop.sql("SELECT snapshot FROM runs WHERE state = 'audited' ORDER BY rowid DESC LIMIT 1")
    view = View(store.runs.load_facts(snapshot), {}, store.history(store.runs.load_facts(snapshot)))
    ledger, ours = Ledger(view.history.sanctions), {e["auditID"] for e in seen.evictions(ACTOR, fleet.namespace)}
    ours |= {e["auditID"] for e in seen.writes(ACTOR, NODE)}
    judged = {c.version: ledger.judge(c) for c in view.facts.changes if c.version in ours}
    assert len(judged) == len(ours) == 3
    assert {found.step.step for found in judged.values() if found and found.step} == {1, 2}
    assert all(found and found.step for found in judged.values()), judged
