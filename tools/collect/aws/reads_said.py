"""What is read to tell what is said of a machine image: who built it, who scanned it, who signed it.

What can't be read is a gap of that kind of attestation alone, so that a region without Inspector leaves builds to be
judged. Where findings can't be read, a scan is there and its counts are not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tools.collect.aws.answers import Answers
from tools.collect.aws.operation import Operation
from tools.collect.aws.reads_compute import IMAGES
from tools.collect.aws.wire.said import (
    BuiltImage,
    CoveredResource,
    Envelope,
    Finding,
    ImageSummary,
    PackerBuild,
    ScanFinding,
)

_INSTANCES = [{"comparison": "EQUALS", "value": "AWS_EC2_INSTANCE"}]

BUILDS = Operation(
    service="imagebuilder",
    name="ListImageBuildVersions",
    items="imageSummaryList[]",
    type=ImageSummary,
    nouns=("Attestation",),
    kind="build",
    parameters={"filters": [{"name": "type", "values": ["AMI"]}], "maxResults": 25},
)
"""All builds of the account's own images (without an image's ARN it lists them all)."""
BUILT = Operation(
    service="imagebuilder",
    name="GetImage",
    items="image",
    type=BuiltImage,
    nouns=(),
    each=True,
    about="imageBuildVersionArn",
)
"""Of each build that made an image in use: its pipeline, and whether it was scanned."""
SCAN_FINDINGS = Operation(
    service="imagebuilder",
    name="ListImageScanFindings",
    items="findings[]",
    type=ScanFinding,
    nouns=(),
    parameters={"filters": [{"name": "severity", "values": ["CRITICAL", "HIGH"]}], "maxResults": 25},
)
COVERAGE = Operation(
    service="inspector2",
    name="ListCoverage",
    items="coveredResources[]",
    type=CoveredResource,
    nouns=("Attestation",),
    kind="scan",
    parameters={"filterCriteria": {"resourceType": _INSTANCES}, "maxResults": 200},
)
FINDINGS = Operation(
    service="inspector2",
    name="ListFindings",
    items="findings[]",
    type=Finding,
    nouns=(),
    parameters={
        "maxResults": 100,
        "filterCriteria": {
            "resourceType": _INSTANCES,
            "findingStatus": [{"comparison": "EQUALS", "value": "ACTIVE"}],
            "severity": [{"comparison": "EQUALS", "value": value} for value in ("CRITICAL", "HIGH")],
            "fixAvailable": [{"comparison": "EQUALS", "value": value} for value in ("YES", "PARTIAL")],
        },
    },
)
SAID: tuple[Operation[Any], ...] = (BUILDS, BUILT, SCAN_FINDINGS, COVERAGE, FINDINGS)
"""What is read of what is said, in order."""

PACKER = Operation(
    service="packer", name="Manifest", items="builds[]", type=PackerBuild, nouns=("Attestation",), kind="build"
)
"""Not an API: a `packer-manifest.json` beside a recording, or one that is named."""
ENVELOPES = Operation(
    service="dsse", name="Envelope", items="", type=Envelope, nouns=("Attestation",), kind="signature"
)
"""Not an API: `*.intoto.json`, and `*.intoto.jsonl` with one envelope a line."""
FILES: tuple[Operation[Any], ...] = (PACKER, ENVELOPES)
"""What files say; nothing of it is asked of AWS."""


def asked_of_builds(answers: Answers) -> list[dict[str, Any]]:
    """What `BUILT` is asked: the builds that put out an image which is in use here."""
    used = {image.image_id for image in answers.of(IMAGES)}
    builds = [one for one in answers.of(BUILDS) if any(ami.image in used for ami in one.output_resources.amis)]
    return [{"imageBuildVersionArn": build.arn} for build in builds]


ASKED: dict[str, Callable[[Answers], list[dict[str, Any]]]] = {BUILT.key: asked_of_builds}
"""The parameters of each call of what is asked for each thing, by operation."""
