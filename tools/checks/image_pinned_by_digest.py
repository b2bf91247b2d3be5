"""Every container names its image by digest.

**Why.** A tag is a pointer that anybody with push rights can move: the same manifest then starts another
artifact after a restart, and nothing in the cluster has changed. A digest names the bytes.

**What is examined.** The image reference in each container's own specification (main, init, sidecar and
ephemeral containers): that is what the next start will pull. A reference that admission rewrote to a digest
at creation counts.

**How to fix.** Let the pipeline write `name@sha256:…` (`crane digest`, `kustomize edit set image`, an
admission policy that resolves tags), and keep the tag before the `@` for people if you like.

**Limits.** A digest says which bytes, not who built them. A reference that can't be read, or a digest of an
algorithm that the OCI image specification doesn't register, is inconclusive.
"""

from __future__ import annotations

from tools.check import View, Violation, Violations, check
from tools.model.nouns import Container
from tools.model.observation import NotObserved


@check(Container, severity="medium", principle="image-based", blocking=True)
def examine(container: Container, view: View) -> Violations:
    """A violation for a reference without a digest."""
    reference = container.reference
    if reference is None:
        raise NotObserved(
            f"{container.image!r} is not an image reference",
            "unreadable-reference",
            "correct the reference; the kubelet can't start it either (InvalidImageName)",
        )
    if reference.odd_digest:
        raise NotObserved(
            f"digest {reference.odd_digest!r} is not of a registered algorithm and length",
            "unknown-digest",
            "use sha256 or sha512 in lower-case hex",
        )
    if not reference.digest:
        yield Violation("tag-only", "names its image by tag, not by digest", [(container, "image")])
