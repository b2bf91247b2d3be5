"""What this auditor did itself is no violation, and whoever imitates it is accused: each missing proof, alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import msgspec
import pytest

from tests.objects import deployment, record
from tests.test_changes_of_checks import IMAGE, LATER, change, facts, ref, told, watch, workload, write
from tools.check import View
from tools.collect.kubernetes.recording import collect
from tools.model.change import Actor, Change
from tools.model.history import History
from tools.model.report import Finding
from tools.model.sanction import Sanction, Sanctions
from tools.sanctions import Ledger
from tools.timeline import timeline_of

WEB = ref("Deployment", "web")
ID = "11111111-2222-4333-8444-555555555555"
US = Actor("auditor-actor", "person")
STEP = Sanction(
    plan="p-1", run="r-1", step=1, write_id=ID, user=US.name, ref=WEB, act="write", verb="patch",
    begin="2026-11-01T10:59:58Z", end="2026-11-01T11:00:01Z",
)  # fmt: skip
OURS = Sanctions({ID: STEP})
OTHERS = Sanctions({ID: msgspec.structs.replace(STEP, ref=ref("Deployment", "api"))})
LONG_AFTER = "2026-11-01T11:30:00Z"


def did(**more: Any) -> Change:
    """What the step did, as the log has it."""
    ours = {"tool": "auditor", "plan": "p-1", "version": ID, "actor_seen": US, "verb": "patch", "fields_seen": (IMAGE,)}
    return change(more.pop("act", "write"), of=more.pop("of", WEB), **{**ours, **more})


def found(*things: Any, sanctions: Sanctions = OURS) -> list[Finding]:
    return told("imperative-change", *things, history=History(sanctions=sanctions))


def test_the_step_itself_is_sanctioned() -> None:
    assert found(workload(), did(), watch()) == []


def test_it_is_known_by_its_audit_id_where_the_log_does_not_hold_what_was_written() -> None:
    assert found(workload(), did(fields_seen=None, plan="", tool="python"), watch()) == []
    (other,) = found(workload(), did(fields_seen=None, plan="", version="another"), watch())
    assert (other.code, other.verdict) == ("content-not-logged", "inconclusive")


ALICE = Actor("alice", "person")
IMITATORS: dict[str, tuple[tuple[Change, ...], Sanctions, str]] = {
    "a copied mark": (
        (did(version="another", actor_seen=ALICE, tool="kubectl-patch"),), OURS,
        "it carries the mark of plan p-1, and is not it: that plan's requests bore other audit ids",
    ),
    "a copied mark and name, by a pipeline": (
        (did(version="another", actor_seen=Actor("ci-bot", "pipeline")),), OURS, "bore other audit ids",
    ),
    "a copied mark by an unknown tool of a pipeline": (
        (did(version="another", actor_seen=Actor("ci-bot", "pipeline"), tool="curl"),), OURS, "bore other audit ids",
    ),
    "a replayed audit id by another user": ((did(actor_seen=ALICE),), OURS, "carried out, not alice"),
    "the same without the mark, by a pipeline": (
        (did(actor_seen=Actor("ci-bot", "pipeline"), plan="", tool="curl"),), OURS, "carried out, not ci-bot",
    ),
    "our name, in a pipeline's update": (
        (did(version="another", actor_seen=Actor("ci-bot", "pipeline"), plan="", verb="update"),), OURS,
        "it is none of this auditor's: its audit id is of no step that this store's ledger proves",
    ),
    "our account, in an update with another tool": (
        (did(version="another", actor_seen=Actor("x", "auditor"), tool="curl", plan="", verb="update"),), OURS,
        "its audit id is of no step",
    ),
    "a replayed audit id with a tool that declares": (
        (did(actor_seen=Actor("ci-bot", "pipeline"), plan="", tool="helm"),), OURS, "carried out, not ci-bot",
    ),
    "an impersonator": (
        (did(actor_seen=msgspec.structs.replace(US, impersonator="alice")),), OURS,
        "but alice sent it as auditor-actor",
    ),
    "on another object": (
        (did(),), OTHERS,
        "which wrote to Deployment/default/api",
    ),
    "on another object of the same name": (
        (did(),), Sanctions({ID: msgspec.structs.replace(STEP, ref=msgspec.structs.replace(WEB, uid="uid-old"))}),
        "which wrote to",
    ),
    "with another verb": ((did(verb="update"),), OURS, "which was a patch (write), not a update (write)"),
    "with another act": ((did(act="scale"),), OURS, "not a patch (scale)"),
    "twice": ((did(), did(time="2026-11-01T11:00:01Z")), OURS, f"which was used before, at {LATER}"),
    "in a series": ((did(count=2, last=LATER),), OURS, "a step is done once"),
    "a plan that was never executed": (
        (did(version="another", plan="p-2"),), OURS, "no such plan was executed, as this store's ledger knows",
    ),
    "a plan of another store": ((did(),), Sanctions(), "no such plan was executed"),
    "after the step's end": (
        (did(time=LONG_AFTER),), OURS, f"which ran from {STEP.begin} to {STEP.end}, not at {LONG_AFTER}",
    ),
    "before the step's intent": ((did(time="2026-11-01T10:59:50Z"),), OURS, "which ran from"),
    "a plan that the ledger does not prove": (
        (did(),), Sanctions({}, {"p-1": "step 1: its intent is not in the ledger"}),
        "the ledger does not prove that this plan was executed: step 1: its intent is not in the ledger",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", IMITATORS)
def test_an_imitator_is_accused(name: str) -> None:
    changes, sanctions, why = IMITATORS[name]
    (finding,) = found(workload(), *changes, watch(), sanctions=sanctions)
    assert (finding.code, finding.verdict) == (
        "scaled" if name == "with another act" else "template-changed",
        "violation",
    )
    assert why in finding.message
    assert any(one.value == changes[-1].version for one in finding.evidence), "the audit id is evidence"


def test_a_mark_that_is_carried_along_accuses_nobody() -> None:
    """An operator that reads the object and writes it back whole, a manifest that was exported with the mark in it."""
    operator = did(version="x", verb="update", tool="operator/v1", actor_seen=Actor("operator", "unknown"))
    applied = did(version="y", tool="kubectl-client-side-apply", actor_seen=ALICE)
    controller = did(version="z", verb="update", tool="kube-controller-manager", actor_seen=Actor("c", "controller"))
    assert found(workload(), operator, applied, controller, watch()) == []


def test_evictions_have_an_audit_id_for_each_pod() -> None:
    drain = msgspec.structs.replace(STEP, act="evict", verb="create", ref=ref("Node", "node-a"), owners=(WEB,))
    pod, other = ref(), ref(name="web-2-y")
    evicted = did(act="evict", of=pod, verb="create", version=str(uuid5(UUID(ID), pod.uid)), plan="", fields_seen=None)

    def of(one: Change) -> Any:
        return Ledger(Sanctions({ID: drain})).judge(one)

    assert of(evicted).step == drain
    assert of(msgspec.structs.replace(evicted, ref=other)).step is None
    assert of(msgspec.structs.replace(evicted, root=ref("Deployment", "api"))).step is None
    assert of(msgspec.structs.replace(evicted, root=pod)).step == drain, "its owners are gone with it"
    assert of(msgspec.structs.replace(evicted, actor_seen=ALICE)).step is None
    nameless = msgspec.structs.replace(evicted, ref=msgspec.structs.replace(pod, uid=""))
    assert of(nameless) is None, "nobody knows which pod it was"
    assert of(msgspec.structs.replace(evicted, tool="kubectl", version="another")) is None, "it says nothing of us"


class TestWithoutALog:
    """What managedFields alone say."""

    OWNS = ("template/spec/containers/app/image",)

    def said(self, mark: str = "p-1", sanctions: Sanctions = OURS, manager: str = "auditor", **more: Any) -> Finding:
        claim = write(manager, **{"owns": self.OWNS, "marks": True, **more})
        return found(workload(writes_seen=(claim,), mark=mark), sanctions=sanctions)[0]

    def test_our_own_is_not_accused_and_it_is_said_how_weak_that_is(self) -> None:
        finding = self.said()
        assert (finding.verdict, finding.code) == ("inconclusive", "no-audit-log")
        assert "by the mark and the time alone; an audit log would prove it" in finding.message
        assert "step 1 of plan p-1" in finding.message

    @pytest.mark.parametrize(
        ("more", "why"),
        [
            ({"mark": "p-2"}, "no such plan was executed"),
            ({"sanctions": Sanctions()}, "no such plan was executed"),
            ({"time": LONG_AFTER}, f"and it was written at {LONG_AFTER}"),
            ({"manager": "kubectl-patch"}, "that plan wrote as field manager auditor"),
            ({"manager": "curl"}, "that plan wrote as field manager auditor"),
            ({"marks": False}, "what it wrote is of no step"),
            ({"sanctions": OTHERS}, "that plan did not write to"),
        ],
    )  # fmt: skip
    def test_an_imitator_is_accused(self, more: dict[str, Any], why: str) -> None:
        finding = self.said(**more)
        assert (finding.verdict, finding.code) == ("violation", "template-changed")
        assert why in finding.message

    def test_a_log_that_is_whole_and_has_no_such_write_outweighs_the_mark(self) -> None:
        claim = write("auditor", owns=self.OWNS, marks=True)
        (finding,) = found(workload(writes_seen=(claim,), mark="p-1"), watch())
        assert "the audit log has no such write" in finding.message

    def test_a_log_that_has_it_says_it_once(self) -> None:
        claim = write("auditor", owns=self.OWNS, marks=True)
        assert found(workload(writes_seen=(claim,), mark="p-1"), did(), watch()) == []


class TestTimeline:
    """A timeline says whose a marked change was."""

    def told(self, *changes: Change, sanctions: Sanctions = OURS) -> list[str]:
        view = View(facts(workload(), *changes, watch()), history=History(sanctions=sanctions))
        return [entry.what for entry in timeline_of(WEB, view).entries if "wrote to" in entry.what]

    def test_ours_is_its_step_and_what_imitates_it_is_not(self) -> None:
        (own, other) = self.told(did(), did(version="another", time="2026-11-01T11:00:01Z", actor_seen=ALICE))
        assert "(step 1 of plan p-1)" in own
        assert "(not this auditor: it carries the mark of plan p-1, and is not it: " in other

    def test_a_controller_that_carries_a_mark_along_says_nothing(self) -> None:
        (what,) = self.told(did(version="z", actor_seen=Actor("c", "controller"), tool="kube-controller-manager"))
        assert "plan" not in what


def test_a_mark_and_who_wrote_it_are_read_off_the_object(tmp_path: Path) -> None:
    owned = {"f:metadata": {"f:annotations": {"f:auditor/plan": {}}}, "f:spec": {"f:replicas": {}}}
    rows = [("auditor", owned, "2026-11-01T11:00:00Z"), ("helm", {"f:spec": {"f:paused": {}}}, "2026-11-01T10:30:00Z")]
    entries = [
        {"manager": manager, "operation": "Update", "fieldsType": "FieldsV1", "fieldsV1": fields, "time": time}
        for manager, fields, time in rows
    ]
    made = deployment("web")
    made["metadata"] |= {"annotations": {"auditor/plan": "p-1"}, "managedFields": entries}
    (found,) = collect(record(tmp_path / "all.json", made)).workloads
    assert found.mark == "p-1"
    assert [(write.manager, write.marks) for write in found.writes] == [("helm", False), ("auditor", True)]
