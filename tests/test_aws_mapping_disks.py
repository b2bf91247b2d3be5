"""Machine images and disks: which images are gone, and which disks hold what a replacement would lose."""

from __future__ import annotations

from typing import Any

import pytest

from tests import aws_compute as aws
from tests.aws_compute import ACCOUNT, BARE, NEW, OLD, ONE
from tests.test_aws_mapping import made
from tools.collect.aws import reads_compute as reads
from tools.collect.aws.answers import Failure
from tools.collect.aws.mapping import named
from tools.collect.aws.mapping.compute import Compute, compute
from tools.model.artifact import Artifact
from tools.model.machine import Volume
from tools.model.observation import NotObserved

DATA_DISK = {"DeviceName": "/dev/sdf", "Ebs": {"VolumeId": "vol-data", "AttachTime": "2026-11-20T10:00:00Z",
                                               "DeleteOnTermination": False, "Status": "attached"}}  # fmt: skip


def artifact(found: Compute, name: str) -> Artifact:
    return next(artifact for artifact in found.artifacts if artifact.ref.name == name)


def disks(found: Compute, instance: str = ONE) -> dict[str, Volume]:
    return {volume.device: volume for volume in found.volumes if volume.instance.name == instance}


def with_disks(*mappings: dict[str, Any], **more: Any) -> dict[str, Any]:
    root = aws.instance(ONE, OLD)["BlockDeviceMappings"]
    return aws.instance(ONE, OLD, "1", BlockDeviceMappings=[*root, *mappings], **more)


def test_an_image_is_an_artifact() -> None:
    found = artifact(made(), NEW)
    assert (found.found, found.owner, found.alias, found.public) == (True, ACCOUNT, "", False)
    assert (found.state, found.name, found.created, found.deprecated) == (
        "available", "web-2", "2026-10-01T00:00:00.000Z", "",
    )  # fmt: skip
    assert found.snapshots == (f"snap-{NEW[4:]}",)
    assert found.lost == ""
    assert found.tags == (("commit", "abc"),)


def test_anothers_image_and_when_it_is_deprecated() -> None:
    amazon = aws.image(
        OLD, "137112412989", ImageOwnerAlias="amazon", Public=True, DeprecationTime="2026-12-01T00:00:00Z"
    )
    found = artifact(made(DescribeImages=[amazon, aws.image(NEW)]), OLD)
    assert (found.held_by, found.public, found.deprecated) == ("137112412989 (amazon)", True, "2026-12-01T00:00:00Z")
    with pytest.raises(NotObserved):
        _ = found.lost  # another account's snapshots


def test_an_image_that_was_asked_for_and_not_answered_is_gone() -> None:
    found = made(DescribeImages=[aws.image(NEW)])
    assert (artifact(found, OLD).found, artifact(found, NEW).found) == (False, True)


@pytest.mark.parametrize("unread", [True, False])
def test_an_image_that_was_not_asked_for_is_not_gone(unread: bool) -> None:
    denied = Failure(reads.IMAGES.key, "UnauthorizedOperation", "you may not")
    found = made(without=(reads.IMAGES.key,)) if unread else made(denied, DescribeImages=[aws.image(NEW)])
    assert [a.ref.name for a in found.artifacts] == ([] if unread else [NEW])


def test_what_a_recording_leaves_out_may_not_have_been_asked_for() -> None:
    read = aws.answers({**aws.fleet(), reads.IMAGES.key: [aws.image(NEW)], reads.SNAPSHOTS.key: []})
    read.unasked |= {reads.IMAGES.key, reads.SNAPSHOTS.key, reads.REFRESHES.key}  # describe-images --owners self
    found = compute(read)
    assert [artifact.ref.name for artifact in found.artifacts] == [NEW]
    assert artifact(found, NEW).lost_seen is None
    assert found.workloads[0].rollout_seen is None


@pytest.mark.parametrize("state", [None, "error", "recoverable"])
def test_a_snapshot_that_is_gone(state: str | None) -> None:
    kept = [{"SnapshotId": f"snap-{NEW[4:]}", "State": "completed"}]
    if state:
        kept.append({"SnapshotId": f"snap-{OLD[4:]}", "State": state})
    found = made(DescribeSnapshots=kept)
    assert (artifact(found, OLD).lost, artifact(found, NEW).lost) == (f"snap-{OLD[4:]}", "")


def test_snapshots_that_were_not_read_are_not_gone() -> None:
    for found in (
        made(without=(reads.SNAPSHOTS.key,)),
        made(Failure(reads.SNAPSHOTS.key, "AccessDenied", "you may not"), DescribeSnapshots=[]),
    ):
        with pytest.raises(NotObserved):
            _ = artifact(found, NEW).lost


def test_of_the_releases_the_current_one_and_the_one_before_are_asked_for() -> None:
    images = [f"ami-0000000000000010{number}" for number in range(4)]
    versions = [aws.version(number + 1, image) for number, image in enumerate(images)]
    group = aws.group(LaunchTemplate={**aws.TARGET, "Version": "4"}, Instances=[])
    found = made(
        DescribeLaunchTemplateVersions=versions, DescribeAutoScalingGroups=[group], DescribeInstances=[],
        DescribeImages=[],
    )  # fmt: skip
    assert [a.ref.name for a in found.artifacts] == images[2:]


def test_the_root_disk_goes_with_its_server() -> None:
    root = disks(made())["/dev/xvda"]
    assert (root.kind, root.root, root.kept, root.declared) == ("ebs", True, False, True)
    assert root.ref.name == f"vol-root-{ONE[2:]}"
    assert root.attached == "2026-11-01T10:00:01Z"


def test_a_disk_that_nothing_declares() -> None:
    found = disks(made(DescribeInstances=[with_disks(DATA_DISK)]))["/dev/sdf"]
    assert (found.root, found.kept, found.declared, found.attached) == (False, True, False, "2026-11-20T10:00:00Z")


@pytest.mark.parametrize("where", ["image", "template"])
def test_a_disk_that_the_image_or_the_template_declares(where: str) -> None:
    devices: dict[str, Any] = {"BlockDeviceMappings": [{"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 8}}]}
    image = aws.image(OLD, **(devices if where == "image" else {}))
    version = aws.version(1, OLD, **(devices if where == "template" else {}))
    found = made(
        DescribeInstances=[with_disks(DATA_DISK)],
        DescribeImages=[image],
        DescribeLaunchTemplateVersions=[version, aws.version(2, NEW)],
    )
    assert disks(found)["/dev/sdf"].declared is True


def test_a_device_of_the_image_that_the_template_takes_away_is_not_declared() -> None:
    image = aws.image(OLD, BlockDeviceMappings=[{"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 8}}])
    version = aws.version(1, OLD, BlockDeviceMappings=[{"DeviceName": "/dev/sdf", "NoDevice": ""}])
    found = made(
        DescribeInstances=[with_disks(DATA_DISK)],
        DescribeImages=[image],
        DescribeLaunchTemplateVersions=[version, aws.version(2, NEW)],
    )
    assert disks(found)["/dev/sdf"].declared is False


@pytest.mark.parametrize("missing", ["DescribeImages", "DescribeLaunchTemplateVersions"])
def test_what_was_not_read_may_declare_a_disk(missing: str) -> None:
    changed: dict[str, Any] = {"DescribeInstances": [with_disks(DATA_DISK)], missing: []}
    found = made(**changed)
    assert disks(found)["/dev/sdf"].declared is None
    assert disks(found)["/dev/xvda"].declared is True  # a server starts from its image's own


def test_a_disk_whose_end_was_not_reported() -> None:
    unsaid = {"DeviceName": "/dev/sdf", "Ebs": {"VolumeId": "vol-data"}}
    assert disks(made(DescribeInstances=[with_disks(unsaid)]))["/dev/sdf"].kept is None


def test_a_disk_that_only_the_volumes_tell_of() -> None:
    attached = {"InstanceId": ONE, "Device": "/dev/sdg", "State": "attached", "AttachTime": "2026-11-21T10:00:00Z",
                "DeleteOnTermination": False}  # fmt: skip
    volumes = [
        {"VolumeId": "vol-late", "Attachments": [attached]},
        {"VolumeId": "vol-data", "Attachments": [{**attached, "Device": "/dev/sdf"}]},
        {"VolumeId": "vol-away", "Attachments": [{**attached, "Device": "/dev/sdh", "State": "detached"}]},
        {"VolumeId": "vol-free", "Attachments": []},
    ]
    found = made(DescribeInstances=[with_disks(DATA_DISK)], DescribeVolumes=volumes)
    assert sorted(volume.ref.name for volume in disks(found).values()) == [
        "vol-data", "vol-late", f"vol-root-{ONE[2:]}",
    ]  # fmt: skip
    assert disks(found)["/dev/sdg"].kept is True


def store(support: str, *disks: int) -> list[dict[str, Any]]:
    info = {"NvmeSupport": support, "Disks": [{"Count": count, "SizeInGB": 75} for count in disks]}
    return [{"InstanceType": "m5.large", "InstanceStorageSupported": True, "InstanceStorageInfo": info}]


def test_an_nvme_instance_store_is_there_by_the_type_alone() -> None:
    found = disks(made(DescribeInstanceTypes=store("required", 2)))
    assert [(v.kind, v.root, v.kept, v.declared) for v in (found["ephemeral0"], found["ephemeral1"])] == [
        ("instance-store", False, False, True)
    ] * 2
    assert len({volume.ref.uid for volume in found.values()}) == 3


def test_another_instance_store_is_there_where_a_mapping_names_it() -> None:
    types = store("unsupported", 1)
    assert set(disks(made(DescribeInstanceTypes=types))) == {"/dev/xvda"}
    mapped = aws.image(OLD, BlockDeviceMappings=[{"DeviceName": "/dev/sdb", "VirtualName": "ephemeral0"}])
    assert "ephemeral0" in disks(made(DescribeInstanceTypes=types, DescribeImages=[mapped]))


def test_a_server_whose_root_is_an_instance_store() -> None:
    own = aws.instance(ONE, OLD, RootDeviceType="instance-store", BlockDeviceMappings=[])
    found = disks(made(DescribeInstances=[own]))["/dev/xvda"]
    assert (found.kind, found.root, found.kept) == ("instance-store", True, False)


def test_a_terminated_server_has_no_disks() -> None:
    gone = aws.instance(BARE, OLD, group="", State={"Code": 48, "Name": "terminated"}, BlockDeviceMappings=[])
    assert disks(made(DescribeInstances=[gone], DescribeInstanceTypes=store("required", 1)), BARE) == {}


def test_what_is_asked_for_each() -> None:
    items = aws.fleet()
    read = aws.answers(items)
    assert named.templates(read) == [aws.LT]
    assert named.image_ids(read) == [OLD, NEW]
    assert named.snapshots(read) == [f"snap-{OLD[4:]}", f"snap-{NEW[4:]}"]
    assert named.instance_types(read) == ["m5.large"]
    assert (named.groups(read), named.warm_groups(read)) == (["web"], [])
    going = aws.refresh("InProgress", DesiredConfiguration={"LaunchTemplate": {"LaunchTemplateId": aws.LT_ARM}})
    pooled = aws.group(WarmPoolConfiguration={"MinSize": 1}, LaunchTemplate={"LaunchTemplateName": "web"})
    read = aws.answers({**items, reads.REFRESHES.key: [going], reads.GROUPS.key: [pooled]})
    assert named.templates(read) == [aws.LT, aws.LT_ARM]
    assert named.warm_groups(read) == ["web"]
