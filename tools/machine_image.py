"""The machine image of a server, as the checks about images ask for it: which it is, and whose."""

from __future__ import annotations

from tools.check import View
from tools.model.nouns import Artifact, Container
from tools.model.observation import NotApplicable, NotObserved


def image_of(container: Container, view: View) -> Artifact:
    """The image that a server was started from, or would be. Raises `NotApplicable` for one that has ended."""
    if container.state_seen == "terminated":
        raise NotApplicable("it has ended")
    return view.artifact_of(container)


def there(artifact: Artifact) -> Artifact:
    """The same, where the account was answered with it; else raises `NotObserved`: nothing can be read of one that is
    gone."""
    if not artifact.found:
        told = f"{artifact.ref.name} is not there any more, and nothing can be read of it"
        raise NotObserved(told, "image-gone", "see machine-image-lost; keep images as long as something runs from them")
    return artifact


def is_own(artifact: Artifact) -> bool:
    """Whether the account that was looked at owns an image. Raises `NotObserved` where the account is not known (a
    recording that does not name it), or the image's owner is not."""
    account = artifact.ref.scope.partition("/")[0]
    if not artifact.owner:
        raise NotObserved(f"{artifact.ref.name} does not report its owner", "not-reported")
    if not (account.isascii() and account.isdigit()):
        raise NotObserved(
            "the recording does not say which account it is of, and so not whose images are its own",
            "account-not-known",
            "record with aws sts get-caller-identity, or name the account in the recording",
        )
    return artifact.owner == account
