"""What an audit policy lets the log see, and what no pass may therefore be built on."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from tests.audit_events import CI, DATA, POD, WEB, event, exec_, facts, write
from tests.running import auditor
from tools.collect.kubernetes.auditlog import wire
from tools.collect.kubernetes.auditlog.attach import attach
from tools.collect.kubernetes.auditlog.policy import eyes_of, read_policy
from tools.errors import SourceError
from tools.model.change import Act, Blind
from tools.model.observation import NotObserved
from tools.model.snapshot import Snapshot

LAB = DATA / "policy.yaml"
SHOP = Path(__file__).parent.parent / "auditor/demo/shop"
EVERYTHING: dict[str, Any] = {"level": "Metadata"}


def blind(*rules: dict[str, Any], **more: Any) -> set[Blind]:
    policy = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": list(rules), **more}
    return set(eyes_of(msgspec.convert(policy, wire.Policy), "p", CI).blind)


def acts(spots: set[Blind]) -> set[Act]:
    return {spot.act for spot in spots}


def pods(*resources: str) -> list[dict[str, Any]]:
    return [{"group": "", "resources": list(resources)}]


def test_the_labs_policy_sees_everything() -> None:
    eyes = eyes_of(*read_policy(LAB), CI)
    assert eyes.blind == ()
    assert eyes.name.startswith("policy.yaml (sha256:")
    assert [user.split(" (")[0] for user in eyes.system] == ["group system:nodes", "system:kube-scheduler"]


def test_dropping_reads_first_loses_what_a_websocket_enters() -> None:
    spots = blind({"level": "None", "verbs": ["get", "list", "watch"]}, EVERYTHING)
    assert acts(spots) == {"exec", "copy", "attach", "port-forward"}
    assert all("rule 1" in spot.reason and "(get pods/" in spot.reason for spot in spots)


@pytest.mark.parametrize(
    ("rules", "wanted"),
    [
        ([EVERYTHING], set()),
        ([], {"exec", "copy", "attach", "port-forward", "ephemeral-container", "resize", "create", "write", "scale",
              "evict", "delete"}),
        ([{"level": "None", "resources": pods("pods")}, EVERYTHING], {"create", "write", "delete"}),
        ([{"level": "None", "resources": pods("pods/exec")}, EVERYTHING], {"exec", "copy"}),
        ([{"level": "None", "resources": pods("pods/*"), "verbs": ["create"]}, EVERYTHING],
         {"exec", "copy", "attach", "port-forward", "evict", "create"}),
        ([{"level": "None", "resources": [{"group": "apps", "resources": ["*/scale"]}]}, EVERYTHING], {"scale"}),
        ([{"level": "None", "resources": [{"group": "batch"}]}, EVERYTHING], {"create", "write", "delete"}),
        ([{"level": "None", "resources": pods("events", "secrets")}, EVERYTHING], set()),
        ([{"level": "None", "nonResourceURLs": ["*"]}, EVERYTHING], set()),
        ([{"level": "Request", "resources": pods("pods/exec")}, {"level": "None", "resources": pods("*")}, EVERYTHING],
         {"attach", "port-forward", "ephemeral-container", "resize", "evict", "create", "write", "delete"}),
        ([{"level": "None", "userGroups": ["system:nodes"]}, EVERYTHING], set()),
        ([{"level": "None", "users": ["system:kube-scheduler"]}, EVERYTHING], set()),
        ([{"level": "None", "users": ["alice"], "userGroups": ["system:nodes"]}, EVERYTHING], set()),
        ([{"level": "Metadata", "userGroups": ["system:authenticated"]}, {"level": "None"}], set()),
        ([{"level": "Metadata", "resources": [{"group": "", "resources": ["pods/exec"], "resourceNames": ["x"]}]},
          {"level": "None", "resources": pods("pods/exec")}, EVERYTHING], {"exec", "copy"}),
    ],
)  # fmt: skip
def test_first_match_decides(rules: list[dict[str, Any]], wanted: set[Act]) -> None:
    assert acts(blind(*rules)) == wanted


def test_stages_that_are_omitted_are_not_seen() -> None:
    """An exec shows in two stages; all else only in the last."""
    assert acts(blind(EVERYTHING, omitStages=["RequestReceived"])) == set()
    assert "exec" not in acts(blind(EVERYTHING, omitStages=["ResponseComplete"]))
    assert "delete" in acts(blind(EVERYTHING, omitStages=["ResponseComplete"]))
    both = {"level": "Metadata", "resources": pods("pods/exec"), "omitStages": ["ResponseComplete", "ResponseStarted"]}
    assert acts(blind(both, EVERYTHING)) == {"exec", "copy"}


def test_blind_for_some_users_only() -> None:
    spots = blind({"level": "None", "users": ["ci-bot", "system:kube-scheduler"]}, EVERYTHING)
    assert {spot.users for spot in spots} == {("ci-bot",)}
    groups = blind({"level": "None", "userGroups": ["system:masters", "system:nodes"]}, EVERYTHING)
    assert {spot.users for spot in groups} == {("group system:masters",)}


def test_seeing_one_user_is_blind_for_the_others() -> None:
    spots = blind({"level": "Metadata", "users": ["alice"]}, {"level": "None"})
    assert {spot.users for spot in spots} == {()}
    assert "exec" in acts(spots)


def test_blind_in_some_namespaces_and_for_some_kinds_only(tmp_path: Path) -> None:
    here = {"level": "None", "namespaces": ["kube-system"], "resources": pods("pods/exec")}
    assert {(spot.namespaces, spot.kinds) for spot in blind(here, EVERYTHING)} == {(("kube-system",), ("Pod",))}
    elsewhere = view(tmp_path, [here, EVERYTHING])
    assert list(elsewhere.changes_to(elsewhere.facts.instances[0], "exec"))
    there = view(tmp_path, [{**here, "namespaces": ["shop"]}, EVERYTHING])
    with pytest.raises(NotObserved, match="could not have recorded every exec: rule 1") as refused:
        list(there.changes_to(there.facts.instances[0], "exec"))
    assert refused.value.code == "policy-blind"


def test_without_pods_the_workloads_are_still_watched(tmp_path: Path) -> None:
    looked = view(tmp_path, [{"level": "None", "resources": pods("pods", "pods/*")}, EVERYTHING])
    assert list(looked.changes_to(looked.facts.workloads[0], "write")) == []
    with pytest.raises(NotObserved):
        list(looked.changes_to(looked.facts.instances[0], "write"))


def test_without_a_policy_absence_proves_nothing(tmp_path: Path) -> None:
    looked = view(tmp_path, None)
    with pytest.raises(NotObserved, match="its policy was not given"):
        list(looked.changes_to(looked.facts.instances[0], "attach"))


def view(tmp_path: Path, rules: list[dict[str, Any]] | None) -> Snapshot:
    """A log from the objects' creation to their reading, with an exec, under these rules."""
    policy = tmp_path / "policy.yaml"
    if rules is not None:
        policy.write_text(yaml.safe_dump({"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": rules}))
    whole = [
        event("create", "configmaps", "x", at="09:00:00.0"),
        exec_(),
        event("create", "configmaps", at="11:59:00.0"),
    ]
    log = write(tmp_path / "audit.log", whole)
    found = Snapshot(attach(facts(), [log], policy if rules is not None else None, CI))
    assert {found.facts.instances[0].ref, found.facts.workloads[0].ref} == {POD, WEB}
    return found


def test_the_order_of_rules_matters() -> None:
    """The mutant of first match decides: the same rules, the last first."""
    drops = {"level": "None", "verbs": ["get", "list", "watch"]}
    assert acts(blind(drops, EVERYTHING)) != acts(blind(EVERYTHING, drops))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no document of kind Policy"),
        ("kind: Policy\napiVersion: kyverno.io/v1\nrules: []\n", "apiVersion is kyverno.io/v1"),
        ("kind: Policy\napiVersion: audit.k8s.io/v1\nrules:\n- level: Everything\n", "rules"),
        ("kind: Policy\napiVersion: audit.k8s.io/v1\n", "rules"),
        ("{", "line 1"),
    ],
)
def test_what_is_no_policy_is_refused_with_its_place(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(text)
    with pytest.raises(SourceError, match=r"policy\.yaml is no audit policy") as refused:
        read_policy(file)
    assert why in str(refused.value)


def test_the_commands_take_a_log(tmp_path: Path) -> None:
    """The demonstration's recording holds its own; a named one goes before it, and a policy alone is refused."""
    own = auditor(tmp_path, "audit", SHOP, "--json")
    assert any(finding["check"] == "in-place-change" for finding in own.report["findings"])
    log = write(tmp_path / "audit.log", [exec_(name="elsewhere")])
    named = auditor(tmp_path, "audit", SHOP, "--audit-log", log, "--json")
    assert "nothing-matches" in {gap["code"] for gap in named.report["gaps"]}
    both = auditor(tmp_path, "audit", SHOP, SHOP, "--audit-log", log)
    assert (both.code, "one cluster's" in both.err) == (2, True)
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(SHOP / "pods.json", alone)
    policy = auditor(tmp_path, "audit", alone, "--audit-policy", LAB)
    assert (policy.code, "without an audit log" in policy.err) == (2, True)
