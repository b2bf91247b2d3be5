"""The machine image of every server is signed by somebody who is trusted to.

**Why.** Tags, names and even a build record can be made by whoever administers the account. A signature can't: it says
that a key which the account does not hold saw this image and let it pass.

**What is examined.** The signed statements about the image's id that were given (DSSE envelopes, `*.intoto.json`, in a
recording's folder or where `statements` names them), and whether a key that `auditor.toml` declares verifies one.
`signers` says whose signature an image must have, by the names of those keys (`*` stands for any text):

    [aws]
    statements = ["attestations/"]

    [[trust]]
    name = "release-pipeline@example.org"
    key = "release-pipeline.pem"

    [checks.machine-image-signed]
    signers = ["release-pipeline@example.org"]

**How to fix.** Let the pipeline sign a statement of the id of each image that it builds (in-toto in a DSSE envelope),
and give it to the auditor with the key that verifies it.

**Limits.** EC2 knows no signatures of images: it refuses none that is unsigned, and nothing is found that was not
given. Without declared signers every image is inconclusive: a signature that nobody asked for proves nothing. One that
could not be verified is inconclusive too; one of somebody else is a violation. No release whose image breaks this is
gone back to where the current one's does not.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

import msgspec

from tools.check import View, Violation, Violations, check
from tools.machine_image import image_of
from tools.model.nouns import Attestation, Container
from tools.model.observation import NotObserved


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`signers` are the names of those whose signature counts (`*` stands for any text)."""

    signers: list[str] = []


@check(Container, severity="high", principle="image-based", blocking=True, settings=Settings, scopes=("aws",))
def examine(container: Container, view: View) -> Violations:
    """A violation for an image without the signature of a declared signer."""
    artifact = image_of(container, view)
    signers = view.settings(Settings).signers
    if not signers:
        raise NotObserved(
            "no trust root is declared: nothing says whose signature an image must have",
            "no-trust-root",
            "declare `signers` under [checks.machine-image-signed] in auditor.toml",
        )
    others: list[Attestation] = []
    missed: NotObserved | None = None
    try:
        for said in view.attestations_of(artifact, "signature"):
            if said.standing == "verified" and any(fnmatchcase(said.by, signer) for signer in signers):
                return
            others.append(said)
    except NotObserved as missing:
        missed = missing
    claimed = next((said for said in others if said.standing != "verified"), None)
    if missed is not None:
        raise missed
    if claimed is not None:
        told = f"{claimed.ref} says that {claimed.by or 'somebody'} signed its image, and that was not verified"
        raise NotObserved(told, "not-verified", "give the key or the certificate that verifies it")
    if others:
        told = f"its image is signed by {', '.join(sorted({said.by for said in others}))}, and by no declared signer"
        yield Violation("other-signer", told, [(container, "image"), *((said, "by") for said in others)])
        return
    yield Violation("unsigned", "its image is not signed", [(container, "image"), (artifact, "held_by")])
