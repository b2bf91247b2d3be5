"""What is proven of an artifact: whether a container runs what its release names, and when its image was written.

Used by the checks and by the path, so that both say the same.
"""

from __future__ import annotations

from tools.model.image import is_repository_digest
from tools.model.nouns import Container, Instance, Part, Write
from tools.model.observation import NotObserved


def same_artifact(part: Part, container: Container) -> bool:
    """Whether the container runs the artifact that its release names: True only where equal digests prove it; else
    `NotObserved` with what would decide it. (Two different digests never prove a difference here: they may be an
    index and its manifest, or the same image from another repository, until a registry is read. Two different ids of
    machine images do: False.)"""
    wanted, running = part.reference, container.running if container.image_id else ""
    if wanted is None or wanted.odd_digest:
        raise NotObserved(f"the release names {part.image!r}, which can't be judged", "unreadable-reference")
    if not wanted.digest:
        raise NotObserved(
            f"the release names {part.image} by tag, and a tag is never proof of an artifact",
            "named-by-tag",
            "pin the image by digest, or read the registry",
        )
    if not running:
        raise NotObserved(f"the runtime reports no digest (imageID {container.image_id!r})", "no-digest")
    if wanted.digest == running:
        return True
    if container.role == "machine":
        return False
    kind = "manifest or index" if is_repository_digest(container.image_id) else "config"
    raise NotObserved(
        f"the release names {wanted.digest} and the runtime reports the {kind} digest {running}: they may be an index "
        "and its manifest, or one image from two repositories",
        "digests-differ",
        "read the registry: it tells whether one digest leads to the other",
    )


def other_reference(part: Part, container: Container) -> bool:
    """Whether the container's own reference asks for something else than its release's: another text, and not the same
    digest in both. What it runs is no argument: a runtime reports the last run's digest until the next one starts."""
    if part.image == container.image or container.role == "machine":  # a server's image is never written later
        return False
    named, own = part.reference, container.reference
    return named is None or own is None or not named.digest or named.digest != own.digest


def written_later(container: Container, instance: Instance) -> Write | Instance | None:
    """What shows that a container's image was written after its instance's creation: the field manager's entry that
    owns it, or the instance itself for its generation; None where it was written at creation. Raises `NotObserved`
    where that can't be told: neither managedFields nor a generation, or no time of creation."""
    owners = [write for write in instance.writes_seen or () if container.name in write.images]
    if owners:
        if not instance.created:
            raise NotObserved(f"{instance.ref} does not report when it was created", "not-reported")
        later = [write for write in owners if write.time > instance.created and not write.subresource]
        return later[-1] if later else None
    if instance.generation_seen is None:
        raise NotObserved(
            "its image reference differs from its release's, and whether admission rewrote it at creation or somebody "
            "patched it later is not in this evidence: managedFields and generation are missing",
            "writer-unknown",
            "record with kubectl get --show-managed-fields",
        )
    edits = instance.generation - 1 - bool(instance.deleted)
    return instance if edits > 0 else None
