"""Bad input at the command line: refused with its place or said as a gap; never a traceback, never a pass."""

from __future__ import annotations

import copy
import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.loopback_api import nobodys_address
from tests.objects import (
    BORN,
    Object,
    controller,
    fleet,
    listed,
    meta,
    node,
    pod,
    progressing,
    record,
    template,
    wrote,
)
from tests.running import Said, auditor
from tools.catalogue import discover
from tools.collect.kubernetes.recording import collect
from tools.engine import audit
from tools.model.facts import Facts
from tools.model.report import Report

HOSTILE = "\x1b[2J\x1b]0;owned\x07\u202eeva\u2066\n## [red] *bold* [bold]\r\x9b31m\u2028\u200b"
CLOSING = HOSTILE + "[/red][/]"
"""Terminal escapes, bidirectional marks, newlines, Rich markup and Markdown; the second with closing tags, which
no Kubernetes name could hold."""
RAW = set(HOSTILE) - set("\n ## [red] *bold* [bold]2J;0owneva31m")
"""The characters of `HOSTILE` that must never reach a terminal as they are (a newline only within a line)."""


CHECKS = [
    check
    for check in discover()
    if check.id in ("host-baseline", "image-pinned-by-digest", "instance-runs-release", "rollout-complete")
]
"""Checks of all four nouns, of which none accuses what these tests plant."""


def report_of(facts: Facts) -> Report:
    return audit(facts, "s-0", CHECKS, {})


def passes_of(said: Said) -> dict[str, int]:
    """How often each of the four checks passed."""
    return {row["check"]: row["passed"] for row in said.report["coverage"] if row["check"] in {c.id for c in CHECKS}}


def gaps_in(said: Said) -> set[tuple[str, str]]:
    """Noun and code of the required gaps."""
    return {(gap["noun"], gap["code"]) for gap in said.report["gaps"] if gap["required"]}


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("cut.json", json.dumps(listed(*fleet()))[:-200], "truncated"),
        ("empty.json", "", "empty"),
        ("empty.yaml", "", "empty"),
        ("text.json", "kubectl: command not found\n", "malformed"),
        ("number.json", "5", "object"),
        ("null.json", "null", "object"),
        ("array.json", "[]", "object"),
        ("binary.json", "\x00\x01\x02", "malformed"),
        ("plain.json", '{"name": "web", "image": "nginx"}', "`kind`"),
        ("items.json", '{"kind": "List", "items": {"a": 1}}', "items"),
        ("kind.json", '{"kind": 5, "items": []}', "kind"),
        ("deep.json", '{"kind": "List", "items": ' + "[" * 200_000, "recurs"),
        ("tabs.yaml", "kind: List\n\titems: []\n", "tab character"),
        ("tag.yaml", "!!python/object/apply:os.system ['id']\n", "could not determine a constructor"),
        ("loop.yaml", "kind: List\nitems: &a [*a]\n", "recurs"),
        ("null-key.yaml", "kind: List\nitems: [{null: 1}]\n", "key"),
        ("pair-key.yaml", "kind: List\nitems: [{[a, b]: 1}]\n", "key"),
    ],
)
def test_a_file_that_is_no_recording_is_refused_with_the_reason(
    name: str, content: str, why: str, tmp_path: Path
) -> None:
    file = tmp_path / name
    file.write_text(content, encoding="utf-8")
    said = auditor(tmp_path, "audit", file)
    assert (said.code, said.out) == (1, ""), said
    assert said.first == f"   error: {file} is no list of Kubernetes objects that can be read"
    assert why in said.err.splitlines()[1].lower(), said


@pytest.mark.parametrize("suffix", ["json", "yaml"])
def test_a_number_too_great_in_a_field_that_is_not_read_costs_nothing(suffix: str, tmp_path: Path) -> None:
    objects = fleet()
    objects[3]["spec"]["huge"] = 2**70
    file = tmp_path / f"all.{suffix}"
    file.write_text(json.dumps(listed(*objects)) if suffix == "json" else yaml.safe_dump(listed(*objects)))
    report = report_of(collect(file))
    assert report.exit_code == 0
    assert report.counts["instance"] == 2


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "utf-16.yaml"
    file.write_bytes(b"\xff\xfe\x00\xd8\x00\x00")
    said = auditor(tmp_path, "audit", file)
    assert said.code == 1
    assert "is no list of Kubernetes objects" in said.first


@pytest.mark.parametrize(
    ("source", "code", "first"),
    [
        ("nowhere.json", 2, "nowhere.json does not exist"),
        ("azure:thing", 2, "there is no kind of source called 'azure'"),
        ("kubernetes:nowhere", 1, "the kubeconfig with context 'nowhere' can't be used"),
        (".", 1, ". holds no recorded lists"),
    ],
)
def test_a_source_that_is_not_there(source: str, code: int, first: str, tmp_path: Path) -> None:
    said = auditor(tmp_path, "audit", source)
    assert (said.code, said.out) == (code, "")
    assert said.first == f"   error: {first}"


def test_a_broken_file_among_good_ones_is_a_gap(tmp_path: Path) -> None:
    folder = tmp_path / "recording"
    folder.mkdir()
    record(folder / "all.json", *fleet())
    (folder / "more.json").write_text('{"kind": "PodList", "items": [')
    said = auditor(tmp_path, "audit", folder, "--json")
    assert said.code == 3
    assert {code for _, code in gaps_in(said)} == {"broken"}
    assert {noun for noun, _ in gaps_in(said)} == {"Budget", "Instance", "Release", "Workload", "Host"}
    assert "more.json" in said.out
    assert passes_of(said) == {
        "host-baseline": 0,
        "image-pinned-by-digest": 2,
        "instance-runs-release": 2,
        "rollout-complete": 0,
    }


@pytest.mark.parametrize("whole", [True, False], ids=["alone", "in a folder"])
def test_a_file_that_may_not_be_read(whole: bool, tmp_path: Path) -> None:
    folder = tmp_path / "recording"
    folder.mkdir()
    record(folder / "all.json", *fleet())
    secret = record(folder / "secret.json", *fleet())
    secret.chmod(0)
    said = auditor(tmp_path, "audit", secret if whole else folder, obedient=True)
    assert said.code == (1 if whole else 3), said
    assert "secret.json" in (said.first if whole else said.out)


def test_kinds_that_are_not_read_are_counted_and_cost_nothing(tmp_path: Path) -> None:
    others = [{"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": n}} for n in "ab"]
    namesake = {"apiVersion": "apps.example.io/v1", "kind": "StatefulSet", "metadata": {"name": "c"}}
    said = auditor(tmp_path, "audit", record(tmp_path / "all.json", *fleet(), *others, namesake), "--json")
    assert said.code == 0
    counted = [(g["kind"], g["count"]) for g in said.report["gaps"] if g["noun"] == ""]
    assert counted == [("Application", 2), ("StatefulSet.apps.example.io", 1)]


def test_a_typed_list_of_another_kind_is_counted_by_its_kind(tmp_path: Path) -> None:
    folder = tmp_path / "recording"
    folder.mkdir()
    record(folder / "all.json", *fleet())
    body = listed({"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}, kind="SecretList")
    (folder / "secrets.json").write_text(json.dumps(body))
    said = auditor(tmp_path, "audit", folder, "--json")
    assert said.code == 0
    assert [(g["kind"], g["count"]) for g in said.report["gaps"] if g["noun"] == ""] == [("Secret", 2)]


@pytest.mark.parametrize(
    ("kind", "version", "noun"),
    [
        ("Deployment", "apps/v1beta1", "Workload"),
        ("ReplicaSet", "extensions/v1beta1", "Release"),
        ("Pod", "v2", "Instance"),
        ("Node", "", "Host"),
    ],
)
def test_a_known_kind_of_another_version_is_a_gap(kind: str, version: str, noun: str, tmp_path: Path) -> None:
    objects = [{**o, "apiVersion": version} if o["kind"] == kind else o for o in fleet()]
    said = auditor(tmp_path, "audit", record(tmp_path / "all.json", *objects), "--json")
    assert said.code == 3
    assert (noun, "unknown-version") in gaps_in(said)
    assert (version or "(none)") in next(g["reason"] for g in said.report["gaps"] if g["code"] == "unknown-version")


def test_an_object_without_a_kind_may_have_been_anything(tmp_path: Path) -> None:
    nameless = {k: v for k, v in pod("web-1-z").items() if k != "kind"}
    report = report_of(collect(record(tmp_path / "all.json", *fleet(), nameless)))
    assert report.exit_code == 3
    assert "Instance" in {gap.noun for gap in report.gaps if gap.required}


def test_a_pod_without_an_owner_is_examined_as_what_it_is(tmp_path: Path) -> None:
    bare = pod("alone", owner="", spec={"nodeName": "node-a"})
    said = auditor(tmp_path, "audit", record(tmp_path / "all.json", *fleet(), bare), "--json")
    rows = {row["check"]: row for row in said.report["coverage"]}
    assert rows["instance-runs-release"]["not_applicable"] == 1
    assert rows["image-pinned-by-digest"]["passed"] == 3


@pytest.mark.parametrize("reverse", [False, True])
def test_two_objects_with_one_uid_are_a_gap(reverse: bool, tmp_path: Path) -> None:
    twin = pod("web-1-z", uid="uid-web-1-x", image="nginx", spec={"nodeName": "node-a"})
    objects = [*fleet(), twin][:: -1 if reverse else 1]
    said = auditor(tmp_path, "audit", record(tmp_path / "all.json", *objects), "--json")
    assert said.code in (3, 10), said
    assert ("Instance", "doubled-uid") in gaps_in(said)
    reason = next(g["reason"] for g in said.report["gaps"] if g["code"] == "doubled-uid")
    assert "web-1-x" in reason
    assert "web-1-z" in reason


@pytest.mark.parametrize("kind", ["List", "PodList"])
def test_where_nothing_was_examined_nothing_is_clean(kind: str, tmp_path: Path) -> None:
    (tmp_path / "all.json").write_text(json.dumps(listed(kind=kind)))
    said = auditor(tmp_path, "audit", tmp_path / "all.json")
    assert said.code == 3
    assert "nothing was examined" in said.out


def test_a_page_is_not_the_whole_list(tmp_path: Path) -> None:
    folder = tmp_path / "recording"
    folder.mkdir()
    others = [o for o in fleet() if o["kind"] != "Pod"]
    record(folder / "others.json", *others)
    page = listed(*(o for o in fleet() if o["kind"] == "Pod"), kind="PodList")
    page["metadata"] |= {"continue": "abc", "remainingItemCount": 7}
    (folder / "pods.json").write_text(json.dumps(page))
    said = auditor(tmp_path, "audit", folder, "--json")
    assert said.code == 3
    assert gaps_in(said) == {("Instance", "truncated")}
    assert [g["count"] for g in said.report["gaps"] if g["code"] == "truncated"] == [7]
    assert {row["check"]: row["passed"] for row in said.report["coverage"]}["rollout-complete"] == 0


def full_fleet() -> list[Object]:
    """Objects in which every field that is read has a value."""
    condition = {"type": "Ready", "status": "True", "reason": "R", "message": "m", "lastTransitionTime": BORN}
    ended = {"terminated": {"reason": "Completed", "startedAt": BORN}}
    waits = {"waiting": {"reason": "ContainerCreating"}}
    rich = pod(
        "web-1-z",
        spec={
            "nodeName": "node-a",
            "initContainers": [{"name": "init", "image": "i", "restartPolicy": "Always"}],
            "ephemeralContainers": [{"name": "debug", "image": "d"}],
        },
        status={
            "conditions": [condition],
            "initContainerStatuses": [{"name": "init", "imageID": "", "restartCount": 1, "state": ended}],
            "ephemeralContainerStatuses": [{"name": "debug", "imageID": "", "restartCount": 1, "state": waits}],
        },
        managedFields=[wrote("kube-controller-manager", BORN, subresource="status")],
        labels={"app": "web"},
        annotations={"a": "b"},
        deletionTimestamp=BORN,
    )
    objects = fleet()
    objects[1]["spec"] |= {"paused": False, "revisionHistoryLimit": 3, "strategy": strategy(maxSurge=1)}
    objects[1]["status"]["conditions"][0] |= {"message": "m"}
    objects[5]["spec"] |= {"unschedulable": True, "providerID": "aws:///zone/i-1"}
    objects[5]["metadata"]["labels"] = {"kubernetes.io/hostname": "node-a"}
    return [*objects, rich, *full_kinds()]


def strategy(**bounds: Any) -> Object:
    """A strategy of rolling updates."""
    return {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", **bounds}}


def full_kinds() -> list[Object]:
    """An object of each kind besides Deployments, in which every field that is read has a value."""

    def made(kind: str, version: str, /, name: str = "", **more: Any) -> Object:
        return {"apiVersion": version, "kind": kind, "metadata": meta(name or kind.lower()), **more}

    counts = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}
    nodes = ("currentNumberScheduled", "desiredNumberScheduled", "updatedNumberScheduled", "numberAvailable")
    limited = {"template": template(), "revisionHistoryLimit": 3}
    revision = made("ControllerRevision", "apps/v1", revision=1, data={"spec": {"template": template()}})
    revision["metadata"]["ownerReferences"] = controller("StatefulSet", "statefulset")
    canary = {"canary": {"maxSurge": 1, "maxUnavailable": "25%"}}
    texts = {"currentPodHash": "a", "phase": "Healthy", "message": "m", "abort": False}
    update = progressing() | {"lastUpdateTime": BORN}
    expression = {"key": "app", "operator": "In", "values": ["web"]}
    return [
        made(
            "StatefulSet",
            "apps/v1",
            spec={**limited, "replicas": 1, "updateStrategy": strategy(partition=1)},
            status={**counts, "readyReplicas": 1, "updateRevision": "a"},
        ),
        made(
            "DaemonSet",
            "apps/v1",
            spec={**limited, "updateStrategy": strategy(maxSurge=0)},
            status={"observedGeneration": 1, **dict.fromkeys(nodes, 1)},
        ),
        revision,
        made("Job", "batch/v1", spec={"template": template()}, status={"conditions": [progressing()]}),
        made("CronJob", "batch/v1", spec={"jobTemplate": {"spec": {"template": template()}}}),
        made(
            "Rollout",
            "argoproj.io/v1alpha1",
            spec={**limited, "replicas": 1, "paused": False, "progressDeadlineSeconds": 1, "strategy": canary},
            status={**counts, **texts, "observedGeneration": "1", "conditions": [update]},
        ),
        made(
            "PodDisruptionBudget",
            "policy/v1",
            spec={"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}, "matchExpressions": [expression]}},
            status={"observedGeneration": 1, "disruptionsAllowed": 1},
        ),
        made("ReplicationController", "v1", spec={"template": template(), "replicas": 1}, status={"readyReplicas": 1}),
    ]


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of everything in a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


NOT_READ = re.compile(
    r"(ReplicaSet .*status/replicas"
    r"|\w+ (kind|apiVersion|.*/managedFields/0/(apiVersion|fieldsType|fieldsV1.*)))"
)
"""Fields of the full fleet that are not decoded: nobody can say that their type is wrong."""
SWAP = {str: 5, int: "text", bool: "text", dict: 5, list: 5}
BOUNDS = ("maxSurge", "maxUnavailable", "minAvailable")
"""Fields that hold a number or a percentage."""


def wrong_types() -> list[tuple[int, tuple[str | int, ...]]]:
    """Object and path of every field that is read, in the full fleet."""
    return [
        (index, path)
        for index, document in enumerate(full_fleet())
        for path in places(document)
        if not NOT_READ.fullmatch(f"{document['kind']} {'/'.join(map(str, path))}")
    ]


def spoil(objects: list[Object], index: int, path: tuple[str | int, ...]) -> list[Object]:
    """The objects with one value of another type."""
    spoilt: list[Object] = json.loads(json.dumps(objects))  # two of them may share a value
    value: Any = spoilt[index]
    for key in path[:-1]:
        value = value[key]
    value[path[-1]] = [] if path[-1] in BOUNDS else SWAP[type(value[path[-1]])]
    return spoilt


@pytest.mark.parametrize(
    ("index", "path"), wrong_types(), ids=lambda v: "-".join(map(str, v)) if isinstance(v, tuple) else str(v)
)
def test_a_field_of_the_wrong_type_is_a_gap_with_its_place(
    index: int, path: tuple[str | int, ...], tmp_path: Path
) -> None:
    objects = full_fleet()
    subject = objects[index]["metadata"]["uid"]
    facts = collect(record(tmp_path / "all.json", *spoil(objects, index, path)))
    gaps = [gap for gap in facts.gaps if gap.code == "broken"]
    assert gaps, "nothing says that it can't be read"
    if objects[index]["kind"] != "Namespace":
        assert f"items[{index}]" in gaps[0].reason
        assert all(gap.required for gap in gaps)
    things: tuple[Any, ...] = (*facts.workloads, *facts.releases, *facts.instances, *facts.hosts)
    assert subject not in {thing.ref.uid for thing in things if getattr(thing, "read", True)}
    report = report_of(facts)
    assert not [f for f in report.findings if f.verdict == "error"]
    assert report.exit_code != 0 or objects[index]["kind"] == "Namespace"


@pytest.mark.parametrize(
    ("index", "path", "value"),
    [
        (2, ("spec", "template"), 5),
        (2, ("spec", "template", "spec", "containers"), 5),
        (1, ("spec", "template"), []),
        (1, ("spec", "template", "metadata"), "x"),
    ],
)
def test_a_broken_template_at_the_command_line(index: int, path: tuple[str, ...], value: Any, tmp_path: Path) -> None:
    objects = fleet()
    inner: Any = objects[index]
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    said = auditor(tmp_path, "audit", record(tmp_path / "all.json", *objects), "--json")
    assert said.code == 3, said
    assert "broken" in {code for _, code in gaps_in(said)}


@pytest.mark.parametrize("text", ["yesterday", "2026-13-40T25:61:61Z", "0", "zzz"])
@pytest.mark.parametrize("index", [1, 2, 3], ids=["Deployment", "ReplicaSet", "Pod"])
def test_a_time_that_is_none_is_no_bug_of_a_check(index: int, text: str, tmp_path: Path) -> None:
    objects = fleet()
    objects[1]["spec"]["paused"] = True
    objects[1]["status"] |= {"updatedReplicas": 1, "conditions": []}
    objects[index]["metadata"]["creationTimestamp"] = text
    report = report_of(collect(record(tmp_path / "all.json", *objects)))
    assert not [f for f in report.findings if f.verdict == "error"]
    assert report.moment != text
    assert report.exit_code == 3


def hostile_fleet() -> list[Object]:
    """A fleet whose every text that people choose is hostile."""
    objects = copy.deepcopy(fleet())
    for thing in objects[1:]:
        for text in ("name", "namespace"):
            if thing["metadata"].get(text):
                thing["metadata"][text] += HOSTILE
        thing["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": CLOSING, HOSTILE: CLOSING}
        thing["metadata"]["labels"] = {"eks.amazonaws.com/nodegroup": CLOSING}
    for instance in objects[3:5]:
        instance["spec"]["containers"][0] = {"name": "app" + HOSTILE, "image": "nginx" + CLOSING}
        instance["spec"]["nodeName"] += HOSTILE
        instance["status"]["containerStatuses"][0] |= {"name": "app" + HOSTILE, "imageID": CLOSING}
        instance["metadata"]["managedFields"] = [wrote("me" + HOSTILE, "2026-11-01T11:00:00Z")]
        instance["metadata"]["generation"] = 2
        instance["metadata"]["ownerReferences"][0]["name"] += HOSTILE
    objects[2]["spec"]["template"]["spec"]["containers"][0] = {"name": "app" + HOSTILE, "image": CLOSING}
    objects[1]["spec"]["template"] = objects[2]["spec"]["template"]
    objects[1]["status"]["conditions"][0] |= {"reason": "ProgressDeadlineExceeded", "status": "False"}
    objects[1]["status"]["conditions"][0]["message"] = CLOSING
    objects[5]["status"]["nodeInfo"] = {**objects[5]["status"]["nodeInfo"], "osImage": CLOSING}
    unread = {"apiVersion": HOSTILE, "kind": HOSTILE, "metadata": {"name": HOSTILE}}
    stray = pod("stray", "nginx", ownerReferences=controller("Kind" + HOSTILE, "x"))
    twin = node("other" + HOSTILE, uid="uid-node-b")
    return [*objects, unread, stray, twin]


@pytest.mark.parametrize(
    "command",
    [
        ("audit",),
        ("audit", "--evidence"),
        ("audit", "--json"),
        ("trace", "deployment/web"),
        ("trace", "--json", "deployment/web"),
        ("explain",),
        ("explain", "--json"),
    ],
    ids=" ".join,
)
def test_hostile_text_never_reaches_the_terminal_as_it_is(command: tuple[str, ...], tmp_path: Path) -> None:
    file = record(tmp_path / "all.json", *hostile_fleet())
    name, *rest = command
    if name == "audit":
        said = auditor(tmp_path, *command, file)
        assert said.code == 10, said
    else:
        rest = [f"deployment/default{HOSTILE}/web{HOSTILE}" if r.startswith("deployment") else r for r in rest]
        said = auditor(tmp_path, name, "--source", file, *rest)
        assert said.code == 0, said
    assert said.out
    assert not RAW & set(said.out + said.err), said
    assert "\\u001b[2J" in said.out, "it is shown, escaped"
    assert not [line for line in said.out.splitlines() if line.startswith("## ")], "a newline of theirs broke a line"


def test_a_hostile_name_in_an_error_is_escaped(tmp_path: Path) -> None:
    file = tmp_path / "a\x1b[2J\u202e.json"
    file.write_text("{")
    for said in (auditor(tmp_path, "audit", file), auditor(tmp_path, "audit", f"{file}-not-there")):
        assert said.code in (1, 2)
        assert not RAW & set(said.err)
        assert "\\u001b[2J\\u202e" in said.first


def kubeconfig(folder: Path, **changes: Any) -> Path:
    """A kubeconfig whose server does not answer, with changes."""
    body = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
        "clusters": [{"name": "here", "cluster": {"server": nobodys_address()}}],
        "users": [{"name": "me", "user": {}}],
        **changes,
    }
    file = folder / "kubeconfig.yaml"
    file.write_text(yaml.safe_dump(body))
    return file


@pytest.mark.parametrize(
    "text",
    ["", "{", "- a\n- b\n", "5", "text", "kind: Config\n", "contexts: 5\ncurrent-context: a\n", "\x00", "a: [b\n"],
)
def test_a_kubeconfig_that_is_none(text: str, tmp_path: Path) -> None:
    file = tmp_path / "kubeconfig.yaml"
    file.write_text(text)
    said = auditor(tmp_path, "audit", "--kubeconfig", file)
    assert (said.code, said.out) == (1, ""), said
    assert said.first == f"   error: kubeconfig {file} can't be used"


@pytest.mark.parametrize(
    "changes",
    [
        {"current-context": "gone"},
        {"current-context": ""},
        {"contexts": [{"name": "here", "context": {"cluster": "gone", "user": "me"}}]},
        {"clusters": []},
        {"clusters": [{"name": "here", "cluster": {}}]},
        {
            "clusters": [
                {"name": "here", "cluster": {"server": "https://127.0.0.1:1", "certificate-authority": "/nowhere"}}
            ]
        },
    ],
    ids=["context", "no context", "cluster", "no clusters", "no server", "no CA file"],
)
def test_a_kubeconfig_that_points_to_what_it_does_not_hold(changes: Object, tmp_path: Path) -> None:
    file = kubeconfig(tmp_path, **changes)
    said = auditor(tmp_path, "audit", "--kubeconfig", file)
    assert (said.code, said.out) == (1, ""), said
    assert "can't be used" in said.first, said


def test_a_kubeconfig_that_does_not_exist(tmp_path: Path) -> None:
    for arguments in (["--kubeconfig", str(tmp_path / "none")], []):
        said = auditor(tmp_path, "audit", *arguments)
        assert (said.code, said.out) == (1, "")
        assert "can't be used" in said.first


def test_a_context_that_does_not_exist(tmp_path: Path) -> None:
    said = auditor(tmp_path, "audit", "kubernetes:gone", "--kubeconfig", kubeconfig(tmp_path))
    assert said.code == 1
    assert "with context 'gone' can't be used" in said.first


@pytest.mark.parametrize("server", ["", "not a url", "http://127.0.0.1:99999", "ftp://127.0.0.1", "http://[::1"])
def test_a_kubeconfig_whose_server_is_no_address(server: str, tmp_path: Path) -> None:
    file = kubeconfig(tmp_path, clusters=[{"name": "here", "cluster": {"server": server}}])
    said = auditor(tmp_path, "audit", "--kubeconfig", file)
    assert (said.code, said.out) == (1, ""), said
    assert said.first.startswith("   error: ")


def test_a_kubeconfig_that_points_nowhere(tmp_path: Path) -> None:
    said = auditor(tmp_path, "audit", "--kubeconfig", kubeconfig(tmp_path))
    assert (said.code, said.out) == (1, "")
    assert "nothing answers at http://127.0.0.1" in said.first


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('sorce = "kubernetes:"\n', "sorce"),
        ("timeout = 0\n", "timeout"),
        ('timeout = "soon"\n', "timeout"),
        ("checks = 5\n", "checks"),
        ("[checks.no-such-check]\n", "no-such-check"),
        ("[checks.rollout-complete]\ngrase = 5\n", "grase"),
        ('[checks.rollout-complete]\ngrace = "5"\n', "grace"),
        ("[checks.host-baseline.pools.default]\nkubelet = 'v1'\n", "kubelet"),
        ("[checks.image-pinned-by-digest]\nx = 1\n", "image-pinned-by-digest"),
        ("a = [\n", "auditor.toml"),
    ],
)
def test_settings_that_are_not_understood(text: str, place: str, tmp_path: Path) -> None:
    (tmp_path / "auditor.toml").write_text(text)
    said = auditor(tmp_path, "audit", record(tmp_path / "all.json", *fleet()))
    assert (said.code, said.out) == (2, ""), said
    assert said.first.startswith("   error: ")
    assert place in said.err


def test_a_settings_file_that_does_not_exist(tmp_path: Path) -> None:
    said = auditor(tmp_path, "audit", "--config", "none.toml", record(tmp_path / "all.json", *fleet()))
    assert said.code == 2
    assert said.first == "   error: none.toml can't be read"


def store_with(folder: Path, content: bytes = b"", *statements: str) -> Path:
    """A file where the store is looked for, with this content or made by these SQL statements."""
    file = folder / "store.db"
    file.touch(mode=0o600)
    if statements:
        with sqlite3.connect(file) as connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()
    else:
        file.write_bytes(content)
    return file


@pytest.mark.parametrize(
    ("content", "statements"),
    [
        (b"this is no database" * 100, ()),
        (b"SQLite format 3\x00" + b"\x00" * 5000, ()),
        (b"", ("PRAGMA user_version=99",)),
        (b"", ("CREATE TABLE notes (text TEXT)", "PRAGMA user_version=1")),
        (b"", ("CREATE TABLE notes (text TEXT)", "INSERT INTO notes VALUES ('mine')")),
    ],
    ids=["text", "damaged", "another version", "another program's, version 1", "another program's, version 0"],
)
def test_a_store_that_is_none_of_ours(content: bytes, statements: tuple[str, ...], tmp_path: Path) -> None:
    store = store_with(tmp_path, content, *statements)
    before = store.read_bytes()
    said = auditor(tmp_path, "audit", record(tmp_path / "all.json", *fleet()), "--store", store)
    assert (said.code, said.out) == (1, ""), said
    assert said.first.startswith("   error: ")
    assert str(store) in said.first
    assert store.read_bytes() == before, "it is left as it was"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666])
def test_a_store_that_others_may_read_or_write_is_refused(mode: int, tmp_path: Path) -> None:
    store = tmp_path / "store.db"
    store.touch()
    store.chmod(mode)
    said = auditor(tmp_path, "audit", record(tmp_path / "all.json", *fleet()), "--store", store)
    assert (said.code, said.out) == (1, "")
    assert said.first == f"   error: the store {store} is not yours alone"
    assert f"chmod 600 {store}" in said.err


def test_a_store_in_a_folder_that_does_not_exist_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    said = auditor(tmp_path, "audit", record(tmp_path / "all.json", *fleet()))
    assert said.code == 0
    store = tmp_path / "store" / "store.db"
    assert (store.parent.stat().st_mode & 0o777, store.stat().st_mode & 0o777) == (0o700, 0o600)


def test_a_store_where_nobody_may_write(tmp_path: Path) -> None:
    file = record(tmp_path / "all.json", *fleet())
    for store in (tmp_path / "all.json" / "store.db", Path("/proc/auditor/store.db"), tmp_path):
        said = auditor(tmp_path, "audit", file, "--store", store)
        assert (said.code, said.out) == (1, ""), said
        assert said.first.startswith(f"   error: the store {store} ")


def test_a_store_that_may_not_be_written(tmp_path: Path) -> None:
    file = record(tmp_path / "all.json", *fleet())
    assert auditor(tmp_path, "audit", file, obedient=True).code == 0
    (tmp_path / "store" / "store.db").chmod(0o400)
    said = auditor(tmp_path, "audit", file, obedient=True)
    assert (said.code, said.out) == (1, ""), said
    assert said.first.startswith("   error: the store ")


def test_a_store_in_a_read_only_folder(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    file = record(tmp_path / "all.json", *fleet())
    said = auditor(tmp_path, "audit", file, "--store", folder / "store.db", obedient=True)
    assert (said.code, said.out) == (1, ""), said
    assert said.first == f"   error: the store {folder / 'store.db'} can't be used"


def test_a_store_whose_report_is_damaged(tmp_path: Path) -> None:
    assert auditor(tmp_path, "audit", record(tmp_path / "all.json", *fleet())).code == 0
    with sqlite3.connect(tmp_path / "store" / "store.db") as connection:
        connection.execute("UPDATE contents SET data = x'00'")
    connection.close()
    said = auditor(tmp_path, "explain")
    assert (said.code, said.out) == (1, ""), said
    assert said.first.startswith("   error: ")


def test_nothing_was_audited_yet(tmp_path: Path) -> None:
    said = auditor(tmp_path, "explain")
    assert (said.code, said.first) == (2, "   error: nothing was audited yet")


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["audit", "--nonsense"], ["checks", "show", "no-such-check"], ["trace"]], ids=" ".join
)
def test_a_command_line_that_is_not_understood(arguments: list[str], tmp_path: Path) -> None:
    said = auditor(tmp_path, *arguments)
    assert (said.code, said.out) == (2, "")
    assert said.err


def test_one_cluster_named_twice(tmp_path: Path) -> None:
    one, two = (record(tmp_path / f"{name}.json", *fleet()) for name in "ab")
    said = auditor(tmp_path, "audit", one, two)
    assert said.code == 2
    assert said.first == "   error: two of the sources are the same cluster"
