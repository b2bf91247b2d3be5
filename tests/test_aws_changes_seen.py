"""What CloudTrail could have seen, and what the checks of changes say of servers because of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.aws_compute import ACCOUNT, ARN, BARE, ONE, REGION, SCOPE, TWO, answers, fleet
from tests.cloudtrail_events import (
    BOTO,
    BROWSER,
    TERRAFORM,
    by_tag,
    event,
    looked_up,
    role,
    sent,
    told,
    trail_of,
    user,
    written,
)
from tools.catalogue import convert_settings, discover
from tools.collect.actors import Actors, Rule
from tools.collect.aws import changes
from tools.collect.aws import reads_acts as reads
from tools.collect.aws.answers import Answers, Failure
from tools.collect.aws.changes.trail import Fault
from tools.collect.aws.mapping.compute import compute
from tools.engine import audit
from tools.model.change import ENTERING
from tools.model.facts import Facts
from tools.model.identity import Scope
from tools.model.observation import NotObserved
from tools.model.report import Finding
from tools.model.watch import unwatched

CHECKS = {check.id: check for check in discover()}
ACTORS = Actors()
BORN = "2026-11-01T10:00:00Z"  # the servers of `aws_compute`
MOMENT = "2026-11-28T00:00:00Z"
SURE = "2026-11-27T23:45:00Z"  # an event may take a quarter of an hour to be in the history
GITHUB = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
RELEASE = {"desiredConfiguration": {"launchTemplate": {"version": "1"}}}
PIPELINE = role("deploy", "run-7", context={"webIdFederationData": {"federatedProvider": GITHUB}})


def at(time: str, number: int = 0, **more: Any) -> dict[str, Any]:
    """An event that changes nothing here."""
    return event("PutMetricAlarm", "monitoring", eventTime=time, eventID=f"at-{time}-{number}", **more)


def hourly(first: int = 0, last: int = 27 * 24, step: int = 1) -> list[dict[str, Any]]:
    """Events from the first hour of 2026-11-01 on, one each hour."""
    return [at(f"2026-11-{1 + n // 24:02}T{n % 24:02}:00:00Z") for n in range(first, last + 1, step)]


class Said:
    """What a check says of an account."""

    def __init__(
        self,
        check: str,
        read: Answers,
        found: changes.Trail | None = None,
        actors: Actors = ACTORS,
        settings: Any = None,
    ) -> None:
        made = compute(read)
        acts = changes.of(read, made, actors, found)
        facts = Facts(
            moment=read.moment, scopes=(Scope(id=SCOPE, name="prod", kind="aws"),), workloads=made.workloads,
            releases=made.releases, instances=made.instances, changes=acts.changes, watches=acts.watches,
            gaps=acts.gaps,
        )  # fmt: skip
        own = CHECKS[check]
        report = audit(facts, "s-0", [own], convert_settings([own], {own.id: settings} if settings else {}))
        self.findings = report.findings
        (self.coverage,) = report.coverage
        assert self.coverage.errors == 0

    def of(self, name: str) -> list[tuple[str, str]]:
        """The verdicts and codes of one subject."""
        return [(f.verdict, f.code) for f in self.findings if any(ref.name == name for ref in f.subjects)]

    def one(self, name: str) -> Finding:
        (finding,) = (f for f in self.findings if any(ref.name == name for ref in f.subjects))
        return finding


def watched(read: Answers, found: changes.Trail | None = None) -> list[tuple[str, str, str]]:
    return [(w.since, w.until, w.broken) for w in changes.of(read, compute(read), ACTORS, found).watches]


def spans(folder: Path, *events: dict[str, Any], **more: Any) -> list[tuple[str, str, str]]:
    return watched(answers(fleet()), trail_of(folder, *events, **more))


class TestWatches:
    """From when to when, and why not."""

    def test_the_history_is_what_was_asked_for(self) -> None:
        assert watched(looked_up(answers(fleet()))) == [("2026-10-01T00:00:00Z", SURE, "")]

    def test_a_history_whose_interval_nobody_kept_proves_nothing(self) -> None:
        read = told(answers(fleet()), reads.LOOKUP_EVENTS, {"Events": []})
        assert watched(read) == [(SURE, SURE, "the interval that was asked for is not told")]

    def test_a_history_that_was_not_read_to_the_end_is_broken(self) -> None:
        read = looked_up(answers(fleet()))
        read.failures.append(Failure(reads.LOOKUP_EVENTS.key, "ThrottlingException", "Rate exceeded"))
        assert watched(read) == [("2026-10-01T00:00:00Z", SURE, "ThrottlingException Rate exceeded")]

    def test_an_event_that_was_not_asked_for_is_a_blind_spot(self) -> None:
        names = [name for name in reads.LOOKED_UP if name != "StartSession"]
        pages = [
            {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": name}], "StartTime": BORN}
            for name in names
        ]
        read = told(answers(fleet()), reads.LOOKUP_EVENTS, *pages)
        (watch,) = changes.of(read, compute(read), ACTORS).watches
        assert [blind.act for blind in watch.blind] == ["session"]

    def test_of_too_many_only_the_newest_are_known(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("tools.collect.aws.changes.watching.MOST", 1)
        read = looked_up(answers(fleet()), event("StartSession", "ssm", {"target": "i-0"}))
        read.failures.append(Failure(reads.LOOKUP_EVENTS.key, "limit", "there may be more"))
        watches = changes.of(read, compute(read), ACTORS).watches
        sessions = [(w.since, w.until) for w in watches if any(blind.act == "session" for blind in w.blind)]
        assert sessions == [("2026-10-01T00:00:00Z", "2026-11-20T10:00:00Z")]
        assert not any(watch.broken for watch in watches)

    def test_where_one_log_is_whole_another_that_is_not_says_nothing(self, tmp_path: Path) -> None:
        declared = {"since": "2026-09-01T00:00:00Z", "until": SURE}
        read = looked_up(answers(fleet()))
        read.failures.append(Failure(reads.LOOKUP_EVENTS.key, "ThrottlingException", "Rate exceeded"))
        found = trail_of(tmp_path, *hourly(0, 3), **declared)
        assert watched(read, found) == [("2026-09-01T00:00:00Z", SURE, "")]
        found.faults.append(Fault("x.json", "truncated", "it ends in the middle"))
        assert len([broken for _, _, broken in watched(read, found) if broken]) == 2
        whole = looked_up(answers(fleet()), since="2026-08-01T00:00:00Z")
        assert [broken for _, _, broken in watched(whole, found)] == ["", ""]

    def test_files_are_watched_from_event_to_event(self, tmp_path: Path) -> None:
        assert spans(tmp_path, *hourly(0, 5)) == [("2026-11-01T00:01:00Z", "2026-11-01T05:00:00Z", "")]

    def test_an_hour_of_silence_is_a_hole(self, tmp_path: Path) -> None:
        given = trail_of(tmp_path, *hourly(0, 3), *hourly(5, 8))
        read = answers(fleet())
        assert [span[:2] for span in watched(read, given)] == [
            ("2026-11-01T00:01:00Z", "2026-11-01T03:00:00Z"),
            ("2026-11-01T05:01:00Z", "2026-11-01T08:00:00Z"),
        ]
        gaps = changes.of(read, compute(read), ACTORS, given).gaps
        assert [gap.code for gap in gaps] == ["log-hole"]

    def test_unless_an_interval_is_declared(self, tmp_path: Path) -> None:
        declared = {"since": "2026-10-31T00:00:00Z", "until": "2026-11-27T23:00:00+00:00"}
        assert spans(tmp_path, *hourly(0, 3), **declared) == [("2026-10-31T00:00:00Z", "2026-11-27T23:00:00Z", "")]

    def test_nothing_is_watched_after_the_moment(self, tmp_path: Path) -> None:
        declared = {"since": BORN, "until": "2027-01-01T00:00:00Z"}
        assert spans(tmp_path, *hourly(0, 3), **declared) == [(BORN, MOMENT, "")]

    def test_a_trail_of_reads_alone_proves_nothing(self, tmp_path: Path) -> None:
        ((_, _, broken),) = spans(tmp_path, *[{**one, "readOnly": True} for one in hourly(0, 3)])
        assert "no event that writes" in broken

    def test_digests_prove_silent_hours_and_show_a_file_that_is_missing(self, tmp_path: Path) -> None:
        folder = tmp_path / "AWSLogs"
        name = f"{ACCOUNT}_CloudTrail_{REGION}_20261101T1000Z_abc.json"
        prefix = f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/2026/11/01"
        written(folder / name, at("2026-11-01T09:50:00Z"))
        for hour, files in ((9, [name]), (10, []), (11, [])):
            digest = {
                "awsAccountId": ACCOUNT, "digestStartTime": f"2026-11-01T{hour:02}:05:00Z",
                "digestEndTime": f"2026-11-01T{hour + 1:02}:05:00Z",
                "digestS3Object": f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/{REGION}/2026/11/01/{hour}.json.gz",
                "logFiles": [{"s3Bucket": "b", "s3Object": f"{prefix}/{file}.gz", "hashValue": "0"} for file in files],
            }  # fmt: skip
            (folder / f"{hour}.json").write_text(json.dumps(digest))
        read = answers(fleet())
        assert watched(read, changes.trail([folder])) == [("2026-11-01T09:05:00Z", "2026-11-01T12:05:00Z", "")]
        (folder / name).rename(folder / f"{ACCOUNT}_CloudTrail_{REGION}_20261101T1001Z_abc.json")
        made = changes.of(read, compute(read), ACTORS, changes.trail([folder]))
        assert [w.broken for w in made.watches if w.broken] == [f"{name}.gz was delivered and is not here"]
        assert [gap.code for gap in made.gaps] == ["log-hole"]

    def test_a_file_that_is_cut_short_breaks_the_time_of_its_delivery(self, tmp_path: Path) -> None:
        whole = written(tmp_path / "a.json", *hourly(0, 30))
        cut = tmp_path / f"{ACCOUNT}_CloudTrail_{REGION}_20261101T1200Z_abc.json"
        cut.write_bytes(whole.read_bytes()[:3000])
        found = watched(answers(fleet()), changes.trail([whole, cut]))
        assert [(since, until) for since, until, broken in found if broken] == [
            ("2026-11-01T11:45:00Z", "2026-11-01T12:00:00Z")
        ]
        other = tmp_path / "x.json"
        cut.rename(other)
        found = watched(answers(fleet()), changes.trail([whole, other]))
        assert [(since, until) for since, until, broken in found if broken] == [found[0][:2]]

    def test_a_file_of_another_kind_breaks_nothing(self, tmp_path: Path) -> None:
        whole = written(tmp_path / "a.json", *hourly(0, 3))
        (tmp_path / "b.json").write_text('{"Reservations": []}')
        found = changes.trail([whole, tmp_path / "b.json"])
        read = answers(fleet())
        assert [broken for _, _, broken in watched(read, found)] == [""]
        assert [gap.code for gap in changes.of(read, compute(read), ACTORS, found).gaps] == ["not-cloudtrail"]

    def test_files_of_another_account_say_nothing(self, tmp_path: Path) -> None:
        read = answers(fleet())
        found = trail_of(tmp_path, *[{**one, "recipientAccountId": "999999999999"} for one in hourly(0, 3)])
        made = changes.of(read, compute(read), ACTORS, found)
        assert made.watches == ()
        assert {gap.code for gap in made.gaps} == {"nothing-matches", "no-cloudtrail"}
        assert f"999999999999/{REGION}" in " ".join(gap.reason for gap in made.gaps)

    def test_nothing_at_all_is_said(self) -> None:
        read = answers(fleet())
        (gap,) = changes.of(read, compute(read), ACTORS).gaps
        assert (gap.code, gap.required) == ("no-cloudtrail", False)

    def test_events_after_the_moment_are_not_judged(self, tmp_path: Path) -> None:
        read = answers(fleet())
        made = changes.of(read, compute(read), ACTORS, trail_of(tmp_path, sent(BARE, eventTime="2026-11-29T00:00:00Z")))
        assert made.changes == ()
        assert "later-than-snapshot" in {gap.code for gap in made.gaps}


class TestInPlace:
    """in-place-change, unchanged, on servers."""

    def said(self, *events: dict[str, Any], read: Answers | None = None, **more: Any) -> Said:
        return Said("in-place-change", looked_up(read or answers(fleet()), *events), **more)

    def test_untouched_and_watched_since_their_creation(self) -> None:
        said = self.said()
        assert said.findings == ()
        assert said.coverage.passed == 3

    def test_a_history_that_begins_after_their_creation(self) -> None:
        read = looked_up(answers(fleet()), since="2026-11-01T10:00:01Z")
        said = Said("in-place-change", read)
        assert said.of(BARE) == [("inconclusive", "log-begins-later")]
        assert said.coverage.passed == 0

    def test_no_cloudtrail(self) -> None:
        assert Said("in-place-change", answers(fleet())).of(BARE) == [("inconclusive", "no-audit-log")]

    def test_a_history_that_was_refused(self) -> None:
        read = answers(fleet())
        read.failures.append(Failure(reads.LOOKUP_EVENTS.key, "AccessDeniedException", "not authorized"))
        assert Said("in-place-change", read).of(BARE) == [("inconclusive", "no-audit-log")]

    def test_a_command_with_who_ran_it_and_what(self) -> None:
        read = answers(fleet())
        told(read, reads.COMMANDS, {"CommandId": "c-1", "DocumentName": "AWS-RunShellScript",
                                    "Parameters": {"commands": ["vi /etc/nginx.conf"]}})  # fmt: skip
        said = self.said(sent(BARE, userAgent=BROWSER), read=read)
        finding = said.one(BARE)
        assert (finding.verdict, finding.code) == ("violation", "run-command")
        assert finding.message == (
            f"arn:aws:iam::{ACCOUNT}:user/ada (person) ran a command on it: AWS-RunShellScript: vi /etc/nginx.conf"
        )
        assert {evidence.field for evidence in finding.evidence} == {"user", "actor_kind", "time", "command"}
        assert said.of(ONE) == []

    def test_what_only_the_service_tells_is_a_violation_without_a_name(self) -> None:
        read = answers(fleet())
        told(read, reads.COMMANDS, {"CommandId": "c-1", "DocumentName": "AWS-RunShellScript", "InstanceIds": [BARE],
                                    "RequestedDateTime": "2026-11-20T10:00:00Z"})  # fmt: skip
        finding = self.said(read=read).one(BARE)
        assert (finding.verdict, finding.code) == ("violation", "run-command")
        assert "does not name" in finding.message
        assert {evidence.field for evidence in finding.evidence} == {"time", "command"}

    def test_a_command_on_nobody_knows_which_leaves_what_was_there_inconclusive(self) -> None:
        assert self.said(by_tag()).of(BARE) == [("inconclusive", "policy-blind")]
        assert self.said(by_tag(eventTime="2026-10-20T00:00:00Z")).of(BARE) == []  # before they were made

    def test_nor_does_it_say_anything_of_what_was_made_later(self) -> None:
        items = fleet()
        for document in items["ec2.DescribeInstances"]:
            document["NetworkInterfaces"], document["BlockDeviceMappings"] = [], []
        items["ec2.DescribeInstances"][1]["LaunchTime"] = "2026-11-20T10:00:01Z"
        said = self.said(by_tag(), read=answers(items))
        assert said.of(BARE) == [("inconclusive", "policy-blind")]
        assert said.of(TWO) == []

    def test_what_is_known_by_now_is_no_blind_spot_of_an_earlier_look(self) -> None:
        read = looked_up(answers(fleet()), by_tag())
        blind = changes.of(read, compute(read), ACTORS).watches
        (clean,) = changes.of(looked_up(answers(fleet())), compute(read), ACTORS).watches
        one, none = compute(read).instances[0], NotObserved("no log")
        assert unwatched(blind, one, ENTERING, MOMENT, none) is not None
        assert unwatched([*blind, clean], one, ENTERING, MOMENT, none) is None
        other = msgspec.structs.replace(clean, policy="another")
        assert unwatched([*blind, other], one, ENTERING, MOMENT, none) is not None

    @pytest.mark.parametrize(
        ("given", "code"),
        [
            (event("StartSession", "ssm", {"target": BARE}, {}), "session"),
            (event("ModifyInstanceAttribute", "ec2", {"instanceId": BARE, "userData": "x"}), "attribute-modified"),
            (event("SendSSHPublicKey", "ec2-instance-connect", {"instanceId": BARE}), "instance-connect"),
            (event("StopInstances", "ec2", {"instancesSet": {"items": [{"instanceId": BARE}]}}), ""),
            (event("CreateTags", "ec2", {"resourcesSet": {"items": [{"resourceId": BARE}]}}), ""),
        ],
        ids=lambda value: value["eventName"] if isinstance(value, dict) else "",
    )
    def test_each_way(self, given: dict[str, Any], code: str) -> None:
        assert self.said(given).of(BARE) == ([("violation", code)] if code else [])

    def test_a_disk_that_is_attached_is_none(self, tmp_path: Path) -> None:
        attached = event("AttachVolume", "ec2", {"volumeId": "vol-1", "instanceId": BARE, "device": "/dev/sdf"})
        said = self.said(found=trail_of(tmp_path, attached))
        assert said.of(BARE) == []
        assert said.coverage.passed == 3

    def test_who_may_is_allowed(self) -> None:
        allow = {"allow": {"session": [f"arn:aws:iam::{ACCOUNT}:user/*"]}}
        session = event("StartSession", "ssm", {"target": BARE}, {})
        assert self.said(session, settings=allow).of(BARE) == []
        assert self.said({**session, "userIdentity": role("ops", "x")}, settings=allow).of(BARE) != []


class TestImperative:
    """imperative-change on groups."""

    def said(self, *events: dict[str, Any], **more: Any) -> Said:
        return Said("imperative-change", looked_up(answers(fleet()), *events, since="2026-08-30T00:00:00Z"), **more)

    def update(self, name: str = "UpdateAutoScalingGroup", **more: Any) -> dict[str, Any]:
        asked = more.pop("asked", {"launchTemplate": {"version": "1"}})
        return event(name, "autoscaling", {"autoScalingGroupName": "web", **asked}, **more)

    def test_untouched_and_watched(self) -> None:
        said = self.said()
        assert (said.findings, said.coverage.passed) == ((), 1)

    def test_not_watched_since_it_was_made(self) -> None:
        read = looked_up(answers(fleet()))
        assert Said("imperative-change", read).of("web") == [("inconclusive", "log-begins-later")]

    @pytest.mark.parametrize(
        ("more", "verdict"),
        [
            ({"userAgent": TERRAFORM}, []),
            ({"userAgent": TERRAFORM, "userIdentity": PIPELINE}, []),
            ({"userAgent": BOTO, "userIdentity": PIPELINE}, []),
            (
                {
                    "userIdentity": user(invokedBy="cloudformation.amazonaws.com"),
                    "userAgent": "cloudformation.amazonaws.com",
                },
                [],
            ),
            ({}, [("violation", "template-changed")]),
            ({"userAgent": BROWSER}, [("violation", "template-changed")]),
            ({"userAgent": BOTO}, [("violation", "template-changed")]),
            ({"userIdentity": PIPELINE}, [("violation", "template-changed")]),  # with the CLI
            ({"userAgent": BOTO, "userIdentity": role("ops", "x")}, [("inconclusive", "writer-unknown")]),
            ({"errorCode": "ValidationError"}, []),
            ({"name": "StartInstanceRefresh", "asked": RELEASE, "userIdentity": PIPELINE}, []),
            ({"name": "StartInstanceRefresh", "asked": RELEASE}, [("violation", "template-changed")]),
            (
                {"name": "StartInstanceRefresh", "asked": RELEASE, "userAgent": BOTO, "userIdentity": role("x", "y")},
                [("inconclusive", "writer-unknown")],
            ),
        ],
    )
    def test_by_whom_and_with_what(self, more: dict[str, Any], verdict: list[tuple[str, str]]) -> None:
        assert self.said(self.update(**more)).of("web") == verdict

    @pytest.mark.parametrize(
        ("given", "code"),
        [
            ({"asked": {"maxSize": 9, "minSize": 1}}, "scaled"),
            ({"asked": {"healthCheckGracePeriod": 9}}, "specification-changed"),
            ({"name": "SetDesiredCapacity", "asked": {"desiredCapacity": 4}}, "scaled"),
            ({"name": "SuspendProcesses", "asked": {}}, "specification-changed"),
            ({"name": "StartInstanceRefresh", "asked": {"preferences": {"skipMatching": True}}}, ""),
        ],
    )
    def test_what(self, given: dict[str, Any], code: str) -> None:
        assert self.said(self.update(**given)).of("web") == ([("violation", code)] if code else [])

    def test_a_scaler_that_no_rule_knows_and_one_that_a_rule_does(self) -> None:
        scaled = self.update("SetDesiredCapacity", asked={"desiredCapacity": 4}, userAgent=BOTO,
                             userIdentity=role("scaler", "x"))  # fmt: skip
        assert self.said(scaled).of("web") == [("inconclusive", "scaler-unknown")]
        rules = Actors((Rule("controller", "*:role/scaler"),))
        assert self.said(scaled, actors=rules).of("web") == []

    def test_a_violation_names_who_what_and_with_which_tool(self) -> None:
        finding = self.said(self.update()).one("web")
        assert finding.owner.uid == ARN
        assert finding.message == (
            f'arn:aws:iam::{ACCOUNT}:user/ada (person) changed it with aws-cli/2.31.0: /launchTemplate/version: "1"'
        )
