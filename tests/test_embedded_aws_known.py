"""What the embedded AWS still tells otherwise than AWS does: each is held here, so that a change of moto's is noticed,
and nobody takes it for the real thing meanwhile. What AWS does is in each test's first line."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.aws_fleet import Fleet, emptied, fleet


@pytest.fixture(scope="module")
def server() -> Iterator[Fleet]:
    with fleet() as made:
        yield made


@pytest.fixture
def aws(server: Fleet) -> Fleet:
    made = emptied(server)
    made.template("web", made.image("web-1"))
    return made


def test_pages_are_of_reservations(aws: Fleet) -> None:
    """AWS: MaxResults counts instances."""
    aws.ec2.run_instances(LaunchTemplate={"LaunchTemplateName": "web"}, MinCount=7, MaxCount=7)
    page = aws.ec2.describe_instances(MaxResults=5)
    assert [len(one["Instances"]) for one in page["Reservations"]] == [7]
    assert "NextToken" not in page


def test_the_least_count_is_launched(aws: Fleet) -> None:
    """AWS: as many as there is room for, up to MaxCount."""
    made = aws.ec2.run_instances(LaunchTemplate={"LaunchTemplateName": "web"}, MinCount=1, MaxCount=3)
    assert len(made["Instances"]) == 1


def test_a_terminated_instance_stays(aws: Fleet) -> None:
    """AWS: it is gone after about an hour."""
    (made,) = aws.ec2.run_instances(LaunchTemplate={"LaunchTemplateName": "web"}, MinCount=1, MaxCount=1)["Instances"]
    aws.ec2.terminate_instances(InstanceIds=[made["InstanceId"]])
    aws.wait(3 * 86400)
    (told,) = aws.ec2.describe_instances(InstanceIds=[made["InstanceId"]])["Reservations"][0]["Instances"]
    assert told["State"]["Name"] == "terminated"


def test_versions_of_a_template_have_no_pages(aws: Fleet) -> None:
    """AWS: a NextToken leads to the rest."""
    aws.template("web", aws.image("web-2"))
    page = aws.ec2.describe_launch_template_versions(LaunchTemplateName="web", MaxResults=1)
    assert len(page["LaunchTemplateVersions"]) == 1
    assert "NextToken" not in page


def test_a_warm_pool_stays_empty(aws: Fleet) -> None:
    """AWS: it is filled from what the group launches."""
    aws.group("web", "1", 1)
    aws.groups.put_warm_pool(AutoScalingGroupName="web", MinSize=2)
    assert aws.groups.describe_warm_pool(AutoScalingGroupName="web")["Instances"] == []


def test_a_snapshot_that_an_image_uses_can_be_deleted(aws: Fleet) -> None:
    """AWS: InvalidSnapshot.InUse."""
    image = aws.ec2.describe_images(ImageIds=[aws.image("web-2")])["Images"][0]
    snapshot = image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    aws.ec2.delete_snapshot(SnapshotId=snapshot)
    assert snapshot not in [one["SnapshotId"] for one in aws.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]]


def test_an_instance_starts_and_stops_at_once(aws: Fleet) -> None:
    """AWS: it is pending, and stopping, for a while; and its LaunchTime is that of its last start."""
    (made,) = aws.ec2.run_instances(LaunchTemplate={"LaunchTemplateName": "web"}, MinCount=1, MaxCount=1)["Instances"]
    aws.ec2.stop_instances(InstanceIds=[made["InstanceId"]])
    aws.wait(60)
    aws.ec2.start_instances(InstanceIds=[made["InstanceId"]])
    (told,) = aws.ec2.describe_instances(InstanceIds=[made["InstanceId"]])["Reservations"][0]["Instances"]
    assert told["State"]["Name"] == "running"
    assert told["LaunchTime"] == made["LaunchTime"]


def test_nobody_is_denied(aws: Fleet) -> None:
    """AWS: a user without a policy may do nothing."""
    found = aws.client("ec2", aws.aws.person("nobody")).describe_launch_templates()["LaunchTemplates"]
    assert "web" in [one["LaunchTemplateName"] for one in found]
