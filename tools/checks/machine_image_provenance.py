"""The machine image of every server was built by a build that is on record, and that names the commit it is of.

**Why.** An image that nobody can trace to a commit may be a snapshot of a server that somebody configured by hand
(`CreateImage` on a running instance makes one in a minute): it can't be reviewed, and can't be built again.

**What is examined.** What is said of the image's build, and how well that is proven. *Verified* is the record of the
control plane that built it (an EC2 Image Builder image that put out this id) or a signed statement that was checked;
*reported* is what anybody with `ec2:CreateTags` can write: tags of the image, a Packer manifest. One verified build
that names its commit is a pass.

**How to fix.** Build images by a pipeline (EC2 Image Builder, Packer in CI), let it sign a provenance statement
(in-toto, SLSA) of the image's id, and name the statement and its key in `auditor.toml` (see machine-image-signed).

**Limits.** What is only reported is inconclusive, however much it says: it shows that somebody followed a convention,
not that it is so. Only where nothing at all is said of an image of the account's own, or two builds name different
commits, is it a violation. Builds of another account's image (Amazon's, a vendor's) are not on record here:
inconclusive, unless a statement about it was given. This is not decided on before a release is gone back to: an older
image often has less on record, and going back is the safer state.
"""

from __future__ import annotations

from tools.check import Thing, View, Violation, Violations, check
from tools.machine_image import image_of, is_own, there
from tools.model.nouns import Artifact, Attestation, Container
from tools.model.observation import NotObserved
from tools.origin import commits_of

PROVE = "build it with EC2 Image Builder, or give a signed provenance statement of its id"


@check(Container, severity="medium", principle="image-based", scopes=("aws",))
def examine(container: Container, view: View) -> Violations:
    """A violation for an image of which no build is known, or builds of different commits."""
    artifact = image_of(container, view)
    builds: list[Attestation] = []
    missed: NotObserved | None = None
    try:
        for said in view.attestations_of(artifact, "build"):
            builds.append(said)
    except NotObserved as missing:
        missed = missing
    named = [said for said in builds if said.commit]
    if len(commits := commits_of(named)) > 1:
        told = f"what is said of its build names different commits: {', '.join(commits)}"
        yield Violation("contradicting-commits", told, [(said, "commit") for said in named])
        return
    if any(said.standing == "verified" for said in named):
        return
    if missed is not None:
        raise missed
    if builds:
        raise _undecided(builds, named)
    if not is_own(there(artifact)):
        raise _elsewhere(artifact)
    evidence: list[tuple[Thing, str]] = [(container, "image"), (artifact, "name"), (artifact, "created")]
    yield Violation("no-provenance", "nothing says which build its image is of", evidence, since=artifact.created)


def _undecided(builds: list[Attestation], named: list[Attestation]) -> NotObserved:
    """Why what is said does not prove it: there is no verified build that names a commit."""
    verified = next((said for said in builds if said.standing == "verified"), None)
    if verified is None and named:
        told = f"its build is only reported: {named[0].ref} says commit {named[0].commit}, as whoever may tag can write"
        return NotObserved(told, "only-reported", PROVE)
    if verified is not None:
        also = f"; commit {named[0].commit} is only reported by {named[0].ref}" if named else ""
        told = f"{verified.ref} is on record as its build and names no commit{also}"
        return NotObserved(told, "no-commit", "let the pipeline sign which commit it built the image of")
    told = f"{builds[0].ref} reports its build, and names no commit"
    return NotObserved(told, "only-reported", PROVE)


def _elsewhere(artifact: Artifact) -> NotObserved:
    return NotObserved(
        f"its image is {artifact.held_by}'s, whose builds are not on record in this account",
        "built-elsewhere",
        "read the account that builds it too, give a signed statement of its id, or build an image of your own from it",
    )
