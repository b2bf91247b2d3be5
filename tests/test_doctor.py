"""`auditor doctor` without a cluster: what it asks for is what ships, recordings, and what can go wrong."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import yaml

from auditor.settings import Settings
from auditor.setup.doctoring import examine_settings
from auditor.setup.manifest import manifest
from tests.driver.rights import shipped
from tests.loopback_api import LISTS, loopback, nobodys_address, raw, status, write_kubeconfig
from tests.objects import listed
from tests.running import auditor
from tools.collect.kubernetes.access import Account, Right, acting, reading
from tools.model.change import Actor, Change
from tools.model.facts import Facts
from tools.model.identity import Ref, Scope


def plain(rights: list[Right]) -> set[tuple[str, str, str, tuple[str, ...]]]:
    return {(r.group, r.resource, r.verb, (r.name,) if r.name else ()) for r in rights}


def test_what_the_doctor_asks_for_is_what_the_shipped_manifests_grant() -> None:
    for role, rights in (("reader", reading()), ("actor", acting())):
        assert plain(rights) == {(r.group, r.resource, r.verb, r.only) for r in shipped(role)}


def test_a_manifest_grants_exactly_the_rights_and_binds_exactly_the_account() -> None:
    hostile = 'eve"\nEOF\nrm -rf /\n---\n'
    role, binding = yaml.safe_load_all(manifest(reading(), Account(hostile)))
    granted = {
        (group, resource, verb, tuple(rule.get("resourceNames", ())))
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    assert granted == plain(reading())
    assert binding["subjects"][0]["name"] == hostile
    assert "\nEOF\n" not in manifest(reading(), Account(hostile))
    assert binding["roleRef"]["name"] == role["metadata"]["name"] == binding["metadata"]["name"]


def test_another_account_or_other_rights_get_a_manifest_of_another_name() -> None:
    """So that applying one never takes away what an earlier one granted."""
    made = [manifest(*given) for given in (
        (reading(), Account("a")), (reading(), Account("b")), (acting(), Account("a")),
        (reading(), Account("system:serviceaccount:ns:b")))]  # fmt: skip
    assert len({next(iter(yaml.safe_load_all(text)))["metadata"]["name"] for text in made}) == 4


def test_nobody_is_never_bound() -> None:
    for account in (None, Account(""), Account("system:anonymous")):
        (role,) = yaml.safe_load_all(manifest(reading(), account))
        assert role["kind"] == "ClusterRole"


def test_a_recording_is_told_what_it_does_not_hold_and_how_to_record_it(tmp_path: Path) -> None:
    folder = tmp_path / "a fleet"
    folder.mkdir()
    for kind in sorted({*LISTS.values()} - {"Node", "Job"}):
        (folder / f"{kind}.json").write_text(json.dumps(listed(kind=f"{kind}List", version="v1")))
    said = auditor(tmp_path, "doctor", folder, "--json")
    commands = [row["command"] for row in said.report["missing"] if row["command"]]
    nodes = [row for row in said.report["missing"] if "no Node list" in row["gap"]["reason"]]
    assert said.code == 3, said
    assert "host-baseline" in nodes[0]["checks"]
    assert any(c.startswith("kubectl get nodes -A -o json --show-managed-fields > '") for c in commands), commands
    assert any(c.startswith("kubectl get jobs -A") for c in commands)
    assert any("namespace kube-system" in c for c in commands)
    assert not any("pods" in c for c in commands)


def test_settings_to_add_are_settings(tmp_path: Path) -> None:
    (tmp_path / "pods.json").write_text(json.dumps(listed(kind="PodList", version="v1")))
    said = auditor(tmp_path, "doctor", tmp_path / "pods.json", "--json")
    lines = [row["settings"] for row in said.report["missing"] if row["settings"]]
    assert lines
    for text in lines:
        Settings.model_validate(tomllib.loads(text))


def test_a_cluster_that_does_not_answer_is_exit_1(tmp_path: Path) -> None:
    config = write_kubeconfig(tmp_path, nobodys_address())
    for more in ((), ("--acting",)):
        said = auditor(tmp_path, "doctor", "--kubeconfig", config, *more)
        assert (said.code, said.out) == (1, ""), said
        assert "nothing answers" in said.err


def test_no_kubeconfig_and_no_such_context_are_said(tmp_path: Path) -> None:
    said = auditor(tmp_path, "doctor", "--kubeconfig", tmp_path / "none")
    assert (said.code, said.out) == (1, "")
    with loopback([]) as server:
        config = write_kubeconfig(tmp_path, server.address)
        said = auditor(tmp_path, "doctor", "--context", "a b", "--kubeconfig", config)
    assert said.code == 1
    assert "'a b'" in said.err


def test_a_review_that_cant_be_asked_never_reads_as_allowed(tmp_path: Path) -> None:
    """The loopback answers no POST (501): what a review alone could tell is missing, and said to be unknown."""
    with loopback([]) as server:
        server.always["/api/v1/namespaces/kube-system"] = status(403, "Forbidden")
        server.always["/api/v1/pods"] = status(403, "Forbidden")
        server.always["/api/v1/nodes"] = raw(200, b"no json")
        said = auditor(tmp_path, "doctor", "--json", "--kubeconfig", write_kubeconfig(tmp_path, server.address))
    named = {(r["right"]["verb"], r["right"]["resource"]) for r in said.report["missing"] if r["right"]}
    assert said.code == 3
    assert named == {("list", "pods"), ("get", "namespaces"), ("get", "deployments"), ("get", "nodes"),
                     ("get", "replicasets")}  # fmt: skip
    assert any(r["gap"]["code"] == "broken" and r["gap"]["required"] for r in said.report["missing"])
    assert said.report["account"] is None
    assert "ClusterRoleBinding" not in said.report["manifest"]


def test_acting_on_a_recording_and_two_ways_to_name_a_source_are_usage_errors(tmp_path: Path) -> None:
    (tmp_path / "pods.json").write_text(json.dumps(listed(kind="PodList", version="v1")))
    assert auditor(tmp_path, "doctor", tmp_path / "pods.json", "--acting").code == 2
    assert auditor(tmp_path, "doctor", tmp_path / "pods.json", "--context", "x").code == 2


def test_a_sample_for_an_unknown_actor_says_nothing_of_it_until_it_is_edited() -> None:
    """Pasted as it is, it must not turn an unknown user into a pipeline, which may do more than a person."""
    name = 'system:serviceaccount:x:y"\nkind = "pipeline'
    scope = Scope(id="c", name="c", kind="kubernetes")
    ref = Ref(scope="c", kind="Pod", namespace="x", name="p", uid="u")
    change = Change(ref=ref, root=ref, time="2026-01-01T00:00:00Z", act="write", version="a", source="audit-log",
                    actor_seen=Actor(name, "unknown"))  # fmt: skip
    facts = Facts(moment="2026-01-01T00:00:00Z", scopes=(scope,), changes=(change,))
    (row,) = [m for m in examine_settings(Settings(), facts, [], log=True) if m.gap.code == "unknown-actor"]
    (actor,) = Settings.model_validate(tomllib.loads(row.settings)).actors
    assert (actor.kind, actor.user) == ("unknown", name)
