"""A mixed instances policy: a release is a set of versions and images, and each server is of one of its parts."""

from __future__ import annotations

from typing import Any

import pytest

from tests import aws_compute as aws
from tests.aws_compute import ARM, LT_ARM, NEW, OLD, ONE, TWO
from tests.test_aws_mapping import made, one, view, web
from tools.artifact import same_artifact
from tools.collect.aws.mapping.compute import Compute
from tools.collect.aws.mapping.mixed import MACHINE
from tools.model.instance import Instance
from tools.model.observation import NotObserved

ARM_SPEC = {"LaunchTemplateId": LT_ARM, "LaunchTemplateName": "arm", "Version": "3"}
THREE = "i-00000000000000003"
GPU = "ami-0000000000000000b"


def policy(*overrides: dict[str, Any], version: str = "2") -> dict[str, Any]:
    return {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": {**aws.TARGET, "Version": version},
            "Overrides": list(overrides),
        },
        "InstancesDistribution": {"OnDemandBaseCapacity": 1},
    }


def group(mixed: dict[str, Any], *members: dict[str, Any]) -> dict[str, Any]:
    fields = aws.group(MixedInstancesPolicy=mixed, Instances=list(members))
    del fields["LaunchTemplate"]
    return fields


def arm(number: str) -> dict[str, Any]:
    return {"LaunchTemplate": {**ARM_SPEC, "Version": number}, "InstanceType": "m6g.large"}


def fleet(mixed: dict[str, Any], *instances: tuple[dict[str, Any], dict[str, Any]]) -> Compute:
    versions = [aws.version(1, OLD), aws.version(2, NEW), aws.version(3, ARM, LT_ARM, "arm"),
                aws.version(2, OLD, LT_ARM, "arm")]  # fmt: skip
    return made(
        DescribeAutoScalingGroups=[group(mixed, *(member for member, _ in instances))],
        DescribeInstances=[instance for _, instance in instances],
        DescribeLaunchTemplateVersions=versions,
    )


def parts(found: Compute) -> list[tuple[str, str]]:
    return [(part.name, part.image) for part in view(found).current_release(web(found)).parts]


def proven(found: Compute, instance: Instance) -> bool | None:
    """Whether an instance runs what the part names that it was made from; None where no part is its own."""
    release = view(found).release_of(instance)
    assert release is not None
    part = view(found).part_of(release, instance.containers[0])
    return None if part is None else same_artifact(part, instance.containers[0])


OWN_TEMPLATE = {"InstanceType": "m6g.large", "LaunchTemplateSpecification": ARM_SPEC}
OWN_IMAGE = {"InstanceType": "g5.large", "ImageId": GPU}
PLAIN = {"InstanceType": "m5.large"}


@pytest.mark.parametrize(
    ("overrides", "expected", "counted"),
    [
        ([], [(MACHINE, NEW)], 0),
        ([PLAIN, {"InstanceType": "m5.xlarge"}], [(MACHINE, NEW)], 0),
        ([PLAIN, OWN_TEMPLATE], [(MACHINE, NEW), (f"machine/{LT_ARM}:3", ARM)], 1),
        ([PLAIN, OWN_IMAGE], [(MACHINE, NEW), ("machine/g5.large", GPU)], 1),
        ([OWN_TEMPLATE, OWN_IMAGE], [(MACHINE, ARM), ("machine/g5.large", GPU)], 2),
        ([{**OWN_TEMPLATE, "ImageId": GPU}, PLAIN], [(MACHINE, NEW), ("machine/m6g.large", GPU)], 1),
        ([PLAIN, {"InstanceRequirements": {"MemoryMiB": {"Min": 1}, "VCpuCount": {"Min": 1}}, "ImageId": GPU}],
         [(MACHINE, NEW), (f"machine/{GPU}", GPU)], 1),
    ],
)  # fmt: skip
def test_the_set_that_a_policy_launches(
    overrides: list[dict[str, Any]], expected: list[tuple[str, str]], counted: int
) -> None:
    found = fleet(policy(*overrides))
    assert parts(found) == expected
    assert web(found).group.overrides == counted


def test_a_policy_without_sets_is_its_version() -> None:
    mixed = fleet(policy(PLAIN))
    plain = made(DescribeLaunchTemplateVersions=[aws.version(1, OLD), aws.version(2, NEW)])
    assert web(mixed).template == web(plain).template
    assert (web(mixed).current, web(mixed).number, web(mixed).group.named) == ("web:2", 2, "2")


def test_the_digest_of_a_set_tells_its_members_apart() -> None:
    other_image, other_type = {**OWN_IMAGE, "ImageId": ARM}, {**OWN_IMAGE, "InstanceType": "g5.2xlarge"}
    sets = [policy(), *(policy(PLAIN, one) for one in (OWN_TEMPLATE, OWN_IMAGE, other_image, other_type))]
    assert len({web(fleet(mixed)).template for mixed in sets}) == len(sets)


def test_each_server_is_of_its_part() -> None:
    found = fleet(
        policy(PLAIN, OWN_TEMPLATE, OWN_IMAGE),
        (aws.member(ONE, "2"), aws.instance(ONE, NEW)),
        (aws.member(TWO, "", **arm("3")), aws.instance(TWO, ARM, InstanceType="m6g.large")),
        (
            aws.member(THREE, "2", InstanceType="g5.large"),
            aws.instance(THREE, GPU, InstanceType="g5.large"),
        ),
    )
    names = [one(found, name).containers[0].name for name in (ONE, TWO, THREE)]
    assert names == ["machine", f"machine/{LT_ARM}:3", "machine/g5.large"]
    assert [proven(found, instance) for instance in found.instances] == [True, True, True]
    assert {instance.release_ref for instance in found.instances} == {view(found).current_release(web(found)).ref}
    status = web(found).rollout_seen
    assert status is not None
    assert (status.updated, status.replicas) == (3, 3)


def test_a_server_of_an_override_that_has_another_image_now_is_stale() -> None:
    found = fleet(
        policy(PLAIN, OWN_IMAGE),
        (aws.member(ONE, "2", InstanceType="g5.large"), aws.instance(ONE, ARM, InstanceType="g5.large")),
    )
    assert proven(found, one(found, ONE)) is False


def test_a_server_of_an_overrides_earlier_version_is_of_a_release_without_a_number() -> None:
    found = fleet(
        policy(PLAIN, OWN_TEMPLATE),
        (aws.member(TWO, "", **arm("2")), aws.instance(TWO, OLD, InstanceType="m6g.large")),
    )
    stale = view(found).release_of(one(found, TWO))
    assert stale is not None
    assert (stale.ref.name, stale.number) == ("arm:2", None)
    assert proven(found, one(found, TWO)) is True
    status = web(found).rollout_seen
    assert status is not None
    assert status.updated == 0


def test_what_an_earlier_set_launched_by_an_image_of_its_own_is_not_judged_by_the_version() -> None:
    found = fleet(
        policy(PLAIN, OWN_IMAGE),
        (aws.member(ONE, "1", InstanceType="g5.large"), aws.instance(ONE, GPU, InstanceType="g5.large")),
        (aws.member(TWO, "1"), aws.instance(TWO, OLD)),
    )
    assert one(found, ONE).containers[0].name == "machine/g5.large"
    assert proven(found, one(found, ONE)) is None
    assert proven(found, one(found, TWO)) is True


def test_a_member_of_a_set_that_cannot_be_told_leaves_it_untold() -> None:
    latest = {"InstanceType": "m6g.large", "LaunchTemplateSpecification": {**ARM_SPEC, "Version": "$Latest"}}
    found = fleet(policy(PLAIN, latest))
    with pytest.raises(NotObserved):
        view(found).current_release(web(found))
    assert [gap.noun for gap in found.gaps] == ["Group"]


def test_what_a_set_does_at_boot_and_says_of_tokens_is_what_each_does() -> None:
    required: dict[str, Any] = {"MetadataOptions": {"HttpTokens": "required"}}
    versions = [
        aws.version(2, NEW, UserData=aws.USER_DATA, **required),
        aws.version(3, ARM, LT_ARM, "arm", MetadataOptions={"HttpTokens": "optional"}),
    ]
    found = made(
        DescribeAutoScalingGroups=[group(policy(PLAIN, OWN_TEMPLATE))],
        DescribeInstances=[],
        DescribeLaunchTemplateVersions=versions,
    )
    release = view(found).current_release(web(found))
    assert release.tokens == "optional"
    assert [step.command for step in release.boot.steps] == ["yum install nginx"]
    assert {artifact.ref.name for artifact in found.artifacts} == {NEW, ARM}


def test_the_images_of_a_set_are_asked_for() -> None:
    found = fleet(policy(PLAIN, OWN_TEMPLATE, OWN_IMAGE))
    assert {artifact.ref.name for artifact in found.artifacts} == {OLD, NEW, ARM, GPU}


def test_how_a_set_is_named() -> None:
    latest = {"InstanceType": "m6g.large", "LaunchTemplateSpecification": {**ARM_SPEC, "Version": "$Latest"}}
    assert web(fleet(policy(PLAIN, latest, version="$Default"))).group.named == "$Default, $Latest"
