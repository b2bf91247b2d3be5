"""What is said of machine images: Image Builder, Inspector, Packer's manifest, and statements in envelopes."""

from __future__ import annotations

import msgspec


class Wire(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """Fields by the API's names (these services write them in camelCase); unknown ones are ignored."""


class Ami(Wire, frozen=True):
    """`outputResources.amis[]`: a machine image that a build put into a region."""

    image: str = ""
    region: str = ""
    account_id: str = ""


class OutputResources(Wire, frozen=True):
    """`outputResources`: what a build made."""

    amis: list[Ami] = []


class State(Wire, frozen=True):
    """A `status` in the service's words (`AVAILABLE`, `COMPLETED`, …)."""

    status: str = ""


class ImageSummary(Wire, frozen=True):
    """`imagebuilder.ListImageBuildVersions`: one build of an image; `arn` names name, version and build."""

    arn: str
    name: str = ""
    version: str = ""
    type: str = ""
    state: State = State()
    owner: str = ""
    date_created: str = ""
    output_resources: OutputResources = OutputResources()
    tags: dict[str, str] = {}
    build_type: str = ""


class BuiltImage(Wire, frozen=True):
    """`imagebuilder.GetImage`: the same build with its pipeline and the state of its scan."""

    arn: str
    source_pipeline_arn: str = ""
    source_pipeline_name: str = ""
    scan_state: State = State()
    date_created: str = ""
    output_resources: OutputResources = OutputResources()
    tags: dict[str, str] = {}


class Vulnerability(Wire, frozen=True):
    """`packageVulnerabilityDetails`: `vulnerability_id` is the CVE."""

    vulnerability_id: str = ""


class ScanFinding(Wire, frozen=True):
    """`imagebuilder.ListImageScanFindings`: what Inspector found in a build's test instance."""

    image_build_version_arn: str = ""
    severity: str = ""
    fix_available: str = ""
    package_vulnerability_details: Vulnerability | None = None


class CoverageStatus(Wire, frozen=True):
    """`scanStatus`: `ACTIVE` or not, and why."""

    status_code: str = ""
    reason: str = ""


class CoverageEc2(Wire, frozen=True):
    """`resourceMetadata.ec2`."""

    ami_id: str = ""


class CoverageMetadata(Wire, frozen=True):
    """`resourceMetadata`."""

    ec2: CoverageEc2 | None = None


class CoveredResource(Wire, frozen=True):
    """`inspector2.ListCoverage`: an instance that Inspector looks at; `last_scanned_at` is RFC 3339."""

    resource_id: str
    resource_type: str = ""
    scan_type: str = ""
    scan_status: CoverageStatus = CoverageStatus()
    resource_metadata: CoverageMetadata = CoverageMetadata()
    last_scanned_at: str | None = None


class FoundInstance(Wire, frozen=True):
    """`details.awsEc2Instance`."""

    image_id: str = ""


class FoundDetails(Wire, frozen=True):
    """`details`."""

    aws_ec2_instance: FoundInstance | None = None


class FoundResource(Wire, frozen=True):
    """`resources[]`: what a finding is about."""

    id: str
    type: str = ""
    details: FoundDetails = FoundDetails()


class Finding(Wire, frozen=True):
    """`inspector2.ListFindings`: `fix_available` is `YES`, `NO` or `PARTIAL`; one vulnerability of one resource."""

    finding_arn: str
    package_vulnerability_details: Vulnerability | None = None
    severity: str = ""
    status: str = ""
    type: str = ""
    fix_available: str = ""
    resources: list[FoundResource] = []


class PackerBuild(msgspec.Struct, frozen=True, gc=False):
    """`builds[]` of the manifest that Packer's post-processor `manifest` writes: `artifact_id` is `region:ami-…`, more
    of them with commas; `build_time` in seconds of Unix; `custom_data` what the template's author put there."""

    artifact_id: str = ""
    builder_type: str = ""
    name: str = ""
    build_time: int = 0
    packer_run_uuid: str = ""
    custom_data: dict[str, str] | None = None


class EnvelopeSignature(msgspec.Struct, frozen=True, gc=False):
    """`signatures[]` of a DSSE envelope: `sig` is base64."""

    sig: str = ""
    keyid: str | None = None


class Envelope(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A DSSE envelope (v1): `payload` is base64, signed together with `payload_type`."""

    payload: str
    payload_type: str
    signatures: list[EnvelopeSignature] = []
