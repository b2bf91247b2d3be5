"""All instances of one release run the same image, on each platform.

**Why.** A release that names a tag starts whatever the tag points to at that moment. Move the tag, and the instances
that start later run another image under the same release: nothing in the cluster changed, and no rollout shows it.

**What is examined.** For each part of a release and each platform (the host's operating system and architecture), the
digests that the runtimes report for its running instances. Different digests of one repository under one tag are a
violation.

**How to fix.** Name the image by digest, and replace the instances. Registries can refuse to move a tag (immutable
tags).

**Limits.** Where the release names a digest and the runtimes report different ones, they may be an index and its
manifest: inconclusive until a registry is read. On different platforms different digests are to be expected. That all
run the same does not say that it is the right one.
"""

from __future__ import annotations

from collections import defaultdict

from tools.check import View, Violation, Violations, check
from tools.model.image import parse_image, running_digest
from tools.model.nouns import Container, Instance, Part, Release
from tools.model.observation import NotApplicable, NotObserved

Platform = tuple[str, str, str]
"""Operating system, architecture, and the runtime's kind: what makes two reported digests comparable."""


@check(Release, severity="high", principle="image-based")
def examine(release: Release, view: View) -> Violations:
    """A violation for each part that runs different images on one platform."""
    groups: dict[tuple[str, Platform], dict[str, Container]] = defaultdict(dict)
    parts = {part.name: part for part in release.parts}
    missed: NotObserved | None = None
    running = 0
    try:
        for instance in view.instances_of(release):
            if instance.finished:
                continue
            running += 1
            for container in instance.containers:
                part = parts.get(container.name)
                digest = running_digest(container.image_id_seen or "")
                if part is not None and digest and container.image == part.image and container.role == part.role:
                    groups[part.name, _platform(container, instance, view)].setdefault(digest, container)
    except NotObserved as missing:
        missed = missing
    for (name, platform), found in sorted(groups.items()):
        if len(found) > 1:
            yield _violation(parts[name], platform, found)
    if missed is not None:
        raise missed
    if not running:
        raise NotApplicable("it keeps no running instance")


def _platform(container: Container, instance: Instance, view: View) -> Platform:
    host = view.host_of(instance)
    if host is None:
        raise NotObserved(f"{instance.ref} reports a digest and no host", "not-reported")
    return host.fact("operating_system"), host.fact("architecture"), container.runtime


def _violation(part: Part, platform: Platform, found: dict[str, Container]) -> Violation:
    """The violation; raises where the digests may be one image after all."""
    named = parse_image(part.image)
    repositories = {(c.image_id_seen or "").partition("@")[0] for c in found.values()}
    if named is None or named.digest or len(repositories) > 1:
        raise NotObserved(
            f"its instances report {len(found)} digests for {part.name} on {platform[0]}/{platform[1]}: they may be an "
            "index and its manifest, or one image from two repositories",
            "digests-differ",
            "read the registry: it tells whether one digest leads to the other",
        )
    told = f"its instances on {platform[0]}/{platform[1]} run {len(found)} different images under {part.image}"
    evidence: list[tuple[Container | Part, str]] = [
        (part, "image"),
        *((found[digest], "image_id") for digest in sorted(found)),
    ]
    return Violation("mixed-images", told, evidence, on=part, since=max(c.started for c in found.values()))
