"""Every server runs a machine image of an owner that is trusted, and one that its owner still stands behind.

**Why.** Whoever owns an image decides what boots. Anybody can publish an image under a name that looks like a
vendor's; one of an account that nobody declared may be changed for another, or taken back, without notice. An owner
that deprecates or disables an image says: start nothing from it any more.

**What is examined.** The image's owner as EC2 reports it (`OwnerId`, and `ImageOwnerAlias`, which AWS alone assigns),
whether it is public, its state, and its deprecation time. `owners` in `auditor.toml` is the whole list of who is
trusted, in the terms of `aws ec2 describe-images --owners`, as `self`, an alias or an account:

    [checks.machine-image-trusted]
    owners = ["self", "amazon", "123456789012"]

With nothing declared, images of the account itself and of Amazon are trusted; a *public* image of anybody else is a
violation, and a private one that another account shares is inconclusive, because nothing says whether it should be
there.

**How to fix.** Build images in an account of yours, share them privately and name that account here; copy what you
need of a vendor. EC2's *Allowed AMIs* setting refuses the launch of all others. Release an image that is not
deprecated.

**Limits.** An owner is not a build: who made an image, and of what, is machine-image-provenance. An image of your own
that you made public is trusted here. No release whose image breaks this is gone back to where the current one's does
not, also not to one that is only deprecated.
"""

from __future__ import annotations

import msgspec

from tools.check import Thing, View, Violation, Violations, check
from tools.machine_image import image_of, is_own, there
from tools.model.nouns import Artifact, Container
from tools.model.observation import NotObserved
from tools.model.times import parsed


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`owners` are all whose images may run: `self`, aliases (`amazon`, `aws-marketplace`), account ids. Empty: nobody
    said."""

    owners: list[str] = []


@check(Container, severity="high", principle="image-based", blocking=True, settings=Settings, scopes=("aws",))
def examine(container: Container, view: View) -> Violations:
    """Violations for an owner that is not trusted, and for an image that is not to be started any more."""
    artifact = there(image_of(container, view))
    if artifact.state == "disabled":
        yield Violation("disabled", "its image is disabled: nothing new can be started from it", [(artifact, "state")])
    elif artifact.state in ("invalid", "failed", "error"):
        yield Violation("not-usable", f"its image is {artifact.state}", [(artifact, "state")])
    if _deprecated(artifact, view):
        told = f"its image is deprecated since {artifact.deprecated}"
        yield Violation("deprecated", told, [(artifact, "deprecated")], since=artifact.deprecated)
    owners = view.settings(Settings).owners
    if _trusted(artifact, owners or ["self", "amazon"]):
        return
    evidence: list[tuple[Thing, str]] = [(container, "image"), (artifact, "held_by"), (artifact, "public")]
    if owners:
        yield Violation("untrusted-owner", f"its image is {artifact.held_by}'s, who is not trusted", evidence)
    elif artifact.public:
        yield Violation("public-of-another", f"its image is a public one of {artifact.held_by}", evidence)
    else:
        raise NotObserved(
            f"its image is shared by {artifact.held_by}, and nothing says whether that is trusted",
            "owner-not-declared",
            "declare `owners` under [checks.machine-image-trusted] in auditor.toml",
        )


def _trusted(artifact: Artifact, owners: list[str]) -> bool:
    """Whether one of the owners holds it; whose the account's own are is asked last, since that may not be known."""
    if artifact.owner in owners or (artifact.alias and artifact.alias in owners):
        return True
    return "self" in owners and is_own(artifact)


def _deprecated(artifact: Artifact, view: View) -> bool:
    if not artifact.deprecated:
        return False
    until, now = parsed(artifact.deprecated), parsed(view.moment_of(artifact.ref))
    if until is None or now is None:
        raise NotObserved(f"{artifact.ref} reports {artifact.deprecated!r} as a time", "not-reported")
    return until <= now
