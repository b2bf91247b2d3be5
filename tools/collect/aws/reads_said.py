"""What is read to tell what is said of a machine image: who built it, who scanned it, who signed it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tools.collect.aws.answers import Answers
from tools.collect.aws.operation import Operation
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
    parameters={"filters": [{"name": "type", "values": ["AMI"]}]},
)
"""All builds of the account's own images (without an image's ARN it lists them all)."""
BUILT = Operation(
    service="imagebuilder", name="GetImage", items="image", type=BuiltImage, nouns=("Attestation",), each=True
)
"""Asked for each build that made an image of this account and region: `imageBuildVersionArn` (`asked_of_builds`)."""
SCAN_FINDINGS = Operation(
    service="imagebuilder",
    name="ListImageScanFindings",
    items="findings[]",
    type=ScanFinding,
    nouns=("Attestation",),
    parameters={"filters": [{"name": "severity", "values": ["CRITICAL", "HIGH"]}]},
)
COVERAGE = Operation(
    service="inspector2",
    name="ListCoverage",
    items="coveredResources[]",
    type=CoveredResource,
    nouns=("Attestation",),
    parameters={"filterCriteria": {"resourceType": _INSTANCES}},
)
FINDINGS = Operation(
    service="inspector2",
    name="ListFindings",
    items="findings[]",
    type=Finding,
    nouns=("Attestation",),
    parameters={
        "filterCriteria": {
            "resourceType": _INSTANCES,
            "findingStatus": [{"comparison": "EQUALS", "value": "ACTIVE"}],
            "severity": [{"comparison": "EQUALS", "value": value} for value in ("CRITICAL", "HIGH")],
            "fixAvailable": [{"comparison": "EQUALS", "value": value} for value in ("YES", "PARTIAL")],
        }
    },
)
SAID: tuple[Operation[Any], ...] = (BUILDS, BUILT, SCAN_FINDINGS, COVERAGE, FINDINGS)
"""What is read of what is said, in order."""

PACKER = Operation(service="packer", name="Manifest", items="builds[]", type=PackerBuild, nouns=("Attestation",))
"""Not an API: a `packer-manifest.json` beside a recording, or one that is named."""
ENVELOPES = Operation(service="dsse", name="Envelope", items="", type=Envelope, nouns=("Attestation",))
"""Not an API: `*.intoto.json`, and `*.intoto.jsonl` with one envelope a line."""
FILES: tuple[Operation[Any], ...] = (PACKER, ENVELOPES)
"""What files say; nothing of it is asked of AWS."""


def asked_of_builds(answers: Answers) -> Iterator[dict[str, Any]]:
    """The parameters of each call of `BUILT`: builds with a machine image in this region."""
    for build in answers.of(BUILDS):
        if any(ami.region in ("", answers.region) for ami in build.output_resources.amis):
            yield {"imageBuildVersionArn": build.arn}
