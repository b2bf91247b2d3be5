"""Groups on the embedded AWS: what moto tells wrongly is corrected."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.aws_fleet import Fleet, emptied, fleet
from tests.test_embedded_aws_trail import refused


@pytest.fixture(scope="module")
def server() -> Iterator[Fleet]:
    with fleet() as made:
        yield made


@pytest.fixture
def aws(server: Fleet) -> Fleet:
    return emptied(server)


def stale(aws: Fleet, size: int = 2) -> list[str]:
    """A group whose template has a newer version than its members."""
    aws.template("web", aws.image("web-1"))
    members = aws.group("web", "1", size)
    aws.pin("web", aws.template("web", aws.image("web-2")))
    return members


def versions(aws: Fleet, name: str = "web") -> list[str]:
    return sorted(one["LaunchTemplate"]["Version"] for one in aws.told(name)["Instances"])


def tags(aws: Fleet, instance: str) -> dict[str, str]:
    found = aws.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    return {tag["Key"]: tag["Value"] for tag in found["Tags"]}


def test_a_member_has_the_version_that_it_was_launched_from(aws: Fleet) -> None:
    old = stale(aws)
    assert versions(aws) == ["1", "1"]
    assert aws.told("web")["LaunchTemplate"]["Version"] == "2"
    aws.groups.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=3)
    assert versions(aws) == ["1", "1", "2"]
    new = next(one for one in aws.members("web") if one not in old)
    template = aws.told("web")["LaunchTemplate"]["LaunchTemplateId"]
    assert tags(aws, new).items() >= {
        ("aws:ec2launchtemplate:id", template),
        ("aws:ec2launchtemplate:version", "2"),
        ("aws:autoscaling:groupName", "web"),
    }
    assert tags(aws, old[0])["aws:ec2launchtemplate:version"] == "1"
    told = aws.groups.describe_auto_scaling_instances(InstanceIds=[new])["AutoScalingInstances"][0]
    assert told["LaunchTemplate"]["Version"] == "2"


def test_a_member_has_all_that_its_template_says(aws: Fleet) -> None:
    door = aws.door("ssh")
    aws.ec2.create_key_pair(KeyName="ops")
    profile = aws.profile("web")
    disk = {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20, "DeleteOnTermination": False}}
    data = {"KeyName": "ops", "SecurityGroupIds": [door], "IamInstanceProfile": profile, "BlockDeviceMappings": [disk]}
    aws.template("web", aws.image("web-1"), **data)
    (member,) = aws.group("web", "1", 1)
    told = aws.ec2.describe_instances(InstanceIds=[member])["Reservations"][0]["Instances"][0]
    assert told["KeyName"] == "ops"
    assert told["MetadataOptions"]["HttpTokens"] == "required"
    assert [one["GroupId"] for one in told["SecurityGroups"]] == [door]
    assert told["IamInstanceProfile"]["Arn"].endswith(":instance-profile/web")
    (mapping,) = told["BlockDeviceMappings"]
    assert (mapping["DeviceName"], mapping["Ebs"]["DeleteOnTermination"]) == ("/dev/xvda", False)
    managed = aws.client("ssm").describe_instance_information()["InstanceInformationList"]
    assert [one["InstanceId"] for one in managed] == [member]  # by its role


def test_activities_tell_what_was_launched_and_terminated_when(aws: Fleet) -> None:
    stale(aws, 1)
    aws.wait(60)
    (old,) = aws.members("web")
    aws.groups.terminate_instance_in_auto_scaling_group(InstanceId=old, ShouldDecrementDesiredCapacity=False)
    newest, ended, first = aws.activities("web")
    assert newest["Description"] == f"Launching a new EC2 instance: {aws.members('web')[0]}"
    assert ended["Description"] == f"Terminating EC2 instance: {old}"
    assert first["Description"] == f"Launching a new EC2 instance: {old}"
    assert {one["StatusCode"] for one in (newest, ended, first)} == {"Successful"}
    assert (newest["StartTime"] - first["StartTime"]).total_seconds() == 60
    assert "in response to a user request" in ended["Cause"]


@pytest.mark.parametrize("how", ["unhealthy", "terminated", "stopped"])
def test_an_unhealthy_member_is_replaced(aws: Fleet, how: str) -> None:
    old = stale(aws)
    harm(aws, old[0], how)
    assert old[0] not in aws.members("web")
    assert versions(aws) == ["1", "2"]  # the replacement comes from what the group names now
    assert "was taken out of service" in aws.activities("web")[1]["Cause"]


def harm(aws: Fleet, instance: str, how: str) -> None:
    if how == "unhealthy":
        aws.groups.set_instance_health(InstanceId=instance, HealthStatus="Unhealthy")
    elif how == "terminated":
        aws.ec2.terminate_instances(InstanceIds=[instance])
    else:
        aws.ec2.stop_instances(InstanceIds=[instance])


@pytest.mark.parametrize("process", ["ReplaceUnhealthy", "Terminate"])
def test_suspended_the_unhealthy_stays(aws: Fleet, process: str) -> None:
    old = stale(aws)
    aws.groups.suspend_processes(AutoScalingGroupName="web", ScalingProcesses=[process])
    harm(aws, old[0], "unhealthy")
    assert aws.members("web") == old
    (told,) = aws.told("web")["SuspendedProcesses"]
    assert told == {"ProcessName": process, "SuspensionReason": "User suspended at 2026-11-02T08:00:00Z"}
    aws.groups.resume_processes(AutoScalingGroupName="web", ScalingProcesses=[process])
    assert old[0] not in aws.members("web")


def test_suspended_nothing_is_launched_or_terminated(aws: Fleet) -> None:
    old = stale(aws)
    aws.groups.suspend_processes(AutoScalingGroupName="web", ScalingProcesses=["Launch"])
    aws.groups.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=4)
    assert aws.members("web") == old
    aws.groups.suspend_processes(AutoScalingGroupName="web", ScalingProcesses=["Terminate"])
    aws.groups.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=1)
    assert aws.members("web") == old
    aws.groups.resume_processes(AutoScalingGroupName="web", ScalingProcesses=["Terminate"])
    assert len(aws.members("web")) == 1


def test_what_cannot_be_launched_is_a_failed_activity_and_tried_again(aws: Fleet) -> None:
    aws.template("web", aws.image("web-1"))
    aws.group("web", "1", 1)
    aws.aws.refuse_launches("web", "We currently do not have sufficient t3.micro capacity.")
    aws.groups.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=2)
    failed = aws.activities("web")[0]
    assert failed["StatusCode"] == "Failed"
    assert "sufficient t3.micro capacity" in failed["StatusMessage"]
    aws.wait(61)
    assert [one["StatusCode"] for one in aws.activities("web")] == ["Failed", "Failed", "Successful"]
    aws.aws.allow_launches("web")
    aws.wait(61)
    assert len(aws.members("web")) == 2


def test_an_image_that_is_deregistered_launches_nothing(aws: Fleet) -> None:
    image = aws.image("web-1")
    aws.template("web", image)
    (old,) = aws.group("web", "1", 1)
    aws.ec2.deregister_image(ImageId=image)
    aws.groups.terminate_instance_in_auto_scaling_group(InstanceId=old, ShouldDecrementDesiredCapacity=False)
    assert aws.members("web") == []
    assert f"The image id '[{image}]' does not exist" in aws.activities("web")[0]["Description"]


def test_scaling_in_takes_the_old_release_first_and_leaves_the_protected(aws: Fleet) -> None:
    old = stale(aws)
    aws.groups.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=3)
    aws.groups.set_instance_protection(AutoScalingGroupName="web", InstanceIds=[old[0]], ProtectedFromScaleIn=True)
    aws.groups.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=2)
    assert old[0] in aws.members("web")
    assert versions(aws) == ["1", "2"]


def test_a_group_below_its_minimum_is_refused(aws: Fleet) -> None:
    stale(aws, 1)
    (one,) = aws.members("web")
    refused(
        lambda: aws.groups.terminate_instance_in_auto_scaling_group(
            InstanceId=one, ShouldDecrementDesiredCapacity=True
        ),
        "ValidationError",
        "desiredSize equals minSize (1)",
    )
    assert aws.members("web") == [one]
    refused(lambda: aws.group("web", "1", 1), "AlreadyExists")


def test_a_mixed_group_keeps_its_policy_and_its_members_their_override(aws: Fleet) -> None:
    arm = aws.image("web-arm")
    aws.template("web", aws.image("web-1"))
    spec = {"LaunchTemplateName": "web", "Version": "1"}
    policy = {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": spec,
            "Overrides": [{"InstanceType": "t3.micro"}, {"InstanceType": "t4g.micro", "ImageId": arm}],
        },
        "InstancesDistribution": {"OnDemandBaseCapacity": 1, "OnDemandPercentageAboveBaseCapacity": 0},
    }
    members = aws.group("web", "", 4, MixedInstancesPolicy=policy)
    told = aws.told("web")
    assert "LaunchTemplate" not in told
    assert {one["InstanceType"] for one in told["Instances"]} == {"t3.micro", "t4g.micro"}
    here = {i["InstanceId"]: i for r in aws.ec2.describe_instances()["Reservations"] for i in r["Instances"]}
    assert {here[m]["ImageId"] for m in members if here[m]["InstanceType"] == "t4g.micro"} == {arm}
    assert [here[m].get("InstanceLifecycle") for m in members] == [None, "spot", "spot", "spot"]
    aws.groups.update_auto_scaling_group(AutoScalingGroupName="web", MaxSize=20)
    assert aws.told("web")["MixedInstancesPolicy"]["LaunchTemplate"]["Overrides"][1]["ImageId"] == arm


def test_a_group_moves_from_a_launch_configuration_to_a_template(aws: Fleet) -> None:
    image = aws.image("web-1")
    aws.groups.create_launch_configuration(LaunchConfigurationName="old", ImageId=image, InstanceType="t3.micro")
    aws.groups.create_auto_scaling_group(
        AutoScalingGroupName="web",
        MinSize=1,
        MaxSize=2,
        LaunchConfigurationName="old",
        AvailabilityZones=["eu-central-1a"],
    )
    assert aws.told("web")["Instances"][0]["LaunchConfigurationName"] == "old"
    aws.pin("web", aws.template("web", image))
    told = aws.told("web")
    assert "LaunchConfigurationName" not in told
    assert told["Instances"][0]["LaunchConfigurationName"] == "old"


def test_standby_and_detach_are_activities_and_are_made_up_for(aws: Fleet) -> None:
    old = stale(aws)
    aws.groups.enter_standby(AutoScalingGroupName="web", InstanceIds=[old[0]], ShouldDecrementDesiredCapacity=False)
    assert versions(aws) == ["1", "1", "2"]
    aws.groups.detach_instances(AutoScalingGroupName="web", InstanceIds=[old[1]], ShouldDecrementDesiredCapacity=True)
    said = {one["Description"].split(":")[0] for one in aws.activities("web")}
    assert said >= {"Moving EC2 instance to StandBy", "Detaching EC2 instance"}
    assert "aws:autoscaling:groupName" not in tags(aws, old[1])


def test_a_deleted_version_is_gone_and_its_number_is_not_used_again(aws: Fleet) -> None:
    stale(aws)
    aws.template("web", aws.image("web-3"))
    deleted = aws.ec2.delete_launch_template_versions(LaunchTemplateName="web", Versions=["2", "3", "1"])
    gone = [one["VersionNumber"] for one in deleted["SuccessfullyDeletedLaunchTemplateVersions"]]
    kept = [one["VersionNumber"] for one in deleted["UnsuccessfullyDeletedLaunchTemplateVersions"]]
    assert (gone, kept) == ([2, 3], [1])  # the default one stays
    aws.groups.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=3)
    assert versions(aws) == ["1", "1"]  # the group names version 2
    assert "valid fully-formed launch template" in aws.activities("web")[0]["StatusMessage"]
    assert aws.template("web", aws.image("web-4")) == "4"
