"""The machine image of every server was scanned lately, and nothing critical was found that has a fix.

**Why.** An image is as old as its packages. What was clean when it was built is not after a month: only a scan tells,
and a fix that is out and not taken is the first thing that is tried against it.

**What is examined.** The newest scan of the image that is on record (Amazon Inspector, the scan of an Image Builder
pipeline): when it was, and how many critical findings with a fix it counts.

    [checks.machine-image-scanned]
    days = 30          # how old the newest scan may be
    criticals = 0      # how many critical findings with a fix are allowed
    highs = 20         # the same for high ones; not looked at unless set

**How to fix.** Build the image anew with the fixed packages and release it, by replacing the servers: a server that is
patched in place runs no image that was scanned. Turn on Amazon Inspector for EC2, or scan in the pipeline.

**Limits.** A finding without a fix is not counted: nobody could act on it. A record tells the newest scan; whether the
image had one before it was released is not told by it. Where scans can't be read (Inspector is off, or the call is
denied) it is inconclusive; where they can and there is none, a violation. It does not keep a release from being gone
back to: the older image nearly always has more findings, and that is no reason to stay on a broken one.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from tools.check import Thing, View, Violation, Violations, check
from tools.machine_image import image_of
from tools.model.nouns import Attestation, Container
from tools.model.observation import NotObserved
from tools.model.times import parsed


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`days` is how old the newest scan may be, `criticals` and `highs` how many such findings with a fix are allowed
    (negative: any number)."""

    days: float = 30.0
    criticals: int = 0
    highs: int = -1


@check(Container, severity="high", principle="secure-baseline", settings=Settings, scopes=("aws",))
def examine(container: Container, view: View) -> Violations:
    """Violations for an image without a scan, with an old one, and for findings that have a fix."""
    artifact = image_of(container, view)
    settings = view.settings(Settings)
    scans: list[Attestation] = []
    missed: NotObserved | None = None
    try:
        for said in view.attestations_of(artifact, "scan"):
            scans.append(said)
    except NotObserved as missing:
        missed = missing
    newest = max(scans, key=lambda said: (said.time, said), default=None)
    if newest is None:
        if missed is not None:
            raise missed
        evidence: list[tuple[Thing, str]] = [(container, "image"), (artifact, "created")]
        yield Violation("never-scanned", "no scan of its image is on record", evidence, since=artifact.created)
        return
    reasons = [] if missed is None else [missed]
    for level, count, most in (
        ("critical", newest.criticals, settings.criticals),
        ("high", newest.highs, settings.highs),
    ):
        if most < 0:
            continue
        if count is None:
            told = f"{newest.ref} does not say how many {level} findings have a fix"
            reasons.append(NotObserved(told, "not-counted", "let the scanner report whether a finding has a fix"))
        elif count > most:
            told = f"{newest.by or newest.ref} found {count} {level} vulnerabilities in its image that have a fix"
            yield Violation(f"{level}-with-fix", told, [(newest, f"{level}s"), (newest, "time")], since=newest.time)
    try:
        if missed is None:  # else a newer one may be there
            yield from _old(newest, settings.days, view)
    except NotObserved as missing:
        reasons.append(missing)
    for reason in reasons:
        raise reason


def _old(newest: Attestation, days: float, view: View) -> Violations:
    """The violation of a scan that is too old."""
    scanned, now = parsed(newest.time), parsed(view.moment_of(newest.ref))
    if scanned is None or now is None:
        raise NotObserved(f"{newest.ref} reports {newest.time!r} as the time of its scan", "not-reported")
    if now - scanned > timedelta(days=days):
        told = f"its image was last scanned {(now - scanned).days} days ago"
        yield Violation("scan-too-old", told, [(newest, "time"), (newest, "by")], since=newest.time)
