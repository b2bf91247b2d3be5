"""What the checks of changes say of facts that no recording gives so: watches of several logs, scopes, plans, times."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.catalogue import discover
from tools.check import View
from tools.engine import audit
from tools.model.change import Actor, Blind, Change, FieldChange, Watch
from tools.model.facts import Facts
from tools.model.history import History
from tools.model.identity import Ref, Scope
from tools.model.instance import Container, Instance, Write
from tools.model.observation import NotObserved
from tools.model.report import Finding
from tools.model.watch import unwatched
from tools.model.workload import Strategy, Workload

CHECKS = {check.id: check for check in discover()}
BORN, LATER, MOMENT = "2026-11-01T10:00:00Z", "2026-11-01T11:00:00Z", "2026-11-01T12:00:00Z"
NONE = NotObserved("no audit log was given", "no-audit-log")
ALICE = Actor("alice@shop.example", "person")
IMAGE = FieldChange("/spec/template/spec/containers/app/image", '"app:1"', '"app:2"')

CODES = {
    "in-place-change": {
        *("exec", "attach", "copied", "port-forward", "ephemeral-container", "resized", "patched-after-creation"),
        *("restarted-other-image", "restarted-before-history", "digests-differ", "change-unclaimed", "event-alone"),
        *("content-not-logged", "no-audit-log", "policy-unknown", "policy-blind", "log-begins-later", "log-ends-early"),
        *("run-command", "session", "association", "patched-in-place", "instance-connect", "serial-console"),
        *("attribute-modified", "deployed-in-place", "root-volume-replaced"),
    },
    "imperative-change": {
        *("scaled", "restarted", "paused", "template-changed", "specification-changed", "scaler-unknown"),
        "writer-unknown",
        *("content-not-logged", "no-audit-log", "policy-unknown", "policy-blind", "log-begins-later", "log-ends-early"),
        *("not-read", "not-reported"),
    },
    "release-uniform": {"mixed-images", "digests-differ", "no-digest", "not-reported", "dangling", "truncated"},
    "replacement-time": {
        *("ready-late", "never-ready", "never-ends", "starting", "ready-later", "not-ready-any-more", "not-reported"),
    },
    "prior-release-kept": {
        *("history-off", "none-kept", "prior-gone", "not-read", "not-reported", "not-recorded", "truncated"),
        "unresolved",
    },
    "rollout-replaces": {
        *("paused", "on-delete", "partitioned", "all-at-once", "never-replaces"),
        *("not-read", "not-reported", "unreadable-bound"),
    },
    "unmanaged-instance": {"no-controller", "custom-controller", "not-read-yet", "dangling", "not-recorded"},
}
"""The cause codes of each check, and why each may be inconclusive, as far as recordings can show it."""


def ref(kind: str = "Pod", name: str = "web-1-x", scope: str = "s") -> Ref:
    return Ref(scope, kind, "default", name, f"uid-{name}")


def container(**more: Any) -> Container:
    made = {"name": "app", "role": "main", "image": "app:1", "slot": "/spec/containers/0", "started": BORN}
    return Container(ref=ref(), root=ref("Deployment", "web"), version="1", **{**made, **more})


def instance(scope: str = "s", **more: Any) -> Instance:
    own, root = ref(scope=scope), ref("Deployment", "web", scope)
    made: dict[str, Any] = {"phase": "Running", "ready": True, "created": BORN, "deleted": "", "generation_seen": 1}
    made |= {"owner": None, "release_ref": None, "containers": (container(),), "writes_seen": (), "host": "node-a"}
    return Instance(ref=own, workload=root, version="1", **{**made, **more})


def workload(**more: Any) -> Workload:
    made: dict[str, Any] = {"read": True, "replicas": 3, "created": BORN, "release_kind": "ReplicaSet"}
    return Workload(ref=ref("Deployment", "web"), version="1", **{**made, **more})


def change(act: Any = "exec", of: Ref | None = None, **more: Any) -> Change:
    made: dict[str, Any] = {"time": LATER, "version": "audit-1", "source": "audit-log", "actor_seen": ALICE}
    return Change(ref=of or ref(), root=ref("Deployment", "web"), act=act, **{**made, **more})


def watch(since: str = "2026-11-01T09:00:00Z", until: str = MOMENT, scope: str = "s", **more: Any) -> Watch:
    return Watch(scope=scope, since=since, until=until, **{"name": "the audit log a.log", "policy": "p", **more})


def write(manager: str, **more: Any) -> Write:
    made: dict[str, Any] = {"operation": "Update", "subresource": "", "time": LATER, "images": ()}
    return Write(ref("Deployment", "web"), ref("Deployment", "web"), "1", "", manager, **{**made, **more})


def facts(*things: Any, scopes: tuple[str, ...] = ("s",), moment: str = MOMENT) -> Facts:
    of = {Instance: "instances", Workload: "workloads", Change: "changes", Watch: "watches"}
    lists: dict[str, Any] = {name: tuple(t for t in things if type(t) is kind) for kind, name in of.items()}
    return Facts(moment=moment, scopes=tuple(Scope(id=id_, name=id_, kind="kubernetes") for id_ in scopes), **lists)


def told(check: str, *things: Any, history: History | None = None, **more: Any) -> list[Finding]:
    return list(audit(facts(*things, **more), "s-0", [CHECKS[check]], {}, history).findings)


def codes(check: str, *things: Any, **more: Any) -> list[str]:
    return sorted(finding.code for finding in told(check, *things, **more))


class TestUnwatched:
    """Whether the absence of an act in the logs proves that there was none."""

    def why(self, *watches: Watch, thing: Any = None, acts: tuple[Any, ...] = ("exec",), moment: str = MOMENT) -> str:
        missing = unwatched(watches, thing or instance(), acts, moment, NONE)
        return "" if missing is None else missing.code

    def test_no_log(self) -> None:
        assert self.why() == "no-audit-log"

    def test_a_whole_log(self) -> None:
        assert self.why(watch()) == ""

    @pytest.mark.parametrize(
        ("more", "code"),
        [
            ({"broken": "a.log:7: cut off"}, "log-broken"),
            ({"policy": ""}, "policy-unknown"),
            ({"blind": (Blind("exec", "rule 1 has level None"),)}, "policy-blind"),
            ({"since": "2026-11-01T10:00:01Z"}, "log-begins-later"),
            ({"until": "2026-11-01T10:59:59Z"}, "log-ends-early"),
            ({"since": "of late"}, "log-begins-later"),
            ({"until": "of late"}, "log-ends-early"),
        ],
    )
    def test_why_not(self, more: dict[str, Any], code: str) -> None:
        assert self.why(watch(**more)) == code

    def test_a_blind_spot_elsewhere_hides_nothing(self) -> None:
        spots = (
            Blind("attach", "another act"),
            Blind("exec", "another namespace", namespaces=("kube-system",)),
            Blind("exec", "another kind", kinds=("Node",)),
        )
        assert self.why(watch(blind=spots)) == ""
        assert self.why(watch(blind=spots), acts=()) == "policy-blind"

    def test_its_end_may_be_an_hour_old(self) -> None:
        assert self.why(watch(until="2026-11-01T11:00:00Z")) == ""

    @pytest.mark.parametrize("created", ["", "yesterday", "2026-02-30T10:00:00Z", "2026-11-01T10:00:00"])
    def test_a_creation_that_is_no_time(self, created: str) -> None:
        assert self.why(watch(), thing=instance(created=created)) == "not-reported"

    @pytest.mark.parametrize("moment", ["", "now", "2026-11-01T12:00:00"])
    def test_a_moment_that_is_no_time(self, moment: str) -> None:
        assert self.why(watch(), moment=moment) == "log-ends-early"

    def test_logs_that_join(self) -> None:
        assert self.why(watch(until=LATER), watch(since=LATER)) == ""

    def test_a_hole(self) -> None:
        assert self.why(watch(until="2026-11-01T10:59:00Z"), watch(since=LATER)) == "log-begins-later"

    def test_a_hole_before_it_was_made_hides_nothing(self) -> None:
        old = watch("2026-10-01T00:00:00Z", "2026-10-02T00:00:00Z")
        assert self.why(old, watch()) == ""

    @pytest.mark.parametrize("worse", [{"broken": "cut off"}, {"policy": ""}, {"blind": (Blind("exec", "dropped"),)}])
    def test_a_log_that_had_ended_has_no_say(self, worse: dict[str, Any]) -> None:
        assert self.why(watch(until="2026-11-01T09:30:00Z", **worse), watch("2026-11-01T09:20:00Z")) == ""

    @pytest.mark.parametrize("worse", [{"broken": "cut off"}, {"policy": ""}])
    def test_a_log_that_was_read_again_and_better(self, worse: dict[str, Any]) -> None:
        assert self.why(watch(until=LATER, **worse), watch()) == ""
        other_server = watch(until=LATER, name="the audit log b.log", **worse)
        assert self.why(other_server, watch()) != "", "another API server's log is not replaced"

    def test_only_logs_that_had_ended(self) -> None:
        assert self.why(watch(until="2026-11-01T09:30:00Z")) == "log-ends-early"

    def test_another_scope_s_log_says_nothing(self) -> None:
        both = facts(instance(), instance("t"), watch(), scopes=("s", "t"))
        view = View(both)
        assert list(view.changes_to(both.instances[0], "exec")) == []
        with pytest.raises(NotObserved) as missing:
            list(view.changes_to(both.instances[1], "exec"))
        assert missing.value.code == "no-audit-log"


class TestInPlace:
    """`in-place-change` beyond what recordings show."""

    def test_a_change_of_another_scope_accuses_nobody(self) -> None:
        found = told("in-place-change", instance(), instance("t"), change(), watch(), scopes=("s", "t"))
        assert [(f.code, f.owner.scope) for f in found] == [("exec", "s"), ("no-audit-log", "t")]

    def test_a_log_that_is_not_whole(self) -> None:
        assert codes("in-place-change", instance(), watch(broken="a.log:7: cut off")) == ["log-broken"]

    def test_a_series_says_how_often(self) -> None:
        (found,) = told("in-place-change", instance(), change(count=7, last=MOMENT), watch())
        assert f"7 times until {MOMENT}" in found.message

    def test_an_event_of_a_log_without_a_user_is_no_event_of_the_kubelet(self) -> None:
        (found,) = told("in-place-change", instance(), change(actor_seen=Actor("", "unknown")), watch())
        assert found.message.startswith("an unnamed user (unknown) ran a command")

    def test_an_unnamed_user_is_allowed_nothing(self) -> None:
        check = CHECKS["in-place-change"]
        assert check.settings is not None
        settings = {check.settings.__module__: check.settings(allow={"exec": ["*"]})}
        nobody = facts(instance(), change(actor_seen=Actor("", "unknown")), watch())
        assert [f.code for f in audit(nobody, "s-0", [check], settings).findings] == ["exec"]
        somebody = facts(instance(), change(), watch())
        assert audit(somebody, "s-0", [check], settings).findings == ()

    @pytest.mark.parametrize(
        ("generation", "fields", "expected"),
        [
            (2, (FieldChange("/spec/containers/app/resources/limits/cpu", '"1"', '"2"'),), ["resized"]),
            (2, None, ["resized"]),
            (None, None, ["resized"]),
            (1, None, []),
            (1, (), []),
        ],
    )
    def test_a_resize_that_changed_nothing(self, generation: int | None, fields: Any, expected: list[str]) -> None:
        resized = change("resize", fields_seen=fields)
        assert codes("in-place-change", instance(generation_seen=generation), resized, watch()) == expected

    def test_what_was_never_started_may_be_placed(self) -> None:
        waiting = instance(phase="Pending", host="", containers=(container(started="", state_seen="waiting"),))
        placed = change("write", fields_seen=(FieldChange("/spec/nodeSelector/pool", None, '"batch"'),))
        assert codes("in-place-change", waiting, placed, watch()) == []

    def test_each_change_of_its_specification_is_accounted_for(self) -> None:
        twice = instance(generation_seen=3, writes_seen=None)
        image = change("write", fields_seen=(FieldChange("/spec/containers/app/image", '"app:1"', '"app:2"'),))
        assert codes("in-place-change", twice, image, watch()) == ["change-unclaimed", "patched-after-creation"]


class TestImperative:
    """`imperative-change` beyond what recordings show."""

    def did(self, act: Any = "write", **more: Any) -> Change:
        return change(act, of=ref("Deployment", "web"), **{"tool": "kubectl-set", "fields_seen": (IMAGE,), **more})

    def test_a_controller_may_and_an_auditor_of_no_ledger_may_not(self) -> None:
        for kind, expected in {"controller": [], "auditor": ["template-changed"]}.items():
            written = self.did(actor_seen=Actor("x", kind), plan="p-1", tool="auditor")  # type: ignore[arg-type]
            assert codes("imperative-change", workload(), written, watch()) == expected

    @pytest.mark.parametrize(
        ("tool", "kind", "expected"),
        [
            ("kubectl", "person", []),  # kubectl apply --server-side
            ("kubectl/v1.36.3", "pipeline", ["template-changed"]),  # kubectl rollout undo
            ("kubectl-client-side-apply", "person", []),
            ("kubectl-edit", "pipeline", ["template-changed"]),
            ("k9s/v0.50.6", "unknown", ["template-changed"]),
            ("", "person", ["template-changed"]),
            ("curl/8.9.1", "person", ["template-changed"]),
            ("curl/8.9.1", "pipeline", []),
            ("operator/v1", "unknown", []),
            ("Helm/3.18.4", "person", []),
            ("argocd-controller", "unknown", []),
            ("argocd-server", "unknown", ["template-changed"]),
        ],
    )
    def test_tools(self, tool: str, kind: Any, expected: list[str]) -> None:
        written = self.did(tool=tool, actor_seen=Actor("x", kind))
        assert codes("imperative-change", workload(), written, watch()) == expected

    def test_a_scale_whose_number_is_not_logged(self) -> None:
        assert codes("imperative-change", workload(), self.did("scale", fields_seen=None), watch()) == ["scaled"]
        assert codes("imperative-change", workload(), self.did("scale", fields_seen=()), watch()) == []

    def test_a_claim_that_the_log_explains_is_told_once(self) -> None:
        path = "template/spec/containers/app/image"
        claimed = workload(writes_seen=(write("kubectl-set", owns=(path,)),))
        (found,) = told("imperative-change", claimed, self.did(), watch())
        assert found.message.startswith("alice@shop.example (person) changed it")
        older = workload(writes_seen=(write("kubectl-set", owns=(path,), time="2026-11-01T10:30:00Z"),))
        (both,) = told("imperative-change", older, self.did(), watch())
        assert both.message.endswith("(and 1 more like it)"), "a claim of another time is another change"

    def test_a_label_does_not_explain_a_claim(self) -> None:
        claimed = workload(writes_seen=(write("kubectl-edit", owns=("replicas",)),))
        labelled = self.did(tool="kubectl-edit", fields_seen=())
        assert codes("imperative-change", claimed, labelled, watch()) == ["scaled"]


@pytest.mark.parametrize(
    ("kind", "bound", "replicas", "expected"),
    [
        ("Deployment", "25%", 4, []),
        ("Deployment", "100%", 1, []),
        ("Deployment", "100%", 2, ["all-at-once"]),
        ("Deployment", "99%", 100, []),
        ("DaemonSet", "99%", 100, []),
        ("DaemonSet", "99%", 50, ["all-at-once"]),
        ("Deployment", "", 4, []),
        ("Deployment", "-1", 4, ["unreadable-bound"]),
        ("Deployment", "٣", 4, ["unreadable-bound"]),
        ("Deployment", "%", 4, ["unreadable-bound"]),
    ],
)
def test_bounds(kind: str, bound: str, replicas: int, expected: list[str]) -> None:
    rolls = Strategy("RollingUpdate", bound)
    own = Workload(ref=ref(kind, "web"), version="1", read=True, replicas=replicas, strategy=rolls)
    assert codes("rollout-replaces", own) == expected


@pytest.mark.parametrize("field", ["created", "ready_since"])
@pytest.mark.parametrize("time", ["2026-11-01T10:00:00", "soon", "2026-02-30T10:00:00Z"])
def test_a_time_that_is_none_is_no_error_of_the_check(field: str, time: str) -> None:
    times: dict[str, Any] = {"ready_since": BORN, "containers": (), field: time}
    own = instance(**times)
    assert codes("replacement-time", own) == ["not-reported"]


def test_every_cause_of_every_check_has_a_case() -> None:
    folder = Path(__file__).parent / "checks"
    for check, wanted in CODES.items():
        headers = (yaml.safe_load(file.read_text().partition("\n---\n")[0]) for file in (folder / check).iterdir())
        assert {header["case"].get("code", "") for header in headers} - {""} == wanted, check
