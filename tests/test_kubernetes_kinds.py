"""Every kind that is read, from recorded data: what becomes of it, and what is said where it can't be read."""

from __future__ import annotations

import json
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.objects import BORN, LATE, Object, controller, fleet, listed, meta, pod, record, template
from tools.catalogue import discover
from tools.check import View
from tools.collect.kubernetes.budgets import matches
from tools.collect.kubernetes.recording import collect
from tools.collect.kubernetes.wire import Requirement, Selector
from tools.engine import audit
from tools.model.facts import Facts
from tools.model.nouns import Instance, Release, Strategy, Workload
from tools.model.observation import NotObserved
from tools.model.report import Report

DATA = Path(__file__).parent / "data"
PORT = 'k:{"containerPort":80,"protocol":"TCP"}'


@pytest.fixture(scope="module")
def kinds() -> Facts:
    return collect(DATA / "lab" / "kinds.json")


@pytest.fixture(scope="module")
def must_gather(tmp_path_factory: pytest.TempPathFactory) -> Facts:
    folder = tmp_path_factory.mktemp("must-gather")
    with tarfile.open(DATA / "must-gather" / "must-gather-vsphere.tar.xz") as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # from Python 3.11.4 on
        archive.extractall(folder)
    return collect(folder)


def argo(folder: Path, state: str) -> Facts:
    """The recorded Argo Rollout in one of its states, with its ReplicaSets and pods as they were after its abortion."""
    for name in (f"rollout-{state}", "rollout-replicasets-aborted", "rollout-pods-aborted"):
        (folder / f"{name}.json").write_bytes((DATA / "lab" / f"{name}.json").read_bytes())
    return collect(folder)


def report_of(facts: Facts, check: str) -> Report:
    return audit(facts, "s-0", [one for one in discover() if one.id == check], {})


def workload(facts: Facts, name: str) -> Workload:
    return next(w for w in facts.workloads if w.ref.name == name)


def instance(facts: Facts, name: str) -> Instance:
    return next(i for i in facts.instances if i.ref.name == name)


def releases(facts: Facts, name: str) -> list[Release]:
    return [r for r in facts.releases if r.workload.name == name]


def made_by(facts: Facts, prefix: str) -> list[str]:
    """The releases of the instances whose names begin so."""
    found = [i.release_ref for i in facts.instances if i.ref.name.startswith(prefix)]
    assert all(ref is not None and ref.uid for ref in found)
    return [ref.name for ref in found if ref is not None]


class TestSets:
    """StatefulSets and DaemonSets: their releases are ControllerRevisions."""

    def test_the_current_revision_is_the_one_with_the_workloads_template(self, kinds: Facts) -> None:
        view = View(kinds)
        for name, number in (("ledger", 2), ("agent", 2), ("kept", 2)):
            found = workload(kinds, name)
            current = view.current_release(found)
            assert (current.template, current.number, found.number) == (found.template, number, number)
            assert {r.template == found.template for r in releases(kinds, name)} == {True, False}
        assert workload(kinds, "ledger").current == view.current_release(workload(kinds, "ledger")).ref.name

    def test_a_pod_is_of_the_revision_that_its_label_names(self, kinds: Facts) -> None:
        old, new = sorted(releases(kinds, "ledger"), key=lambda r: r.number or 0)
        assert made_by(kinds, "ledger-") == [old.ref.name, new.ref.name, new.ref.name]
        assert set(made_by(kinds, "kept-")) == {r.ref.name for r in releases(kinds, "kept") if r.number == 1}
        assert set(made_by(kinds, "agent-")) == {r.ref.name for r in releases(kinds, "agent") if r.number == 2}

    def test_a_part_stands_in_the_revisions_data(self, kinds: Facts) -> None:
        for release in releases(kinds, "ledger"):
            assert [part.slot for part in release.parts] == ["/data/spec/template/spec/containers/0"]
            assert (release.replicas, release.ready) == (None, None)

    def test_strategies_and_limits(self, kinds: Facts) -> None:
        told = {w.ref.name: (w.strategy, w.history_limit) for w in kinds.workloads}
        assert told == {
            "ledger": (Strategy("RollingUpdate", "1", "", 1), 5),
            "agent": (Strategy("RollingUpdate", "0", "1"), 4),
            "kept": (Strategy("OnDelete"), 10),
            "web": (Strategy("RollingUpdate", "0", "1"), 3),
            "batch": (Strategy("Recreate"), 10),
            "report": (None, None),
            "migrate": (None, None),
            "old": (None, None),
        }

    def test_the_status_counts_what_the_strategy_has_replaced(self, kinds: Facts) -> None:
        for name, replicas, updated in (("ledger", 3, 2), ("agent", 2, 2), ("kept", 2, 0)):
            found = workload(kinds, name)
            assert (found.replicas, found.rollout.updated, found.rollout.available) == (replicas, updated, replicas)
            assert found.rollout.since == "2026-11-23T22:20:49Z"

    def test_a_rollout_that_its_strategy_holds_is_no_violation(self, kinds: Facts) -> None:
        found = report_of(kinds, "rollout-complete").findings
        assert {(f.owner.name, f.verdict, f.code) for f in found} == {
            ("ledger", "inconclusive", "held-by-strategy"),
            ("kept", "inconclusive", "held-by-strategy"),
        }

    def test_a_revision_of_another_controller_is_no_release(self, tmp_path: Path) -> None:
        other = {"apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": meta("vm-1"), "revision": 1}
        other |= {"data": {"anything": [1]}}
        facts = collect(record(tmp_path / "all.json", *fleet(), other))
        assert [r.ref.kind for r in facts.releases] == ["ReplicaSet"]
        assert not [gap for gap in facts.gaps if gap.code == "broken"]


class TestJobs:
    def test_a_job_is_its_own_release_and_a_cron_jobs_is_its_owners(self, kinds: Facts) -> None:
        assert {(r.ref.name, r.workload.kind, r.workload.name) for r in kinds.releases if r.ref.kind == "Job"} == {
            ("migrate", "Job", "migrate"),
            ("report-by-hand", "CronJob", "report"),
        }
        (run,) = (i for i in kinds.instances if i.ref.name.startswith("report-by-hand"))
        assert (run.workload.kind, run.finished) == ("CronJob", True)
        assert not workload(kinds, "report").rolls

    def test_the_job_has_the_template_of_its_cron_job(self, kinds: Facts) -> None:
        assert View(kinds).current_release(workload(kinds, "report")).ref.name == "report-by-hand"

    def test_a_finding_survives_the_next_job_of_a_cron_job(self, tmp_path: Path) -> None:
        cron = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": meta("report")}
        cron |= {"spec": {"jobTemplate": {"spec": {"template": template("shop:v1")}}}}

        def prints(number: int) -> set[str]:
            owned = [{**controller("CronJob", "report")[0], "apiVersion": "batch/v1"}]
            job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta(f"r-{number}", ownerReferences=owned)}
            job |= {"spec": {"template": template("shop:v1")}}
            owner = [{**controller("Job", f"r-{number}")[0], "apiVersion": "batch/v1"}]
            one = pod(f"r-{number}-x", "shop:v1", owner="", ownerReferences=owner)
            facts = collect(record(tmp_path / "all.json", *fleet(), cron, job, one))
            return {f.fingerprint for f in report_of(facts, "image-pinned-by-digest").findings}

        assert len(prints(1)) == 1
        assert prints(1) == prints(2)


class TestArgo:
    def test_after_an_abortion_one_release_is_declared_and_another_runs(self, tmp_path: Path) -> None:
        facts = argo(tmp_path, "v3-aborted-settled")
        found, view = workload(facts, "checkout"), View(facts)
        assert view.current_release(found).number == found.number == 3
        assert {r.number for i in facts.instances if (r := view.release_of(i))} == {2}
        assert found.rollout.aborted
        assert found.strategy == Strategy("Canary", "1", "1")

    @pytest.mark.parametrize(
        ("state", "outcome"),
        [
            ("v3-aborted-settled", ("violation", "aborted")),
            ("canary-progress", ("inconclusive", "under-way")),
        ],
    )
    def test_what_is_said_of_its_rollout(self, state: str, outcome: tuple[str, str], tmp_path: Path) -> None:
        facts = argo(tmp_path, state)
        (found,) = report_of(facts, "rollout-complete").findings
        assert (found.verdict, found.code) == outcome
        if found.verdict == "violation":
            document = json.loads((DATA / "lab" / f"rollout-{state}.json").read_text())
            told = {e.pointer: e.value for e in found.evidence if e.ref.kind == "Rollout"}
            assert told["/status/abort"] is document["status"]["abort"]
            assert "error-rate" in str(told["/status/message"])

    def test_a_healthy_one_passes(self, tmp_path: Path) -> None:
        facts = argo(tmp_path, "v1-healthy")
        others = tuple(i for i in facts.instances if i.release_ref and i.release_ref.name.endswith("74cd9d7b8"))
        report = report_of(msgspec.structs.replace(facts, instances=others), "rollout-complete")
        assert report.coverage[0].passed == 1

    def test_without_a_template_of_its_own_nothing_is_current(self) -> None:
        facts = collect(DATA / "hand-made" / "rollouts.json")
        with pytest.raises(NotObserved):
            View(facts).current_release(workload(facts, "by-reference"))
        assert workload(facts, "shop").strategy == Strategy("BlueGreen")
        assert (workload(facts, "shop").paused, workload(facts, "shop").deadline) == (True, 120)
        assert workload(facts, "by-reference").strategy == Strategy("Canary", "1", "25%")


class TestMustGather:
    """An OpenShift cluster of 2021, recorded without ControllerRevisions."""

    def test_what_keeps_its_pods(self, must_gather: Facts) -> None:
        assert len(must_gather.instances) == 248
        assert Counter(i.workload.kind for i in must_gather.instances) == {
            "DaemonSet": 81,
            "Deployment": 71,
            "Pod": 64,
            "StaticPod": 27,
            "StatefulSet": 5,
        }
        assert all(w.read for w in must_gather.workloads)

    def test_a_manifest_on_several_nodes_is_one_workload(self, must_gather: Facts) -> None:
        static = [i for i in must_gather.instances if i.static]
        assert len(static) == 27
        assert Counter(i.workload.name for i in static) == {
            "coredns": 6,
            "keepalived": 6,
            "haproxy": 3,
            "etcd": 3,
            "kube-apiserver": 3,
            "kube-controller-manager": 3,
            "openshift-kube-scheduler": 3,
        }
        assert {i.release_ref for i in static} == {None}
        assert {i.owner.kind for i in static if i.owner} == {"Node"}

    def test_an_owner_that_does_not_control_is_no_controller(self, must_gather: Facts) -> None:
        """60 finished pods belong to ConfigMaps, four running ones to a CatalogSource, with `controller` not true."""
        bare = [i for i in must_gather.instances if i.owner is None]
        assert Counter(i.finished for i in bare) == {True: 60, False: 4}

    def test_what_needs_a_revision_is_inconclusive_and_costs_no_exit_code(self, must_gather: Facts) -> None:
        missing = {(g.noun, g.kind, g.required) for g in must_gather.gaps if g.code == "not-recorded"}
        assert missing == {
            ("Budget", "", False),
            ("Release", "ControllerRevision", False),
            ("Release", "Job", False),
            ("Release", "ReplicationController", False),
            ("Workload", "CronJob", False),
            ("Workload", "Rollout", False),
        }
        report = report_of(must_gather, "rollout-complete")
        row = report.coverage[0]
        assert (row.passed, row.violations, row.inconclusive, row.not_applicable) == (55, 0, 18, 7)
        assert {f.owner.kind for f in report.findings} == {"DaemonSet", "StatefulSet"}
        assert report.exit_code == 0

    def test_a_ready_replica_was_available_before_there_was_a_count(self, must_gather: Facts) -> None:
        sets = [w for w in must_gather.workloads if w.ref.kind == "StatefulSet"]
        assert {(w.replicas, w.rollout.available) for w in sets} == {(3, 3), (2, 2)}


class TestOwners:
    def test_an_owner_of_a_kind_that_is_not_read_is_said_with_its_version(self, tmp_path: Path) -> None:
        owner = [{**controller("StatefulSet", "db")[0], "apiVersion": "apps.example.io/v1beta1"}]
        facts = collect(record(tmp_path / "all.json", *fleet(), pod("db-0", owner="", ownerReferences=owner)))
        assert instance(facts, "db-0").workload.kind == "StatefulSet.apps.example.io"
        (gap,) = (g for g in facts.gaps if g.code == "not-read-yet")
        assert "apps.example.io/v1beta1" in gap.reason
        assert not gap.required

    @pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
    def test_a_revision_that_is_not_there_dangles(self, kind: str, tmp_path: Path) -> None:
        owner: Object = {
            "apiVersion": "apps/v1",
            "kind": kind,
            "metadata": meta("db"),
            "spec": {"template": template()},
        }
        one = pod("db-x", owner="", ownerReferences=controller(kind, "db"), labels={"controller-revision-hash": "abc"})
        (tmp_path / "revisions.json").write_text(json.dumps(listed(kind="ControllerRevisionList", version="apps/v1")))
        record(tmp_path / "all.json", *fleet(), owner, one)
        facts = collect(tmp_path)
        (gap,) = (g for g in facts.gaps if g.code == "dangling")
        assert (gap.noun, gap.kind, gap.namespace, gap.required) == ("Release", "ControllerRevision", "default", True)
        made = instance(facts, "db-x").release_ref
        assert made is not None
        assert (made.name, made.uid) == ("abc" if kind == "StatefulSet" else "db-abc", "")
        with pytest.raises(NotObserved, match="is of ControllerRevision/default/"):
            View(facts).release_of(instance(facts, "db-x"))
        web = workload(facts, "web")  # what a Deployment asks is whole all the same
        assert len(list(View(facts).releases_of(web))) == 1


class TestWrites:
    def test_who_scaled_and_who_set_an_image(self, kinds: Facts) -> None:
        told = {
            (w.ref.name, write.manager, write.subresource): write.owns
            for w in kinds.workloads
            for write in w.writes_seen or ()
            if write.owns
        }
        image = ("template/spec/containers/app/image",)
        assert told == {
            ("web", "kubectl", "scale"): ("replicas",),
            **{(name, "kubectl-set", ""): image for name in ("ledger", "agent", "kept")},
        }

    def test_an_instance_that_was_written_later(self, kinds: Facts) -> None:
        told = {i.ref.name: w.owns for i in kinds.instances for w in i.writes_seen or () if w.owns}
        assert list(told.values()) == [("containers/app/image",)]

    @pytest.mark.parametrize(
        ("fields", "owns"),
        [
            ({"f:spec": {"f:replicas": {}}}, ("replicas",)),
            ({"f:metadata": {"f:labels": {"f:a": {}}}}, ()),
            (
                {"f:spec": {"f:template": {"f:metadata": {"f:annotations": {".": {}, "f:a.example/restarted": {}}}}}},
                ("template/metadata/annotations/a.example/restarted",),
            ),
            (
                {"f:spec": {"f:containers": {'k:{"name":"app"}': {"f:ports": {PORT: {".": {}}}}}}},
                ("containers/app/ports/80,TCP",),
            ),
            ({"f:spec": {"f:finalizers": {'v:"a"': {}}}}, ("finalizers/a",)),
        ],
    )
    def test_the_paths_that_a_later_entry_owns(self, fields: Any, owns: tuple[str, ...], tmp_path: Path) -> None:
        entry = {"manager": "m", "operation": "Update", "apiVersion": "v1", "fieldsV1": fields}
        entries = [{**entry, "time": BORN}, {**entry, "time": LATE}, {**entry, "time": LATE, "subresource": "status"}]
        facts = collect(record(tmp_path / "all.json", pod("x", owner="", managedFields=entries)))
        told = [(write.time, write.owns) for write in facts.instances[0].writes]
        assert told == [(BORN, ()), (LATE, owns)], "one at creation, one later; what wrote the status is no write of it"


class TestEvents:
    def test_a_container_whose_definition_changed_is_a_change(self, kinds: Facts) -> None:
        (change,) = kinds.changes
        changed = next(i for i in kinds.instances if any(w.owns for w in i.writes_seen or ()))
        assert (change.ref, change.root, change.act, change.source) == (changed.ref, changed.workload, "write", "event")
        assert (change.container, change.time) == ("app", "2026-11-23T22:20:58Z")
        assert change.note == "Container app definition changed, will be restarted"
        assert change.actor_seen is None

    def test_the_event_of_a_pod_that_is_gone_is_its_own(self, tmp_path: Path) -> None:
        document = json.loads((DATA / "lab" / "kinds.json").read_text())
        kept = [item for item in document["items"] if item["kind"] == "Event"]
        facts = collect(record(tmp_path / "all.json", *kept))
        (change,) = facts.changes
        assert change.root == change.ref
        assert change.ref.kind == "Pod"


class TestBudgets:
    def test_a_budget_covers_the_workloads_whose_instances_it_selects(self, kinds: Facts) -> None:
        told = {b.ref.name: ([ref.name for ref in b.covers], b.min_available, b.max_unavailable) for b in kinds.budgets}
        assert told == {"ledger": (["ledger"], "2", ""), "both": (["agent", "web"], "", "50%")}
        assert {b.ref.name: b.allowed for b in kinds.budgets} == {"ledger": 1, "both": None}
        assert [b.ref.name for b in View(kinds).budgets_of(workload(kinds, "web"))] == ["both"]

    @pytest.mark.parametrize(
        ("operator", "values", "labels", "holds"),
        [
            ("In", ["a", "b"], {"k": "a"}, True),
            ("In", ["a", "b"], {"k": "c"}, False),
            ("In", ["a", "b"], {}, False),
            ("NotIn", ["a"], {"k": "b"}, True),
            ("NotIn", ["a"], {"k": "a"}, False),
            ("NotIn", ["a"], {}, True),
            ("Exists", None, {"k": ""}, True),
            ("Exists", None, {}, False),
            ("DoesNotExist", None, {}, True),
            ("DoesNotExist", None, {"k": ""}, False),
        ],
    )
    def test_a_selector(self, operator: Any, values: list[str] | None, labels: dict[str, str], holds: bool) -> None:
        requirement = Requirement("k", operator, values)
        assert matches(Selector(match_expressions=[requirement]), labels) is holds
        assert not matches(Selector({"other": "x"}, [requirement]), labels)
        assert matches(Selector(), labels)

    def test_in_another_namespace_it_covers_nothing(self, tmp_path: Path) -> None:
        def budget(name: str, namespace: str, **spec: Any) -> Object:
            kind = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget"}
            return {**kind, "metadata": meta(name, namespace=namespace), "spec": spec}

        everything: Object = {"selector": {}}
        budgets = [
            budget("here", "default", **everything),
            budget("there", "other", **everything),
            budget("no", "default"),
        ]
        facts = collect(record(tmp_path / "all.json", *fleet(), *budgets))
        assert {b.ref.name: [ref.name for ref in b.covers] for b in facts.budgets} == {
            "here": ["web"],
            "there": [],
            "no": [],
        }
