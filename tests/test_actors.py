"""Who is a person, a pipeline, a controller: the rules and their order, and the settings that come before them."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.commands.looking import Looking
from auditor.settings import load_settings
from tools.collect.actors import Actors, Rule
from tools.errors import UsageError
from tools.model.change import ActorKind

ACCOUNT = "system:serviceaccount:"


@pytest.mark.parametrize(
    ("user", "kind"),
    [
        ("alice", "person"),
        ("alice@example.com", "person"),
        ("kubernetes-admin", "person"),
        ("system:node:node-a", "controller"),
        ("system:kube-controller-manager", "controller"),
        ("system:kube-scheduler", "controller"),
        ("system:apiserver", "controller"),
        (f"{ACCOUNT}kube-system:deployment-controller", "controller"),
        (f"{ACCOUNT}argocd:argocd-application-controller", "controller"),
        (f"{ACCOUNT}flux-system:kustomize-controller", "controller"),
        (f"{ACCOUNT}argo-rollouts:argo-rollouts", "controller"),
        (f"{ACCOUNT}gitlab-runner:default", "pipeline"),
        (f"{ACCOUNT}arc-runners:runner", "pipeline"),
        (f"{ACCOUNT}auditor:auditor-actor", "auditor"),
        (f"{ACCOUNT}shop:auditor-actor", "unknown"),
        (f"{ACCOUNT}shop:default", "unknown"),
        (f"{ACCOUNT}kube-system-not:x", "unknown"),
        ("system:anonymous", "unknown"),
        ("system:admin", "unknown"),
        ("", "unknown"),
    ],
)
def test_the_defaults(user: str, kind: ActorKind) -> None:
    actor = Actors().actor(user)
    assert actor.kind == kind
    assert kind in actor.rule or user == ""


def test_the_first_rule_that_matches_decides_and_the_installations_come_first() -> None:
    rules = Actors((Rule("pipeline", "ci-*"), Rule("person", "ci-bot"), Rule("controller", group="operators")))
    assert rules.actor("ci-bot").kind == "pipeline"
    assert Actors(rules.rules[::-1]).actor("ci-bot").kind == "person"  # the mutant: the order matters
    assert rules.actor("bob", ["operators"]).kind == "controller"
    assert rules.actor("bob", ["others"]).kind == "person"
    assert Actors((Rule("agent", "bob", agent="claude*"),)).actor("bob", agent="claude-cli/1.0").kind == "agent"
    assert rules.actor("ci-bot").rule == "user ci-* is pipeline"


def test_who_impersonates_a_controller_does_not_become_one() -> None:
    rules = Actors()
    alice = rules.actor("alice")
    as_controller = rules.impersonated("system:kube-controller-manager", [], alice)
    assert (as_controller.kind, as_controller.impersonator) == ("person", "alice")
    assert rules.impersonated("bob", [], alice).kind == "person"
    assert str(rules.impersonated("bob", [], alice)) == "bob (person), impersonated by alice"
    node = rules.actor("system:kube-controller-manager")
    assert rules.impersonated(f"{ACCOUNT}kube-system:x", [], node).kind == "controller"


def test_the_settings_reach_the_source(tmp_path: Path) -> None:
    file = tmp_path / "auditor.toml"
    file.write_text(
        '[audit_log]\npath = ["a.log"]\npolicy = "p.yaml"\nsince = 2026-11-23T10:00:00Z\n'
        '[[actors]]\nkind = "pipeline"\nuser = "ci-bot"\n'
    )
    (source,) = Looking([str(tmp_path)], "", str(file)).sources
    assert source.actors == (Rule("pipeline", "ci-bot"),)
    assert (source.log.paths, source.log.policy, source.log.since) == (
        ("a.log",),
        "p.yaml",
        "2026-11-23T10:00:00+00:00",
    )
    (named,) = Looking([str(tmp_path)], "", str(file), (["b.log"], "q.yaml")).sources
    assert (named.log.paths, named.log.policy) == (("b.log",), "q.yaml")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('[[actors]]\nkind = "robot"\nuser = "x"\n', "actors[0].kind"),
        ('[[actors]]\nkind = "person"\n', "actors[0]"),
        ('[[actors]]\nkind = "person"\nname = "x"\n', "actors[0].name"),
        ('[audit_log]\nsince = "yesterday"\n', "audit_log.since"),
        ("[audit_log]\nsince = 2026-11-23T10:00:00\n", "audit_log.since"),
        ('[audit_log]\npath = "a.log"\n', "audit_log.path"),
    ],
)
def test_a_bad_setting_is_refused_with_its_place(tmp_path: Path, text: str, place: str) -> None:
    file = tmp_path / "auditor.toml"
    file.write_text(text)
    with pytest.raises(UsageError) as refused:
        load_settings(str(file))
    assert f"{place}: " in str(refused.value)
