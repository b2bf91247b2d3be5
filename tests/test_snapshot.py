"""The one rule of missing evidence: a relation, a field or a set that was not observed raises; it never passes."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.objects import (
    INFO,
    LATE,
    REPOSITORY,
    B,
    C,
    Object,
    controller,
    deployment,
    fleet,
    node,
    pod,
    record,
    replica_set,
    wrote,
)
from tools.catalogue import discover
from tools.check import View
from tools.collect.kubernetes.recording import collect
from tools.engine import audit
from tools.model.facts import Facts
from tools.model.nouns import Container, Host, Instance, Pool, Release, Workload
from tools.model.observation import Gap, NotObserved

NOUNS = ("Instance", "Release", "Workload", "Host")
CHECKS = discover()


def facts_of(folder: Path, *objects: Object) -> Facts:
    """The facts of a recording that is whole: it may lack the lists of kinds that no Deployment needs."""
    facts = collect(record(folder / "all.json", *objects))
    return msgspec.structs.replace(facts, gaps=tuple(g for g in facts.gaps if g.required or g.code != "not-recorded"))


def view_of(folder: Path, *objects: Object) -> View:
    return View(facts_of(folder, *objects))


def gap_over(facts: Facts, noun: str, **more: Any) -> Facts:
    """The same facts with a gap over a noun."""
    gap = Gap(scope=facts.scopes[0].id, noun=noun, code="forbidden", reason="not read", **more)
    return msgspec.structs.replace(facts, gaps=(*facts.gaps, gap))


def first(things: Any) -> Any:
    return next(iter(things))


class TestSingleRelation:
    def test_none_where_nothing_is_referred_to(self, tmp_path: Path) -> None:
        view = view_of(tmp_path, pod("x", owner=""), replica_set(), deployment())
        bare = first(view.seen(Instance))
        assert view.release_of(bare) is None
        assert view.workload_of(bare) is None
        assert view.host_of(bare) is None

    def test_the_thing_where_it_was_read(self, tmp_path: Path) -> None:
        view = view_of(tmp_path, *fleet())
        instance = first(view.seen(Instance))
        release, host, workload = view.release_of(instance), view.host_of(instance), view.workload_of(instance)
        assert (release and release.ref.name, host and host.ref.name) == ("web-1", "node-a")
        assert (workload and workload.ref.name) == "web"
        assert view.instance_of(instance.containers[0]) is instance

    @pytest.mark.parametrize(("kind", "relation"), [("ReplicaSet", "release_of"), ("Node", "host_of")])
    def test_raises_where_the_reference_does_not_resolve(self, kind: str, relation: str, tmp_path: Path) -> None:
        view = view_of(tmp_path, *(o for o in fleet() if o["kind"] != kind))
        with pytest.raises(NotObserved) as missing:
            getattr(view, relation)(first(view.seen(Instance)))
        assert missing.value.code == "not-recorded"

    def test_says_unresolved_where_no_gap_tells_why(self, tmp_path: Path) -> None:
        facts = msgspec.structs.replace(facts_of(tmp_path, *fleet()), hosts=(), releases=())
        view = View(facts)
        instance = first(view.seen(Instance))
        for relation in (view.release_of, view.host_of):
            with pytest.raises(NotObserved) as missing:
                relation(instance)
            assert missing.value.code == "unresolved"

    def test_a_container_of_another_snapshot_is_not_observed(self, tmp_path: Path) -> None:
        view = view_of(tmp_path, *fleet())
        stranger = first(view_of(tmp_path, pod("stranger", owner="")).seen(Container))
        with pytest.raises(NotObserved):
            view.instance_of(stranger)

    def test_an_owner_of_a_kind_that_is_not_read(self, tmp_path: Path) -> None:
        objects = [*fleet(), pod("db-0", owner="", ownerReferences=controller("Database", "db"))]
        view = view_of(tmp_path, *objects)
        instance = next(i for i in view.seen(Instance) if i.ref.name == "db-0")
        with pytest.raises(NotObserved) as missing:
            view.release_of(instance)
        assert missing.value.code == "not-read-yet"
        workload = view.workload_of(instance)
        assert workload is not None
        assert not workload.read
        with pytest.raises(NotObserved):
            view.current_release(workload)


class TestField:
    def test_an_absent_field_raises_when_it_is_read(self, tmp_path: Path) -> None:
        bare = pod("x", owner="", generation=None, status={"containerStatuses": []})
        idle = deployment()
        del idle["status"]
        view = view_of(tmp_path, bare, idle, replica_set(), node("n", info={}))
        instance, host = first(view.seen(Instance)), first(view.seen(Host))
        workload = next(w for w in view.seen(Workload) if w.ref.kind == "Deployment")
        for read in (
            lambda: instance.generation,
            lambda: instance.writes,
            lambda: instance.containers[0].image_id,
            lambda: instance.containers[0].state,
            lambda: host.fact("kubelet_version"),
            lambda: workload.rollout,
            lambda: workload.observed_generation,
        ):
            with pytest.raises(NotObserved) as missing:
                read()
            assert missing.value.code == "not-reported"

    def test_a_default_that_the_api_documents_is_a_value(self, tmp_path: Path) -> None:
        plain = deployment(made={"spec": {"containers": [{"name": "app", "image": "a"}]}})
        for name in ("replicas", "progressDeadlineSeconds"):
            del plain["spec"][name]
        workload = first(view_of(tmp_path, plain).seen(Workload))
        assert (workload.replicas, workload.deadline, workload.paused) == (1, 600, False)

    def test_a_state_without_a_member_is_waiting(self, tmp_path: Path) -> None:
        status = {"containerStatuses": [{"name": "app", "imageID": "", "restartCount": 0, "state": {}}]}
        container = first(view_of(tmp_path, pod("x", owner="", status=status)).seen(Container))
        assert container.state == "waiting"


class TestSet:
    SETS = (
        ("Release", lambda v: v.releases_of(first(v.seen(Workload)))),
        ("Instance", lambda v: v.instances_of(first(v.seen(Workload)))),
        ("Instance", lambda v: v.instances_of(first(v.seen(Release)))),
        ("Instance", lambda v: v.instances_on(first(v.seen(Host)))),
        ("Host", lambda v: v.hosts_of(first(v.seen(Pool)))),
        ("Instance", lambda v: v.all(Instance)),
        ("Instance", lambda v: v.all(Container)),
        ("Host", lambda v: v.all(Pool)),
        ("Workload", lambda v: v.all(Workload)),
    )

    @pytest.mark.parametrize(("noun", "read"), SETS)
    def test_it_ends_where_all_was_seen(self, noun: str, read: Any, tmp_path: Path) -> None:
        assert list(read(view_of(tmp_path, *fleet()))), noun

    @pytest.mark.parametrize(("noun", "read"), SETS)
    def test_it_yields_what_was_seen_and_then_raises(self, noun: str, read: Any, tmp_path: Path) -> None:
        facts = facts_of(tmp_path, *fleet())
        whole, reader = list(read(View(facts))), read(View(gap_over(facts, noun)))
        assert [next(reader) for _ in whole] == whole
        with pytest.raises(NotObserved) as missing:
            next(reader)
        assert (missing.value.code, missing.value.reason) == ("forbidden", "not read")

    @pytest.mark.parametrize(("noun", "read"), SETS)
    def test_a_gap_over_another_noun_or_scope_does_not_matter(self, noun: str, read: Any, tmp_path: Path) -> None:
        facts = facts_of(tmp_path, *fleet())
        roots = {"Release", "Workload"} if noun == "Instance" else set()  # they tell whose an instance is
        for other in sorted(set(NOUNS) - {noun} - roots):
            facts = gap_over(facts, other)
        elsewhere = Gap(scope="another", noun=noun, code="forbidden", reason="not read")
        view = View(msgspec.structs.replace(facts, gaps=(*facts.gaps, elsewhere)))
        if "all" in read.__code__.co_names:  # a look over all scopes falls into every scope's gaps
            with pytest.raises(NotObserved):
                list(read(view))
        else:
            assert list(read(view))

    def test_a_gap_of_one_namespace_matters_there_alone(self, tmp_path: Path) -> None:
        facts = facts_of(tmp_path, *fleet())
        workload = first(View(facts).seen(Workload))
        assert list(View(gap_over(facts, "Instance", namespace="other")).instances_of(workload))
        with pytest.raises(NotObserved):
            list(View(gap_over(facts, "Instance", namespace="default")).instances_of(workload))

    def test_any_finds_what_is_there_and_all_alike_raises(self, tmp_path: Path) -> None:
        view = View(gap_over(facts_of(tmp_path, *fleet()), "Instance"))
        workload = first(view.seen(Workload))
        assert any(i.ref.name == "web-1-y" for i in view.instances_of(workload))
        with pytest.raises(NotObserved):
            all(i.ready for i in view.instances_of(workload))

    def test_a_relation_that_dangles_tells_that_the_set_is_not_whole(self, tmp_path: Path) -> None:
        view = view_of(tmp_path, *fleet(), pod("x", owner="", spec={"nodeName": "node-c"}))
        with pytest.raises(NotObserved):
            list(view.hosts_of(first(view.seen(Pool))))

    def test_an_instance_whose_release_dangles_may_be_any_workloads(self, tmp_path: Path) -> None:
        view = view_of(tmp_path, *fleet(), pod("x", owner="web-0", spec={"nodeName": "node-a"}))
        workload = next(w for w in view.seen(Workload) if w.ref.kind == "Deployment")
        with pytest.raises(NotObserved):
            list(view.instances_of(workload))

    def test_an_empty_set_can_be_said_only_without_a_gap(self, tmp_path: Path) -> None:
        objects = [o for o in fleet() if o["kind"] != "Pod"]
        facts = collect(record(tmp_path / "all.json", *objects, pod("x", owner="")))
        release = first(View(facts).seen(Release))
        assert list(View(facts).instances_of(release)) == []
        with pytest.raises(NotObserved):
            list(View(gap_over(facts, "Instance")).instances_of(release))


NEW = f"{REPOSITORY}@{B}"
OLD_INFO = {**INFO, "kubeletVersion": "v1.35.9"}
DIRTY: list[Object] = [
    *fleet(),
    deployment("api", NEW, spec={"paused": True}, status={"updatedReplicas": 0, "conditions": []}),
    replica_set("api-2", NEW, owner="api", creationTimestamp="2026-11-01T10:10:00Z"),
    replica_set("api-1", owner="api"),
    pod("api-1-x", owner="api-1", spec={"nodeName": "node-a"}),
    pod("api-2-x", NEW, NEW, owner="api-2", spec={"nodeName": "node-b"}),
    deployment("old", status={"replicas": 1}),
    replica_set("old-2", owner="old"),
    replica_set("old-1", f"{REPOSITORY}@{C}", owner="old", replicas=0),
    pod("old-2-x", owner="old-2", spec={"nodeName": "node-b"}),
    pod("old-1-x", owner="old-1", deletionTimestamp="2026-11-01T10:20:00Z", spec={"nodeName": "node-a"}),
    pod("web-1-z", NEW, NEW, managedFields=[wrote("kubectl", LATE)], spec={"nodeName": "node-c"}),
    pod("db-0", f"{REPOSITORY}:v1", owner="", ownerReferences=controller("StatefulSet", "db")),
    pod("bare", "nginx", owner="", spec={"nodeName": "node-d"}),
    node("node-c", info=OLD_INFO),
    *(node(name, {"eks.amazonaws.com/nodegroup": "blue"}) for name in ("node-d", "node-e")),
]
"""A cluster with every verdict in it."""
KINDS = ("Pod", "ReplicaSet", "Deployment", "Node", "Namespace")


def passes(facts: Facts) -> set[tuple[str, str, str]]:
    """Check, subject and part of everything that passes."""
    view, made = View(facts), set()
    report = audit(facts, "s-0", CHECKS, {})
    found = {(f.check, ref.key, f.part) for f in report.findings for ref in f.subjects}
    for check in CHECKS:
        for subject in view.seen(check.noun):
            key = (check.id, subject.ref.key, subject.name if isinstance(subject, Container) else "")
            if key not in found and passes_quietly(check, subject, view):
                made.add(key)
    return made


def passes_quietly(check: Any, subject: Any, view: View) -> bool:
    """Whether it yields nothing and raises nothing."""
    try:
        return not list(check(subject, view))
    except Exception:  # noqa: BLE001 - whatever it is, it is no pass
        return False


def not_passing(facts: Facts) -> set[tuple[str, str, str]]:
    """Check, subject and part of all that is found."""
    report = audit(facts, "s-0", CHECKS, {})
    return {(f.check, ref.key, f.part) for f in report.findings for ref in f.subjects}


def test_the_dirty_cluster_has_every_verdict(tmp_path: Path) -> None:
    report = audit(facts_of(tmp_path, *DIRTY), "s-0", CHECKS, {})
    assert {f.verdict for f in report.findings} == {"violation", "inconclusive"}
    watched = {check.id for check in CHECKS if check.watched}
    for row in report.coverage:
        assert row.violations + row.inconclusive, row
        assert bool(row.passed) == (row.check not in watched), f"{row}: without a log nothing that it would show passes"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kinds=st.sets(st.sampled_from(KINDS)))
def test_removing_kinds_of_objects_never_makes_a_pass(kinds: set[str], tmp_path: Path) -> None:
    before = facts_of(tmp_path, *DIRTY)
    after = facts_of(tmp_path, *(o for o in DIRTY if o["kind"] not in kinds))
    assert passes(after) <= passes(before)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(nouns=st.sets(st.sampled_from(NOUNS), min_size=1), namespace=st.sampled_from(["", "default", "other"]))
def test_adding_gaps_never_makes_a_pass(nouns: set[str], namespace: str, tmp_path: Path) -> None:
    before = after = facts_of(tmp_path, *DIRTY)
    for noun in sorted(nouns):
        after = gap_over(after, noun, namespace=namespace)
    assert passes(after) <= passes(before)
    assert not_passing(after) >= not_passing(before), "and what was found stands"


def test_a_superseded_instance_that_was_seen_stands_over_a_gap(tmp_path: Path) -> None:
    before = facts_of(tmp_path, *DIRTY)
    for facts in (before, gap_over(before, "Instance")):
        found = audit(facts, "s-0", CHECKS, {}).findings
        assert "old-1-x" in {ref.name for f in found if f.code == "superseded-outlives" for ref in f.subjects}


REFERRED = [
    index
    for index, thing in enumerate(DIRTY)
    if thing["kind"] in ("ReplicaSet", "Node", "Deployment") and thing["metadata"]["name"] not in ("old-2",)
]


@pytest.mark.parametrize("index", REFERRED, ids=lambda i: "-".join((DIRTY[i]["kind"], DIRTY[i]["metadata"]["name"])))
def test_losing_one_object_that_others_refer_to_never_makes_a_pass(index: int, tmp_path: Path) -> None:
    before, after = facts_of(tmp_path, *DIRTY), facts_of(tmp_path, *DIRTY[:index], *DIRTY[index + 1 :])
    assert passes(after) <= passes(before)


OPTIONAL = ("generation", "managedFields", "creationTimestamp")


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_stripping_metadata_or_status_never_makes_a_pass_of_what_was_found(data: st.DataObject, tmp_path: Path) -> None:
    stripped = copy.deepcopy(DIRTY)
    thing = data.draw(st.sampled_from([o for o in stripped if o["kind"] != "Namespace"]))
    for name in data.draw(st.sets(st.sampled_from(OPTIONAL))):
        thing["metadata"].pop(name, None)
    if data.draw(st.booleans()):
        thing.pop("status", None)
    found = not_passing(facts_of(tmp_path, *DIRTY))
    assert not found & passes(facts_of(tmp_path, *stripped))


def test_the_property_catches_a_pass_that_is_not_earned(tmp_path: Path) -> None:
    """A mutant: without the pods and without the gap that says so, what was found passes."""
    before = facts_of(tmp_path, *DIRTY)
    blind = msgspec.structs.replace(before, instances=(), gaps=())
    assert not passes(blind) <= passes(before)
