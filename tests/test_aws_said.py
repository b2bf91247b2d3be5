"""What is said of machine images: builds, scans, tags, Packer's manifest, signed statements."""

import base64
import json
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tools.collect.aws.answers import Answers, Failure
from tools.collect.aws.mapping import said
from tools.collect.aws.mapping.envelopes import pae
from tools.collect.aws.mapping.said_tags import Word, claims
from tools.collect.aws.operation import Operation
from tools.collect.aws.reads_compute import IMAGES
from tools.collect.aws.reads_said import (
    BUILDS,
    BUILT,
    COVERAGE,
    ENVELOPES,
    FINDINGS,
    PACKER,
    SCAN_FINDINGS,
    asked_of_builds,
)
from tools.collect.trust import TrustedKey
from tools.model.artifact import Artifact, Attestation
from tools.model.identity import Ref
from tools.model.observation import Gap

ACCOUNT, REGION = "123456789012", "eu-central-1"
SCOPE = f"{ACCOUNT}/{REGION}"
AMI, OTHER, UNUSED = "ami-0123456789abcdef0", "ami-0fedcba9876543210", "ami-0aaaaaaaaaaaaaaaa"
COMMIT = "c0ffee1234567890c0ffee1234567890c0ffee12"
ELSE = "badc0de1234567890badc0de1234567890badc0d"
BUILD = f"arn:aws:imagebuilder:{REGION}:{ACCOUNT}:image/web/1.0.0/3"
PIPELINE = f"arn:aws:imagebuilder:{REGION}:{ACCOUNT}:image-pipeline/web"
REPO = "https://git.example.org/shop/web"
IN_TOTO = "application/vnd.in-toto+json"
SLSA1, SLSA02 = "https://slsa.dev/provenance/v1", "https://slsa.dev/provenance/v0.2"


class Made(msgspec.Struct, frozen=True):
    artifacts: tuple[Artifact, ...]


MADE = Made(tuple(Artifact(ref=Ref(SCOPE, "Image", "", name, name)) for name in (AMI, OTHER)))


def answered(*read: tuple[Operation[Any], list[Any]]) -> Answers:
    answers = Answers(ACCOUNT, REGION)
    for operation, items in read:
        answers.add(operation, [msgspec.convert(item, operation.type) for item in items])
        answers.whole.add(operation.key)
    return answers


def told(answers: Answers, *keys: TrustedKey) -> list[Attestation]:
    return list(said.of(answers, MADE, keys)[0])


def gaps(answers: Answers, *keys: TrustedKey) -> list[Gap]:
    return list(said.of(answers, MADE, keys)[1])


def build(*images: str, **more: Any) -> dict[str, Any]:
    amis = [{"region": REGION, "image": image, "accountId": ACCOUNT} for image in images or (AMI,)]
    return {
        "arn": BUILD,
        "name": "web",
        "version": "1.0.0/3",
        "type": "AMI",
        "state": {"status": "AVAILABLE"},
        "dateCreated": "2026-11-01T05:30:00Z",
        "outputResources": {"amis": amis},
        "buildType": "USER_INITIATED",
        **more,
    }


def built(scan: str = "") -> dict[str, Any]:
    state = {"scanState": {"status": scan}} if scan else {}
    return {"arn": BUILD, "sourcePipelineArn": PIPELINE, "sourcePipelineName": "web", **state}


# builds


def test_image_builders_record_is_verified() -> None:
    (one,) = told(answered((BUILDS, [build()]), (BUILT, [built()])))
    assert (one.about, one.kind, one.standing, one.by) == (AMI, "build", "verified", PIPELINE)
    assert (one.time, one.commit, one.ref.name, one.ref.uid) == ("2026-11-01T05:30:00Z", "", "web/1.0.0/3", BUILD)


def test_its_pipeline_may_not_be_known() -> None:
    (one,) = told(answered((BUILDS, [build()])))
    assert one.by == BUILD


def test_the_commit_in_a_builds_tags_is_only_reported() -> None:
    found = told(answered((BUILDS, [build(tags={"git/commit": "no", "commit": COMMIT, "repository": REPO})])))
    assert [(one.standing, one.commit, one.source, one.slot) for one in found] == [
        ("reported", COMMIT, REPO, "/tags/commit"),
        ("verified", "", "", ""),
    ]


def test_a_build_of_another_image_says_nothing() -> None:
    assert told(answered((BUILDS, [build(UNUSED)]))) == []


@pytest.mark.parametrize("kind", said.IMPORTS)
def test_an_import_is_no_build(kind: str) -> None:
    assert told(answered((BUILDS, [build(buildType=kind)]))) == []


def test_only_builds_of_images_in_use_are_asked_for() -> None:
    answers = answered((IMAGES, [{"ImageId": AMI}]), (BUILDS, [build(UNUSED), build(AMI)]))
    assert asked_of_builds(answers) == [{"imageBuildVersionArn": BUILD}]
    assert asked_of_builds(answered((IMAGES, [{"ImageId": OTHER}]), (BUILDS, [build(AMI)]))) == []


# tags


def tagged(**tags: str) -> list[Attestation]:
    listed = [{"Key": key.replace("__", "."), "Value": value} for key, value in tags.items()]
    return told(answered((IMAGES, [{"ImageId": AMI, "Tags": [{"Key": "Name", "Value": "web"}, *listed]}])))


@pytest.mark.parametrize(
    "key",
    ["commit", "git_commit", "git-commit", "GitCommit", "GIT_COMMIT", "CommitSha", "org.opencontainers.image.revision"],
)
def test_a_commit_in_a_tag_is_reported_with_its_place(key: str) -> None:
    (one,) = tagged(**{key: COMMIT})
    assert (one.kind, one.standing, one.commit, one.slot) == ("build", "reported", COMMIT, "/Tags/1/Value")
    assert (one.ref.kind, one.by) == ("Image", f"tag {key}")


@pytest.mark.parametrize(
    "tags",
    [
        {"commit": "yes"},
        {"commit": ""},
        {"revision": "3"},
        {"revision": "2026"},
        {"commit": "bad"},
        {"Name": COMMIT},
        {"commitment": COMMIT},
        {"source": "ubuntu"},
        {"build": " "},
    ],
)
def test_other_tags_say_nothing_of_a_build(tags: dict[str, str]) -> None:
    assert tagged(**tags) == []


@pytest.mark.parametrize("commit", ["4f2a", "1234567", COMMIT, "0" * 64])
def test_an_abbreviated_commit_is_one(commit: str) -> None:
    assert [one.commit for one in tagged(commit=commit)] == [commit]


def test_a_build_in_a_tag_is_one_without_a_commit() -> None:
    (one,) = tagged(SourceAMI="ami-1", BuildUUID="b-1")
    assert (one.commit, one.by) == ("", "SourceAMI ami-1")


def test_what_tags_say_together() -> None:
    (one,) = tagged(BuildNumber="17", commit=COMMIT.upper(), org__opencontainers__image__source=REPO)
    assert (one.commit, one.source, one.by) == (COMMIT, REPO, "BuildNumber 17")


def test_two_commits_are_two_claims() -> None:
    assert {one.commit for one in tagged(commit=COMMIT, git_commit=ELSE)} == {COMMIT, ELSE}


def test_the_same_commit_twice_or_abbreviated_is_one_claim() -> None:
    assert [one.commit for one in tagged(commit=COMMIT, revision=COMMIT)] == [COMMIT]
    assert [one.commit for one in tagged(commit=COMMIT[:8], git_sha=COMMIT)] == [COMMIT]


def test_the_first_of_equal_tags_is_named() -> None:
    words = [Word("commit", COMMIT, "/0"), Word("revision", COMMIT, "/1")]
    assert [claim.slot for claim in claims(words)] == ["/0"]


# Packer


def manifest(artifact: str, **more: Any) -> dict[str, Any]:
    return {
        "name": "web",
        "builder_type": "amazon-ebs",
        "build_time": 1793000000,
        "artifact_id": artifact,
        "packer_run_uuid": "run-1",
        "custom_data": None,
        **more,
    }


def test_packers_manifest_is_reported_for_this_region() -> None:
    one = manifest(f"us-east-1:{OTHER},{REGION}:{AMI}", custom_data={"git_commit": COMMIT, "source": REPO})
    (found,) = told(answered((PACKER, [one])))
    assert (found.about, found.kind, found.standing) == (AMI, "build", "reported")
    assert (found.by, found.commit, found.source) == ("Packer amazon-ebs.web", COMMIT, REPO)
    assert (found.time, found.ref.name) == ("2026-10-26T07:33:20Z", "run-1")


def test_packers_manifest_may_name_no_commit() -> None:
    (found,) = told(answered((PACKER, [manifest(f"{REGION}:{AMI}", custom_data={"team": "a"})])))
    assert (found.commit, found.by) == ("", "Packer amazon-ebs.web")


# scans


def covered(image: str = AMI, server: str = "i-1", code: str = "ACTIVE", **more: Any) -> dict[str, Any]:
    return {
        "resourceId": server,
        "resourceType": "AWS_EC2_INSTANCE",
        "accountId": ACCOUNT,
        "scanType": "PACKAGE",
        "scanStatus": {"statusCode": code, "reason": "SUCCESSFUL"},
        "resourceMetadata": {"ec2": {"amiId": image, "platform": "LINUX", "tags": {}}},
        "lastScannedAt": "2026-11-05T11:00:00Z",
        **more,
    }


def finding(severity: str, fix: str = "YES", cve: str = "CVE-1", image: str = AMI, **more: Any) -> dict[str, Any]:
    resource = {"id": "i-1", "type": "AWS_EC2_INSTANCE", "details": {"awsEc2Instance": {"imageId": image}}}
    return {
        "findingArn": f"arn:aws:inspector2:{REGION}:{ACCOUNT}:finding/{cve}",
        "awsAccountId": ACCOUNT,
        "description": "a package that can be attacked",
        "remediation": {},
        "firstObservedAt": "2026-11-05T11:00:00Z",
        "lastObservedAt": "2026-11-05T11:00:00Z",
        "severity": severity,
        "status": "ACTIVE",
        "type": "PACKAGE_VULNERABILITY",
        "fixAvailable": fix,
        "packageVulnerabilityDetails": {"vulnerabilityId": cve, "source": "NVD"},
        "resources": [resource],
        **more,
    }


def test_inspectors_scan_counts_what_has_a_fix_once() -> None:
    findings = [
        finding("CRITICAL"),
        finding("CRITICAL", findingArn="arn:the-same-on-another-server"),
        finding("CRITICAL", "PARTIAL", "CVE-2"),
        finding("CRITICAL", "NO", "CVE-3"),
        finding("CRITICAL", cve="CVE-4", status="CLOSED"),
        finding("CRITICAL", cve="CVE-5", image=OTHER),
        finding("HIGH", cve="CVE-6"),
        finding("MEDIUM", cve="CVE-7"),
    ]
    later = covered(server="i-2", lastScannedAt="2026-11-06T11:00:00Z")
    (one,) = told(answered((COVERAGE, [covered(), later]), (FINDINGS, findings)))
    assert (one.about, one.kind, one.standing, one.by) == (AMI, "scan", "verified", "Amazon Inspector")
    assert (one.criticals, one.highs, one.time) == (2, 1, "2026-11-06T11:00:00Z")


def test_a_clean_scan_counts_nothing() -> None:
    (one,) = told(answered((COVERAGE, [covered()]), (FINDINGS, [])))
    assert (one.criticals, one.highs) == (0, 0)


def test_counts_are_not_known_where_findings_were_not_read_to_their_end() -> None:
    (one,) = told(answered((COVERAGE, [covered()])))
    assert (one.criticals, one.highs) == (None, None)
    half = answered((COVERAGE, [covered()]), (FINDINGS, [finding("CRITICAL")]))
    half.failures.append(Failure(FINDINGS.key, "ThrottlingException", "page 2"))
    (one,) = told(half)
    assert one.criticals is None


def test_counts_are_not_known_where_the_scan_has_ended() -> None:
    (one,) = told(answered((COVERAGE, [covered(code="INACTIVE")]), (FINDINGS, [])))
    assert (one.criticals, one.time) == (None, "2026-11-05T11:00:00Z")
    both = [covered(code="INACTIVE", lastScannedAt="2026-11-09T11:00:00Z"), covered(server="i-2")]
    (one,) = told(answered((COVERAGE, both), (FINDINGS, [])))
    assert (one.criticals, one.time) == (0, "2026-11-05T11:00:00Z")


@pytest.mark.parametrize("more", [{"lastScannedAt": None}, {"scanType": "NETWORK"}, {"resourceMetadata": {}}])
def test_what_was_not_scanned_is_no_scan(more: dict[str, Any]) -> None:
    assert told(answered((COVERAGE, [covered(**more)]), (FINDINGS, []))) == []


def scans(answers: Answers) -> list[tuple[str, int | None, int | None]]:
    return [(one.time, one.criticals, one.highs) for one in told(answers) if one.kind == "scan"]


def test_image_builders_scan() -> None:
    found = [
        {"imageBuildVersionArn": BUILD, "severity": "CRITICAL", "fixAvailable": "YES"},
        {"imageBuildVersionArn": BUILD, "severity": "HIGH", "fixAvailable": "NO"},
        {"imageBuildVersionArn": BUILD + "4", "severity": "HIGH", "fixAvailable": "YES"},
    ]
    done = (BUILDS, [build()]), (BUILT, [built("COMPLETED")])
    assert scans(answered(*done, (SCAN_FINDINGS, found))) == [("2026-11-01T05:30:00Z", 1, 0)]
    assert scans(answered(*done)) == [("2026-11-01T05:30:00Z", None, None)]


@pytest.mark.parametrize("state", ["", "SCANNING", "FAILED"])
def test_a_scan_that_was_not_completed_is_none(state: str) -> None:
    answers = answered((BUILDS, [build()]), (BUILT, [built(state)]), (SCAN_FINDINGS, []))
    assert scans(answers) == []
    assert gaps(answers) == []


def test_a_build_of_which_nobody_knows_whether_it_was_scanned_is_a_gap_of_scans_alone() -> None:
    (gap,) = gaps(answered((BUILDS, [build()])))
    assert (gap.noun, gap.kind, gap.code, gap.required) == ("Attestation", "scan", "not-recorded", False)
    denied = answered((BUILDS, [build()]))
    denied.failures.append(Failure(BUILT.key, "AccessDeniedException", "no"))
    assert [gap.code for gap in gaps(denied)] == ["forbidden"]
    assert gaps(answered((BUILDS, [build(UNUSED)]))) == []


# signed statements

PRIVATE = Ed25519PrivateKey.generate()
PEM = PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
OWN = TrustedKey("release@example.org", PEM)
STRANGE = TrustedKey(
    "other@example.org",
    Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
)
V1 = {
    "buildDefinition": {
        "resolvedDependencies": [
            {"uri": "https://mirror.example.org/base.iso", "digest": {"sha1": ELSE}},
            {"uri": f"git+{REPO}", "digest": {"gitCommit": COMMIT}},
        ]
    },
    "runDetails": {"builder": {"id": "https://ci.example.org"}, "metadata": {"finishedOn": "2026-11-01T05:00:00Z"}},
}
V02 = {
    "builder": {"id": "https://ci.example.org"},
    "invocation": {"configSource": {"uri": f"git+{REPO}", "digest": {"sha1": COMMIT}}},
    "metadata": {"buildFinishedOn": "2026-11-01T05:00:00Z"},
}


def signed(*subjects: str, predicate_type: str = "https://example.org/release/v1", **more: Any) -> dict[str, Any]:
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": name, "digest": {}} for name in subjects or (AMI,)],
        "predicateType": predicate_type,
        "predicate": {},
        **more,
    }
    payload = json.dumps(statement).encode()
    signature = base64.b64encode(PRIVATE.sign(pae(IN_TOTO, payload))).decode()
    return {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": IN_TOTO,
        "signatures": [{"sig": signature, "keyid": "k-1"}],
    }


def test_a_statement_that_a_declared_key_signed() -> None:
    (one,) = told(answered((ENVELOPES, [signed()])), OWN, STRANGE)
    assert (one.about, one.kind, one.standing, one.by) == (AMI, "signature", "verified", "release@example.org")


def test_a_statement_of_somebody_else_is_only_a_claim_whatever_it_says() -> None:
    (one,) = told(answered((ENVELOPES, [signed(predicate_type=SLSA1, predicate=V1)])), STRANGE)
    assert (one.kind, one.standing, one.by, one.commit) == ("signature", "reported", "k-1", "")


def test_no_statement_says_anything_where_no_key_is_declared() -> None:
    assert told(answered((ENVELOPES, [signed(predicate_type=SLSA1, predicate=V1)]))) == []


@pytest.mark.parametrize(("kind", "predicate"), [(SLSA1, V1), (SLSA02, V02)])
def test_a_signed_provenance_is_a_verified_build(kind: str, predicate: dict[str, Any]) -> None:
    found = told(answered((ENVELOPES, [signed(predicate_type=kind, predicate=predicate)])), OWN)
    (one,) = [each for each in found if each.kind == "build"]
    assert (one.standing, one.by, one.time) == ("verified", "https://ci.example.org", "2026-11-01T05:00:00Z")
    assert (one.commit, one.source) == (COMMIT, f"git+{REPO}")


@pytest.mark.parametrize("predicate", [{}, {"runDetails": [], "buildDefinition": {"resolvedDependencies": "x"}}])
def test_a_provenance_may_say_little(predicate: dict[str, Any]) -> None:
    found = told(answered((ENVELOPES, [signed(predicate_type=SLSA1, predicate=predicate)])), OWN)
    assert [(one.kind, one.commit, one.by) for one in found if one.kind == "build"] == [("build", "", "")]


@pytest.mark.parametrize(
    ("subject", "about"),
    [
        (AMI, [AMI]),
        (f"arn:aws:ec2:{REGION}::image/{AMI}", [AMI]),
        (f"arn:aws:ec2:{REGION}:{ACCOUNT}:image/{AMI}", [AMI]),
        (f"arn:aws:ec2:us-east-1::image/{AMI}", []),
        (f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{AMI}", []),
        (UNUSED, []),
        ("web", []),
    ],
)
def test_what_a_statement_is_about(subject: str, about: list[str]) -> None:
    assert [one.about for one in told(answered((ENVELOPES, [signed(subject)])), OWN)] == about


def test_an_edited_statement_is_not_verified() -> None:
    envelope = signed(OTHER)
    envelope["payload"] = signed(AMI)["payload"]
    (one,) = told(answered((ENVELOPES, [envelope])), OWN)
    assert (one.about, one.standing) == (AMI, "reported")


def test_what_is_no_statement_is_a_gap_of_signatures_and_the_others_stand() -> None:
    broken = {**signed(), "payload": "!"}
    answers = answered((ENVELOPES, [broken, signed()]))
    assert [one.standing for one in told(answers, OWN)] == ["verified"]
    assert [(gap.kind, gap.code) for gap in gaps(answers, OWN)] == [("signature", "broken")]


def test_a_declared_key_that_is_none_is_a_gap() -> None:
    answers = answered((ENVELOPES, [signed()]))
    assert [one.standing for one in told(answers, OWN, TrustedKey("x", "nonsense"))] == ["verified"]
    assert [(gap.kind, gap.code) for gap in gaps(answers, TrustedKey("x", "nonsense"))] == [("signature", "bad-key")]
