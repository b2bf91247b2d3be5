"""Machine images as artifacts: those that instances and releases name, and which of them are gone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tools.collect.aws import reads_compute as reads
from tools.collect.aws.answers import Answers
from tools.collect.aws.mapping.told import was_told
from tools.collect.aws.wire import ec2
from tools.model.artifact import Artifact
from tools.model.identity import Ref
from tools.model.image import machine_image

_GONE = ("error", "recoverable", "recovering")
"""States of a snapshot from which no server starts (`recoverable`: in the recycle bin)."""


def named_by(images: Iterable[str]) -> list[str]:
    """Those of them that are ids of images, each once, sorted; not an alias."""
    return sorted({image for image in images if machine_image(image) is not None})


def artifacts_of(answers: Answers, named: Iterable[str]) -> Iterator[Artifact]:
    """An artifact for each named image: as it was read; as gone, where the account was asked for it and has none; and
    none at all where that was not answered."""
    read = {image.image_id: image for image in answers.of(reads.IMAGES)}
    have = {s.snapshot_id for s in answers.of(reads.SNAPSHOTS) if s.state not in _GONE}
    told, asked = was_told(answers, reads.SNAPSHOTS), was_told(answers, reads.IMAGES)
    for name in named_by(named):
        ref = Ref(answers.scope, "Image", "", name, name)
        image = read.get(name)
        if image is not None:
            yield _artifact(image, ref, have if told and image.owner_id == answers.account else None)
        elif asked:
            yield Artifact(ref=ref, found=False)


def _artifact(image: ec2.Image, ref: Ref, have: set[str] | None) -> Artifact:
    snapshots = snapshots_of(image)
    return Artifact(
        ref=ref,
        owner=image.owner_id,
        alias=image.image_owner_alias if image.image_owner_alias != "self" else "",
        public=image.public,
        state=image.state,
        name=image.name,
        created=image.creation_date,
        deprecated=image.deprecation_time,
        snapshots=snapshots,
        lost_seen=None if have is None else tuple(s for s in snapshots if s not in have),
        tags=tuple(sorted((tag.key, tag.value) for tag in image.tags)),
    )


def snapshots_of(image: ec2.Image) -> tuple[str, ...]:
    """The ids of the snapshots behind an image's disks."""
    return tuple(d.ebs.snapshot_id for d in image.block_device_mappings if d.ebs is not None and d.ebs.snapshot_id)
