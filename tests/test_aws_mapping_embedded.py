"""A fleet on the embedded AWS, read over HTTP and mapped: what happens to a group is what its nouns say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore import xform_name

from tests.aws_compute import decoded, items_of
from tests.aws_fleet import Fleet, emptied, fleet
from tools.collect.aws import reads_compute as reads
from tools.collect.aws.answers import Answers
from tools.collect.aws.asking import ASKED
from tools.collect.aws.mapping.compute import Compute, compute
from tools.model.workload import Strategy, Workload

SCRIPT = "#!/bin/bash\nyum install -y nginx\n"


def read(made: Fleet) -> Compute:
    """Every operation as the collector asks it, in its order."""
    answers = Answers(made.aws.account, made.aws.region, "2026-11-28T00:00:00Z")
    for operation in reads.COMPUTE:
        ask = ASKED.get(operation.key)
        for parameters in ask(answers) if ask is not None else [{}]:
            call = getattr(made.client(operation.service), xform_name(operation.name))
            answer: Any = call(**{**operation.parameters, **parameters})
            answers.add(operation, decoded(operation, [_text(item) for item in items_of(operation, answer)]))
        answers.whole.add(operation.key)
    return compute(answers)


def _text(value: Any) -> Any:
    """A value with its times as text, as the collector's client leaves them."""
    if isinstance(value, dict):
        return {name: _text(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_text(inner) for inner in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


@pytest.fixture(scope="module")
def server() -> Iterator[Fleet]:
    """A boot takes 20 s."""
    with fleet(boot_seconds=20) as made:
        yield made


@pytest.fixture
def aws(server: Fleet) -> Fleet:
    """A group of three at its first version, with a second one written."""
    made = emptied(server)
    old, new = made.image("web-1"), made.image("web-2", commit="abc")
    made.template("web", old)
    made.template("web", new, UserData=SCRIPT)
    made.group("web", "1")
    made.wait(60)
    return made


def web(found: Compute) -> Workload:
    return next(workload for workload in found.workloads if workload.ref.name == "web")


def counted(found: Compute) -> tuple[int, int, int, str]:
    rollout = web(found).rollout_seen
    assert rollout is not None
    return rollout.updated, rollout.replicas, rollout.available, rollout.reason


def test_a_group_at_rest(aws: Fleet) -> None:
    found = read(aws)
    assert found.gaps == ()
    assert (web(found).current, web(found).number, web(found).replicas) == ("web:1", 1, 3)
    assert counted(found) == (3, 3, 3, "")
    assert [release.number for release in found.releases] == [1]
    assert {i.release_ref.name for i in found.instances if i.release_ref} == {"web:1"}
    assert all(i.ready and i.ready_since and i.created for i in found.instances)
    assert {i.machine.tokens_seen for i in found.instances} == {"required"}
    assert [(a.found, a.lost, a.owner) for a in found.artifacts] == [(True, "", aws.aws.account)]


def test_a_group_that_names_another_version_keeps_its_members(aws: Fleet) -> None:
    aws.pin("web", "$Latest")
    found = read(aws)
    assert (web(found).current, web(found).group.named) == ("web:2", "$Latest")
    assert counted(found) == (0, 3, 3, "")
    assert [(release.number, len(release.boot.steps)) for release in found.releases] == [(1, 0), (2, 1)]
    assert {i.release_ref.name for i in found.instances if i.release_ref} == {"web:1"}
    assert len(found.artifacts) == 2


def test_a_refresh_from_its_begin_to_its_end(aws: Fleet) -> None:
    to = {"LaunchTemplate": {"LaunchTemplateName": "web", "Version": "2"}}
    aws.groups.start_instance_refresh(
        AutoScalingGroupName="web",
        DesiredConfiguration=to,
        Preferences={"MinHealthyPercentage": 66, "InstanceWarmup": 10, "SkipMatching": True},
    )
    aws.wait(5)
    found = read(aws)
    updated, _, available, reason = counted(found)
    assert (web(found).current, web(found).group.named, reason) == ("web:2", "1", "InProgress")
    assert (updated, available) == (1, 2)
    assert web(found).group.skip_matching is True
    assert web(found).strategy == Strategy("InstanceRefresh", "34%", "0%")
    aws.wait(600)
    found = read(aws)
    assert (web(found).current, web(found).group.named) == ("web:2", "2")
    assert counted(found) == (3, 3, 3, "Successful")


def test_an_image_that_was_deregistered_and_a_snapshot_that_was_deleted(aws: Fleet) -> None:
    images = {one["Name"]: one for one in aws.ec2.describe_images(Owners=["self"])["Images"]}
    aws.pin("web", "2")
    aws.ec2.deregister_image(ImageId=images["web-1"]["ImageId"])
    found = {artifact.ref.name: artifact for artifact in read(aws).artifacts}
    assert found[images["web-1"]["ImageId"]].found is False
    assert found[images["web-2"]["ImageId"]].lost == ""
    assert found[images["web-2"]["ImageId"]].tags == (("commit", "abc"),)


def test_a_bare_instance_and_a_disk_that_was_attached_by_hand(aws: Fleet) -> None:
    image = aws.image("pet")
    pet = aws.ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, InstanceType="t3.micro")["Instances"][0]
    disk = aws.ec2.create_volume(Size=8, AvailabilityZone=pet["Placement"]["AvailabilityZone"])["VolumeId"]
    aws.ec2.attach_volume(Device="/dev/sdf", InstanceId=pet["InstanceId"], VolumeId=disk)
    found = read(aws)
    bare = next(i for i in found.instances if i.ref.name == pet["InstanceId"])
    assert (bare.owner, bare.workload) == (None, bare.ref)
    attached = next(volume for volume in found.volumes if volume.ref.name == disk)
    assert (attached.device, attached.declared, attached.root) == ("/dev/sdf", False, False)
