"""The ways into servers, told apart: ports, keys, Systems Manager, Instance Connect, and the account's own doors."""

from typing import Any

import msgspec
import pytest

from tools.collect.aws.answers import Answers, Failure
from tools.collect.aws.mapping import access
from tools.collect.aws.operation import Operation
from tools.collect.aws.reads_access import (
    AUTHORIZATION,
    CONNECT_ENDPOINTS,
    KEY_PAIRS,
    MANAGED,
    SECURITY_GROUPS,
    SERIAL_CONSOLE,
)
from tools.model.identity import Ref
from tools.model.instance import Instance
from tools.model.machine import Access, Machine
from tools.model.observation import Gap

ACCOUNT, REGION = "123456789012", "eu-central-1"
SCOPE = f"{ACCOUNT}/{REGION}"
ONE, TWO = "i-0aaaaaaaaaaaaaaa1", "i-0bbbbbbbbbbbbbbb2"
WEB, OTHER = "sg-0123456789abcdef0", "sg-0fedcba9876543210"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
Read = dict[Operation[Any], list[dict[str, Any]]]


class Made(msgspec.Struct, frozen=True):
    instances: tuple[Instance, ...]


def server(name: str = ONE, *doors: str, phase: str = "running") -> Instance:
    ref = Ref(SCOPE, "Instance", "", name, name)
    return Instance(
        ref=ref,
        version="",
        owner=None,
        release_ref=None,
        workload=ref,
        host="",
        phase=phase,
        ready=True,
        created="",
        deleted="",
        generation_seen=None,
        containers=(),
        writes_seen=None,
        machine_seen=Machine(doors=(*doors, f"ssm:{name}", "serial", "attribute")),
    )


def answered(*read: tuple[Operation[Any], list[dict[str, Any]]]) -> Answers:
    answers = Answers(ACCOUNT, REGION)
    for operation, items in read:
        answers.add(operation, [msgspec.convert(item, operation.type) for item in items])
        answers.whole.add(operation.key)
    return answers


def doors(answers: Answers, *servers: Instance) -> list[Access]:
    return list(access.of(answers, Made(servers or (server(ONE, WEB),)))[0])


def gaps(answers: Answers, *servers: Instance) -> list[Gap]:
    return list(access.of(answers, Made(servers or (server(ONE, WEB),)))[1])


def group(*rules: dict[str, Any], name: str = WEB, vpc: str = "vpc-1") -> dict[str, Any]:
    return {"GroupId": name, "GroupName": "web", "OwnerId": ACCOUNT, "VpcId": vpc, "IpPermissions": list(rules)}


def rule(low: int | None = 22, high: int | None = None, protocol: str = "tcp", **whom: Any) -> dict[str, Any]:
    ports = {} if low is None else {"FromPort": low, "ToPort": low if high is None else high}
    return {"IpProtocol": protocol, **ports, **(whom or {"IpRanges": [{"CidrIp": "10.0.0.0/8"}]})}


def page(*statements: dict[str, Any]) -> dict[str, Any]:
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    inline = [{"PolicyName": "p", "PolicyDocument": document}]
    return {"UserDetailList": [{"UserName": "alice", "Arn": ALICE, "UserPolicyList": inline}]}


def allow(action: str, resource: str = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


RULES: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "ssh": (rule(22), [("ssh", "22")]),
    "rdp": (rule(3389), [("rdp", "3389")]),
    "winrm over HTTP": (rule(5985), [("winrm", "5985")]),
    "winrm over HTTPS": (rule(5986), [("winrm", "5986")]),
    "both of winrm": (rule(5985, 5986), [("winrm", "5985-5986")]),
    "https": (rule(443), []),
    "beside it": (rule(23, 3388), []),
    "a range with ssh at its end": (rule(0, 22), [("ssh", "0-22")]),
    "all ports": (rule(0, 65535), [("rdp", "0-65535"), ("ssh", "0-65535"), ("winrm", "0-65535")]),
    "all protocols": (rule(None, protocol="-1"), [("rdp", "all"), ("ssh", "all"), ("winrm", "all")]),
    "TCP by number": (rule(22, protocol="6"), [("ssh", "22")]),
    "TCP with no ports": (rule(None), [("rdp", "0-65535"), ("ssh", "0-65535"), ("winrm", "0-65535")]),
    "UDP": (rule(22, protocol="udp"), []),
    "ICMP": (rule(-1, protocol="icmp"), []),
    "nobody": (rule(22, IpRanges=[]), []),
}


@pytest.mark.parametrize("case", RULES)
def test_which_ways_a_rule_opens(case: str) -> None:
    opened, expected = RULES[case]
    answers = answered((SECURITY_GROUPS, [group(opened)]), (AUTHORIZATION, [{}]))
    found = [one for one in doors(answers) if one.ref.kind == "SecurityGroup"]
    assert [(one.way, one.ports) for one in found] == expected
    assert all(one.door == WEB and one.who_seen is None for one in found)


def test_each_source_has_its_place_in_the_rule() -> None:
    whom: dict[str, Any] = {
        "IpRanges": [{"CidrIp": "10.0.0.0/8"}, {"CidrIp": "0.0.0.0/0", "Description": "for now"}],
        "Ipv6Ranges": [{"CidrIpv6": "::/0"}],
        "PrefixListIds": [{"PrefixListId": "pl-0123"}],
        "UserIdGroupPairs": [
            {"GroupId": OTHER, "UserId": ACCOUNT},
            {"GroupId": "sg-9", "UserId": "210987654321"},
        ],
    }
    answers = answered((SECURITY_GROUPS, [group(rule(443), rule(22, **whom))]), (AUTHORIZATION, [{}]))
    assert {(one.source, one.slot) for one in doors(answers) if one.way == "ssh"} == {
        ("10.0.0.0/8", "/IpPermissions/1/IpRanges/0/CidrIp"),
        ("0.0.0.0/0", "/IpPermissions/1/IpRanges/1/CidrIp"),
        ("::/0", "/IpPermissions/1/Ipv6Ranges/0/CidrIpv6"),
        ("pl-0123", "/IpPermissions/1/PrefixListIds/0/PrefixListId"),
        (OTHER, "/IpPermissions/1/UserIdGroupPairs/0/GroupId"),
        ("210987654321/sg-9", "/IpPermissions/1/UserIdGroupPairs/1/GroupId"),
    }


def test_a_group_that_no_server_is_in_is_no_way_in() -> None:
    answers = answered((SECURITY_GROUPS, [group(rule(22), name=OTHER)]))
    assert [one.way for one in doors(answers, server(ONE))] == ["modify-attribute"]
    ended = server(TWO, OTHER, phase="terminated")
    assert [one.way for one in doors(answers, server(ONE), ended)] == ["modify-attribute"]


def test_a_group_that_was_not_found_is_a_gap_and_one_that_was_not_read_is_none_of_this() -> None:
    (first, _) = gaps(answered((SECURITY_GROUPS, []), (AUTHORIZATION, [{}])))
    assert (first.noun, first.code) == ("Access", "dangling")
    assert WEB in first.reason
    assert [gap.code for gap in gaps(answered((AUTHORIZATION, [{}])))] == ["not-given"]


def test_a_key_is_in_the_server_also_when_the_account_has_it_no_longer() -> None:
    kept = {"KeyName": "ops", "KeyPairId": "key-0123", "KeyFingerprint": "aa:bb"}
    answers = answered((KEY_PAIRS, [kept, {"KeyName": "unused", "KeyPairId": "key-4"}]))
    found = [one for one in doors(answers, server(ONE, "key:ops"), server(TWO, "key:lost")) if one.way == "key-pair"]
    assert [(one.ref.name, one.ref.uid, one.version, one.door, one.source) for one in found] == [
        ("lost", "", "", "key:lost", access.GONE),
        ("ops", "key-0123", "aa:bb", "key:ops", ""),
    ]


def test_nobody_says_that_a_key_is_gone_where_keys_were_not_read() -> None:
    answers = answered()
    answers.failures.append(Failure(KEY_PAIRS.key, "UnauthorizedOperation", "no"))
    (key,) = [one for one in doors(answers, server(ONE, "key:ops")) if one.way == "key-pair"]
    assert key.source == ""


def managed(name: str = ONE, state: str = "Online") -> dict[str, Any]:
    return {"InstanceId": name, "PingStatus": state, "ResourceType": "EC2Instance"}


@pytest.mark.parametrize(("state", "entered"), [("Online", True), ("ConnectionLost", True), ("Inactive", False)])
def test_systems_manager_enters_what_it_manages(state: str, entered: bool) -> None:
    answers = answered((MANAGED, [managed(state=state), managed("mi-0123")]), (AUTHORIZATION, [page(allow("ssm:*"))]))
    found = [one for one in doors(answers) if one.door == f"ssm:{ONE}"]
    assert [(one.way, one.who_seen) for one in found] == (
        [("run-command", (ALICE,)), ("session-manager", (ALICE,))] if entered else []
    )


def test_a_session_and_a_command_are_allowed_apart() -> None:
    answers = answered(
        (MANAGED, [managed(), managed(TWO)]), (AUTHORIZATION, [page(allow("ssm:StartSession", f"*{ONE}"))])
    )
    who = {
        (one.way, one.ref.name): one.who_seen
        for one in doors(answers, server(ONE), server(TWO))
        if one.door.startswith("ssm:")
    }
    assert who == {
        ("session-manager", ONE): (f"{ALICE} (under a condition)",),
        ("run-command", ONE): (),
        ("session-manager", TWO): (),
        ("run-command", TWO): (),
    }


def test_a_command_needs_a_document_that_is_allowed_too() -> None:
    instance, every = f"arn:aws:ec2:*:*:instance/{ONE}", "arn:aws:ssm:*:*:document/*"

    def who(*resources: str) -> Any:
        statements = [allow("ssm:SendCommand", resource) for resource in resources]
        answers = answered((MANAGED, [managed()]), (AUTHORIZATION, [page(*statements)]))
        return next(one.who_seen for one in doors(answers) if one.way == "run-command")

    assert who(instance) == ()
    assert who(instance, every) == (ALICE,)


PUSH = allow("ec2-instance-connect:SendSSHPublicKey")


def connects(answers: Answers) -> list[tuple[str, str]]:
    return [(one.door, one.source) for one in doors(answers) if one.way == "instance-connect"]


def test_instance_connect_needs_ssh_and_somebody_who_may() -> None:
    ssh, https = (SECURITY_GROUPS, [group(rule(22))]), (SECURITY_GROUPS, [group(rule(443))])
    assert connects(answered(ssh, (AUTHORIZATION, [page(PUSH)]))) == [(WEB, "10.0.0.0/8")]
    assert connects(answered(https, (AUTHORIZATION, [page(PUSH)]))) == []
    assert connects(answered(ssh, (AUTHORIZATION, [page(allow("s3:*"))]))) == []
    (unread,) = [one for one in doors(answered(ssh)) if one.way == "instance-connect"]
    assert unread.who_seen is None


def test_an_endpoint_is_a_way_in_to_its_own_network_alone() -> None:
    def endpoint(vpc: str, state: str = "create-complete") -> dict[str, Any]:
        return {"InstanceConnectEndpointId": f"eice-{vpc}-{state}", "State": state, "VpcId": vpc}

    every = [endpoint("vpc-1"), endpoint("vpc-2"), endpoint("vpc-1", "create-failed")]
    answers = answered((SECURITY_GROUPS, [group(rule(22))]), (CONNECT_ENDPOINTS, every), (AUTHORIZATION, [page(PUSH)]))
    assert connects(answers) == [(WEB, "10.0.0.0/8"), (WEB, "eice-vpc-1-create-complete")]


@pytest.mark.parametrize(
    ("enabled", "ways"), [(True, ["modify-attribute", "serial-console"]), (False, ["modify-attribute"])]
)
def test_the_serial_console_is_a_way_in_where_the_account_lets_it(enabled: bool, ways: list[str]) -> None:
    answers = answered(
        (SERIAL_CONSOLE, [{"SerialConsoleAccessEnabled": enabled}]),
        (AUTHORIZATION, [page(allow("ec2-instance-connect:SendSerialConsoleSSHPublicKey"))]),
    )
    found = doors(answers)
    assert sorted(one.way for one in found) == ways
    who = {one.door: one.who_seen for one in found}
    assert who == ({"attribute": (), "serial": (ALICE,)} if enabled else {"attribute": ()})


def test_who_may_change_attributes_of_any_server() -> None:
    answers = answered((AUTHORIZATION, [page(allow("ec2:Modify*", f"arn:aws:ec2:*:*:instance/{TWO}"))]))
    (only,) = doors(answers, server(ONE), server(TWO))
    assert (only.way, only.door, only.who_seen) == ("modify-attribute", "attribute", (ALICE,))
    (none,) = doors(answers, server(ONE))
    assert none.who_seen == ()


def test_who_may_is_not_known_where_iam_was_not_read() -> None:
    answers = answered((MANAGED, [managed()]), (SERIAL_CONSOLE, [{"SerialConsoleAccessEnabled": True}]))
    answers.failures.append(Failure(AUTHORIZATION.key, "AccessDenied", "no"))
    assert {one.who_seen for one in doors(answers)} == {None}
    assert gaps(answers) == []  # the failed call is one already


def test_half_of_iam_is_not_iam() -> None:
    answers = answered((MANAGED, [managed()]), (AUTHORIZATION, [page(allow("ssm:*"))]))
    answers.failures.append(Failure(AUTHORIZATION.key, "Throttling", "page 2"))
    assert {one.who_seen for one in doors(answers)} == {None}


def test_what_iam_does_not_hold_is_said_and_stands_over_nothing() -> None:
    (gap,) = gaps(answered((SECURITY_GROUPS, [group()]), (AUTHORIZATION, [{}])))
    assert (gap.noun, gap.required) == ("", False)
    assert "control policies" in gap.reason
