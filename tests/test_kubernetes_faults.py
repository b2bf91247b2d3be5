"""What a cluster that answers wrongly does to a report: a real HTTP server on loopback, with faults put into it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.loopback_api import (
    BUDGETS,
    DEPLOYMENTS,
    EVENTS,
    KUBE_SYSTEM,
    LISTS,
    NODES,
    PODS,
    REPLICA_SETS,
    ROLLOUTS,
    Fault,
    Handler,
    Loopback,
    broken_off,
    loopback,
    nobodys_address,
    raw,
    silence,
    status,
    then,
    write_kubeconfig,
)
from tests.objects import REPOSITORY, A, B, Object, fleet, listed, meta, pod, replica_set
from tests.running import auditor
from tools.catalogue import discover
from tools.collect.kubernetes import decode, live
from tools.collect.kubernetes.api import connect
from tools.engine import audit
from tools.errors import SourceError
from tools.model.facts import Facts
from tools.model.report import Coverage, Report

PATIENCE = 0.3
"""The client's time limit in these tests, in seconds."""
HTML = b"<html><body><h1>500 Internal Server Error</h1></body></html>"
FAULTS: dict[str, tuple[Fault, str]] = {
    "401": (status(401, "Unauthorized"), "unauthorized"),
    "403": (status(403, "Forbidden"), "forbidden"),
    "404": (status(404, "NotFound"), "not-found"),
    "429": (status(429, "TooManyRequests"), "throttled"),
    "500 with HTML": (raw(500, HTML, "text/html"), "server-error"),
    "a timeout": (silence(PATIENCE * 3), "timeout"),
    "a truncated body": (broken_off(), "truncated"),
    "invalid JSON": (raw(200, b'{"kind": "PodList", "items": [}'), "broken"),
    "200 with HTML": (raw(200, b"<html>please log in</html>", "text/html"), "broken"),
    "an empty body": (raw(200, b""), "broken"),
}
CHECKS = [
    check
    for check in discover()
    if check.id in ("host-baseline", "image-pinned-by-digest", "instance-runs-release", "rollout-complete")
]
"""Checks of all four nouns, whose passes need each of the lists in another way."""
NOUNS = {path: decode.READ[kind][2] for path, kind in LISTS.items()}
OPTIONAL = (ROLLOUTS, BUDGETS, EVENTS)
"""Lists that an account may not be allowed to read, or a cluster not have, at no cost for the exit code."""
BLIND: dict[str, set[str]] = {
    PODS: {"image-pinned-by-digest", "instance-runs-release", "rollout-complete"},
    REPLICA_SETS: {"instance-runs-release", "rollout-complete"},
    DEPLOYMENTS: {"rollout-complete"},
    NODES: {"host-baseline"},
}
"""Which checks can pass nothing of a Deployment where a list was not read; for the other lists none."""


def collect(server: Loopback, folder: Path) -> Facts:
    return live.collect(connect(str(write_kubeconfig(folder, server.address)), "", PATIENCE))


def report_of(facts: Facts) -> Report:
    return audit(facts, "s-0", CHECKS, {})


def coverage(report: Report) -> dict[str, Coverage]:
    return {row.check: row for row in report.coverage}


def gaps_of(facts: Facts) -> set[tuple[str, str, bool]]:
    """Noun, code and whether required, without what no cluster's lists can show."""
    return {(gap.noun, gap.code, gap.required) for gap in facts.gaps if gap.code != "not-given"}


def tagged(name: str = "web-1-a", **more: str) -> Object:
    return pod(name, f"{REPOSITORY}:v1", f"{REPOSITORY}@{A}", owner=more.get("owner", "web-1"))


def violations(report: Report) -> set[tuple[str, str]]:
    return {(f.code, ref.name) for f in report.findings if f.verdict == "violation" for ref in f.subjects}


def test_a_whole_cluster_is_read_page_by_page(tmp_path: Path) -> None:
    with loopback(fleet(), page=1) as server:
        facts = collect(server, tmp_path)
        assert [query.get("continue") for query in server.asked(PODS)] == [None, "1"]
    report = report_of(facts)
    assert gaps_of(facts) == set()
    assert facts.scopes[0].id == "uid-of-the-cluster"
    assert {check: row.passed for check, row in coverage(report).items()} == {
        "host-baseline": 1,
        "image-pinned-by-digest": 2,
        "instance-runs-release": 2,
        "rollout-complete": 1,
    }
    assert report.exit_code == 0


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_list_that_is_not_read_is_a_gap_and_no_pass(path: str, fault: str, tmp_path: Path) -> None:
    answer, code = FAULTS[fault]
    with loopback(fleet()) as server:
        server.always[path] = answer
        facts = collect(server, tmp_path)
    report, kind = report_of(facts), LISTS[path]
    if (path, fault) == (ROLLOUTS, "404"):  # nothing in the cluster knows of Rollouts: there are none
        assert gaps_of(facts) == set()
        return
    required = path not in OPTIONAL or fault not in ("403", "404")
    assert gaps_of(facts) == {(NOUNS[path], code, required)}
    assert f"{kind} list not read" in next(gap.reason for gap in facts.gaps if gap.code == code)
    rows = coverage(report)
    assert {check for check, row in rows.items() if not row.passed} == BLIND.get(path, set())
    assert not [f for f in report.findings if f.verdict in ("violation", "error")]
    assert report.exit_code == (3 if required else 0)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_violation_on_page_one_survives_a_failure_on_page_two(fault: str, tmp_path: Path) -> None:
    answer, code = FAULTS[fault]
    with loopback([tagged(), *fleet()], page=1) as server:
        server.faults[PODS] = [None, answer]
        facts = collect(server, tmp_path)
    report = report_of(facts)
    assert ("Instance", code, True) in gaps_of(facts)
    assert ("tag-only", "web-1-a") in violations(report)
    assert coverage(report)["image-pinned-by-digest"].unseen
    assert coverage(report)["rollout-complete"].passed == 0
    assert report.exit_code == 10


def test_an_expired_continue_token_leads_to_a_fresh_list(tmp_path: Path) -> None:
    with loopback([tagged(), *fleet()], page=1) as server:
        server.faults[PODS] = [None, status(410, "Expired")]
        facts = collect(server, tmp_path)
        assert [sorted(query) for query in server.asked(PODS)] == [["limit"], ["continue", "limit"], []]
    assert gaps_of(facts) == set()
    assert [instance.ref.name for instance in facts.instances] == ["web-1-a", "web-1-x", "web-1-y"]


def test_after_an_expired_token_only_the_fresh_list_counts(tmp_path: Path) -> None:
    with loopback([tagged(), *fleet()], page=1) as server:
        server.faults[PODS] = [then(lambda changed: changed.objects.remove(changed.objects[0])), status(410, "Expired")]
        facts = collect(server, tmp_path)
    assert gaps_of(facts) == set()
    assert [instance.ref.name for instance in facts.instances] == ["web-1-x", "web-1-y"]
    assert report_of(facts).exit_code == 0


@pytest.mark.parametrize(
    ("again", "code"),
    [(status(410, "Expired"), "expired"), (status(403, "Forbidden"), "forbidden"), (raw(200, b"{"), "broken")],
    ids=["410", "403", "invalid JSON"],
)
def test_an_expired_token_and_a_fresh_list_that_fails_again(again: Fault, code: str, tmp_path: Path) -> None:
    with loopback([tagged(), *fleet()], page=1) as server:
        server.faults[PODS] = [None, status(410, "Expired"), again]
        facts = collect(server, tmp_path)
    report = report_of(facts)
    assert gaps_of(facts) == {("Instance", code, True)}
    assert violations(report) == {("tag-only", "web-1-a")}
    assert coverage(report)["rollout-complete"].passed == 0
    assert report.exit_code == 10


def test_a_fresh_list_that_is_itself_only_a_page_is_not_taken_for_the_whole(tmp_path: Path) -> None:
    page = listed(fleet()[3], kind="PodList")
    page["metadata"] = {"continue": "more", "remainingItemCount": 1}
    with loopback(fleet(), page=1) as server:
        server.faults[PODS] = [None, status(410, "Expired"), raw(200, json.dumps(page).encode())]
        facts = collect(server, tmp_path)
    report = report_of(facts)
    seen = {instance.ref.name for instance in facts.instances}
    assert seen == {"web-1-x", "web-1-y"} or "Instance" in {noun for noun, _, _ in gaps_of(facts)}
    assert report.exit_code == (3 if gaps_of(facts) else 0)


def test_a_broken_item_costs_itself_and_nothing_else(tmp_path: Path) -> None:
    broken = pod("web-1-b")
    broken["spec"]["containers"][0]["image"] = 5
    objects = fleet()
    with loopback([*objects[:4], broken, *objects[4:]]) as server:
        facts = collect(server, tmp_path)
    report = report_of(facts)
    assert gaps_of(facts) == {("Instance", "broken", True)}
    gap = next(gap for gap in facts.gaps if gap.code == "broken")
    assert "/api/v1/pods items[1]" in gap.reason
    assert "spec.containers[0].image" in gap.reason
    assert [instance.ref.name for instance in facts.instances] == ["web-1-x", "web-1-y"]
    rows = coverage(report)
    assert rows["image-pinned-by-digest"].passed == 2
    assert rows["image-pinned-by-digest"].unseen
    assert rows["rollout-complete"].passed == 0
    assert report.exit_code == 3


@pytest.mark.parametrize("path", LISTS)
def test_a_list_full_of_rubbish_is_a_gap_for_each_item(path: str, tmp_path: Path) -> None:
    rubbish: list[Any] = [None, 5, "text", [], {}, {"metadata": None}, {"metadata": {"name": "x"}}]
    body = json.dumps({"kind": f"{LISTS[path]}List", "apiVersion": decode.READ[LISTS[path]][0]})
    body = body[:-1] + f', "items": {json.dumps(rubbish)}}}'
    with loopback(fleet()) as server:
        server.always[path] = raw(200, body.encode())
        facts = collect(server, tmp_path)
    places = [gap.reason for gap in facts.gaps if gap.code == "broken" and gap.noun == NOUNS[path]]
    assert all(any(f"items[{index}]" in place for place in places) for index in range(len(rubbish)))
    assert report_of(facts).exit_code == (0 if path == EVENTS else 3)


def test_a_relation_that_dangles_in_the_first_read_and_resolves_in_the_second(tmp_path: Path) -> None:
    with loopback([*fleet(), pod("web-2-x", owner="web-2")]) as server:
        server.faults[NODES] = [then(lambda changed: changed.objects.append(replica_set("web-2")))]
        facts = collect(server, tmp_path)
        assert len(server.asked(PODS)) == 2
    assert gaps_of(facts) == set()
    assert coverage(report_of(facts))["instance-runs-release"].passed == 3


def test_a_relation_that_dangles_twice_is_a_required_gap(tmp_path: Path) -> None:
    with loopback([*fleet(), pod("web-2-x", owner="web-2")]) as server:
        facts = collect(server, tmp_path)
        assert len(server.asked(PODS)) == 2
    report = report_of(facts)
    assert gaps_of(facts) == {("Release", "dangling", True)}
    assert [(gap.count, "ReplicaSet" in gap.reason) for gap in facts.gaps if gap.code == "dangling"] == [(1, True)]
    found = [f for f in report.findings if f.check == "instance-runs-release"]
    assert [(f.verdict, f.code, [ref.name for ref in f.subjects]) for f in found] == [
        ("inconclusive", "dangling", ["web-2-x"])
    ]
    assert report.exit_code == 3


@pytest.mark.parametrize("fault", FAULTS)
def test_a_violation_of_the_first_read_survives_a_second_read_that_fails(fault: str, tmp_path: Path) -> None:
    answer, code = FAULTS[fault]
    with loopback([*fleet(), tagged("web-2-x", owner="web-2")]) as server:
        server.faults[PODS] = [None, answer]
        facts = collect(server, tmp_path)
        assert len(server.asked(PODS)) == 2
    assert ("Instance", code, True) in gaps_of(facts)
    report = report_of(facts)
    assert ("tag-only", "web-2-x") in violations(report)
    assert report.exit_code == 10


def test_a_list_that_fails_once_and_is_read_the_second_time_leaves_no_gap(tmp_path: Path) -> None:
    with loopback(fleet()) as server:
        server.faults[NODES] = [FAULTS["500 with HTML"][0]]
        facts = collect(server, tmp_path)
    assert gaps_of(facts) == set()
    assert report_of(facts).exit_code == 0


@pytest.mark.parametrize("fault", FAULTS)
def test_without_the_clusters_identity_everything_else_is_read(fault: str, tmp_path: Path) -> None:
    answer, code = FAULTS[fault]
    with loopback(fleet()) as server:
        server.always[KUBE_SYSTEM] = answer
        facts = collect(server, tmp_path)
    assert gaps_of(facts) == {("", code, False)}
    assert [(scope.id, scope.stable) for scope in facts.scopes] == [("context:loopback", False)]
    assert report_of(facts).exit_code == 0


@pytest.mark.parametrize("answer", [{}, {"metadata": {}}, [], {"metadata": {"uid": None}}, {"metadata": {"uid": ""}}])
def test_an_identity_without_a_uid_is_none(answer: Object, tmp_path: Path) -> None:
    with loopback(fleet()) as server:
        server.always[KUBE_SYSTEM] = raw(200, json.dumps(answer).encode())
        facts = collect(server, tmp_path)
    assert [(scope.id, scope.stable) for scope in facts.scopes] == [("context:loopback", False)]


def redirect(handler: Handler) -> None:
    """The answer of a proxy that wants a login first."""
    handler.send_response(302)
    handler.send_header("Location", "/login")
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def test_a_redirect_to_a_login_page_is_not_called_silence(tmp_path: Path) -> None:
    with loopback(fleet()) as server:
        server.always[PODS] = redirect
        facts = collect(server, tmp_path)
    assert gaps_of(facts) == {("Instance", "refused", True)}
    assert "nothing answers" not in next(gap.reason for gap in facts.gaps if gap.noun == "Instance")


def test_where_nothing_listens_there_is_no_snapshot(tmp_path: Path) -> None:
    api = connect(str(write_kubeconfig(tmp_path, nobodys_address())), "", PATIENCE)
    with pytest.raises(SourceError, match="nothing answers at http://127"):
        live.collect(api)


def everywhere(fault: Fault) -> Callable[[Loopback], None]:
    """Put a fault into every path."""
    return lambda server: server.always.update(dict.fromkeys((KUBE_SYSTEM, *LISTS), fault))


def at(path: str, *faults: Fault | None) -> Callable[[Loopback], None]:
    """Queue faults at one path."""
    return lambda server: server.faults[path].extend(faults)


@pytest.mark.parametrize(
    ("dirty", "prepare", "code", "said"),
    [
        (False, at(PODS), 0, '"gaps": ['),
        (True, at(PODS), 10, "tag-only"),
        (False, everywhere(status(401, "Unauthorized")), 3, "renew the credentials"),
        (False, everywhere(status(403, "Forbidden", "\x1b[2Jno \u202ereading")), 3, "grant the reading ClusterRole"),
        (True, at(PODS, None, status(403, "Forbidden")), 10, "Pod list not read"),
        (True, at(PODS, None, raw(500, HTML, "text/html")), 10, "Pod list not read"),
        (False, at(DEPLOYMENTS, *[broken_off()] * 2), 3, "broke off"),
        (False, at(REPLICA_SETS, *[raw(200, b"{")] * 2), 3, "ReplicaSet list not read"),
        (False, at(NODES, *[silence(3)] * 2), 3, "did not answer in time"),
        (False, everywhere(raw(200, b"<html>")), 3, "Pod list not read"),
    ],
    ids=["clean", "dirty", "401", "403", "403 on page two", "500 on page two", "truncated", "JSON", "timeout", "HTML"],
)
def test_the_command_line_reports_what_it_could_not_read(
    dirty: bool, prepare: Callable[[Loopback], None], code: int, said: str, tmp_path: Path
) -> None:
    (tmp_path / "auditor.toml").write_text("timeout = 1.0\n")
    objects = [tagged(), *fleet()] if dirty else fleet()
    with loopback(objects, page=1 if dirty else 500) as server:
        prepare(server)
        kubeconfig = write_kubeconfig(tmp_path, server.address, token="a-secret-token")
        done = auditor(tmp_path, "audit", "--kubeconfig", kubeconfig, "--json")
    assert done.code == code, done
    assert said in done.out, done
    assert "a-secret-token" not in done.out + done.err
    assert not {"\x1b", "\u202e"} & set(done.out + done.err)


def test_the_command_line_says_that_nothing_answers(tmp_path: Path) -> None:
    address = nobodys_address()
    done = auditor(tmp_path, "audit", "--kubeconfig", write_kubeconfig(tmp_path, address))
    assert (done.code, done.out) == (1, "")
    assert done.first == f"   error: context loopback: nothing answers at {address}"


@pytest.mark.parametrize(
    "answer",
    [
        {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "no", "code": 500},
        {"kind": "SecretList", "apiVersion": "v1", "items": [{"metadata": meta("a-secret")}]},
        {"kind": "SecretList", "apiVersion": "v1", "items": []},
        {"kind": "PodList", "apiVersion": "v1"},
    ],
    ids=["a Status", "other items", "an empty list of another kind", "a list without items"],
)
def test_what_is_no_list_of_pods_is_not_taken_for_an_empty_one(answer: Object, tmp_path: Path) -> None:
    with loopback(fleet()) as server:
        server.always[PODS] = raw(200, json.dumps(answer).encode())
        facts = collect(server, tmp_path)
    assert not facts.instances
    assert "Instance" in {noun for noun, _, required in gaps_of(facts) if required}
    assert coverage(report_of(facts))["rollout-complete"].passed == 0


def test_a_pod_that_was_replaced_between_two_pages_is_read_once(tmp_path: Path) -> None:
    newer = pod("web-1-x", image=f"{REPOSITORY}@{B}", resourceVersion="101")
    objects = fleet()
    with loopback([*objects, newer], page=1) as server:
        facts = collect(server, tmp_path)
    assert [instance.ref.name for instance in facts.instances] == ["web-1-x", "web-1-y"]
    assert facts.instances[0].containers[0].image == f"{REPOSITORY}@{B}"
