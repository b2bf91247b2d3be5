"""The state machine of an instance refresh, stepped by hand: every state, and no more out than may be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.aws_fleet import Fleet, fleet
from tests.aws_refreshing import TO_TWO, healthy, stand, start, told, until, waiting
from tests.test_embedded_aws_groups import versions


@pytest.fixture(scope="module")
def server() -> Iterator[Fleet]:
    """A boot takes 20 s."""
    with fleet(boot_seconds=20) as made:
        yield made


@pytest.fixture
def aws(server: Fleet) -> Fleet:
    return waiting(server)


def test_from_pending_to_successful_with_the_group_on_the_new_version(aws: Fleet) -> None:
    identifier = start(aws)
    assert told(aws)["InstanceRefreshId"] == identifier
    assert until(aws, "Successful", seconds=1) == ["Pending", "InProgress", "Successful"]
    assert versions(aws) == ["2", "2", "2", "2"]
    assert aws.told("web")["LaunchTemplate"]["Version"] == "2"
    assert stand(aws) == ("Successful", 100, 0)
    done = told(aws)
    assert (done["EndTime"] - done["StartTime"]).total_seconds() == 2 * (20 + 30)  # two batches, each booted and warm
    assert done["DesiredConfiguration"] == TO_TWO


def test_an_instance_counts_when_it_is_warm(aws: Fleet) -> None:
    start(aws)
    aws.wait(1)
    assert stand(aws) == ("InProgress", 0, 4)
    assert versions(aws) == ["1", "1", "2", "2"]
    aws.wait(49)
    assert stand(aws) == ("InProgress", 0, 4)
    aws.wait(1)
    assert stand(aws) == ("InProgress", 50, 2)


@pytest.mark.parametrize(
    ("low", "high", "least", "most"),
    [(50, None, 2, 4), (90, None, 3, 4), (100, 150, 4, 6), (100, 110, 4, 5), (75, None, 3, 4)],
)
def test_never_fewer_and_never_more_than_the_percentages_allow(
    aws: Fleet, low: int, high: int | None, least: int, most: int
) -> None:
    bounds: dict[str, Any] = {"MinHealthyPercentage": low} | ({"MaxHealthyPercentage": high} if high else {})
    start(aws, **bounds)
    for _ in range(400):
        members = aws.told("web")["Instances"]
        assert healthy(aws) >= least
        assert len(members) <= most
        if told(aws)["Status"] == "Successful":
            break
        aws.wait(5)
    assert versions(aws) == ["2"] * 4
    assert stand(aws) == ("Successful", 100, 0)


def test_matching_instances_are_skipped(aws: Fleet) -> None:
    aws.groups.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=2)
    aws.pin("web", "2")
    aws.groups.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=4)
    aws.wait(30)
    new = [one["InstanceId"] for one in aws.told("web")["Instances"] if one["LaunchTemplate"]["Version"] == "2"]
    start(aws, {}, SkipMatching=True)
    aws.wait(2)
    assert told(aws)["InstancesToUpdate"] == 2
    until(aws, "Successful")
    assert set(new) <= set(aws.members("web"))
    start(aws, SkipMatching=True)
    assert until(aws, "Successful", seconds=1)[-1] == "Successful"
    assert set(new) <= set(aws.members("web"))
    start(aws)  # without it all are replaced
    until(aws, "Successful")
    assert not set(new) & set(aws.members("web"))


def test_it_waits_at_checkpoints(aws: Fleet) -> None:
    start(aws, CheckpointPercentages=[50, 100], CheckpointDelay=600)
    aws.wait(300)
    assert stand(aws) == ("InProgress", 50, 2)
    assert "50% checkpoint" in told(aws)["StatusReason"]
    assert versions(aws) == ["1", "1", "2", "2"]
    aws.wait(300)
    assert versions(aws) == ["1", "1", "2", "2"]
    aws.wait(51)
    assert versions(aws) == ["2", "2", "2", "2"]
    until(aws, "Successful")


def test_a_last_checkpoint_below_100_leaves_the_rest(aws: Fleet) -> None:
    start(aws, CheckpointPercentages=[25], CheckpointDelay=60)
    until(aws, "Successful")
    assert stand(aws) == ("Successful", 25, 3)
    assert versions(aws) == ["1", "1", "1", "2"]


def test_it_bakes(aws: Fleet) -> None:
    start(aws, BakeTime=600)
    assert until(aws, "Successful") == ["Pending", "InProgress", "Baking", "Successful"]


def test_cancelled_it_waits_for_what_is_on_its_way_and_leaves_the_rest(aws: Fleet) -> None:
    start(aws)
    aws.wait(5)
    aws.groups.cancel_instance_refresh(AutoScalingGroupName="web")
    assert until(aws, "Cancelled", seconds=5) == ["Cancelling", "Cancelled"]
    assert versions(aws) == ["1", "1", "2", "2"]
    assert aws.told("web")["LaunchTemplate"]["Version"] == "1"
    aws.wait(600)
    assert versions(aws) == ["1", "1", "2", "2"]


def test_cancelled_without_waiting_it_ends_at_once(aws: Fleet) -> None:
    start(aws)
    aws.wait(5)
    aws.groups.cancel_instance_refresh(AutoScalingGroupName="web", WaitForTransitioningInstances=False)
    assert told(aws)["Status"] == "Cancelled"


@pytest.mark.parametrize("seconds", [0, 5, 60])
def test_rolled_back_the_group_is_what_it_was(aws: Fleet, seconds: int) -> None:
    start(aws)
    aws.wait(seconds)
    before = told(aws)
    aws.groups.rollback_instance_refresh(AutoScalingGroupName="web")
    passed = until(aws, "RollbackSuccessful")
    assert passed[-2:] == (["RollbackInProgress"] if seconds else []) + ["RollbackSuccessful"]  # nothing to undo yet
    assert versions(aws) == ["1", "1", "1", "1"]
    assert aws.told("web")["LaunchTemplate"]["Version"] == "1"
    details = told(aws)["RollbackDetails"]
    assert details["PercentageCompleteOnRollback"] == before["PercentageComplete"]
    assert details["InstancesToUpdateOnRollback"] == before["InstancesToUpdate"]
    assert told(aws)["PercentageComplete"] == 0


def test_without_capacity_it_fails_after_an_hour(aws: Fleet) -> None:
    start(aws)
    aws.wait(30)  # the first half is booted
    aws.aws.refuse_launches("web", "You have reached your quota of instances.")
    assert until(aws, "Failed", seconds=60) == ["InProgress", "Failed"]
    assert stand(aws) == ("Failed", 50, 2)
    assert "could not be launched" in told(aws)["StatusReason"]
    assert aws.told("web")["LaunchTemplate"]["Version"] == "1"


def test_with_auto_rollback_a_failure_is_undone(aws: Fleet) -> None:
    start(aws, AutoRollback=True)
    aws.wait(30)
    aws.aws.refuse_launches("web", "You have reached your quota of instances.")
    assert until(aws, "RollbackInProgress", seconds=60) == ["InProgress", "RollbackInProgress"]
    assert "Automatic rollback" in told(aws)["RollbackDetails"]["RollbackReason"]
    aws.aws.allow_launches("web")
    assert until(aws, "RollbackSuccessful", seconds=60)[-1] == "RollbackSuccessful"
    assert versions(aws) == ["1", "1", "1", "1"]


def test_a_rollback_without_capacity_fails_too(aws: Fleet) -> None:
    start(aws)
    aws.wait(60)
    aws.aws.refuse_launches("web", "You have reached your quota of instances.")
    aws.groups.rollback_instance_refresh(AutoScalingGroupName="web")
    assert until(aws, "RollbackFailed", seconds=60) == ["RollbackInProgress", "RollbackFailed"]


@pytest.mark.parametrize(
    ("choice", "ends", "left"), [("Wait", "Failed", 1), ("Ignore", "Successful", 1), ("Refresh", "Successful", 0)]
)
def test_protected_instances_are_waited_for_ignored_or_replaced(aws: Fleet, choice: str, ends: str, left: int) -> None:
    held = aws.members("web")[0]
    aws.groups.set_instance_protection(AutoScalingGroupName="web", InstanceIds=[held], ProtectedFromScaleIn=True)
    start(aws, ScaleInProtectedInstances=choice)
    until(aws, "Successful", "Failed", seconds=60)
    assert told(aws)["Status"] == ends
    assert versions(aws).count("1") == left
    assert (held in aws.members("web")) == bool(left)


@pytest.mark.parametrize(
    ("choice", "ends"), [("Wait", "Failed"), ("Ignore", "Successful"), ("Terminate", "Successful")]
)
def test_standby_instances_are_waited_for_ignored_or_terminated(aws: Fleet, choice: str, ends: str) -> None:
    held = aws.members("web")[0]
    aws.groups.enter_standby(AutoScalingGroupName="web", InstanceIds=[held], ShouldDecrementDesiredCapacity=True)
    start(aws, StandbyInstances=choice)
    until(aws, "Successful", "Failed", seconds=60)
    assert told(aws)["Status"] == ends
    assert (held in aws.members("web")) == (choice != "Terminate")


@pytest.mark.parametrize("process", ["Launch", "Terminate", "InstanceRefresh"])
def test_a_suspended_process_holds_it(aws: Fleet, process: str) -> None:
    aws.groups.suspend_processes(AutoScalingGroupName="web", ScalingProcesses=[process])
    start(aws)
    aws.wait(600)
    assert stand(aws) == ("InProgress", 0, 4)
    assert versions(aws) == ["1"] * 4
    aws.groups.resume_processes(AutoScalingGroupName="web", ScalingProcesses=[process])
    until(aws, "Successful")


def test_only_the_root_volume_is_replaced_where_that_is_the_strategy(aws: Fleet) -> None:
    members = aws.members("web")
    start(aws, strategy="ReplaceRootVolume")
    until(aws, "Successful")
    assert aws.members("web") == members
    assert versions(aws) == ["2"] * 4
    tasks = aws.ec2.describe_replace_root_volume_tasks()["ReplaceRootVolumeTasks"]
    assert {task["InstanceId"] for task in tasks} == set(members)


def test_defaults_come_from_the_group(aws: Fleet) -> None:
    aws.groups.update_auto_scaling_group(
        AutoScalingGroupName="web",
        DefaultInstanceWarmup=77,
        InstanceMaintenancePolicy={"MinHealthyPercentage": 100, "MaxHealthyPercentage": 125},
    )
    aws.groups.start_instance_refresh(AutoScalingGroupName="web", DesiredConfiguration=TO_TWO)
    given = told(aws)["Preferences"]
    assert (given["InstanceWarmup"], given["MinHealthyPercentage"], given["MaxHealthyPercentage"]) == (77, 100, 125)
    aws.wait(2)
    assert len(aws.members("web")) == 5


def test_a_group_that_shrinks_meanwhile_is_done_with_what_is_left(aws: Fleet) -> None:
    start(aws)
    aws.wait(5)
    aws.groups.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=2)
    until(aws, "Successful")
    aws.wait(1)
    assert versions(aws) == ["2", "2"]


def test_a_new_instance_that_is_unhealthy_is_replaced_by_another_of_the_new_version(aws: Fleet) -> None:
    start(aws)
    aws.wait(25)
    new = next(one for one in aws.told("web")["Instances"] if one["LaunchTemplate"]["Version"] == "2")
    aws.groups.set_instance_health(InstanceId=new["InstanceId"], HealthStatus="Unhealthy")
    aws.wait(1)
    assert new["InstanceId"] not in aws.members("web")
    assert versions(aws) == ["1", "1", "2", "2"]
    until(aws, "Successful")
    assert versions(aws) == ["2"] * 4
