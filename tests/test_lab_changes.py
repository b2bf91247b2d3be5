"""What the lab's scenarios did to instances and workloads: is the evidence there, and is the audit's answer right?

The evidence is the API server's own log and objects. The audit is of the live cluster with that log, as the reader, and
is compared with labels that were written before it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.driver.rights import grant_as_shipped
from tests.lab import labels, recording, scenarios
from tests.lab.cluster import Lab
from tests.lab.scenarios.entered_by_exec import MISSING
from tests.lab.scenarios.planted import CHANGED_BY_HAND, ENTERED, HEALTHY, MIXED_IMAGES, Planted, file_of
from tests.running import auditor

pytestmark = pytest.mark.lab

PLANTED = (
    scenarios.entered_by_exec, scenarios.entered_otherwise, scenarios.debugged, scenarios.visited,
    scenarios.unmanaged_pods, scenarios.unusual_owners,
)  # fmt: skip
Row = dict[str, Any]


@dataclass
class Fleet:
    """What was planted, the log's lines about it, the pods, and the audit's report."""

    things: list[Planted]
    events: list[Row]
    pods: list[Row]
    report: Row
    files: list[bool]

    def of(self, scenario: str, wrong: str) -> list[Planted]:
        """What a scenario planted of that word; there must be some."""
        found = [one for one in self.things if (one.scenario, one.wrong) == (scenario, wrong)]
        assert found, f"{scenario} planted nothing that is {wrong}"
        return found

    def acts(self, thing: Planted, subresource: str) -> list[Row]:
        """The log's events of one subresource of an object."""
        wanted = (thing.namespace, thing.name, subresource)
        keys = ("namespace", "name", "subresource")
        return [e for e in self.events if tuple(e["objectRef"].get(key) for key in keys) == wanted]


@pytest.fixture(scope="module")
def fleet(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    mark, since = secrets.token_hex(3), recording.mark(lab)
    names = {one.__name__: f"{one.__name__.replace('_', '-')}-{mark}" for one in PLANTED}
    with ThreadPoolExecutor(3) as pool:
        things = [t for found in pool.map(lambda s: s(lab, names[s.__name__]), PLANTED) for t in found]
    files = [same_as_written(lab, name, namespace, things) for name, namespace in names.items()]
    grant_as_shipped(lab)
    log = ["--audit-log", str(lab.audit_log), "--audit-policy", str(lab.audit_policy)]
    home: Path = tmp_path_factory.mktemp("changes")
    said = auditor(home, "audit", "--json", "--kubeconfig", lab.kubeconfig("auditor-reader"), *log)
    assert said.code == 10, said
    events = [json.loads(line) for line in recording.logged(lab, since, names.values())]
    pods = [pod for namespace in names.values() for pod in lab.objects("pods", namespace)]
    yield Fleet(things, events, pods, said.report, files)
    for namespace in names.values():
        lab.discard_namespace(namespace)


def same_as_written(lab: Lab, scenario: str, namespace: str, things: list[Planted]) -> bool:
    """Whether the scenario wrote its labels down, before anything was audited."""
    told = json.loads(file_of(lab, scenario, namespace).read_text())
    return bool(told == [json.loads(json.dumps(asdict(one))) for one in things if one.namespace == namespace])


def test_labels_were_written_first(fleet: Fleet) -> None:
    assert fleet.files == [True] * len(PLANTED)


def test_an_exec_is_a_get_that_starts_and_completes(fleet: Fleet) -> None:
    for thing in fleet.of("entered_by_exec", ENTERED):
        events = fleet.acts(thing, "exec")
        assert [e["stage"] for e in events] == ["ResponseStarted", "ResponseComplete"]
        assert len({e["auditID"] for e in events}) == 1
        told = {(e["verb"], e["responseStatus"]["code"], e["user"]["username"], e["level"]) for e in events}
        assert told == {("get", 101, "alice", "Request")}


def test_a_missing_program_is_answered_101_too(fleet: Fleet) -> None:
    (missed,) = (one for one in fleet.of("entered_by_exec", ENTERED) if one.detail["command"] == [MISSING])
    assert all("not-there" in event["requestURI"] for event in fleet.acts(missed, "exec"))


def test_a_forbidden_exec_is_tried_by_both_protocols(fleet: Fleet) -> None:
    (refused,) = (one for one in fleet.of("entered_by_exec", HEALTHY) if "refused" in one.detail)
    events = fleet.acts(refused, "exec")
    assert {(e["verb"], e["responseStatus"]["code"], e["user"]["username"]) for e in events} == {
        ("get", 403, "bob"),
        ("create", 403, "bob"),
    }


@pytest.mark.parametrize(("act", "resource"), [("attach", "attach"), ("cp", "exec"), ("port-forward", "portforward")])
def test_other_ways_in_are_logged(fleet: Fleet, act: str, resource: str) -> None:
    (thing,) = (one for one in fleet.of("entered_otherwise", ENTERED) if one.detail["act"] == act)
    done = [e for e in fleet.acts(thing, resource) if e["stage"] == "ResponseComplete"]
    assert done
    assert {(e["verb"], e["responseStatus"]["code"], e["user"]["username"]) for e in done} == {("get", 101, "alice")}
    if act == "cp":
        assert any("command=tar" in event["requestURI"] for event in done)


def test_scale_is_a_patch_of_the_subresource_and_names_no_field_manager(fleet: Fleet) -> None:
    (desk,) = fleet.of("visited", CHANGED_BY_HAND)
    (event,) = fleet.acts(desk, "scale")
    assert (event["verb"], event["user"]["username"], event["responseStatus"]["code"]) == ("patch", "alice", 200)
    assert "fieldManager" not in event["requestURI"]
    assert event["userAgent"].startswith("kubectl/")


def test_a_moved_tag_changes_what_a_pod_of_the_same_uid_runs(lab: Lab, namespace: str) -> None:
    before = {one.uid: one.detail["running"] for one in scenarios.tag_in_use(lab, namespace) if one.kind == "Pod"}
    since = recording.mark(lab)
    things = scenarios.restarted_by_moved_tag(lab, namespace)
    now = {one.uid: one.detail["running"] for one in things if one.kind == "Pod"}
    assert now.keys() == before.keys()
    assert sum(now[uid] != before[uid] for uid in now) == 1
    assert [one.kind for one in things if one.wrong == MIXED_IMAGES] == ["ReplicaSet"]
    people = [e["user"]["username"] for e in map(json.loads, recording.logged(lab, since, [namespace]))]
    assert not {"alice", "admin", "ci-bot"} & set(people)


def test_the_audit_says_what_the_labels_say(fleet: Fleet) -> None:
    """Of these namespaces; the cluster may hold others'."""
    expected = labels.of(fleet.things, fleet.pods, sees_entering=True)
    ours = {one.namespace for one in fleet.things}
    said: dict[str, set[tuple[str, str, str]]] = {"violation": set(), "inconclusive": set()}
    for finding in fleet.report["findings"]:
        for subject in finding["subjects"]:
            if subject.get("namespace") in ours and finding["verdict"] in said:
                name = f"{subject['kind']}/{subject['namespace']}/{subject['name']}"
                said[finding["verdict"]].add((finding["check"], name, finding.get("part", "")))
    assert said["violation"] == units(expected["violations"])
    assert said["inconclusive"] >= units(expected["inconclusive"])


def units(rows: list[Row]) -> set[tuple[str, str, str]]:
    return {(row["check"], row["subject"], row.get("part", "")) for row in rows}
