"""Scans of machine images: of a build's test instance by Image Builder, and of the servers that run an image by
Inspector. Counted are vulnerabilities of packages that have a fix, each once.

What Inspector finds on a server was in its image or was put there since; it is counted for the image, since a server
that nobody changes is its image.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from tools.collect.aws.answers import Answers
from tools.collect.aws.gaps import code_of
from tools.collect.aws.mapping.access import read
from tools.collect.aws.reads_said import BUILDS, BUILT, COVERAGE, FINDINGS, SCAN_FINDINGS
from tools.collect.aws.wire.said import CoveredResource, Finding, ScanFinding
from tools.model.artifact import Attestation
from tools.model.identity import Ref
from tools.model.observation import Gap

INSPECTOR = "Amazon Inspector"
_FIXED = ("YES", "PARTIAL")
Found = dict[str, dict[str, set[str]]]
"""Vulnerabilities by what they are of and by severity."""


def scans_of_servers(answers: Answers) -> Iterator[Attestation]:
    """Inspector's scan of the servers of each image: the newest one; with counts where it goes on and its findings were
    read to their end."""
    told = read(answers, FINDINGS)
    found: Found = defaultdict(lambda: defaultdict(set))
    for finding in answers.of(FINDINGS):
        for resource in finding.resources if finding.status in ("", "ACTIVE") else ():
            if resource.details.aws_ec2_instance is not None:
                _count(found, resource.details.aws_ec2_instance.image_id, finding, finding.finding_arn)
    scanned: dict[str, list[CoveredResource]] = defaultdict(list)
    for covered in answers.of(COVERAGE):
        about = covered.resource_metadata.ec2
        if about is not None and covered.last_scanned_at and covered.scan_type == "PACKAGE":
            scanned[about.ami_id].append(covered)
    for image, servers in scanned.items():
        active = [one for one in servers if one.scan_status.status_code == "ACTIVE"]
        yield Attestation(
            about=image,
            kind="scan",
            standing="verified",
            ref=Ref(answers.scope, "InspectorScan", "", image, ""),
            by=INSPECTOR,
            time=max(one.last_scanned_at or "" for one in active or servers),
            criticals=len(found[image]["CRITICAL"]) if active and told else None,
            highs=len(found[image]["HIGH"]) if active and told else None,
        )


def scans_of_builds(answers: Answers, used: set[str]) -> tuple[list[Attestation], list[Gap]]:
    """Image Builder's scan of each build that made an image in use; and a gap where it can't be told whether a build
    was scanned."""
    told = read(answers, SCAN_FINDINGS)
    found: Found = defaultdict(lambda: defaultdict(set))
    for at, finding in enumerate(answers.of(SCAN_FINDINGS)):
        _count(found, finding.image_build_version_arn, finding, str(at))
    built = {one.arn: one for one in answers.of(BUILT)}
    scans, unread = [], []
    for build in answers.of(BUILDS):
        images = [ami.image for ami in build.output_resources.amis if ami.image in used]
        if build.arn not in built:
            unread += [build.arn] if images else []
            continue
        if built[build.arn].scan_state.status != "COMPLETED":
            continue
        for image in images:
            scans.append(
                Attestation(
                    about=image,
                    kind="scan",
                    standing="verified",
                    ref=Ref(answers.scope, "ImageBuild", "", build.arn.partition(":image/")[2], build.arn),
                    by=f"{INSPECTOR} (Image Builder)",
                    time=build.date_created,
                    criticals=len(found[build.arn]["CRITICAL"]) if told else None,
                    highs=len(found[build.arn]["HIGH"]) if told else None,
                )
            )
    return scans, [_unread(answers, unread)] if unread else []


def _count(found: Found, about: str, finding: Finding | ScanFinding, otherwise: str) -> None:
    if finding.fix_available in _FIXED:
        details = finding.package_vulnerability_details
        found[about][finding.severity].add((details.vulnerability_id if details else "") or otherwise)


def _unread(answers: Answers, builds: list[str]) -> Gap:
    failure = answers.failed(BUILT)
    return Gap(
        scope=answers.scope,
        noun="Attestation",
        kind="scan",
        code="not-recorded" if failure is None else code_of(failure),
        reason=f"whether Image Builder scanned {builds[0]} is not known: it was not read",
        mend="record aws imagebuilder get-image too" if answers.recorded else "allow imagebuilder:GetImage",
        count=len(builds),
        required=False,
    )
