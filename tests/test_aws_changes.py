"""What was done to servers: each event that is an act, what the services tell of it, and one act told by both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.aws_compute import ACCOUNT, ARN, BARE, DATA, LT, ONE, TWO, answers, fleet, refresh
from tests.cloudtrail_events import BROWSER, HIDDEN, by_tag, event, looked_up, role, sent, told, trail_of, user
from tools.collect.actors import Actors
from tools.collect.aws import changes
from tools.collect.aws import reads_acts as reads
from tools.collect.aws.answers import Answers
from tools.collect.aws.mapping.compute import compute
from tools.collect.aws.reads_compute import GROUPS, REFRESHES
from tools.model.change import Change, FieldChange

ADA = f"arn:aws:iam::{ACCOUNT}:user/ada"
COMMAND = {
    "CommandId": "c-1", "DocumentName": "AWS-RunShellScript", "RequestedDateTime": "2026-11-20T10:00:00.4Z",
    "Parameters": {"commands": ["yum -y update", "export DB_PASSWORD=hunter2"]}, "InstanceIds": [],
    "Targets": [{"Key": "tag:Name", "Values": ["web"]}], "TargetCount": 2, "Status": "Success",
}  # fmt: skip
TASK = {
    "ReplaceRootVolumeTaskId": "replacevol-1", "InstanceId": BARE, "TaskState": "succeeded", "ImageId": "ami-9",
    "StartTime": "2026-11-20T10:00:00Z",
}  # fmt: skip
DEPLOYMENT = {
    "deploymentId": "d-1", "applicationName": "shop", "deploymentGroupName": "prod", "status": "Succeeded",
    "creator": "user", "createTime": "2026-11-20T10:00:00Z", "computePlatform": "Server",
    "deploymentStyle": {"deploymentType": "IN_PLACE", "deploymentOption": "WITHOUT_TRAFFIC_CONTROL"},
}  # fmt: skip


def invoked(instance: str, details: str = "Success", command: str = "c-1") -> dict[str, Any]:
    return {"CommandId": command, "InstanceId": instance, "Status": "Success", "StatusDetails": details}


def of(read: Answers, found: changes.Trail | None = None) -> changes.Acts:
    return changes.of(read, compute(read), Actors(), found)


def acts(*events: dict[str, Any], read: Answers | None = None) -> changes.Acts:
    """What these events, looked up, are."""
    return of(looked_up(read or answers(fleet()), *events))


def one(*events: dict[str, Any], read: Answers | None = None) -> Change:
    (change,) = acts(*events, read=read).changes
    return change


def on(found: changes.Acts) -> list[tuple[str, str, str]]:
    return [(change.act, change.ref.name, change.source) for change in found.changes]


class TestEvents:
    """Each event that is an act, in the shape that its service's page documents."""

    @pytest.mark.parametrize(
        ("given", "act", "name", "command"),
        [
            (sent(BARE), "run-command", BARE, "AWS-RunShellScript"),
            (event("StartSession", "ssm", {"target": BARE}, {"sessionId": "ada-1"}), "session", BARE, ""),
            (
                event("StartSession", "ssm", {"target": BARE, "documentName": "AWS-StartSSHSession"}, {}),
                "session", BARE, "AWS-StartSSHSession",
            ),
            (
                event("CreateAssociation", "ssm",
                      {"name": "Harden", "targets": [{"key": "InstanceIds", "values": [BARE]}]},
                      {"associationDescription": {"associationId": "a-1", "name": "Harden"}}),
                "association", BARE, "Harden",
            ),
            (
                event("SendSSHPublicKey", "ec2-instance-connect",
                      {"instanceId": BARE, "instanceOSUser": "ec2-user", "sSHPublicKey": "ssh-rsa A"}),
                "instance-connect", BARE, "a key for ec2-user",
            ),
            (
                event("SendSerialConsoleSSHPublicKey", "ec2-instance-connect", {"instanceId": BARE, "serialPort": 0}),
                "serial-console", BARE, "",
            ),
            (
                event("CreateReplaceRootVolumeTask", "ec2",
                      {"CreateReplaceRootVolumeTaskRequest": {"InstanceId": BARE, "ImageId": "ami-9"}},
                      {"CreateReplaceRootVolumeTaskResponse": {"replaceRootVolumeTask":
                          {"replaceRootVolumeTaskId": "replacevol-1", "instanceId": BARE}}}),
                "replace-root-volume", BARE, "ami-9",
            ),
            (event("StopInstances", "ec2", {"instancesSet": {"items": [{"instanceId": BARE}]}}), "restart", BARE, ""),
            (event("RebootInstances", "ec2", {"instancesSet": {"items": [{"instanceId": BARE}]}}), "restart", BARE, ""),
            (
                event("TerminateInstanceInAutoScalingGroup", "autoscaling",
                      {"instanceId": ONE, "shouldDecrementDesiredCapacity": False}),
                "delete", ONE, "",
            ),
        ],
        ids=lambda value: value["eventName"] if isinstance(value, dict) else "",
    )  # fmt: skip
    def test_on_instances(self, given: dict[str, Any], act: str, name: str, command: str) -> None:
        change = one(given)
        assert (change.act, change.ref.name, change.command) == (act, name, command)
        assert (change.actor.name, change.actor.kind, change.tool) == (ADA, "person", "aws-cli/2.31.0")
        assert (change.version, change.verb, change.source) == (given["eventID"], given["eventName"], "cloudtrail")
        assert "ssh-rsa" not in repr(change)

    @pytest.mark.parametrize(
        ("asked", "fields"),
        [
            ({"userData": "<sensitiveDataRemoved>"}, [("/userData", '"(not shown)"')]),
            ({"userData": {"value": "IyEvYmluL3NoCg=="}}, [("/userData", '"(not shown)"')]),
            ({"attribute": "userData", "value": "IyEvYmluL3NoCg=="}, [("/userData", '"(not shown)"')]),
            ({"instanceType": {"value": "m5.xlarge"}}, [("/instanceType", '"m5.xlarge"')]),
            ({"sourceDestCheck": {"value": False}}, [("/sourceDestCheck", "false")]),
            ({"groupSet": {"items": [{"groupId": "sg-9"}]}}, [("/groupSet/groupId", '"sg-9"')]),
        ],
    )
    def test_an_attribute_is_named_and_user_data_is_not_kept(self, asked: Any, fields: list[tuple[str, str]]) -> None:
        change = one(event("ModifyInstanceAttribute", "ec2", {"instanceId": BARE, **asked}))
        assert (change.act, change.ref.name) == ("modify-attribute", BARE)
        assert [(field.path, field.after) for field in change.fields] == fields
        assert "IyEv" not in repr(change)

    def test_the_newer_calls_of_ec2_are_below_a_name_of_their_own(self) -> None:
        asked = {"ModifyInstanceMetadataOptionsRequest": {"InstanceId": BARE, "HttpTokens": "optional"}}
        change = one(event("ModifyInstanceMetadataOptions", "ec2", asked))
        assert change.ref.name == BARE
        assert change.fields == (FieldChange("/HttpTokens", None, '"optional"'),)

    def test_a_disk_that_is_attached_enters_nothing(self, tmp_path: Path) -> None:
        attached = event("AttachVolume", "ec2", {"volumeId": "vol-1", "instanceId": BARE, "device": "/dev/sdf"})
        (change,) = of(answers(fleet()), trail_of(tmp_path, attached)).changes
        assert change.act == "write"
        assert change.summary == '/device: "/dev/sdf"; /volumeId: "vol-1"'

    @pytest.mark.parametrize(
        ("name", "asked", "act", "fields"),
        [
            ("UpdateAutoScalingGroup", {"maxSize": 9}, "write", [("/maxSize", "9")]),
            (
                "UpdateAutoScalingGroup", {"launchTemplate": {"launchTemplateId": LT, "version": "1"}}, "write",
                [("/launchTemplate/launchTemplateId", f'"{LT}"'), ("/launchTemplate/version", '"1"')],
            ),
            ("SetDesiredCapacity", {"desiredCapacity": 5}, "scale", [("/desiredCapacity", "5")]),
            (
                "SuspendProcesses", {"scalingProcesses": ["Terminate", "Launch"]}, "write",
                [("/suspendedProcesses", '"SuspendProcesses: Launch, Terminate"')],
            ),
            ("SuspendProcesses", {}, "write", [("/suspendedProcesses", '"SuspendProcesses: all"')]),
            ("DetachInstances", {"instanceIds": [ONE]}, "write", [("/instanceIds", f'"{ONE}"')]),
            ("StartInstanceRefresh", {"strategy": "Rolling"}, "restart", None),
            (
                "StartInstanceRefresh", {"desiredConfiguration": {"launchTemplate": {"version": "1"}}}, "write",
                [("/launchTemplate/version", '"1"')],
            ),
            ("DeleteAutoScalingGroup", {"forceDelete": True}, "delete", []),
        ],
    )  # fmt: skip
    def test_on_groups(self, name: str, asked: Any, act: str, fields: list[tuple[str, str]] | None) -> None:
        change = one(event(name, "autoscaling", {"autoScalingGroupName": "web", **asked}))
        assert (change.act, change.ref.uid, change.root.uid) == (act, ARN, ARN)
        told = None if change.fields_seen is None else [(f.path, f.after) for f in change.fields_seen]
        assert told == fields

    def test_a_group_by_its_arn_and_one_of_its_name_before_it(self) -> None:
        by_arn = event("SetDesiredCapacity", "autoscaling", {"autoScalingGroupName": ARN, "desiredCapacity": 1})
        assert one(by_arn).ref.uid == ARN
        asked = {"autoScalingGroupName": "web", "desiredCapacity": 1}
        before = event("SetDesiredCapacity", "autoscaling", asked, eventTime="2026-08-31T10:00:00Z")
        assert one(before).ref.uid == ""
        made = event("CreateAutoScalingGroup", "autoscaling", asked, eventTime="2026-09-01T09:59:59Z")
        assert one(made).ref.uid == ARN  # CloudTrail has whole seconds, and another clock

    def test_a_version_changes_the_groups_that_follow_the_latest(self) -> None:
        data = {"ImageId": "ami-9", "UserData": "<sensitiveDataRemoved>"}
        asked = {"CreateLaunchTemplateVersionRequest": {"LaunchTemplateId": LT, "LaunchTemplateData": data}}
        made = {"launchTemplateVersion": {"launchTemplateId": LT, "launchTemplateName": "web", "versionNumber": 2}}
        given = event("CreateLaunchTemplateVersion", "ec2", asked, {"CreateLaunchTemplateVersionResponse": made})
        pinned = acts(given)
        assert {(c.act, c.ref.kind) for c in pinned.changes} == {("create", "LaunchTemplateVersion")}
        items = fleet()
        items[GROUPS.key][0]["LaunchTemplate"] = {"LaunchTemplateId": LT, "Version": "$Latest"}
        follows = [c for c in acts(given, read=answers(items)).changes if c.ref.uid == ARN]
        assert [change.act for change in follows] == ["write"]
        assert ("/launchTemplate/latestVersion", "2") in [(f.path, f.after) for f in follows[0].fields]

    def test_another_default_changes_the_groups_that_follow_it(self) -> None:
        asked = {"ModifyLaunchTemplateRequest": {"LaunchTemplateId": LT, "SetDefaultVersion": 2}}
        given = event("ModifyLaunchTemplate", "ec2", asked)
        assert acts(given).changes == ()
        items = fleet()
        items[GROUPS.key][0]["LaunchTemplate"] = {"LaunchTemplateId": LT, "Version": "$Default"}
        change = one(given, read=answers(items))
        assert (change.act, change.ref.uid, change.summary) == ("write", ARN, "/launchTemplate/defaultVersion: 2")

    def test_equal_acts_are_one_with_their_number(self) -> None:
        many = [sent(BARE, command=f"c-{n}", eventID=f"e-{n}", eventTime=f"2026-11-20T10:0{n}:00Z") for n in range(3)]
        change = one(*many)
        assert (change.count, change.time, change.last) == (3, "2026-11-20T10:00:00Z", "2026-11-20T10:02:00Z")

    def test_what_is_of_another_account_or_region_or_failed_is_none(self) -> None:
        for more in ({"recipientAccountId": "999999999999"}, {"awsRegion": "us-east-1"}, {"errorCode": "AccessDenied"}):
            assert acts(sent(BARE, **more)).changes == ()

    @pytest.mark.parametrize(
        "asked", [None, {}, {"instanceId": None}, {"instancesSet": 7}, {"targets": "x"}, {"a": [[]]}]
    )
    def test_parameters_of_no_known_shape_are_no_error(self, asked: Any) -> None:
        for source, name in changes.EVENTS:
            for answer in (None, {}, {"command": 7}):
                assert acts(event(name, source, asked, answer)).changes == ()


class TestServices:
    """What the services tell: what was run, and on what; and what they tell alone."""

    def read(self, *things: tuple[Any, Any]) -> Answers:
        read = answers(fleet())
        for operation, thing in things:
            told(read, operation, thing)
        return read

    def test_a_command_by_tag_is_one_change_of_each_with_who_and_what(self) -> None:
        read = self.read(
            (reads.COMMANDS, COMMAND), (reads.INVOCATIONS, invoked(ONE)), (reads.INVOCATIONS, invoked(TWO))
        )
        found = acts(by_tag(userAgent=BROWSER), read=read)
        assert on(found) == [("run-command", ONE, "cloudtrail"), ("run-command", TWO, "cloudtrail")]
        assert {c.command for c in found.changes} == {"AWS-RunShellScript: yum -y update; export DB_PASSWORD=***"}
        assert {(c.actor.name, c.tool, c.root.uid) for c in found.changes} == {(ADA, "aws-console", ARN)}
        assert "hunter2" not in repr(found)

    def test_an_event_without_its_answer_is_known_by_what_was_asked_and_when(self) -> None:
        given = {**sent(ONE), "responseElements": None}
        command = {**COMMAND, "InstanceIds": [ONE], "Targets": []}
        (change,) = acts(given, read=self.read((reads.COMMANDS, command))).changes
        assert (change.source, change.command.partition(";")[0]) == ("cloudtrail", "AWS-RunShellScript: yum -y update")
        late = {**command, "RequestedDateTime": "2026-11-20T10:00:06Z"}
        assert len(acts(given, read=self.read((reads.COMMANDS, late))).changes) == 2
        two = self.read((reads.COMMANDS, command), (reads.COMMANDS, {**command, "CommandId": "c-2"}))
        assert [change.count for change in acts(given, read=two).changes] == [2, 1]  # which of them it was is not told
        session = {"SessionId": "ada-1", "Target": BARE, "StartDate": "2026-11-20T10:00:01Z", "Owner": ADA}
        begun = event("StartSession", "ssm", {"target": BARE})
        assert on(acts(begun, read=self.read((reads.SESSIONS, session)))) == [("session", BARE, "cloudtrail")]
        task = event("CreateReplaceRootVolumeTask", "ec2",
                     {"CreateReplaceRootVolumeTaskRequest": {"InstanceId": BARE}})  # fmt: skip
        assert len(acts(task, read=self.read((reads.ROOT_VOLUME_TASKS, TASK))).changes) == 1
        asked = {"applicationName": "shop", "deploymentGroupName": "prod"}
        targets = {"deploymentId": "d-1", "targetIds": [BARE]}
        read = self.read((reads.DEPLOYED, DEPLOYMENT), (reads.DEPLOYMENT_TARGETS, targets))
        found = acts(event("CreateDeployment", "codedeploy", asked), read=read)
        assert on(found) == [("deploy-in-place", BARE, "cloudtrail")]

    def test_what_was_never_delivered_was_not_done(self) -> None:
        read = self.read((reads.COMMANDS, COMMAND), (reads.INVOCATIONS, invoked(ONE, "Undeliverable")),
                         (reads.INVOCATIONS, invoked(TWO)))  # fmt: skip
        assert on(acts(by_tag(), read=read)) == [("run-command", TWO, "cloudtrail")]

    def test_a_command_that_cloudtrail_does_not_tell_names_nobody(self) -> None:
        read = self.read((reads.COMMANDS, COMMAND), (reads.INVOCATIONS, invoked(ONE)))
        (change,) = of(read).changes
        assert (change.source, change.version, change.actor_seen) == ("control-plane", "c-1", None)

    def test_a_command_by_tag_whose_instances_nobody_tells(self) -> None:
        found = acts(by_tag())
        assert found.changes == ()
        assert [gap.code for gap in found.gaps] == ["targets-unknown"]
        (spot,) = [watch for watch in found.watches if watch.blind]
        assert (spot.since, spot.until) == ("2026-10-01T00:00:00Z", "2026-11-20T10:00:00Z")
        assert [(watch.since, watch.until) for watch in found.watches if not watch.blind] == [
            ("2026-11-20T10:00:00Z", "2026-11-27T23:45:00Z")
        ]
        assert spot.blind[0].act == "run-command"

    def test_a_command_whose_tags_matched_none(self) -> None:
        found = acts(by_tag(), read=self.read((reads.COMMANDS, {**COMMAND, "TargetCount": 0})))
        assert (found.changes, found.gaps) == ((), ())

    @pytest.mark.parametrize(
        ("document", "parameters", "expected"),
        [
            ("AWS-RunPatchBaseline", {"Operation": ["Install"]}, ["patch-baseline"]),
            ("AWS-RunPatchBaseline", {"Operation": ["Scan"]}, []),
            ("AWS-RunPatchBaseline", None, ["run-command"]),
            ("AWS-GatherSoftwareInventory", None, []),
            ("AWS-InstallWindowsUpdates", {"Action": ["Install"]}, ["patch-baseline"]),
            ("my-GatherSoftwareInventory", None, ["run-command"]),
            (f"arn:aws:ssm:eu-central-1:{ACCOUNT}:document/AWS-GatherSoftwareInventory", None, ["run-command"]),
        ],
    )
    def test_what_only_looks_changes_nothing(self, document: str, parameters: Any, expected: list[str]) -> None:
        read = answers(fleet())
        if parameters is not None:
            told(read, reads.COMMANDS, {**COMMAND, "DocumentName": document, "Parameters": parameters})
        assert [change.act for change in acts(sent(BARE, document=document), read=read).changes] == expected

    def test_patches_are_told_once(self) -> None:
        state = {"InstanceId": BARE, "Operation": "Install", "OperationStartTime": "2026-11-20T10:01:00Z",
                 "OperationEndTime": "2026-11-20T10:05:00Z", "BaselineId": "pb-1", "InstalledCount": 12}  # fmt: skip
        command = {**COMMAND, "DocumentName": "AWS-RunPatchBaseline", "Parameters": {"Operation": ["Install"]}}
        read = self.read((reads.COMMANDS, command), (reads.PATCHES, state))
        change = one(sent(BARE, document="AWS-RunPatchBaseline"), read=read)
        assert (change.act, change.source) == ("patch-baseline", "cloudtrail")
        (alone,) = of(self.read((reads.PATCHES, state))).changes
        assert (alone.act, alone.source, alone.time) == ("patch-baseline", "control-plane", "2026-11-20T10:05:00Z")
        assert of(self.read((reads.PATCHES, {**state, "Operation": "Scan"}))).changes == ()
        before = {**state, "OperationEndTime": "2026-10-20T10:05:00Z"}
        assert of(self.read((reads.PATCHES, before))).changes == ()

    def test_a_session_is_told_once_and_has_its_owner(self) -> None:
        session = {"SessionId": "ada-1", "Target": BARE, "Status": "Terminated", "Owner": ADA,
                   "StartDate": "2026-11-20T10:00:00Z"}  # fmt: skip
        read = self.read((reads.SESSIONS, session))
        change = one(event("StartSession", "ssm", {"target": BARE}, {"sessionId": "ada-1"}), read=read)
        assert change.source == "cloudtrail"
        (alone,) = of(self.read((reads.SESSIONS, session))).changes
        assert (alone.source, alone.actor.name, alone.actor.kind) == ("control-plane", ADA, "person")
        assert of(self.read((reads.SESSIONS, {**session, "Status": "Failed"}))).changes == ()
        assert of(self.read((reads.SESSIONS, {**session, "Target": "mi-0123"}))).changes == ()

    def test_an_association_is_whoever_s_made_it_on_what_was_there_and_its_own_on_what_came_later(self) -> None:
        runs = [{"AssociationId": "a-1", "ExecutionId": "x-1", "ResourceId": name, "Status": "Success",
                 "LastExecutionDate": "2026-11-21T10:00:00Z"} for name in (ONE, TWO)]  # fmt: skip
        items = fleet()
        items["ec2.DescribeInstances"][1]["NetworkInterfaces"] = []
        items["ec2.DescribeInstances"][1]["BlockDeviceMappings"] = []
        items["ec2.DescribeInstances"][1]["LaunchTime"] = "2026-11-21T09:59:00Z"
        read = answers(items)
        told(read, reads.ASSOCIATIONS, {"AssociationId": "a-1", "Name": "Harden", "LastExecutionDate": "x"})
        told(read, reads.APPLIED, *runs)
        asked = {"name": "Harden", "targets": [{"key": "tag:Name", "values": ["web"]}]}
        given = event("CreateAssociation", "ssm", asked, {"associationDescription": {"associationId": "a-1"}})
        found = {c.ref.name: c for c in acts(given, read=read).changes}
        assert (found[ONE].actor.name, found[ONE].source) == (ADA, "cloudtrail")
        assert (found[TWO].actor.name, found[TWO].source) == ("ssm.amazonaws.com", "control-plane")
        assert found[TWO].time == "2026-11-21T10:00:00Z"

    def test_an_inventory_that_is_kept_is_no_change(self) -> None:
        run = {"AssociationId": "a-1", "ResourceId": BARE, "LastExecutionDate": "2026-11-21T10:00:00Z"}
        kept = {"AssociationId": "a-1", "Name": "AWS-GatherSoftwareInventory"}
        read = self.read((reads.ASSOCIATIONS, kept), (reads.APPLIED, run))
        assert of(read).changes == ()

    @pytest.mark.parametrize(
        ("more", "expected"),
        [
            ({}, [BARE]),
            ({"deploymentStyle": {"deploymentType": "BLUE_GREEN"}}, []),
            ({"computePlatform": "Lambda"}, []),
            ({"status": "Queued"}, []),
        ],
    )
    def test_a_deployment_in_place(self, more: dict[str, Any], expected: list[str]) -> None:
        asked = {"applicationName": "shop", "deploymentGroupName": "prod"}
        given = event("CreateDeployment", "codedeploy", asked, {"deploymentId": "d-1"})
        targets = {"deploymentId": "d-1", "targetIds": [BARE]}
        read = self.read((reads.DEPLOYED, {**DEPLOYMENT, **more}), (reads.DEPLOYMENT_TARGETS, targets))
        found = acts(given, read=read)
        assert on(found) == [("deploy-in-place", name, "cloudtrail") for name in expected]
        alone = of(self.read((reads.DEPLOYED, {**DEPLOYMENT, **more}), (reads.DEPLOYMENT_TARGETS, targets)))
        assert on(alone) == [("deploy-in-place", name, "control-plane") for name in expected]
        assert [gap.code for gap in acts(given).gaps] == ["targets-unknown"]

    def test_a_root_volume_that_was_replaced(self) -> None:
        read = self.read((reads.ROOT_VOLUME_TASKS, TASK))
        asked = {"CreateReplaceRootVolumeTaskRequest": {"InstanceId": BARE}}
        made = {
            "CreateReplaceRootVolumeTaskResponse": {
                "replaceRootVolumeTask": {"replaceRootVolumeTaskId": "replacevol-1"}
            }
        }
        given = event("CreateReplaceRootVolumeTask", "ec2", asked, made)
        assert on(acts(given, read=read)) == [("replace-root-volume", BARE, "cloudtrail")]
        assert on(of(self.read((reads.ROOT_VOLUME_TASKS, TASK)))) == [("replace-root-volume", BARE, "control-plane")]
        assert of(self.read((reads.ROOT_VOLUME_TASKS, {**TASK, "TaskState": "failed"}))).changes == ()

    def test_a_refresh_that_keeps_the_instances(self) -> None:
        items = fleet()
        started = refresh("Successful", 7, Strategy="ReplaceRootVolume")
        items[REFRESHES.key] = [started]
        assert on(of(answers(items))) == [("replace-root-volume", name, "control-plane") for name in (ONE, TWO)]
        asked = {"autoScalingGroupName": "web", "strategy": "ReplaceRootVolume"}
        given = event("StartInstanceRefresh", "autoscaling", asked, {"instanceRefreshId": "refresh-7"},
                      eventTime=started["StartTime"])  # fmt: skip
        found = acts(given, read=answers(items))
        assert [a for a in on(found) if a[0] == "replace-root-volume"] == [
            ("replace-root-volume", name, "cloudtrail") for name in (ONE, TWO)
        ]
        items[REFRESHES.key] = [{**started, "Status": "InProgress"}]
        assert [gap.code for gap in of(answers(items)).gaps if gap.code == "targets-unknown"] == ["targets-unknown"]


def test_a_real_trail_gives_its_two_launches(tmp_path: Path) -> None:
    read = Answers("123837392027", "us-east-1", "2023-07-10T13:00:00Z")
    found = of(read, changes.trail([DATA / "cloudtrail" / "invictus"]))
    assert [(c.act, c.actor.kind, c.tool) for c in found.changes] == [("create", "person", "Terraform/1.1.2")] * 2
    assert len({change.ref.name for change in found.changes}) == 2
    (watch,) = found.watches
    assert (watch.since, watch.until, watch.broken) == ("2023-07-10T11:53:00Z", "2023-07-10T12:24:00Z", "")


def test_an_event_in_both_the_history_and_the_files_is_one(tmp_path: Path) -> None:
    given = sent(BARE)
    found = of(looked_up(answers(fleet()), given), trail_of(tmp_path, given))
    assert [change.count for change in found.changes] == [1]


def test_an_event_of_2016_that_auto_scaling_made_is_a_controller_s() -> None:
    from tools.collect.aws.changes.whom import actor_of
    from tools.collect.aws.wire import cloudtrail

    one = json.loads((DATA / "cloudtrail" / "event-cloud-trail-run-instances.json").read_text())
    actor = actor_of(cloudtrail.event.decode(json.dumps(one)), Actors())
    assert (actor.kind, actor.impersonator) == ("controller", "autoscaling.amazonaws.com")


def test_nothing_that_is_hidden_or_secret_is_kept() -> None:
    asked = {"autoScalingGroupName": "web", "token": "abc", "notes": "password=hunter2"}
    change = one(event("UpdateAutoScalingGroup", "autoscaling", asked, userIdentity=role("x", "y")))
    assert "hunter2" not in repr(change)
    assert "abc" not in repr(change.fields)
    assert HIDDEN not in repr(one(sent(BARE, userIdentity=user("bob"))))
