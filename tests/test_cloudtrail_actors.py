"""Who did it, by CloudTrail's userIdentity, and with which tool, by its user agent."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from tests.aws_compute import ACCOUNT, DATA
from tests.cloudtrail_events import BOTO, BROWSER, CLI, TERRAFORM, event, role, user
from tools.collect.actors import Actors, Rule
from tools.collect.aws.changes.whom import actor_of, note_of, owner, tool_of
from tools.collect.aws.wire import cloudtrail
from tools.tool_names import leaning

GITHUB = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
CLUSTER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/ABC"
ROLE = f"arn:aws:iam::{ACCOUNT}:role"


def decoded(**more: Any) -> cloudtrail.Event:
    return cloudtrail.event.decode(json.dumps(event("UpdateAutoScalingGroup", "autoscaling", **more)))


def federated(provider: str) -> dict[str, Any]:
    return role("deploy", "run-7", context={"webIdFederationData": {"federatedProvider": provider, "attributes": {}}})


SSO = role("AWSReservedSSO_Admin_0a1b", "ada@shop.example", path="/aws-reserved/sso.amazonaws.com/")
SERVICE_ROLE = role(
    "AWSServiceRoleForAutoScaling", "AutoScaling", "/aws-service-role/autoscaling.amazonaws.com/",
    invokedBy="autoscaling.amazonaws.com",
)  # fmt: skip


@pytest.mark.parametrize(
    ("identity", "name", "kind"),
    [
        (user(), f"arn:aws:iam::{ACCOUNT}:user/ada", "person"),
        ({"type": "Root", "arn": f"arn:aws:iam::{ACCOUNT}:root"}, f"arn:aws:iam::{ACCOUNT}:root", "person"),
        (SSO, f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_Admin_0a1b/ada@shop.example", "person"),
        (federated(GITHUB), f"{ROLE}/deploy", "pipeline"),
        (federated(f"arn:aws:iam::{ACCOUNT}:oidc-provider/gitlab.shop.example"), f"{ROLE}/deploy", "pipeline"),
        (federated(CLUSTER), f"{ROLE}/deploy", "unknown"),
        (role("web", "i-0abc"), f"{ROLE}/web", "unknown"),
        (role("ops", "x", context={"attributes": {"mfaAuthenticated": "true"}}), f"{ROLE}/ops", "person"),
        (SERVICE_ROLE, f"{ROLE}/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling", "controller"),
        ({"type": "AWSService", "invokedBy": "ec2.amazonaws.com"}, "ec2.amazonaws.com", "controller"),
        (user(invokedBy="cloudformation.amazonaws.com"), f"arn:aws:iam::{ACCOUNT}:user/ada", "controller"),
        (user(invokedBy="ssm.amazonaws.com"), f"arn:aws:iam::{ACCOUNT}:user/ada", "person"),
        ({"type": "AWSAccount", "accountId": "999999999999", "principalId": "AROA9:x"}, "AROA9:x", "unknown"),
        ({"type": "IdentityCenterUser", "principalId": "p-1"}, "p-1", "person"),
        ({}, "", "unknown"),
    ],
)
def test_who_and_of_which_kind(identity: dict[str, Any], name: str, kind: str) -> None:
    actor = actor_of(decoded(userIdentity=identity), Actors())
    assert (actor.name, actor.kind) == (name, kind)
    assert actor.rule


def test_a_role_with_the_credentials_of_a_console_session_is_a_person() -> None:
    assert actor_of(decoded(userIdentity=role("ops", "x")), Actors()).kind == "unknown"
    one = decoded(userIdentity=role("ops", "x"), sessionCredentialFromConsole="true")
    assert actor_of(one, Actors()).kind == "person"


def test_a_role_in_a_cluster_that_is_called_as_a_reserved_one_is_none() -> None:
    """`AWSReservedSSO_` is AWS's own beginning of a name only below its own path; a role's name may not bear it."""
    assert actor_of(decoded(userIdentity=role("MyAWSReservedSSO_x", "ada")), Actors()).kind == "unknown"


def test_a_rule_of_ones_own_comes_first() -> None:
    rules = Actors((Rule("pipeline", f"{ROLE}/deploy"), Rule("agent", group="session:bot-*")))
    assert actor_of(decoded(userIdentity=role("deploy", "x")), rules).kind == "pipeline"
    assert actor_of(decoded(userIdentity=role("other", "bot-7")), rules).kind == "agent"


def test_whoever_is_behind_a_service_is_named_with_it() -> None:
    actor = actor_of(decoded(userIdentity=user(invokedBy="cloudformation.amazonaws.com")), Actors())
    assert actor.impersonator == "cloudformation.amazonaws.com"
    hidden = actor_of(decoded(userIdentity=user(invokedBy="AWS Internal")), Actors())
    assert hidden.impersonator == ""


def test_the_session_and_the_source_identity_are_said() -> None:
    identity = role("ops", "late-shift", context={"sourceIdentity": "ada"})
    assert note_of(decoded(userIdentity=identity)) == "session late-shift, source identity ada"
    assert note_of(decoded(userIdentity=SSO)) == ""


def test_the_owner_of_a_session_is_told_by_its_arn_alone() -> None:
    rules = Actors()
    assert owner(f"arn:aws:iam::{ACCOUNT}:user/ada", rules).kind == "person"
    assert owner(SSO["arn"], rules).kind == "person"
    assert owner(role("ops", "x")["arn"], rules).name == f"{ROLE}/ops"
    assert owner(role("ops", "x")["arn"], rules).kind == "unknown"


@pytest.mark.parametrize(
    ("agent", "tool", "leans"),
    [
        (TERRAFORM, "Terraform/1.11.4", 1),
        (f"[{TERRAFORM}]", "Terraform/1.11.4", 1),
        ("APN/1.0 Pulumi/1.0 PulumiAWS/7.1.0", "Pulumi/1.0", 1),
        ("cloudformation.amazonaws.com", "cloudformation", 1),
        (CLI, "aws-cli/2.31.0", -1),
        ("[aws-cli/1.11.61 Python/2.7.10 Darwin/16.5.0 botocore/1.5.24]", "aws-cli/1.11.61", -1),
        (BROWSER, "aws-console", -1),
        ("console.amazonaws.com", "aws-console", -1),
        ("AWS Internal", "AWS Internal", 0),
        (BOTO, "Boto3/1.40.1", 0),
        ("aws-sdk-go/1.44.1 (go1.24; linux; amd64) cluster-autoscaler/1.33.0", "cluster-autoscaler/1.33.0", 0),
        ("", "", 0),
        (None, "", 0),
    ],
)
def test_the_tool(agent: str | None, tool: str, leans: int) -> None:
    found = tool_of(decoded(userAgent=agent))
    assert found == tool
    assert (leaning(found) > 0) - (leaning(found) < 0) == leans


def test_a_service_is_the_tool_of_what_it_does_for_somebody() -> None:
    identity = user(invokedBy="cloudformation.amazonaws.com")
    assert tool_of(decoded(userIdentity=identity, userAgent="cloudformation.amazonaws.com")) == "cloudformation"


def test_a_real_trail_tells_terraform_a_red_team_and_the_console_apart() -> None:
    found: Counter[tuple[str, str, str]] = Counter()
    for path in sorted((DATA / "cloudtrail" / "invictus").glob("*.json")):
        for record in json.loads(path.read_text())["Records"]:
            one = cloudtrail.event.decode(json.dumps(record))
            actor = actor_of(one, Actors())
            found[actor.name.rpartition("/")[2], actor.kind, tool_of(one).partition("/")[0].partition("_")[0]] += 1
    assert found["bert-jan", "person", "Terraform"] == 138
    assert found["benjamin", "person", "aws-console"] == 2
    assert sum(n for (_, _, tool), n in found.items() if tool == "stratus-red-team") == 31
    assert sum(n for (_, kind, _), n in found.items() if kind == "controller") == 3
    assert sum(found.values()) == 200
