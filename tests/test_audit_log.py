"""What an audit log's events become: acts, actors, fields from what to what."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.audit_events import (
    CI,
    CONTROLLER,
    DATA,
    NODE,
    POD,
    SET,
    WEB,
    Event,
    event,
    exec_,
    facts,
    image,
    read,
    web,
    write,
)
from tools.collect.kubernetes.auditlog.acts import copied
from tools.collect.kubernetes.auditlog.attach import attach
from tools.collect.kubernetes.auditlog.masking import masked
from tools.model.change import FieldChange
from tools.model.identity import Ref
from tools.model.nouns import Workload

IMAGE = "/spec/template/spec/containers/app/image"


def test_an_exec_writes_two_events_and_is_one_act(tmp_path: Path) -> None:
    (done,) = read(tmp_path, exec_("sh", "-c", "id", stage="ResponseStarted"), exec_("sh", "-c", "id"))
    assert (done.act, done.container, done.command, done.count) == ("exec", "app", "sh -c id", 1)
    assert (done.ref, done.root) == (POD, WEB)
    assert done.who == "alice (person)"
    assert done.tool == "kubectl/v1.36.3"


@pytest.mark.parametrize("code", [400, 403, 500, 0])
def test_what_failed_is_no_act(tmp_path: Path, code: int) -> None:
    failed = [
        exec_(code=code, stage="ResponseStarted"),
        exec_(code=code),
        event("patch", "deployments", "web", code=code),
    ]
    assert read(tmp_path, *failed) == []


@pytest.mark.parametrize("stage", ["RequestReceived", "Panic"])
def test_other_stages_prove_nothing(tmp_path: Path, stage: str) -> None:
    assert read(tmp_path, exec_(stage=stage), event("list", "pods")) == []


@pytest.mark.parametrize(
    ("seen", "act"),
    [
        (exec_(), "exec"),
        (exec_(code=200) | {"verb": "create"}, "exec"),
        (event("create", "pods", POD.name, subresource="attach", code=101), "attach"),
        (event("get", "pods", POD.name, subresource="portforward", code=101), "port-forward"),
        (event("patch", "pods", POD.name, subresource="resize"), "resize"),
        (event("create", "pods", POD.name, subresource="eviction", code=201), "evict"),
        (event("delete", "pods", POD.name), "delete"),
        (event("patch", "pods", POD.name), "write"),
        (event("patch", "deployments", "web", subresource="scale"), "scale"),
        (event("patch", "nodes", "node-a", namespace=""), "write"),
        (event("create", "jobs", "job", code=201), "create"),
    ],
)
def test_each_act_is_recognised(tmp_path: Path, seen: Event, act: str) -> None:
    assert [change.act for change in read(tmp_path, seen, exec_(at="10:30:00.000000"))][-1] == act


DRY_EVICTION = {"kind": "Eviction", "apiVersion": "policy/v1", "deleteOptions": {"dryRun": ["All"]}}


@pytest.mark.parametrize(
    "seen",
    [
        event("get", "pods", POD.name),
        event("patch", "pods", POD.name, subresource="status"),
        event("patch", "deployments", "web", query={"dryRun": "All"}),
        event("delete", "pods", POD.name, request={"kind": "DeleteOptions", "dryRun": ["All"]}),
        event("create", "pods", POD.name, subresource="eviction", request=DRY_EVICTION, code=201),
        event("patch", "deployments", "web", query={"dryRun": "All", "fieldManager": "auditor"}, user="auditor-actor"),
        event("delete", "pods", POD.name, user=CONTROLLER),
        event("patch", "nodes", "node-a", namespace="", user="system:node:node-a"),
        event("update", "secrets", "web"),
    ],
)
def test_what_is_no_act_is_not_kept(tmp_path: Path, seen: Event) -> None:
    assert read(tmp_path, seen) == []


@pytest.mark.parametrize(
    ("argv", "way"),
    [
        (["tar", "cf", "-", "/etc/app"], "out of it"),
        (["tar", "-xmf", "-", "-C", "/tmp"], "into it"),
        (["tar", "--no-same-permissions", "--no-same-owner", "-xmf", "-"], "into it"),
        (["tar", "tf", "x.tar"], ""),
        (["tar", "xf", "x.tar"], ""),
        (["sh", "-c", "tar cf - /"], ""),
        ([], ""),
    ],
)
def test_a_copy_is_an_exec_of_tar(argv: list[str], way: str) -> None:
    assert copied(argv) == way


def test_a_copy_says_which_way_it_went(tmp_path: Path) -> None:
    (done,) = read(tmp_path, exec_("tar", "-xmf", "-", "-C", "/tmp"))
    assert (done.act, done.note) == ("copy", "into it")


@pytest.mark.parametrize(
    "command",
    [
        "psql --password hunter2",
        "psql --password=hunter2",
        "sh -c 'PGPASSWORD=hunter2 psql'",
        "curl -H 'Authorization: Bearer hunter2'",
        "curl -u admin:hunter2 https://x",
        "curl https://admin:hunter2@host/",
        "mysql -uroot -phunter2",
        'echo {"api_key": "hunter2"}',
        "login --token hunter2",
        "env AWS_SECRET_ACCESS_KEY=hunter2 aws",
    ],
)
def test_secrets_are_masked(command: str) -> None:
    assert "hunter2" not in masked(command)
    assert masked(command).split()[0] == command.split()[0]


def test_masking_leaves_ordinary_commands_alone() -> None:
    for command in ("cat /etc/passwd", "ls -la /var/run/secrets", "kill -9 1", "id"):
        assert masked(command) == command
    assert len(masked("x" * 5_000_000)) == 200


def test_set_image_from_what_to_what(tmp_path: Path) -> None:
    made = event("create", "deployments", "web", at="10:00:00.000000", request=web(), response=web(), user="ci-bot")
    query = {"fieldManager": "kubectl-set"}
    done = event("patch", "deployments", "web", request=image("app:2"), response=web("app:2", 1, 2), query=query)
    create, write_ = read(tmp_path, done, made)
    assert create.fields == (FieldChange("/spec/replicas", None, "1"), FieldChange(IMAGE, None, '"app:1"'))
    assert write_.fields == (FieldChange(IMAGE, '"app:1"', '"app:2"'),)
    assert (write_.tool, write_.summary) == ("kubectl-set", f'{IMAGE}: "app:1" → "app:2"')


def test_a_write_that_the_log_does_not_hold_is_nobodys(tmp_path: Path) -> None:
    """Between two versions somebody else, of whom there is no record, changed the replicas: alice did not."""
    made = event("create", "deployments", "web", at="10:00:00.000000", request=web(), response=web())
    patch = event("patch", "deployments", "web", request=image("app:2"), response=web("app:2", 9, generation=3))
    put = event("update", "deployments", "web", at="11:30:00.000000", request=web("app:3"), response=web("app:3", 9, 9))
    _, patched, replaced = read(tmp_path, made, patch, put)
    assert patched.fields == (FieldChange(IMAGE, None, '"app:2"'),)
    assert replaced.fields_seen is None


def test_after_a_scale_the_next_write_is_compared_with_it(tmp_path: Path) -> None:
    made = event("create", "deployments", "web", at="10:00:00.000000", request=web(), response=web())
    answer = {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": {"name": "web"}, "spec": {"replicas": 5}}
    scaled = event("patch", "deployments", "web", at="10:30:00.000000", subresource="scale",
                   request={"spec": {"replicas": 5}}, response=answer)  # fmt: skip
    done = event("patch", "deployments", "web", request=image("app:2"), response=web("app:2", 5, generation=3))
    _, scale, write_ = read(tmp_path, made, scaled, done)
    assert scale.summary == "/spec/replicas: 1 → 5"
    assert write_.fields == (FieldChange(IMAGE, '"app:1"', '"app:2"'),)


def test_a_write_that_changed_no_specification(tmp_path: Path) -> None:
    """A controller's is not kept; a person's is, with no fields."""
    made = event("create", "deployments", "web", at="10:00:00.000000", request=web(), response=web())
    label = {"metadata": {"labels": {"a": "b"}}}
    by_alice = event("patch", "deployments", "web", request=label, response=web())
    by_controller = event("update", "deployments", "web", at="11:01:00.000000", user=CONTROLLER, response=web())
    _, kept = read(tmp_path, made, by_alice, by_controller)
    assert (kept.actor.name, kept.fields) == ("alice", ())


def test_at_level_metadata_nothing_is_said_of_fields(tmp_path: Path) -> None:
    joined = attach(facts(), [write(tmp_path / "a.log", [event("patch", "deployments", "web")])], None, CI)
    assert joined.changes[0].fields_seen is None
    assert "level-low" in {gap.code for gap in joined.gaps}


@pytest.mark.parametrize(
    ("patch", "wanted"),
    [
        ({"spec": {"paused": True}}, [("/spec/paused", "true")]),
        ({"spec": {"paused": None}}, [("/spec/paused", None)]),
        ({"spec": {"template": {"metadata": {"annotations": {"a.io/restartedAt": "x"}}}}},
         [("/spec/template/metadata/annotations/a.io~1restartedAt", '"x"')]),
        ([{"op": "replace", "path": "/spec/replicas", "value": 4}], [("/spec/replicas", "4")]),
        ([{"op": "remove", "path": "/spec/paused"}, {"op": "test", "path": "/spec/x"}], [("/spec/paused", None)]),
        ([{"op": "add", "path": "/metadata/labels/a", "value": "b"}], []),
        ({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"replicas": 3}}, [("/spec/replicas", "3")]),
        ({"spec": {"template": {"spec": {"containers": [{"name": "app", "env": [{"name": "A", "value": "hunt"}]}]}}}},
         [("/spec/template/spec/containers/app/env/A/value", '"(not shown)"')]),
        ({"spec": {"template": {"spec": {"containers": [{"name": "app", "args": ["hunter2"]}]}}}},
         [("/spec/template/spec/containers/app/args/0", '"(not shown)"')]),
        ({"spec": {"template": {"spec": {"containers": [{"name": "app", "$patch": "delete"}]}}}},
         [("/spec/template/spec/containers/app", None)]),
    ],
)  # fmt: skip
def test_patches_of_every_kind(tmp_path: Path, patch: Any, wanted: list[tuple[str, str | None]]) -> None:
    (done,) = read(tmp_path, event("patch", "deployments", "web", request=patch))
    assert [(field.path, field.after) for field in done.fields] == wanted


def test_a_changed_variable_is_seen_and_not_shown(tmp_path: Path) -> None:
    made = event("create", "deployments", "web", at="10:00:00.000000", request=web(), response=web())
    after = web(generation=2, env=[{"name": "MODE", "value": "hunter3"}])
    _, done = read(tmp_path, made, event("update", "deployments", "web", request=after, response=after))
    assert [field.path.rpartition("/env/")[2] for field in done.fields] == ["MODE/value"]
    assert "hunter" not in repr(done)


def test_a_json_patch_names_the_container_by_its_place(tmp_path: Path) -> None:
    made = event("create", "deployments", "web", at="10:00:00.000000", request=web(), response=web())
    patch = [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "app:2"}]
    _, done = read(tmp_path, made, event("patch", "deployments", "web", request=patch))
    assert done.fields == (FieldChange(IMAGE, '"app:1"', '"app:2"'),)


def test_an_ephemeral_container_is_named(tmp_path: Path) -> None:
    added = {"spec": {"ephemeralContainers": [{"name": "debugger-x", "image": "busybox", "command": ["sh"]}]}}
    (done,) = read(tmp_path, event("patch", "pods", POD.name, subresource="ephemeralcontainers", request=added))
    assert (done.act, done.container, done.command) == ("ephemeral-container", "debugger-x", "sh")


def test_the_plan_of_this_auditor_is_read(tmp_path: Path) -> None:
    patch = [{"op": "add", "path": "/metadata/annotations", "value": {"auditor/plan": "abc"}},
             {"op": "replace", "path": "/spec/paused", "value": True}]  # fmt: skip
    merge = {"metadata": {"annotations": {"auditor/plan": "def"}}}
    first = event("patch", "deployments", "web", request=patch)
    both = read(tmp_path, first, event("patch", "deployments", "web", at="11:10:00.000000", request=merge))
    assert [change.plan for change in both] == ["abc", "def"]


def test_an_act_on_what_is_gone_finds_its_workload(tmp_path: Path) -> None:
    """By its ReplicaSet in the snapshot, by what the log says of its creation, and else not at all."""
    owner = [{"kind": "ReplicaSet", "name": "web-5f5f5f5f5f", "uid": "gone", "controller": True}]
    up = [{"kind": "Deployment", "name": "web", "uid": WEB.uid, "controller": True}]
    old_set = {"kind": "ReplicaSet", "metadata": {"name": "web-5f5f5f5f5f", "ownerReferences": up}, "spec": {}}
    old_pod = {"kind": "Pod", "metadata": {"generateName": "web-5f5f5f5f5f-", "ownerReferences": owner}, "spec": {}}
    done = read(
        tmp_path,
        event("create", "replicasets", "web-5f5f5f5f5f", user=CONTROLLER, request=old_set, at="10:01:00.000000"),
        event("create", "pods", "", user=CONTROLLER, request=old_pod, at="10:02:00.000000"),
        exec_(name="web-5f5f5f5f5f-bbcdf", at="10:03:00.000000"),
        exec_(name=f"{SET.name}-zzzzz", at="10:04:00.000000"),
        exec_(name="other", at="10:05:00.000000"),
    )
    roots = [change.root for change in done if change.act == "exec"]
    assert roots[:2] == [WEB, WEB]
    assert (roots[2].kind, roots[2].name, roots[2].uid) == ("Pod", "other", "")
    assert [bool(change.ref.uid) for change in done if change.act == "exec"] == [False] * 3


def test_an_object_made_anew_does_not_inherit(tmp_path: Path) -> None:
    """An exec before the pod of this name was made was in another one."""
    before, after = read(tmp_path, exec_(at="09:00:00.000000"), exec_(at="10:30:00.000000"))
    assert [before.ref.uid, after.ref.uid] == ["", POD.uid]


def test_equal_acts_are_one_change(tmp_path: Path) -> None:
    (done,) = read(tmp_path, *(exec_(at=f"11:0{minute}:00.000000") for minute in (3, 1, 2)))
    assert (done.count, done.time, done.last) == (3, "2026-11-23T11:01:00.000000Z", "2026-11-23T11:03:00.000000Z")


def test_a_controller_is_not_who_impersonates_one(tmp_path: Path) -> None:
    done = event("delete", "pods", POD.name, impersonatedUser={"username": CONTROLLER, "groups": []})
    (kept,) = read(tmp_path, done)
    assert (kept.actor.name, kept.actor.kind, kept.actor.impersonator) == (CONTROLLER, "person", "alice")


def test_the_labs_own_log() -> None:
    """A real API server's log: every act by a person is one that the log, read by hand, has."""
    changes = attach(_of_the_lab(), [DATA / "lab.log.gz"], None, CI).changes
    entered = [
        (change.actor.name, change.act, change.ref.name, change.count) for change in changes if change.act == "exec"
    ]
    assert ("alice", "exec", "web-65ff586dfd-6dnpj", 1) in entered
    assert sum(count for *_, count in entered) == _by_hand()
    alice = [change for change in changes if change.actor_seen and change.actor_seen.name == "alice"]
    assert {"exec", "evict", "scale", "write"} <= {change.act for change in alice}
    assert any(IMAGE in change.summary and "→" in change.summary for change in changes)


def _of_the_lab() -> Any:
    return facts(moment="2026-11-23T18:00:00Z")


def _by_hand() -> int:
    events = [json.loads(line) for line in gzip.decompress((DATA / "lab.log.gz").read_bytes()).splitlines()]
    return len({
        one["auditID"]
        for one in events
        if one.get("objectRef", {}).get("subresource") == "exec" and one.get("responseStatus", {}).get("code") == 101
    })  # fmt: skip


def test_a_cordon_names_the_field(tmp_path: Path) -> None:
    done = event("patch", "nodes", "node-a", namespace="", request={"spec": {"unschedulable": True}})
    (cordon,) = read(tmp_path, done)
    assert (cordon.ref, cordon.summary) == (NODE, "/spec/unschedulable: true")


def test_the_events_of_older_clusters_are_read() -> None:
    """Without apiVersion, as they come out of an EventList, and of v1beta1; the old group of Deployments is the new."""
    ours = Ref("cluster", "Deployment", "default", "nginx-deployment", "uid-old")
    old = msgspec.structs.replace(
        facts(moment="2018-10-26T14:00:00Z"), workloads=(Workload(ref=ours, version="1", read=True),)
    )
    found = attach(old, sorted((DATA / "falco").glob("*.json")), None, CI)
    told = [(change.act, change.ref.name, change.actor.name) for change in found.changes]
    assert told == [("create", ours.name, "minikube-user"), ("delete", ours.name, "minikube-user")]
    assert found.changes[0].fields[-1].after == '"nginx"'


def test_a_body_that_cannot_be_taken_apart_is_not_told(tmp_path: Path) -> None:
    """Nothing is said of its fields, and nothing of what comes after is compared with it."""
    made = event("create", "deployments", "web", at="10:00:00.000000", request=web(), response=web())
    deep = json.dumps(event("patch", "deployments", "web", request={"spec": {"x": 1}}))
    file = write(tmp_path / "audit.log", [made])
    nested = '{"x":' * 5_000 + "1" + "}" * 5_000
    file.write_text(file.read_text() + deep.replace('{"spec": {"x": 1}}', f'{{"spec": {nested}}}') + "\n")
    found = attach(facts(), [file], None, CI)
    told = [change for change in found.changes if change.act == "write"]
    assert [change.fields_seen for change in told] == [None] or "broken" in {gap.code for gap in found.gaps}


def patched(at: str, value: str, **more: Any) -> Event:
    """A JSON patch of the Deployment under a plan's mark, as an executor sends it."""
    note = {"op": "add", "path": "/metadata/annotations", "value": {"auditor/plan": "p-1"}}
    body = [note, {"op": "replace", "path": "/spec/template", "value": web(value)["spec"]["template"]}]
    made = {"user": "auditor-actor", "query": {"fieldManager": "auditor"}, "request": body, "response": web(value)}
    return event("patch", "deployments", "web", at=at, **{**made, **more})


def test_an_eviction_says_of_which_pod_it_was(tmp_path: Path) -> None:
    """The pod is gone, and its name says nothing: the request insists on a uid."""
    gone = {"kind": "Eviction", "deleteOptions": {"preconditions": {"uid": "uid-gone"}}}
    done = event("create", "pods", "web-6d4b4fd645-zzzzz", subresource="eviction", request=gone, code=201)
    (evicted,) = [change for change in read(tmp_path, done, exec_()) if change.act == "evict"]
    assert (evicted.act, evicted.ref.uid, evicted.root) == ("evict", "uid-gone", WEB)


def test_what_bears_a_mark_is_not_folded_for_each_audit_id_counts(tmp_path: Path) -> None:
    """Equal acts under one mark are each a change; also under one audit id, which a client may choose."""
    first = patched("11:00:00.000001", "app:2")
    between = patched("11:01:00.000000", "app:1")
    again = patched("11:02:00.000000", "app:2", auditID=first["auditID"])
    told = [c for c in read(tmp_path, first, between, again) if c.plan]
    assert [(c.version, c.verb, c.plan, c.count) for c in told] == [
        (one["auditID"], "patch", "p-1", 1) for one in (first, between, again)
    ]


def test_an_audit_id_that_two_users_send_at_one_moment_is_two_changes(tmp_path: Path) -> None:
    ours = patched("11:00:00.000001", "app:2")
    theirs = patched("11:00:00.000001", "app:2", user="alice", auditID=ours["auditID"])
    assert sorted(c.user for c in read(tmp_path, ours, theirs, ours)) == ["alice", "auditor-actor"]


def test_what_merely_calls_itself_so_is_not_folded_either(tmp_path: Path) -> None:
    """Below the level Request a log holds no mark: the audit id alone is left to tell."""
    two = [patched(at, "", request=None, response=None) for at in ("11:00:00.000001", "11:00:01.000000")]
    assert [(c.plan, c.tool, c.count) for c in read(tmp_path, *two)] == [("", "auditor", 1)] * 2
