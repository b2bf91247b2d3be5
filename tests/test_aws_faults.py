"""Every call of AWS that fails, one at a time: the audit goes on, a gap says which, and nothing passes for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.aws_reading import Shop, furnished, verdicts
from tools.collect.aws.operation import Operation
from tools.collect.aws.operations import OPERATIONS
from tools.collect.aws.policy import actions_of
from tools.collect.aws.session import connect
from tools.model.facts import Facts

FAULTS = {"denied": "forbidden", "html": "unsupported", "cut": "unreachable"}
HANGS_ON = {
    "ec2.DescribeInstances": {"unmanaged-instance", "image-pinned-by-digest", "metadata-service-v1"},
    "autoscaling.DescribeAutoScalingGroups": {"unmanaged-instance", "release-unpinned", "refresh-keeps-old"},
    "autoscaling.DescribeInstanceRefreshes": {"rollout-complete"},
    "ec2.DescribeLaunchTemplateVersions": {"instance-runs-release", "user-data-mutates", "prior-release-kept"},
    "ec2.DescribeImages": {"machine-image-trusted", "machine-image-lost"},
    "ec2.DescribeSnapshots": {"machine-image-lost"},
    "ec2.DescribeVolumes": {"state-on-instance"},
    "ec2.DescribeInstanceTypes": {"state-on-instance"},
    "ec2.DescribeSecurityGroups": {"server-access"},
    "cloudtrail.LookupEvents": {"in-place-change"},
    "ssm.ListAssociations": {"in-place-change"},
    "ssm.DescribeInstancePatchStates": {"in-place-change"},
}
"""Checks that can say of nothing that it is well where an operation can't be read."""


@pytest.fixture(scope="module")
def whole() -> Iterator[Shop]:
    with furnished() as made:
        yield made


@pytest.fixture
def shop(whole: Shop) -> Shop:
    whole.proxy.clear()
    return whole


@pytest.fixture(scope="module")
def before(whole: Shop) -> Facts:
    """What is read where nothing fails."""
    whole.proxy.clear()
    return whole.facts()


def test_nothing_fails_where_nothing_is_wrong(before: Facts) -> None:
    assert {gap.code for gap in before.gaps} <= {"not-given", "targets-unknown"}
    assert len(before.instances) > 5
    assert "pass" in verdicts(before).values()


def test_an_association_that_may_have_patched_leaves_its_own_targets_open_alone(shop: Shop, before: Facts) -> None:
    told = {key[1].rpartition("/")[2]: v for key, v in verdicts(before).items() if key[0] == "in-place-change"}
    unclear, patched = shop.ids["batch"]
    assert {name for name, verdict in told.items() if verdict == "inconclusive"} == {unclear}
    assert told[patched] == "violation"
    assert told[shop.ids["bare"]] == "pass"


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.key)
def test_one_operation_fails(operation: Operation[object], fault: str, shop: Shop, before: Facts) -> None:
    shop.proxy.faults[operation.key] = fault
    facts = shop.facts()
    gaps = [gap for gap in facts.gaps if f"{operation.service} {operation.name}" in gap.reason]
    assert {gap.noun for gap in gaps} >= set(operation.nouns)
    assert FAULTS[fault] in {gap.code for gap in gaps}
    assert all(gap.required == operation.required for gap in gaps if gap.code == FAULTS[fault])
    if fault == "denied":
        assert all(action in gap.mend for gap in gaps if gap.code == "forbidden" for action in actions_of(operation))
    passed = {key for key, verdict in verdicts(before).items() if verdict == "pass"}
    now = verdicts(facts)
    risen = {key: verdicts(before).get(key) for key, verdict in now.items() if verdict == "pass" and key not in passed}
    assert not risen, "what could not be read is in a pass that was none before"
    hanging = {key for key, verdict in now.items() if verdict == "pass" and key[0] in HANGS_ON.get(operation.key, ())}
    assert not hanging


@pytest.mark.parametrize(
    "key",
    ["ec2.DescribeInstances", "autoscaling.DescribeAutoScalingGroups", "ssm.ListCommands", "inspector2.ListCoverage"],
)
def test_throttled_to_the_end(key: str, shop: Shop) -> None:
    shop.proxy.faults[key] = "throttled"
    facts = shop.facts(connect(shop.options(attempts=2)))
    found = [gap for gap in facts.gaps if gap.code == "throttled"]
    assert found
    assert all("max_attempts" in gap.mend for gap in found)
    assert shop.proxy.asked.count(key) == 2


def test_throttled_for_a_while(shop: Shop) -> None:
    shop.proxy.faults["ec2.DescribeInstances"] = "throttled"
    shop.proxy.times["ec2.DescribeInstances"] = 2
    facts = shop.facts(connect(shop.options(attempts=4)))
    assert "throttled" not in {gap.code for gap in facts.gaps}
    assert shop.proxy.asked.count("ec2.DescribeInstances") == 3


def test_credentials_expire_in_the_middle(shop: Shop) -> None:
    shop.proxy.faults["ec2.DescribeImages"] = "expired"
    facts = shop.facts()
    (gap,) = [gap for gap in facts.gaps if gap.code == "unauthorized"]
    assert "RequestExpired" in gap.reason
    assert "renew" in gap.mend


@pytest.mark.parametrize("key", ["ec2.DescribeImages", "ssm.ListCommands", "autoscaling.DescribeAutoScalingGroups"])
def test_nonsense_is_broken(key: str, shop: Shop) -> None:
    shop.proxy.faults[key] = "nonsense"
    facts = shop.facts()
    assert {gap.code for gap in facts.gaps if key.replace(".", " ") in gap.reason} == {"broken"}


PAGE = b"""<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><reservationSet><item>
<reservationId>r-1</reservationId><ownerId>123456789012</ownerId><instancesSet>
<item><instanceId>i-0first</instanceId><imageId>ami-1</imageId><instanceState><code>16</code><name>running</name>
</instanceState><launchTime>2026-11-01T00:00:00.000Z</launchTime></item>%s</instancesSet></item></reservationSet>%s
</DescribeInstancesResponse>"""


def test_the_second_page_fails(shop: Shop) -> None:
    key = "ec2.DescribeInstances"
    shop.proxy.pages[key] = [PAGE % (b"", b"<nextToken>more</nextToken>")]
    shop.proxy.faults[key], shop.proxy.after[key] = "denied", 1
    facts = shop.facts()
    assert [instance.ref.name for instance in facts.instances] == ["i-0first"]
    (gap,) = {gap.reason for gap in facts.gaps if gap.code == "forbidden"}
    assert "after page 1" in gap
    assert {gap.noun for gap in facts.gaps if gap.code == "forbidden"} == {"Instance", "Workload"}


def test_a_thing_that_is_broken_leaves_the_others(shop: Shop) -> None:
    shop.proxy.pages["ec2.DescribeInstances"] = [PAGE % (b"<item><imageId>ami-2</imageId></item>", b"")]
    facts = shop.facts()
    assert [instance.ref.name for instance in facts.instances] == ["i-0first"]
    found = [gap for gap in facts.gaps if gap.code == "broken"]
    assert {gap.noun for gap in found} == {"Instance", "Workload"}
    assert "/Reservations/0/Instances/1" in found[0].reason
    assert found[0].required


def test_a_group_goes_between_two_calls(shop: Shop) -> None:
    key = "autoscaling.DescribeInstanceRefreshes"
    shop.proxy.faults[key], shop.proxy.times[key] = "ValidationError", 1
    facts = shop.facts()
    (gap,) = [gap for gap in facts.gaps if gap.code == "gone"]
    assert "of batch" in gap.reason or "of web" in gap.reason
    assert len([one for one in facts.workloads if one.ref.kind == "AutoScalingGroup"]) == 2
