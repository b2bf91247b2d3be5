"""One audit of a real cluster with everything planted in it: each check's three outcomes, on objects known by uid."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.driver.outcomes import outcome, snapshot
from tests.driver.rights import grant_as_shipped
from tests.lab import scenarios
from tests.lab.basics import locked
from tests.lab.cluster import Lab
from tests.lab.scenarios import planted
from tests.lab.scenarios.planted import Planted
from tests.running import auditor
from tools.check import View
from tools.engine import NOUNS
from tools.model.nouns import Instance, Workload

pytestmark = pytest.mark.lab

PLANTED = (
    scenarios.healthy_release, scenarios.tagged_release, scenarios.odd_reference, scenarios.broken_release,
    scenarios.patched_in_place, scenarios.half_rollout, scenarios.unread_owners, scenarios.admission_rewrites,
)  # fmt: skip
Json = dict[str, Any]


@dataclass
class Fleet:
    """What was planted, and what the auditor said of it."""

    things: tuple[Planted, ...]
    report: Json
    terminal: str
    evidence: str
    view: View
    raw: dict[str, Json]

    def of(self, scenario: str, kind: str, wrong: str) -> list[Planted]:
        """What a scenario planted of a kind; there must be some."""
        found = [t for t in self.things if (t.scenario, t.kind, t.wrong) == (scenario, kind, wrong)]
        assert found, f"{scenario} planted no {wrong} {kind}"
        return found

    def findings(self, uid: str, verdict: str = "violation", check: str = "") -> list[Json]:
        """The findings whose subjects hold the object."""
        return [
            f
            for f in self.report["findings"]
            if f["verdict"] == verdict and check in ("", f["check"]) and any(s["uid"] == uid for s in f["subjects"])
        ]


def plant_and_audit(lab: Lab, home: Path) -> Json:
    """All scenarios, planted at once; then one audit as the reader, with exactly the manifest's rights."""
    mark = secrets.token_hex(3)
    names = {one.__name__: f"{one.__name__.replace('_', '-')}-{mark}" for one in PLANTED}
    with ThreadPoolExecutor(len(PLANTED)) as pool:
        things = [asdict(t) for found in pool.map(lambda s: s(lab, names[s.__name__]), PLANTED) for t in found]
    grant_as_shipped(lab)
    reader = lab.kubeconfig("auditor-reader")
    said = auditor(home, "audit", "--json", "--kubeconfig", reader)
    assert said.code == 10, said
    kinds = "deployments,replicasets,statefulsets,daemonsets,controllerrevisions,jobs,pods"
    raw = {item["metadata"]["uid"]: item for name in names.values() for item in lab.objects(kinds, name)}
    printed = [auditor(home, "audit", "--kubeconfig", reader, *more) for more in ((), ("--evidence",))]
    assert [one.code for one in printed] == [10, 10], printed
    for name in names.values():
        lab.discard_namespace(name)
    outputs = {"terminal": printed[0].out, "evidence": printed[1].out}
    return {"things": things, "report": said.report, "raw": raw, **outputs}


@pytest.fixture(scope="module")
def fleet(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    """What one worker planted and audited, for all of them."""
    parallel = "PYTEST_XDIST_WORKER" in os.environ
    base = tmp_path_factory.getbasetemp()
    home = (base.parent if parallel else base) / "fleet"
    with locked("fleet"):
        file = home / "fleet.json"
        if not file.exists():
            home.mkdir(exist_ok=True)
            file.write_text(json.dumps(plant_and_audit(lab, home)))
    found = json.loads(file.read_text())
    things = tuple(Planted(**thing) for thing in found.pop("things"))
    return Fleet(things, view=snapshot(home, found["report"]), **found)


VIOLATED = [
    ("image-pinned-by-digest", "tag-only", "tagged_release", "Pod", planted.TAG_ONLY),
    ("instance-runs-release", "patched-in-place", "patched_in_place", "Pod", planted.PATCHED_IN_PLACE),
    ("rollout-complete", "deadline-exceeded", "broken_release", "Deployment", planted.DEADLINE_EXCEEDED),
    ("rollout-complete", "superseded-outlives", "half_rollout", "Pod", planted.SUPERSEDED_OUTLIVES),
]
OTHERS = [
    ("image-pinned-by-digest", "pass", "healthy_release", "Pod", planted.HEALTHY),
    ("image-pinned-by-digest", "pass", "admission_rewrites", "Pod", planted.HEALTHY),
    ("image-pinned-by-digest", "inconclusive", "odd_reference", "Pod", planted.UNRESOLVABLE_REFERENCE),
    ("instance-runs-release", "pass", "healthy_release", "Pod", planted.HEALTHY),
    ("instance-runs-release", "pass", "patched_in_place", "Pod", planted.HEALTHY),
    ("instance-runs-release", "inconclusive", "tagged_release", "Pod", planted.TAG_ONLY),
    ("instance-runs-release", "inconclusive", "admission_rewrites", "Pod", planted.HEALTHY),
    ("instance-runs-release", "pass", "unread_owners", "Pod", planted.HEALTHY),
    ("instance-runs-release", "not-applicable", "unread_owners", "Pod", planted.NO_OWNER),
    ("rollout-complete", "pass", "healthy_release", "Deployment", planted.HEALTHY),
    ("rollout-complete", "pass", "patched_in_place", "Deployment", planted.HEALTHY),
    ("rollout-complete", "inconclusive", "odd_reference", "Deployment", planted.UNRESOLVABLE_REFERENCE),
    ("rollout-complete", "pass", "unread_owners", "StatefulSet", planted.HEALTHY),
    ("rollout-complete", "pass", "unread_owners", "DaemonSet", planted.HEALTHY),
    ("rollout-complete", "not-applicable", "unread_owners", "Job", planted.HEALTHY),
]


@pytest.mark.parametrize(("check", "code", "scenario", "kind", "wrong"), VIOLATED)
def test_a_violation_is_found(fleet: Fleet, check: str, code: str, scenario: str, kind: str, wrong: str) -> None:
    for thing in fleet.of(scenario, kind, wrong):
        found = fleet.findings(thing.uid, check=check)
        assert [f["code"] for f in found] == [code], thing
        assert found[0]["owner"]["namespace"] == thing.namespace


@pytest.mark.parametrize(("check", "wanted", "scenario", "kind", "wrong"), OTHERS)
def test_what_is_no_violation(fleet: Fleet, check: str, wanted: str, scenario: str, kind: str, wrong: str) -> None:
    for thing in fleet.of(scenario, kind, wrong):
        assert outcome(fleet.view, check, thing.uid) == wanted, thing
        assert not fleet.findings(thing.uid, "violation", check)
        assert len(fleet.findings(thing.uid, "inconclusive", check)) == (wanted == "inconclusive")


def test_nothing_healthy_is_accused(fleet: Fleet) -> None:
    healthy = [thing for thing in fleet.things if thing.wrong == planted.HEALTHY]
    assert len(healthy) > 20
    assert not [(thing, fleet.findings(thing.uid)) for thing in healthy if fleet.findings(thing.uid)]


ALSO = {planted.NO_OWNER, planted.NOT_REPLACING}
"""What other checks than those of this file accuse."""


def test_every_violation_on_what_was_planted_was_planted(fleet: Fleet) -> None:
    """Nothing but the four faults, and the tags and surge pods that go with them, is accused in these namespaces."""
    known = {thing.uid: thing.wrong for thing in fleet.things}
    accused = {s["uid"] for f in fleet.report["findings"] if f["verdict"] == "violation" for s in f["subjects"]}
    assert {known[uid] for uid in accused & known.keys()} == {wrong for *_, wrong in VIOLATED} | ALSO
    assert not (accused & fleet.raw.keys()) - known.keys()


def _leaves(tree: Json, above: str = "") -> Iterator[str]:
    """The paths of a set of fields whose names hold no colon."""
    below = {key: inner for key, inner in tree.items() if key != "."}
    if not below:
        yield above
    for key, inner in below.items():
        step = json.loads(key[2:])["name"] if key.startswith("k:") else key[2:]
        yield from _leaves(inner, f"{above}/{step}" if above else step)


def told_by_api(item: Json, pointer: str) -> Any:
    """The value at a JSON pointer (RFC 6901); of an owner reference its kind and name, of a state its word, and of a
    set of fields their paths."""
    value: Any = item
    for step in pointer.split("/")[1:]:
        value = value[int(step)] if isinstance(value, list) else value.get(step.replace("~1", "/").replace("~0", "~"))
    if pointer.endswith("/fieldsV1"):
        return ", ".join(sorted(_leaves(value["f:spec"])))
    if value and pointer.endswith("/ownerReferences"):
        return f"{value[0]['kind']}/{value[0]['name']}"
    return value


def test_evidence_is_what_the_api_says(fleet: Fleet) -> None:
    compared = 0
    for finding in fleet.report["findings"]:
        for one in finding["evidence"]:
            item = fleet.raw.get(one["ref"]["uid"])
            if item is None or item["metadata"]["resourceVersion"] != one["version"]:
                continue
            assert item["kind"] == one["ref"]["kind"]
            assert (told_by_api(item, one["pointer"]) or 0) == (one["value"] or 0), one
            compared += 1
    assert compared >= 10


def test_an_instance_of_every_kind_has_its_release(fleet: Fleet) -> None:
    kinds = {"StatefulSet": "ControllerRevision", "DaemonSet": "ControllerRevision", "Job": "Job"}
    for thing in fleet.of("unread_owners", "Pod", planted.HEALTHY):
        instance = next(i for i in fleet.view.seen(Instance) if i.ref.uid == thing.uid)
        release = fleet.view.release_of(instance)
        assert release is not None
        assert release.ref.kind == kinds[thing.detail["owner"]]
        assert (release.workload.uid, instance.workload.uid) == (thing.detail["owner_uid"],) * 2
    for kind in ("StatefulSet", "DaemonSet"):
        for thing in fleet.of("unread_owners", kind, planted.HEALTHY):
            workload = next(w for w in fleet.view.seen(Workload) if w.ref.uid == thing.uid)
            assert fleet.view.current_release(workload).number == workload.number == 1
    assert not [gap for gap in fleet.report["gaps"] if gap["required"]]


def test_the_terminal_names_each_violated_object(fleet: Fleet) -> None:
    """The table names the workload of each finding; with its evidence, each object."""
    for _, _, scenario, kind, wrong in VIOLATED:
        for thing in fleet.of(scenario, kind, wrong):
            assert f"Deployment/{thing.namespace}/" in fleet.terminal, thing
            assert f"{thing.kind}/{thing.namespace}/{thing.name}" in fleet.evidence.replace("\n", ""), thing


def test_each_container_is_counted_once(fleet: Fleet) -> None:
    nouns = {noun.__name__.lower(): len(list(fleet.view.seen(noun))) for noun in NOUNS}
    assert fleet.report["counts"] == nouns
    for row in fleet.report["coverage"]:
        parts = ("passed", "violations", "inconclusive", "not_applicable", "errors")
        assert sum(row[part] for part in parts) == nouns[row["noun"]]
        assert row["errors"] == 0
