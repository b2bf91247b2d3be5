"""All instances of one release run the same image, on each platform.

**Why.** A release that names a tag starts whatever the tag points to at that moment. Move the tag, and the instances
that start later run another image under the same release: nothing in the cluster changed, and no rollout shows it.

**What is examined.** For each part of a release and each platform (the host's operating system and architecture), the
digests that the runtimes report for its running instances. Different digests of one repository under one tag are a
violation, also where admission or a patch rewrote an instance's own reference.

**How to fix.** Name the image by digest, and replace the instances. Registries can refuse to move a tag (immutable
tags).

**Limits.** Where the release names a digest, or the runtimes are of two kinds or name two repositories, different
digests may be an index and its manifest: inconclusive until a registry is read. On different platforms different
digests are to be expected. That all run the same does not say that it is the right one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from tools.check import View, Violation, Violations, check
from tools.model.image import is_repository_digest
from tools.model.nouns import Container, Instance, Part, Release
from tools.model.observation import NotApplicable, NotObserved

Running = dict[str, tuple[Container, Instance]]
"""The digests that a part runs, each with the first container that reports it."""


@check(Release, severity="high", principle="image-based")
def examine(release: Release, view: View) -> Violations:
    """A violation for each part that runs different images on one platform."""
    running: dict[str, list[tuple[Container, Instance]]] = defaultdict(list)
    reasons: list[NotObserved] = []
    try:
        for instance in view.instances_of(release):
            if not instance.finished:
                for container in instance.containers:
                    running[container.name].append((container, instance))
    except NotObserved as missing:
        reasons.append(missing)
    started = False
    for part in release.parts:
        members = [(c, i) for c, i in running[part.name] if c.role == part.role and _has_started(c)]
        started |= bool(members)
        reasons += _silent(members)
        for platform, found in _by_platform(members, view, reasons):
            if len(found) < 2:
                continue
            if _comparable(part, found):
                yield _violation(part, platform, found)
            else:
                reasons.append(_undecided(part, platform, found))
    for reason in reasons:
        raise reason
    if not started:
        raise NotApplicable("it keeps no instance that has started")


def _has_started(container: Container) -> bool:
    """Whether it runs or ran something; one of which nothing is reported may."""
    return container.state_seen != "waiting" or bool(container.image_id_seen)


def _silent(members: list[tuple[Container, Instance]]) -> list[NotObserved]:
    """Why it can't be told of some what they run."""
    silent = [c for c, _ in members if not c.running]
    if not silent:
        return []
    told = f"{silent[0].ref} reports no digest for {silent[0].name} (imageID {silent[0].image_id_seen or ''!r})"
    return [NotObserved(told, "no-digest")]


def _by_platform(
    members: list[tuple[Container, Instance]], view: View, reasons: list[NotObserved]
) -> Iterator[tuple[str, Running]]:
    """What runs on each platform; where all report one digest, nobody needs to know the platforms. Adds to `reasons`
    why a platform can't be told."""
    digests = {c.running for c, _ in members} - {""}
    if len(digests) < 2:
        return
    platforms: dict[str, Running] = defaultdict(dict)
    for container, instance in members:
        digest = container.running
        try:
            platform = _platform(container, instance, view)
        except NotObserved as missing:
            reasons.append(missing)
            continue
        if digest:
            platforms[platform].setdefault(digest, (container, instance))
    yield from sorted(platforms.items(), key=lambda row: row[0])


def _platform(container: Container, instance: Instance, view: View) -> str:
    if container.role == "machine":
        return "any platform"  # one id names one image of one platform, and a part names one id at a time
    host = view.host_of(instance)
    if host is None:
        raise NotObserved(f"{instance.ref} reports a digest and no host", "not-reported")
    return f"{host.fact('operating_system')}/{host.fact('architecture')}"


def _comparable(part: Part, found: Running) -> bool:
    """Whether different digests are different images: of one repository, from runtimes of one kind, and none named by
    the release, of which they could be the manifests. Different ids of machine images always are."""
    if part.role == "machine":
        return True
    named, containers = part.reference, [container for container, _ in found.values()]
    return (
        named is not None
        and not named.digest
        and not named.odd_digest
        and all(is_repository_digest(c.image_id_seen or "") for c in containers)
        and len({(c.image_id_seen or "").rpartition("//")[2].partition("@")[0] for c in containers}) == 1
        and len({c.runtime for c in containers}) == 1
    )


def _undecided(part: Part, platform: str, found: Running) -> NotObserved:
    return NotObserved(
        f"its instances report {len(found)} digests for {part.name} on {platform}: they may be an index and its "
        "manifest, or one image from two repositories",
        "digests-differ",
        "read the registry: it tells whether one digest leads to the other",
    )


def _violation(part: Part, platform: str, found: Running) -> Violation:
    containers = [found[digest][0] for digest in sorted(found)]
    told = f"its instances on {platform} run {len(found)} different images under {part.image}"
    evidence: list[tuple[Container | Part, str]] = [(part, "image"), *((c, "image_id") for c in containers)]
    return Violation("mixed-images", told, evidence, on=part, since=max(c.started for c in containers))
