"""The machine image of every server, and those that its group would launch or go back to, are still there.

**Why.** A server outlives its image without a sign. Once the image is deregistered, or a snapshot behind it is gone,
the next replacement and the next scale-out fail, in the middle of whatever made them necessary; and with the prior
release's image goes the rollback.

**What is examined.** The image that the server runs, and the images that the current release of its group, and the
newest earlier release that is kept, name: whether EC2 still lists each (also deprecated and disabled ones), and
whether the snapshots behind an image of the account itself are there.

**How to fix.** Restore the image from the Recycle Bin while its retention rule keeps it (`aws ec2
restore-image-from-recycle-bin`, and `restore-snapshot-from-recycle-bin`); else build it again from its commit and
release that. Let clean-up jobs ask which images releases name (deregister by `LastLaunchedTime` alone does not), set
deregistration protection, and keep the images of at least two releases.

**Limits.** "Not there" may also be "no longer shared with this account": the effect is the same. The snapshots of
another account's image can't be read; EC2 refuses to delete a snapshot that a registered image uses. A group without a
single server has nothing to hang this on and is not examined. Whether a key that encrypts a snapshot is still usable
is not read.
"""

from __future__ import annotations

from collections.abc import Iterator

from tools.check import View, Violation, Violations, check
from tools.machine_image import image_of, is_own
from tools.model.image import machine_image
from tools.model.nouns import Artifact, Container, Instance, Part, Release, Workload
from tools.model.observation import NotObserved

TOLD = {
    "image-gone": "no server like it can be made again",
    "current-image-gone": "its group can launch no server: no replacement, no scale-out",
    "prior-image-gone": "its group can't go back to its prior release",
    "snapshot-gone": "no server like it can be made again",
    "current-snapshot-gone": "its group can launch no server: no replacement, no scale-out",
    "prior-snapshot-gone": "its group can't go back to its prior release",
}
"""What each cause means."""


@check(Container, severity="high", principle="rollback", blocking=True, scopes=("aws",))
def examine(container: Container, view: View) -> Violations:
    """Violations for images that are gone; inconclusive where one was not read."""
    own = image_of(container, view)
    reasons: list[NotObserved] = []
    if container.image_id_seen is None:  # planned: a template, of which nothing runs yet
        yield from _lost(own, "", None, reasons)
    else:
        named = list(_named(view.instance_of(container), view, reasons))
        role = next((role for role, part in named if part.image == own.ref.name), "")
        yield from _lost(own, role, None, reasons)
        for role, part in named:
            if part.image != own.ref.name:
                yield from _named_lost(role, part, view, reasons)
    for reason in reasons:
        raise reason


def _named_lost(role: str, part: Part, view: View, reasons: list[NotObserved]) -> Violations:
    """The violation of an image that a release names, where it is gone; adds to `reasons` why that is not known."""
    if machine_image(part.image) is None:
        told = f"{part.ref} names {part.image or 'no image'}, which says nothing of what it would launch"
        reasons.append(NotObserved(told, "named-by-parameter", "name the image by its id; see release-unpinned"))
        return
    try:
        artifact = view.artifact_of(part)
    except NotObserved as missing:
        reasons.append(missing)
        return
    yield from _lost(artifact, role, part, reasons)


def _lost(artifact: Artifact, role: str, part: Part | None, reasons: list[NotObserved]) -> Violations:
    """The violation of an image that is gone, or has lost a snapshot."""
    evidence: list[tuple[Artifact | Part, str]] = [] if part is None else [(part, "image")]
    if not artifact.found:
        code = f"{role}image-gone"
        yield Violation(code, f"image {artifact.ref.name} is gone: {TOLD[code]}", [*evidence, (artifact, "found")])
        return
    try:
        if artifact.lost_seen is None and not is_own(artifact):
            return
        lost = artifact.lost
    except NotObserved as missing:
        reasons.append(missing)
        return
    if lost:
        code = f"{role}snapshot-gone"
        told = f"{lost} behind image {artifact.ref.name} is gone: {TOLD[code]}"
        yield Violation(code, told, [*evidence, (artifact, "lost")])


def _named(instance: Instance, view: View, reasons: list[NotObserved]) -> Iterator[tuple[str, Part]]:
    """The images that the group's current release and the one before it name."""
    try:
        workload = view.workload_of(instance)
        if workload is None or not workload.read:
            return
        current = view.current_release(workload)
        prior = _prior(workload, current, view)
    except NotObserved as missing:
        reasons.append(missing)
        return
    for part in current.parts:
        yield "current-", part
    known = {part.image for part in current.parts}
    for part in prior.parts if prior else ():
        if part.image not in known:
            yield "prior-", part


def _prior(workload: Workload, current: Release, view: View) -> Release | None:
    """The newest release before the current one that is kept."""
    if current.number is None:
        return None
    earlier = [r for r in view.releases_of(workload) if r.number is not None and r.number < current.number]
    return max(earlier, key=lambda release: release.number or 0, default=None)
