"""Who is allowed what: a table of policies with the answer that IAM's documented evaluation gives."""

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.collect.aws.mapping.iam import Iam, partition_of, principals
from tools.collect.aws.mapping.iam_match import covers, overlaps
from tools.collect.aws.wire.access import Authorization

Json = dict[str, Any]
ACCOUNT, REGION = "123456789012", "eu-central-1"
ONE, OTHER = "i-0aaaaaaaaaaaaaaa1", "i-0bbbbbbbbbbbbbbb2"
SEND, START = "ssm:SendCommand", "ssm:StartSession"
PUSH = "ec2-instance-connect:SendSSHPublicKey"
ALICE, BOB, DEPLOY = (f"arn:aws:iam::{ACCOUNT}:{name}" for name in ("user/alice", "user/bob", "role/deploy"))
YES, NO, MAY, UNREAD = ALICE, "", f"{ALICE} (under a condition)", f"{ALICE} (a policy of it was not read)"


def arn(instance: str = "*", region: str = REGION, account: str = ACCOUNT) -> str:
    return f"arn:aws:ec2:{region}:{account}:instance/{instance}"


def allow(action: Any = "*", resource: Any = "*", **more: Any) -> Json:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any = "*", resource: Any = "*", **more: Any) -> Json:
    return {**allow(action, resource, **more), "Effect": "Deny"}


def document(*statements: Json, version: str = "2012-10-17") -> Json:
    return {"Version": version, "Statement": list(statements)}


def inline(*statements: Json) -> Json:
    return {"PolicyName": "inline", "PolicyDocument": quote(json.dumps(document(*statements)))}


def user(name: str = "alice", statements: Iterable[Json] = (), **more: Any) -> Json:
    return {
        "UserName": name,
        "Arn": f"arn:aws:iam::{ACCOUNT}:user/{name}",
        "UserPolicyList": [inline(*statements)] if statements else [],
        **more,
    }


def managed(name: str, *statements: Json, older: Iterable[Json] = ()) -> Json:
    versions = [{"VersionId": "v2", "IsDefaultVersion": True, "Document": document(*statements)}]
    if older:
        versions.insert(0, {"VersionId": "v1", "IsDefaultVersion": False, "Document": document(*older)})
    return {
        "PolicyName": name,
        "Arn": policy(name),
        "DefaultVersionId": "v2",
        "PolicyVersionList": versions,
    }


def policy(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:policy/{name}"


def attached(*names: str) -> list[Json]:
    return [{"PolicyName": name, "PolicyArn": policy(name)} for name in names]


def iam(**lists: Any) -> Iam:
    page = msgspec.convert(lists, Authorization)
    return Iam(principals([page], ACCOUNT), ACCOUNT, REGION)


def of(*statements: Json) -> Json:
    return {"UserDetailList": [user(statements=statements)]}


def when(operator: str, key: str, value: Any) -> Json:
    return {"Condition": {operator: {key: value}}}


TABLE: dict[str, tuple[Json, str, str]] = {
    # what is not said is denied
    "no policy": (of(), SEND, NO),
    "another action": (of(allow("ssm:GetParameter")), SEND, NO),
    "everything": (of(allow()), SEND, YES),
    "the action": (of(allow(SEND)), SEND, YES),
    "one of several": (of(allow(["s3:*", SEND])), SEND, YES),
    # actions: wildcards, and no difference of case
    "a service": (of(allow("ssm:*")), SEND, YES),
    "a prefix": (of(allow("ssm:Send*")), SEND, YES),
    "one character": (of(allow("ssm:S?ndCommand")), SEND, YES),
    "a prefix of others": (of(allow("ssm:Start*")), SEND, NO),
    "case of the action": (of(allow("SSM:sendcommand")), SEND, YES),
    "the service alone is no action": (of(allow("ssm")), SEND, NO),
    # NotAction
    "all but others": (of({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}), SEND, YES),
    "all but it": (of({"Effect": "Allow", "NotAction": ["ssm:*", "iam:*"], "Resource": "*"}), SEND, NO),
    "deny all but it": (of(allow(), {"Effect": "Deny", "NotAction": SEND, "Resource": "*"}), SEND, YES),
    "deny all but others": (of(allow(), {"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"}), SEND, NO),
    # deny beats allow, wherever it stands
    "deny after": (of(allow(), deny(SEND)), SEND, NO),
    "deny before": (of(deny("ssm:*"), allow()), SEND, NO),
    "deny of another": (of(allow(), deny("ssm:StartSession")), SEND, YES),
    "deny of another instance": (of(allow(), deny(START, arn(OTHER))), START, YES),
    "deny of this instance": (of(allow(), deny(START, arn(ONE))), START, NO),
    # resources
    "this instance": (of(allow(START, arn(ONE))), START, YES),
    "another instance": (of(allow(START, arn(OTHER))), START, NO),
    "all instances": (of(allow(START, "arn:aws:ec2:*:*:instance/*")), START, YES),
    "some by prefix": (of(allow(START, arn("i-0aaa*"))), START, YES),
    "an ARN cut short": (of(allow(START, "arn:aws:ec2:*")), START, YES),
    "another region": (of(allow(START, arn(region="us-east-1"))), START, NO),
    "another account": (of(allow(START, arn(account="210987654321"))), START, NO),
    "another kind": (of(allow(START, f"arn:aws:ec2:{REGION}:{ACCOUNT}:volume/*")), START, NO),
    "a wildcard in a part": (of(allow(START, f"arn:aws:e*2:eu-*:{ACCOUNT}:inst*/i-*")), START, YES),
    "a part that is missing": (of(allow(START, f"arn:aws:ec2:{REGION}:instance/*")), START, NO),
    "case of the resource": (of(allow(START, arn(ONE.upper()))), START, NO),
    "all but another": (of({"Effect": "Allow", "Action": START, "NotResource": arn(OTHER)}), START, YES),
    "all but this": (of({"Effect": "Allow", "Action": START, "NotResource": arn(ONE)}), START, NO),
    "deny all but this": (of(allow(), {"Effect": "Deny", "Action": "*", "NotResource": arn(ONE)}), START, YES),
    "deny all but another": (of(allow(), {"Effect": "Deny", "Action": "*", "NotResource": arn(OTHER)}), START, NO),
    # a command needs its document too
    "the instance and no document": (of(allow(SEND, arn())), SEND, NO),
    "a document and no instance": (of(allow(SEND, "arn:aws:ssm:*:*:document/*")), SEND, NO),
    "both": (of(allow(SEND, [arn(), "arn:aws:ssm:*:*:document/*"])), SEND, YES),
    "both in two statements": (of(allow(SEND, arn()), allow(SEND, "arn:aws:ssm:*:*:document/*")), SEND, YES),
    "one document": (of(allow(SEND, [arn(), f"arn:aws:ssm:{REGION}::document/AWS-RunShellScript"])), SEND, MAY),
    "every document denied": (of(allow(), deny(SEND, "arn:aws:ssm:*:*:document/*")), SEND, NO),
    # conditions: known ones decide, others are said
    "a second factor": (of(allow(**when("Bool", "aws:MultiFactorAuthPresent", "true"))), SEND, MAY),
    "an address": (of(allow(**when("IpAddress", "aws:SourceIp", "10.0.0.0/8"))), SEND, MAY),
    "a tag": (of(allow(START, **when("StringEquals", "ssm:resourceTag/team", "a"))), START, MAY),
    "deny on a condition": (of(allow(), deny(**when("Bool", "aws:ViaAWSService", "false"))), SEND, MAY),
    "a condition on another action": (of(allow(), deny("s3:*", **when("Bool", "aws:X", "false"))), SEND, YES),
    "without and with": (of(allow(**when("Bool", "aws:X", "true")), allow()), SEND, YES),
    "this region": (of(allow(**when("StringEquals", "aws:RequestedRegion", [REGION, "us-east-1"]))), SEND, YES),
    "not this region": (of(allow(**when("StringEquals", "aws:RequestedRegion", "us-east-1"))), SEND, NO),
    "deny outside": (of(allow(), deny(**when("StringNotEquals", "aws:RequestedRegion", "us-east-1"))), SEND, NO),
    "deny elsewhere": (of(allow(), deny(**when("StringNotLike", "aws:RequestedRegion", "eu-*"))), SEND, YES),
    "the key's case": (of(allow(**when("stringequals", "AWS:requestedregion", "us-east-1"))), SEND, NO),
    "only transport": (of(allow(), deny(**when("Bool", "aws:SecureTransport", False))), SEND, YES),
    "all but one principal": (
        of(allow(), deny(**when("ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::*:user/alice"))),
        SEND,
        YES,
    ),
    "all but another principal": (
        of(allow(), deny(**when("ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::*:role/*"))),
        SEND,
        NO,
    ),
    "two conditions, one false": (
        of(
            allow(
                Condition={
                    "Bool": {"aws:MultiFactorAuthPresent": "true"},
                    "StringEquals": {"aws:RequestedRegion": "us-east-1"},
                }
            )
        ),
        SEND,
        NO,
    ),
    "a key that is there": (of(allow(**when("Null", "aws:PrincipalArn", "false"))), SEND, YES),
    "a key that must not be there": (of(allow(**when("Null", "aws:PrincipalArn", "true"))), SEND, NO),
    "if it is there": (of(allow(**when("StringEqualsIfExists", "aws:RequestedRegion", "us-east-1"))), SEND, NO),
    "any of several": (of(allow(**when("ForAnyValue:StringEquals", "aws:RequestedRegion", [REGION]))), SEND, YES),
    "no difference of case": (
        of(allow(), deny(**when("StringEqualsIgnoreCase", "aws:RequestedRegion", REGION.upper()))),
        SEND,
        NO,
    ),
    "a time": (of(allow(**when("DateLessThan", "aws:CurrentTime", "2020-01-01T00:00:00Z"))), SEND, MAY),
    "an operator that is not known": (of(allow(**when("StringSounds", "aws:RequestedRegion", "x"))), SEND, MAY),
    "a condition with a variable": (
        of(allow(**when("StringEquals", "aws:username", "${aws:PrincipalTag/name}"))),
        SEND,
        MAY,
    ),
    # variables
    "a variable of the user": (of(allow(START, arn("${aws:username}"))), START, NO),
    "a variable that may be any": (of(allow(START, arn("${aws:PrincipalTag/box}"))), START, MAY),
    "a known variable": (
        of(allow(START, "arn:aws:ec2:*:${aws:PrincipalAccount}:instance/*")),
        START,
        YES,
    ),
    "an old version has no variables": (
        {
            "UserDetailList": [
                user(
                    UserPolicyList=[
                        {
                            "PolicyName": "p",
                            "PolicyDocument": document(
                                allow(START, "arn:aws:ec2:*:${aws:PrincipalAccount}:instance/*"), version="2008-10-17"
                            ),
                        }
                    ]
                )
            ]
        },
        START,
        NO,
    ),
    # managed policies and groups
    "attached": (
        {"UserDetailList": [user(AttachedManagedPolicies=attached("p"))], "Policies": [managed("p", allow())]},
        SEND,
        YES,
    ),
    "the default version decides": (
        {
            "UserDetailList": [user(AttachedManagedPolicies=attached("p"))],
            "Policies": [managed("p", allow("s3:*"), older=[allow()])],
        },
        SEND,
        NO,
    ),
    "attached and not read": ({"UserDetailList": [user(AttachedManagedPolicies=attached("p"))]}, SEND, UNREAD),
    "allowed, and one not read": (
        {"UserDetailList": [user(statements=[allow()], AttachedManagedPolicies=attached("p"))]},
        SEND,
        UNREAD,
    ),
    "denied, and one not read": (
        {"UserDetailList": [user(statements=[deny()], AttachedManagedPolicies=attached("p"))]},
        SEND,
        NO,
    ),
    "not JSON": (
        {"UserDetailList": [user(UserPolicyList=[{"PolicyName": "p", "PolicyDocument": "%7B"}])]},
        SEND,
        UNREAD,
    ),
    "by its group": (
        {
            "UserDetailList": [user(GroupList=["ops"])],
            "GroupDetailList": [{"GroupName": "ops", "GroupPolicyList": [inline(allow())]}],
        },
        SEND,
        YES,
    ),
    "by its group's managed policy": (
        {
            "UserDetailList": [user(GroupList=["ops"])],
            "GroupDetailList": [{"GroupName": "ops", "AttachedManagedPolicies": attached("p")}],
            "Policies": [managed("p", allow())],
        },
        SEND,
        YES,
    ),
    "its group denies": (
        {
            "UserDetailList": [user(statements=[allow()], GroupList=["ops"])],
            "GroupDetailList": [{"GroupName": "ops", "GroupPolicyList": [inline(deny("ssm:*"))]}],
        },
        SEND,
        NO,
    ),
    "another's group": (
        {"UserDetailList": [user()], "GroupDetailList": [{"GroupName": "ops", "GroupPolicyList": [inline(allow())]}]},
        SEND,
        NO,
    ),
    "a group that was not read": ({"UserDetailList": [user(GroupList=["ops"])]}, SEND, UNREAD),
}


def bounded(identity: Iterable[Json], *limit: Json, read: bool = True) -> Json:
    boundary = {"PermissionsBoundaryType": "PermissionsBoundaryPolicy", "PermissionsBoundaryArn": policy("limit")}
    return {
        "UserDetailList": [user(statements=identity, PermissionsBoundary=boundary)],
        "Policies": [managed("limit", *limit)] if read else [],
    }


TABLE |= {
    "the boundary allows it": (bounded([allow()], allow("ssm:*")), SEND, YES),
    "the boundary does not": (bounded([allow()], allow("s3:*")), SEND, NO),
    "the boundary denies": (bounded([allow()], allow(), deny("ssm:*")), SEND, NO),
    "the boundary alone allows nothing": (bounded([], allow()), SEND, NO),
    "the boundary has a condition": (bounded([allow()], allow(**when("Bool", "aws:X", "true"))), SEND, MAY),
    "the boundary was not read": (bounded([allow()], read=False), SEND, UNREAD),
    "not allowed, boundary not read": (bounded([allow("s3:*")], read=False), SEND, NO),
}


@pytest.mark.parametrize("case", TABLE)
def test_a_table_of_policies(case: str) -> None:
    lists, action, expected = TABLE[case]
    assert iam(**lists).may(action, ONE, "any" if action == SEND else "") == ((expected,) if expected else ())


def test_each_instance_is_judged_by_itself() -> None:
    told = iam(UserDetailList=[user(statements=[allow(PUSH, arn(ONE))]), user("bob", [allow()])])
    assert told.may(PUSH, ONE) == (ALICE, BOB)
    assert told.may(PUSH, OTHER) == (BOB,)
    assert told.may_any(PUSH, [OTHER]) == (BOB,)
    assert told.may_any(PUSH, [OTHER, ONE]) == (ALICE, BOB)
    assert told.may_any(PUSH, []) == ()


SHELL = f"arn:aws:ssm:*:{ACCOUNT}:document/SSM-SessionManagerRunShell"
SESSIONS: dict[str, tuple[list[Json], str]] = {
    "the instance and the default session": ([allow(START, [arn(ONE), SHELL])], YES),
    "the instance alone": ([allow(START, arn(ONE))], MAY),
    "another document": ([allow(START, [arn(ONE), "arn:aws:ssm:*:*:document/AWS-StartSSHSession"])], MAY),
    "the default session denied": ([allow(), deny(START, SHELL)], MAY),
    "the document alone": ([allow(START, SHELL)], NO),
}


@pytest.mark.parametrize("case", SESSIONS)
def test_a_session_may_need_its_document(case: str) -> None:
    given_policies, expected = SESSIONS[case]
    assert iam(**of(*given_policies)).may(START, ONE, "shell") == ((expected,) if expected else ())


def test_lists_go_on_over_pages() -> None:
    first = msgspec.convert({"UserDetailList": [user(GroupList=["ops"])]}, Authorization)
    group = {"GroupName": "ops", "AttachedManagedPolicies": attached("p")}
    second = msgspec.convert({"GroupDetailList": [group], "Policies": [managed("p", allow())]}, Authorization)
    assert Iam(principals([first, second], ACCOUNT), ACCOUNT, REGION).may(SEND, ONE) == (ALICE,)


def role(name: str = "deploy", trust: Iterable[Json] = (), path: str = "/", **more: Any) -> Json:
    return {
        "RoleName": name,
        "Path": path,
        "Arn": f"arn:aws:iam::{ACCOUNT}:role{path}{name}",
        "AssumeRolePolicyDocument": quote(json.dumps(document(*trust))),
        "RolePolicyList": [inline(allow())],
        **more,
    }


def trusts(principal: Any, action: str = "sts:AssumeRole", **more: Any) -> Json:
    return {"Effect": "Allow", "Principal": principal, "Action": action, **more}


OIDC = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
TRUST: dict[str, tuple[list[Json], str]] = {
    "its own account": ([trusts({"AWS": f"arn:aws:iam::{ACCOUNT}:root"})], DEPLOY),
    "its own account by number": ([trusts({"AWS": ACCOUNT})], DEPLOY),
    "another": (
        [trusts({"AWS": "arn:aws:iam::210987654321:role/ci"})],
        f"{DEPLOY} (assumable from account 210987654321)",
    ),
    "another with an external id": (
        [trusts({"AWS": "210987654321"}, **when("StringEquals", "sts:ExternalId", "x"))],
        f"{DEPLOY} (assumable from account 210987654321, under a condition)",
    ),
    "anyone": ([trusts("*")], f"{DEPLOY} (assumable from any account)"),
    "anyone as an AWS principal": ([trusts({"AWS": ["*"]})], f"{DEPLOY} (assumable from any account)"),
    "a service": ([trusts({"Service": "ec2.amazonaws.com"})], f"{DEPLOY} (assumed only by ec2.amazonaws.com)"),
    "a service and people": ([trusts({"Service": "ec2.amazonaws.com", "AWS": ACCOUNT})], DEPLOY),
    "a service and another account": (
        [trusts({"Service": "ec2.amazonaws.com"}), trusts({"AWS": "210987654321"})],
        f"{DEPLOY} (assumable from account 210987654321)",
    ),
    "a pipeline": (
        [trusts({"Federated": OIDC}, "sts:AssumeRoleWithWebIdentity")],
        f"{DEPLOY} (assumed through token.actions.githubusercontent.com)",
    ),
    "nobody": ([{**trusts("*"), "Effect": "Deny"}], f"{DEPLOY} (nobody may assume it)"),
    "not to assume": ([trusts("*", "sts:TagSession")], f"{DEPLOY} (nobody may assume it)"),
}


@pytest.mark.parametrize("case", TRUST)
def test_who_may_assume_a_role_is_said(case: str) -> None:
    trust, expected = TRUST[case]
    assert iam(RoleDetailList=[role(trust=trust)]).may(SEND, ONE) == (expected,)


def test_a_service_linked_role_is_told_apart() -> None:
    linked = role(
        "AWSServiceRoleForAutoScaling",
        [trusts({"Service": "autoscaling.amazonaws.com"})],
        "/aws-service-role/autoscaling.amazonaws.com/",
    )
    (said,) = iam(RoleDetailList=[linked]).may(SEND, ONE)
    assert said.endswith("AWSServiceRoleForAutoScaling (service-linked, assumed only by autoscaling.amazonaws.com)")


def test_a_trust_policy_that_is_none_is_said() -> None:
    (said,) = iam(RoleDetailList=[role(AssumeRolePolicyDocument="{")]).may(SEND, ONE)
    assert said == f"{DEPLOY} (who may assume it was not read)"


def test_a_role_has_no_user_name() -> None:
    statement = allow(START, **when("StringEquals", "aws:username", "deploy"))
    trust = [trusts({"AWS": ACCOUNT})]
    assert iam(RoleDetailList=[role(trust=trust, RolePolicyList=[inline(statement)])]).may(START, ONE) == ()
    spared = allow(START, **when("StringEqualsIfExists", "aws:username", "alice"))
    other = allow(START, **when("StringNotEquals", "aws:username", "alice"))
    filled = allow(START, arn("${aws:username}"))
    for known, expected in ((spared, (DEPLOY,)), (other, (DEPLOY,)), (filled, ())):
        assert iam(RoleDetailList=[role(trust=trust, RolePolicyList=[inline(known)])]).may(START, ONE) == expected
    assert iam(UserDetailList=[user("deploy", [statement])]).may(START, ONE) == (f"arn:aws:iam::{ACCOUNT}:user/deploy",)


@pytest.mark.parametrize(
    ("region", "partition"), [(REGION, "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_each_partition_has_its_own_arns(region: str, partition: str) -> None:
    assert partition_of(region) == partition
    page = msgspec.convert(of(allow(START, f"arn:{partition}:ec2:*:*:instance/*")), Authorization)
    assert Iam(principals([page], ACCOUNT), ACCOUNT, region).may(START, ONE) == (ALICE,)


BROKEN: dict[str, Any] = {
    "neither allowed nor denied": {"Action": "*", "Resource": "*"},
    "another effect": {"Effect": "allow", "Action": "*", "Resource": "*"},
    "no action": {"Effect": "Allow", "Resource": "*"},
    "actions, and all but some": {"Effect": "Allow", "Action": "*", "NotAction": "s3:*", "Resource": "*"},
    "a list of lists": {"Effect": "Allow", "Action": [["*"]], "Resource": "*"},
    "a condition that is a text": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": "no"},
    "no object": "Allow",
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_statement_that_is_none_leaves_its_policy_unread(case: str) -> None:
    assert iam(**of(allow(), BROKEN[case])).may(SEND, ONE) == (UNREAD,)


@pytest.mark.parametrize(
    ("pattern", "text", "covered", "overlapping"),
    [
        ("*", "", True, True),
        ("", "a", False, False),
        ("a*c", "abbc", True, True),
        ("a*c", "abcb", False, False),
        ("*a*a*", "ba", False, False),
        ("a?", "ab", True, True),
        ("a?", "a*", False, True),
        ("a?c", "a*", False, True),
        ("a*", "a*", True, True),
        ("a*", "*", False, True),
        ("ab*", "ac*", False, False),
        ("*b", "a*", False, True),
        ("a*b", "a*b*", False, True),
        ("*", "a*b?", True, True),
    ],
)
def test_wildcards(pattern: str, text: str, covered: bool, overlapping: bool) -> None:
    assert (covers(pattern, text), overlaps(pattern, text)) == (covered, overlapping)


@given(st.text("ab*?", max_size=6), st.text("ab*?", max_size=6), st.text("ab", max_size=6))
def test_patterns_that_hold_for_one_text_overlap(one: str, other: str, text: str) -> None:
    assert overlaps(one, other) == overlaps(other, one)
    if covers(one, text) and covers(other, text):
        assert overlaps(one, other)
    if covers(one, other) and covers(other, text):
        assert covers(one, text)
