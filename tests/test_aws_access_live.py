"""Doors, principals and attestations of an account that answers over HTTP, through the collector's own client."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.aws_fleet import Fleet, fleet
from tests.aws_reading import environment
from tests.test_aws_said import OWN, signed
from tools.collect.actors import Actors
from tools.collect.aws.live import collect
from tools.collect.aws.options import Options
from tools.model.facts import Facts
from tools.model.machine import Access

COMMIT = "c0ffee1234567890c0ffee1234567890c0ffee12"


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: Any, resource: Any = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def furnish(made: Fleet) -> str:
    """A server with ssh from a network and a key, managed; people who may, and may not, enter."""
    ec2, iam = made.ec2, made.client("iam")
    image = made.image("web-1", commit=COMMIT)
    door = made.door("ssh", 22, "10.1.0.0/16")
    ec2.create_key_pair(KeyName="ops")
    server = ec2.run_instances(
        ImageId=image, MinCount=1, MaxCount=1, KeyName="ops", InstanceType="t3.micro", SecurityGroupIds=[door]
    )["Instances"][0]["InstanceId"]
    made.managed(server)
    made.wait(60)
    for name in ("alice", "bob", "carol"):
        iam.create_user(UserName=name)
    iam.put_user_policy(
        UserName="alice", PolicyName="a+b c", PolicyDocument=document(allow(["ssm:StartSession", "ssm:SendCommand"]))
    )
    iam.create_group(GroupName="ops")
    iam.add_user_to_group(GroupName="ops", UserName="bob")
    policy = document(allow("ec2-instance-connect:*", f"arn:aws:ec2:*:*:instance/{server}"))
    arn = iam.create_policy(PolicyName="connect", PolicyDocument=policy)["Policy"]["Arn"]
    iam.attach_group_policy(GroupName="ops", PolicyArn=arn)
    iam.put_user_policy(
        UserName="carol", PolicyName="deny", PolicyDocument=document(allow("*"), {**allow("ssm:*"), "Effect": "Deny"})
    )
    trust = document({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"})
    iam.create_role(RoleName="node", AssumeRolePolicyDocument=trust)
    iam.put_role_policy(RoleName="node", PolicyName="p", PolicyDocument=document(allow("ssm:*")))
    made.aws.shelf("images").append(
        {
            "arn": f"arn:aws:imagebuilder:{made.aws.region}:{made.aws.account}:image/web/1.0.0/1",
            "name": "web",
            "type": "AMI",
            "version": "1.0.0/1",
            "state": {"status": "AVAILABLE"},
            "dateCreated": "2026-11-02T07:00:00Z",
            "sourcePipelineArn": "arn:pipeline",
            "scanState": {"status": "COMPLETED"},
            "outputResources": {"amis": [{"region": made.aws.region, "image": image, "accountId": made.aws.account}]},
        }
    )
    return str(server)


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Facts]:
    folder = tmp_path_factory.mktemp("statements")
    with fleet(boot_seconds=20) as made, environment(made.aws):
        furnish(made)
        image = made.ec2.describe_instances()["Reservations"][0]["Instances"][0]["ImageId"]
        (folder / "web.intoto.json").write_text(json.dumps(signed(image)))
        options = Options(attempts=1, paced=False, endpoint=made.aws.endpoint, timeout=10, statements=(str(folder),))
        yield collect(options, Actors(()), keys=(OWN,))


def named(access: Access) -> list[str]:
    """Who may, without their account."""
    return [who.split(":", 5)[5] for who in access.who_seen or ()]


def test_each_way_in_is_there_with_those_who_may(facts: Facts) -> None:
    ways = {one.way: one for one in facts.accesses}
    assert {way: named(one) for way, one in ways.items()} == {
        "ssh": [],
        "key-pair": [],
        "session-manager": ["role/node (assumed only by ec2.amazonaws.com)", "user/alice"],
        "run-command": ["role/node (assumed only by ec2.amazonaws.com)", "user/alice"],
        "instance-connect": ["user/bob", "user/carol"],
        "modify-attribute": ["user/carol"],
    }
    assert (ways["ssh"].source, ways["ssh"].ports) == ("10.1.0.0/16", "22")
    assert ways["key-pair"].ref.name == "ops"
    assert ways["key-pair"].source == ""


def test_every_door_is_one_that_the_server_names(facts: Facts) -> None:
    (server,) = facts.instances
    assert {one.door for one in facts.accesses} <= set(server.machine.doors)


def test_what_is_said_of_the_image(facts: Facts) -> None:
    found = [(one.kind, one.standing, one.by, one.commit, one.criticals) for one in facts.attestations]
    assert sorted(found, key=str) == [
        ("build", "reported", "tag commit", COMMIT, None),
        ("build", "verified", "arn:pipeline", "", None),
        ("scan", "verified", "Amazon Inspector (Image Builder)", "", 0),
        ("signature", "verified", "release@example.org", "", None),
    ]


def test_nothing_of_it_could_not_be_read(facts: Facts) -> None:
    assert [gap.reason for gap in facts.gaps if gap.noun in ("Access", "Attestation")] == []
