"""EC2 and EC2 Auto Scaling onto the nouns: groups, releases and instances, from documents as the API answers them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests import aws_compute as aws
from tests.aws_compute import ARN, BARE, LT, NEW, OLD, ONE, SCOPE, TWO
from tools.collect.aws import reads_compute as reads
from tools.collect.aws.answers import Failure
from tools.collect.aws.mapping.compute import Compute, compute
from tools.collect.aws.pointers import POINTERS
from tools.model.facts import Facts
from tools.model.identity import Ref, Scope
from tools.model.instance import Instance
from tools.model.observation import NotObserved
from tools.model.snapshot import Snapshot
from tools.model.workload import Rollout, Strategy, Workload

GROUPS, INSTANCES = reads.GROUPS.key, reads.INSTANCES.key


def made(*failures: Failure, without: tuple[str, ...] = (), **changed: list[Any]) -> Compute:
    """The nouns of the fleet, with some lists changed (by the operation's name), some unread, some failed."""
    items = aws.fleet()
    by_name = {operation.name: operation.key for operation in reads.COMPUTE}
    items.update({by_name[name]: documents for name, documents in changed.items()})
    read = aws.answers({key: documents for key, documents in items.items() if key not in without})
    read.failures += failures
    read.whole -= {failure.operation for failure in failures}
    return compute(read)


def view(found: Compute) -> Snapshot:
    scope = Scope(id=SCOPE, name="prod@eu-central-1", kind="aws", pointers=POINTERS)
    return Snapshot(
        Facts(
            moment="2026-11-28T00:00:00Z",
            scopes=(scope,),
            workloads=found.workloads,
            releases=found.releases,
            instances=found.instances,
            artifacts=found.artifacts,
            volumes=found.volumes,
            gaps=found.gaps,
        )
    )


def one(found: Compute, name: str) -> Instance:
    return next(instance for instance in found.instances if instance.ref.name == name)


def web(found: Compute) -> Workload:
    return next(workload for workload in found.workloads if workload.ref.name == "web")


def rollout(found: Compute) -> Rollout:
    status = web(found).rollout_seen
    assert status is not None
    return status


def test_a_group_is_a_workload() -> None:
    group = web(made())
    assert group.ref == Ref(SCOPE, "AutoScalingGroup", "", "web", ARN)
    assert (group.read, group.rolls, group.replicas, group.history_limit) == (True, True, 2, 10_000)
    assert (group.number, group.current, group.release_kind) == (2, "web:2", "LaunchTemplateVersion")
    assert group.created == "2026-09-01T10:00:00Z"
    assert group.group.named == "2"
    assert group.rollout_seen == Rollout(
        updated=1, replicas=2, available=2, generation_seen=None, progressing=None, reason="", message="", since="",
        condition_slot="",
    )  # fmt: skip


def test_the_releases_of_a_group_are_its_versions() -> None:
    found = made()
    old, new = found.releases
    assert new.ref == Ref(SCOPE, "LaunchTemplateVersion", "", "web:2", f"{LT}:2/web")
    assert (old.number, new.number) == (1, 2)
    assert (new.created, new.replicas, new.ready) == ("2026-10-02T10:00:00Z", None, None)
    assert [(part.name, part.role, part.image, part.slot) for part in new.parts] == [
        ("machine", "machine", NEW, "/LaunchTemplateData")
    ]
    assert [step.command for step in new.boot.steps] == ["yum install nginx"]
    assert old.boot.form == "none"
    assert view(found).current_release(web(found)) == new


def test_instances_refer_to_what_made_them() -> None:
    found = made()
    snapshot, old = view(found), one(found, ONE)
    assert old.owner == web(found).ref == old.workload
    assert old.controller == "AutoScalingGroup/web"
    release = snapshot.release_of(old)
    assert release is not None
    assert release.ref.name == "web:1"
    part = snapshot.part_of(release, old.containers[0])
    assert part is not None
    assert (part.image, old.containers[0].running) == (OLD, OLD)
    assert [i.ref.name for i in snapshot.instances_of(web(found))] == [ONE, TWO]


def test_an_instance() -> None:
    instance = one(made(), ONE)
    assert (instance.phase, instance.ready, instance.host, instance.deleted) == ("running", True, "", "")
    assert instance.generation_seen is None
    assert instance.writes_seen is None
    container = instance.containers[0]
    assert (container.name, container.role, container.image) == ("machine", "machine", OLD)
    assert (container.state, container.runtime, container.started) == ("running", "ec2", "2026-11-10T10:00:00Z")
    machine = instance.machine
    assert (machine.tokens_seen, machine.endpoint, machine.hops) == ("required", "enabled", 1)
    assert (machine.lifecycle, machine.protected, machine.type) == ("InService", False, "m5.large")
    assert machine.key == "ops"
    assert machine.profile.endswith("instance-profile/web")
    assert machine.doors == ("sg-0a", "sg-0b", "key:ops", "connect", "serial", "attribute", f"ssm:{ONE}")


def test_a_stop_and_a_start_move_the_launch_and_not_the_creation() -> None:
    instance = one(made(), ONE)
    assert instance.created == "2026-11-01T10:00:00Z"
    assert instance.machine.launched == "2026-11-10T10:00:00Z"
    bare = aws.instance(BARE, OLD, group="", NetworkInterfaces=[])
    assert one(made(DescribeInstances=[bare]), BARE).created == "2026-11-01T10:00:01Z"  # of its root volume
    bare = aws.instance(BARE, OLD, group="", NetworkInterfaces=[], BlockDeviceMappings=[])
    assert one(made(DescribeInstances=[bare]), BARE).created == "2026-11-10T10:00:00Z"


def test_a_bare_instance_is_its_own_workload() -> None:
    found = made()
    bare = one(found, BARE)
    assert (bare.owner, bare.release_ref, bare.workload) == (None, None, bare.ref)
    assert view(found).workload_of(bare) is None
    assert view(found).release_of(bare) is None


@pytest.mark.parametrize(
    ("tag", "kind"),
    [
        ("aws:ec2:fleet-id", "EC2Fleet"),
        ("aws:ec2spot:fleet-request-id", "SpotFleetRequest"),
        ("karpenter.sh/nodepool", "NodePool"),
        ("karpenter.sh/nodeclaim", "NodeClaim"),
    ],
)
def test_what_something_unread_keeps_is_not_unmanaged(tag: str, kind: str) -> None:
    kept = aws.instance(BARE, OLD, group="", Tags=[{"Key": tag, "Value": "x-1"}])
    found = made(DescribeInstances=[kept])
    instance, snapshot = one(found, BARE), view(found)
    assert instance.controller == f"{kind}/x-1"
    workload = snapshot.workload_of(instance)
    assert workload is not None
    assert not workload.read
    with pytest.raises(NotObserved):
        snapshot.release_of(instance)
    assert ("Workload", kind, "not-read-yet", 1) in [(g.noun, g.kind, g.code, g.count) for g in found.gaps]


def test_a_service_that_manages_an_instance_keeps_it() -> None:
    kept = aws.instance(BARE, OLD, group="", Operator={"Managed": True, "Principal": "eks.amazonaws.com"})
    assert one(made(DescribeInstances=[kept]), BARE).controller == "ManagedService/eks.amazonaws.com"


def test_a_group_that_went_between_two_calls() -> None:
    found = made(DescribeAutoScalingGroups=[])
    instance, snapshot = one(found, ONE), view(found)
    assert instance.controller == "AutoScalingGroup/web"
    workload = snapshot.workload_of(instance)
    assert workload is not None
    assert not workload.read
    with pytest.raises(NotObserved):
        snapshot.release_of(instance)
    assert [(g.code, g.count) for g in found.gaps if g.noun == "Workload"] == [("dangling", 2)]


def test_the_instances_own_tag_tells_the_version_where_the_group_tells_another() -> None:
    members = [aws.member(ONE, "2"), aws.member(TWO, "2")]
    found = made(DescribeAutoScalingGroups=[aws.group(Instances=members)])
    made_by = one(found, ONE).release_ref
    assert made_by is not None
    assert made_by.name == "web:1"
    assert rollout(found).updated == 1


@pytest.mark.parametrize(("written", "number"), [("$Latest", 2), ("$Default", 1), (None, 1), ("1", 1), ("2", 2)])
def test_what_a_group_names_is_resolved(written: str | None, number: int) -> None:
    named = {"LaunchTemplateName": "web"} | ({"Version": written} if written else {})
    group = web(made(DescribeAutoScalingGroups=[aws.group(LaunchTemplate=named)]))
    assert (group.number, group.current) == (number, f"web:{number}")
    assert group.group.named == (written or "$Default")


def test_the_latest_is_not_guessed_from_the_versions_that_were_read() -> None:
    named = [aws.group(LaunchTemplate={**aws.TARGET, "Version": "$Latest"})]
    found = made(without=(reads.TEMPLATES.key,), DescribeAutoScalingGroups=named)
    assert (web(found).template, web(found).current, web(found).number) == ("", "", None)
    with pytest.raises(NotObserved):
        view(found).current_release(web(found))
    gap = next(gap for gap in found.gaps if gap.noun == "Group")
    assert (gap.code, gap.count) == ("not-recorded", 1)
    assert "$Latest" in gap.reason
    assert view(found).release_of(one(found, ONE)) is not None  # what made its members is known all the same


def test_the_default_is_among_the_versions() -> None:
    named = [aws.group(LaunchTemplate={**aws.TARGET, "Version": "$Default"})]
    assert web(made(without=(reads.TEMPLATES.key,), DescribeAutoScalingGroups=named)).number == 1


def test_a_version_that_is_gone_ends_nothing_else() -> None:
    other = aws.group(AutoScalingGroupName="api", AutoScalingGroupARN="arn:api", Instances=[])
    gone = aws.group(LaunchTemplate={**aws.TARGET, "Version": "7"})
    found = made(DescribeAutoScalingGroups=[gone, other])
    snapshot = view(found)
    with pytest.raises(NotObserved):
        snapshot.current_release(web(found))
    api = next(workload for workload in found.workloads if workload.ref.name == "api")
    assert [release.number for release in snapshot.releases_of(api)] == [1, 2]
    assert [gap.code for gap in found.gaps] == ["not-found"]


def test_a_template_that_was_denied_is_no_silence() -> None:
    denied = Failure(reads.TEMPLATE_VERSIONS.key, "UnauthorizedOperation", "you may not", about=LT)
    found = made(denied, DescribeLaunchTemplateVersions=[])
    snapshot = view(found)
    with pytest.raises(NotObserved):
        snapshot.current_release(web(found))
    with pytest.raises(NotObserved):
        snapshot.release_of(one(found, ONE))
    assert [(gap.noun, gap.code) for gap in found.gaps] == [("Group", "not-read")]
    assert "you may not" in found.gaps[0].reason


def test_a_later_version_is_no_release_of_a_group_that_does_not_name_it() -> None:
    found = made(DescribeAutoScalingGroups=[aws.group(LaunchTemplate={**aws.TARGET, "Version": "1"}, Instances=[])],
                 DescribeInstances=[])  # fmt: skip
    assert [release.number for release in found.releases] == [1]


def test_versions_that_make_the_same_server_have_one_digest() -> None:
    same: dict[str, Any] = {"InstanceMarketOptions": {"MarketType": "spot"}, "Monitoring": {"Enabled": True},
            "TagSpecifications": [{"ResourceType": "volume", "Tags": [{"Key": "a", "Value": "b"}]}]}  # fmt: skip
    other: dict[str, Any] = {"TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "a", "Value": "b"}]}]}
    versions = [aws.version(1, OLD), aws.version(2, OLD, **same), aws.version(3, OLD, **other), aws.version(4, NEW)]
    group = aws.group(LaunchTemplate={**aws.TARGET, "Version": "4"})
    first, second, third, fourth = made(
        DescribeLaunchTemplateVersions=versions, DescribeAutoScalingGroups=[group]
    ).releases
    assert first.template == second.template
    assert len({first.template, third.template, fourth.template}) == 3


@pytest.mark.parametrize(("written", "told"), [("required", "required"), ("optional", "optional"), (None, "")])
def test_what_a_release_says_of_tokens(written: str | None, told: str) -> None:
    data: dict[str, Any] = {"MetadataOptions": {"HttpTokens": written}} if written else {}
    found = made(DescribeLaunchTemplateVersions=[aws.version(1, OLD), aws.version(2, NEW, **data)])
    assert found.releases[1].tokens == told


def test_an_alias_of_an_image_stays_as_it_is_written() -> None:
    found = made(DescribeLaunchTemplateVersions=[aws.version(1, OLD), aws.version(2, "resolve:ssm:/ami/web")])
    assert found.releases[1].parts[0].image == "resolve:ssm:/ami/web"
    assert found.releases[1].parts[0].reference is None
    assert {artifact.ref.name for artifact in found.artifacts} == {OLD, NEW}


def test_user_data_that_cannot_be_read_are_a_gap_and_no_pass() -> None:
    found = made(DescribeLaunchTemplateVersions=[aws.version(1, OLD), aws.version(2, NEW, UserData="%%%")])
    with pytest.raises(NotObserved):
        _ = found.releases[1].boot
    assert [(gap.noun, gap.code, gap.count) for gap in found.gaps] == [("Boot", "broken", 1)]


def test_a_launch_configuration_is_a_release_without_versions() -> None:
    configuration = {
        "LaunchConfigurationName": "web-1", "LaunchConfigurationARN": "arn:lc", "ImageId": NEW, "KeyName": "",
        "SecurityGroups": [], "InstanceType": "m5.large", "UserData": aws.USER_DATA,
        "BlockDeviceMappings": [], "CreatedTime": "2026-08-01T00:00:00Z",
    }  # fmt: skip
    member = aws.member(TWO, "", LaunchConfigurationName="web-1")
    del member["LaunchTemplate"]
    group = aws.group(LaunchConfigurationName="web-1", Instances=[member])
    del group["LaunchTemplate"]
    changed: dict[str, Any] = {"DescribeAutoScalingGroups": [group], "DescribeInstances": [aws.instance(TWO, NEW)]}
    found = made(**changed, DescribeLaunchConfigurations=[configuration])
    release = found.releases[0]
    assert release.ref == Ref(SCOPE, "LaunchConfiguration", "", "web-1", "arn:lc/web")
    assert (release.number, release.created) == (None, "2026-08-01T00:00:00Z")
    assert [step.command for step in release.boot.steps] == ["yum install nginx"]
    assert (web(found).release_kind, web(found).history_limit) == ("LaunchConfiguration", None)
    assert web(found).group.named == "web-1"
    assert view(found).release_of(one(found, TWO)) == release == view(found).current_release(web(found))
    assert rollout(found).updated == 1
    unread = made(**changed, without=(reads.LAUNCH_CONFIGURATIONS.key,))
    assert [gap.code for gap in unread.gaps] == ["not-recorded"]
    with pytest.raises(NotObserved):
        view(unread).release_of(one(unread, TWO))


def test_a_member_that_no_release_made_is_not_silent() -> None:
    member = aws.member(TWO, "")
    del member["LaunchTemplate"]  # attached by hand, or its template is deleted
    found = made(DescribeAutoScalingGroups=[aws.group(Instances=[member])], DescribeInstances=[aws.instance(TWO, NEW)])
    with pytest.raises(NotObserved):
        view(found).release_of(one(found, TWO))


@pytest.mark.parametrize(
    ("lifecycle", "health", "ready"),
    [("InService", "Healthy", True), ("InService", "Unhealthy", False), ("Standby", "Healthy", False),
     ("Pending", "Healthy", False)],
)  # fmt: skip
def test_a_member_is_ready_in_service_and_healthy(lifecycle: str, health: str, ready: bool) -> None:
    members = [aws.member(ONE, "1", LifecycleState=lifecycle, HealthStatus=health, ProtectedFromScaleIn=True)]
    found = made(DescribeAutoScalingGroups=[aws.group(Instances=members)])
    instance = one(found, ONE)
    assert (instance.ready, instance.machine.lifecycle, instance.machine.protected) == (ready, lifecycle, True)
    assert rollout(found).available == int(ready)


def test_when_a_member_came_into_service() -> None:
    launched: dict[str, Any] = {
        "ActivityId": "a", "AutoScalingGroupName": "web", "Cause": "", "StartTime": "2026-11-01T10:00:00Z",
        "EndTime": "2026-11-01T10:03:00Z", "StatusCode": "Successful",
        "Description": f"Launching a new EC2 instance: {ONE}",
    }  # fmt: skip
    failed = {**launched, "StatusCode": "Failed", "Description": f"Launching a new EC2 instance: {TWO}"}
    found = made(DescribeScalingActivities=[launched, failed])
    assert one(found, ONE).ready_since == "2026-11-01T10:03:00Z"
    assert one(found, TWO).ready_since == ""


@pytest.mark.parametrize(
    ("state", "phase", "told", "finished"),
    [("terminated", "terminated", "terminated", True), ("shutting-down", "shutting-down", "terminated", False),
     ("stopped", "stopped", "waiting", False), ("pending", "pending", "waiting", False)],
)  # fmt: skip
def test_states(state: str, phase: str, told: str, finished: bool) -> None:
    ended = aws.instance(
        BARE, OLD, group="", State={"Code": 0, "Name": state},
        StateTransitionReason="User initiated (2026-11-25 10:11:55 GMT)",
    )  # fmt: skip
    instance = one(made(DescribeInstances=[ended]), BARE)
    assert (instance.phase, instance.containers[0].state, instance.finished) == (phase, told, finished)
    assert not instance.ready
    assert instance.deleted == ("2026-11-25T10:11:55Z" if told == "terminated" else "")


def test_an_elastic_ip_is_told_from_a_passing_address() -> None:
    own = [{"Association": {"PublicIp": "203.0.113.9", "IpOwnerId": aws.ACCOUNT}}]
    assert one(made(DescribeInstances=[aws.instance(BARE, OLD, group="", NetworkInterfaces=own)]), BARE)
    found = made(DescribeInstances=[aws.instance(BARE, OLD, group="", NetworkInterfaces=own), aws.instance(ONE, OLD)])
    assert one(found, BARE).machine.address == "203.0.113.9"
    assert one(found, ONE).machine.address == ""


def test_warm_members_belong_to_their_group_and_do_not_serve() -> None:
    warm = aws.instance("i-0000000000000000c", OLD, "1", State={"Code": 80, "Name": "stopped"})
    listed = aws.member("i-0000000000000000c", "1", LifecycleState="Warmed:Stopped")
    pool = {"WarmPoolConfiguration": {"InstanceReusePolicy": {"ReuseOnScaleIn": True}}, "WarmPoolSize": 3}
    found = made(
        DescribeAutoScalingGroups=[aws.group(**pool)],
        DescribeInstances=[*aws.fleet()[INSTANCES], warm],
        DescribeWarmPool=[listed],
    )
    instance = one(found, "i-0000000000000000c")
    assert (instance.workload.name, instance.machine.lifecycle, instance.resting) == ("web", "Warmed:Stopped", True)
    assert (web(found).group.warm, web(found).group.warm_reuse) == (1, True)
    assert rollout(found).replicas == 2
    unread = made(DescribeAutoScalingGroups=[aws.group(**pool)], without=(reads.WARM_POOLS.key,))
    assert web(unread).group.warm == 3


def test_what_a_recording_holds_twice_is_there_once() -> None:
    twice = made(DescribeInstances=aws.fleet()[INSTANCES] * 2, DescribeAutoScalingGroups=[aws.group(), aws.group()])
    assert twice == made()


def test_the_order_of_answers_is_no_matter() -> None:
    items = aws.fleet()
    backwards = {key: list(reversed(documents)) for key, documents in items.items()}
    assert compute(aws.answers(backwards)) == compute(aws.answers(items))


def test_a_member_that_ec2_did_not_answer() -> None:
    found = made(DescribeInstances=[aws.instance(ONE, OLD, "1")])
    assert [(gap.noun, gap.code, gap.count) for gap in found.gaps] == [("Instance", "dangling", 1)]
    with pytest.raises(NotObserved):
        list(view(found).instances_of(web(found)))


WEIGHTED = {
    "LaunchTemplateSpecification": aws.TARGET,
    "Overrides": [{"InstanceType": "m5.large", "WeightedCapacity": "4"}],
}


@pytest.mark.parametrize(
    "weights", [{"DesiredCapacityType": "vcpu"}, {"MixedInstancesPolicy": {"LaunchTemplate": WEIGHTED}}]
)
def test_a_capacity_in_weights_counts_no_instances(weights: dict[str, Any]) -> None:
    assert web(made(DescribeAutoScalingGroups=[aws.group(DesiredCapacity=8, **weights)])).replicas == 2


def test_what_keeps_members_of_an_earlier_release() -> None:
    group = aws.group(
        SuspendedProcesses=[{"ProcessName": "Terminate", "SuspensionReason": ""}, {"ProcessName": "Launch"}],
        NewInstancesProtectedFromScaleIn=True,
    )
    hook = {"LifecycleHookName": "drain", "AutoScalingGroupName": "web", "HeartbeatTimeout": 3600,
            "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING"}  # fmt: skip
    found = made(
        DescribeAutoScalingGroups=[group],
        DescribeInstanceRefreshes=[aws.refresh("Successful")],
        DescribeLifecycleHooks=[hook],
    )
    seen = web(found).group
    assert seen.stopped == "Launch, Terminate"
    assert (seen.skip_matching, seen.protect_new, seen.protected, seen.standby) == (True, True, "Wait", "Ignore")
    assert (seen.strategy, seen.refresh, seen.warm_reuse) == ("Rolling", "refresh-1", None)
    unsaid = aws.refresh("Successful", Preferences={})
    del unsaid["Strategy"]
    seen_so = web(made(DescribeInstanceRefreshes=[unsaid])).group
    assert (seen_so.skip_matching, seen_so.protected, seen_so.standby, seen_so.strategy) == (
        False, "Wait", "Wait", "Rolling",
    )  # fmt: skip
    assert seen.hooks == ("drain/EC2_INSTANCE_TERMINATING/3600",)


@pytest.mark.parametrize(
    ("refreshes", "policy", "bounds"),
    [
        ([], {}, ("10%", "0%")),
        ([], {"MinHealthyPercentage": 100, "MaxHealthyPercentage": 110}, ("0%", "10%")),
        ([], {"MinHealthyPercentage": -1, "MaxHealthyPercentage": -1}, ("10%", "0%")),
        ([aws.refresh("Successful")], {"MinHealthyPercentage": 100}, ("25%", "20%")),
        ([aws.refresh("Successful", Preferences={"MinHealthyPercentage": 0})], {}, ("100%", "0%")),
    ],
)
def test_how_a_group_replaces(refreshes: list[Any], policy: dict[str, int], bounds: tuple[str, str]) -> None:
    group = aws.group(**({"InstanceMaintenancePolicy": policy} if policy else {}))
    found = made(DescribeAutoScalingGroups=[group], DescribeInstanceRefreshes=refreshes)
    assert web(found).strategy == Strategy("InstanceRefresh", *bounds)


@pytest.mark.parametrize(
    ("status", "progressing", "phase", "aborted"),
    [
        ("Pending", "True", "", False),
        ("InProgress", "True", "", False),
        ("Baking", "True", "", False),
        ("Successful", "True", "", False),
        ("Cancelled", "False", "", False),
        ("Failed", "False", "Failed", False),
        ("RollbackInProgress", "True", "", True),
        ("RollbackSuccessful", "False", "", True),
        ("RollbackFailed", "False", "Failed", True),
    ],
)
def test_what_the_newest_refresh_says(status: str, progressing: str, phase: str, aborted: bool) -> None:
    found = rollout(made(DescribeInstanceRefreshes=[aws.refresh(status, 2), aws.refresh("Failed", 1)]))
    assert (found.progressing, found.reason, found.phase, found.aborted) == (progressing, status, phase, aborted)
    assert found.message == f"it is {status}"
    assert (found.since, found.condition_slot) == ("2026-11-02T10:00:00Z", "/InstanceRefreshes/0")


def test_a_refresh_that_was_not_read_is_not_none() -> None:
    denied = Failure(reads.REFRESHES.key, "AccessDenied", "you may not", about="web")
    assert web(made(denied)).rollout_seen is None
    assert web(made(without=(reads.REFRESHES.key,))).rollout_seen is None
    other = Failure(reads.REFRESHES.key, "AccessDenied", "you may not", about="api")
    assert web(made(other)).rollout_seen is not None


def test_a_refresh_under_way_replaces_by_its_desired_configuration() -> None:
    named = aws.group(LaunchTemplate={**aws.TARGET, "Version": "1"})
    to = {"LaunchTemplate": aws.TARGET}
    for status, number in (("InProgress", 2), ("Pending", 2), ("Successful", 1), ("RollbackInProgress", 1)):
        going = aws.refresh(status, DesiredConfiguration=to)
        found = web(made(DescribeAutoScalingGroups=[named], DescribeInstanceRefreshes=[going]))
        assert (found.number, found.group.named) == (number, "1")


def test_the_documentations_sample_of_refreshes() -> None:
    sample = json.loads((aws.DATA / "aws-cli" / "describe-instance-refreshes.json").read_text())["InstanceRefreshes"]
    for refresh in sample:
        refresh["AutoScalingGroupName"] = "web"
    found = made(DescribeInstanceRefreshes=sample)
    assert (rollout(found).progressing, rollout(found).reason) == ("True", "InProgress")
    assert rollout(found).message.startswith("Waiting for instances to warm up")
    assert web(found).strategy == Strategy("InstanceRefresh", "0%", "0%")


def test_recorded_answers_of_the_real_aws() -> None:
    read = aws.answers(aws.recorded("test_asg_image_age_filter_template"), "644160558196")
    found = compute(read)
    assert [workload.ref.name for workload in found.workloads] == ["test2"]
    assert found.workloads[0].group.named == "$Latest"
    assert [gap.code for gap in found.gaps] == ["not-recorded"]  # what $Latest is was not recorded
    read = aws.answers(aws.recorded("test_asg_invalid_filter_bad"))
    found = compute(read)
    assert [(release.ref.kind, release.ref.name) for release in found.releases] == [("LaunchConfiguration", "abc-lc")]
    assert found.workloads[0].current == "abc-lc"
    read = aws.answers(aws.recorded("test_ec2_image_filter"))
    found = compute(read)
    assert {instance.containers[0].image for instance in found.instances} >= {"ami-153e6470"}
    assert all(instance.owner is None for instance in found.instances)


def test_pointers_lead_into_the_documents() -> None:
    document = aws.fleet()[INSTANCES][0]
    for field, value in (("machine.tokens", "required"), ("phase", "running"), ("created", "2026-11-01T10:00:00Z")):
        at: Any = document
        for step in POINTERS[f"Instance.{field}"].split("/")[1:]:
            at = at[int(step)] if isinstance(at, list) else at[step]
        assert at == value
