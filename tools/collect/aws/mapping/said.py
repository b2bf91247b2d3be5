"""What is said of the machine images in use, by whom, and how well it is proven: `Attestation`.

Image Builder's and Inspector's own records are verified: nobody but the service writes them. Tags and Packer's manifest
are reported. A signed statement is verified by a declared key, or only a claim.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Protocol

from tools.collect.aws.answers import Answers
from tools.collect.aws.mapping.said_scans import scans_of_builds, scans_of_servers
from tools.collect.aws.mapping.said_tags import Word, claims
from tools.collect.aws.reads_compute import IMAGES
from tools.collect.aws.reads_said import BUILDS, BUILT, ENVELOPES, PACKER
from tools.collect.trust import TrustedKey
from tools.model.artifact import Artifact, Attestation
from tools.model.identity import Ref
from tools.model.observation import Gap

SAID_POINTERS = {
    "Attestation.commit": "{slot}",
    "Image.by": "/Tags",
    "ImageBuild.by": "/arn",
    "ImageBuild.time": "/dateCreated",
    "InspectorScan.time": "/lastScannedAt",
    "PackerBuild.by": "/builder_type",
    "PackerBuild.time": "/build_time",
    "Envelope.by": "/signatures",
}
"""Where each field of an attestation stands in what says it."""
IMPORTS = ("IMPORT", "IMPORT_ISO")
"""Types of an Image Builder image that it did not build, but took from a disk or an installation medium."""


class HasArtifacts(Protocol):
    """What was made of the images before."""

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """The images in use."""


def of(
    answers: Answers, compute: HasArtifacts, keys: Iterable[TrustedKey] = ()
) -> tuple[tuple[Attestation, ...], tuple[Gap, ...]]:
    """What is said of the images in use, and what could not be told. `keys` are those whose signature counts; with
    none, no statement says anything."""
    used = {artifact.ref.name for artifact in compute.artifacts}
    scans, gaps = scans_of_builds(answers, used)
    found = [*_builds(answers), *scans, *scans_of_servers(answers), *_tags(answers), *_packer(answers)]
    signed: tuple[Attestation, ...] = ()
    if answers.of(ENVELOPES):
        from tools.collect.aws.mapping.said_signed import signed_of  # brings cryptography, which few audits need

        signed, refused = signed_of(answers, list(keys))
        gaps = [*gaps, *refused]
    return tuple(sorted({one for one in [*found, *signed] if one.about in used})), tuple(gaps)


def _builds(answers: Answers) -> Iterator[Attestation]:
    """Image Builder's record of a build that put out an image, and, apart from it, what the build's tags claim."""
    built = {one.arn: one for one in answers.of(BUILT)}
    for build in answers.of(BUILDS):
        if build.build_type in IMPORTS:
            continue
        ref = Ref(answers.scope, "ImageBuild", "", build.arn.partition(":image/")[2] or build.name, build.arn)
        pipeline = built[build.arn].source_pipeline_arn if build.arn in built else ""
        words = [Word(key, value, f"/tags/{_escaped(key)}") for key, value in build.tags.items()]
        for ami in build.output_resources.amis:
            by, time = pipeline or build.arn, build.date_created
            yield Attestation(about=ami.image, kind="build", standing="verified", ref=ref, by=by, time=time)
            for claim in claims(words):
                yield Attestation(
                    about=ami.image,
                    kind="build",
                    standing="reported",
                    ref=ref,
                    by=claim.by,
                    time=time,
                    source=claim.source,
                    commit=claim.commit,
                    slot=claim.slot,
                )


def _tags(answers: Answers) -> Iterator[Attestation]:
    """What an image's own tags claim of its build."""
    for image in answers.of(IMAGES):
        ref = Ref(answers.scope, "Image", "", image.image_id, image.image_id)
        words = [Word(tag.key, tag.value, f"/Tags/{at}/Value") for at, tag in enumerate(image.tags)]
        for claim in claims(words):
            yield Attestation(
                about=image.image_id,
                kind="build",
                standing="reported",
                ref=ref,
                by=claim.by,
                source=claim.source,
                commit=claim.commit,
                slot=claim.slot,
            )


def _packer(answers: Answers) -> Iterator[Attestation]:
    """What Packer's manifest says that it built, with what its author wrote into `custom_data`."""
    for build in answers.of(PACKER):
        here = defaultdict(list)
        for artifact in build.artifact_id.split(","):
            region, _, image = artifact.strip().rpartition(":")
            here[region].append(image)
        name = build.packer_run_uuid or build.name or build.builder_type
        ref = Ref(answers.scope, "PackerBuild", "", name, "")
        time = datetime.fromtimestamp(build.build_time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if build.build_time else ""
        by = f"Packer {build.builder_type}.{build.name}"
        words = [Word(key, value, "") for key, value in (build.custom_data or {}).items()]
        said = [one for one in claims(words) if one.commit or one.source]
        pairs = [(one.commit, one.source) for one in said] or [("", "")]
        for image in (*here[answers.region], *here[""]):
            for commit, source in pairs:
                yield Attestation(
                    about=image,
                    kind="build",
                    standing="reported",
                    ref=ref,
                    by=by,
                    time=time,
                    source=source,
                    commit=commit,
                )


def _escaped(key: str) -> str:
    """A key as a part of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")
