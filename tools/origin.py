"""Where an artifact comes from: the build and the commit that is said of it, and how well that is proven.

A part of the path. A tag or a file that somebody wrote is *reported*; the record of the control plane that built it, or
a verified signature, is *verified*; two that name different commits contradict each other.
"""

from __future__ import annotations

import msgspec

from tools.check import Thing, View
from tools.model.artifact import Attestation
from tools.model.nouns import Container
from tools.model.observation import NotObserved
from tools.model.path import Standing

SHORTEST = 7
"""Digits of a commit's id that Git itself shortens it to, at the least."""
NO_PROVENANCE = "no signature, provenance or label of this artifact was read"


class Hop(msgspec.Struct, frozen=True, gc=False):
    """An edge before its evidence is quoted: `cites` are pairs of a thing and the name of its field. Counting a fleet's
    standings needs no more."""

    standing: Standing
    note: str
    cites: tuple[tuple[Thing, str], ...] = ()
    since: str = ""


UNKNOWN = Hop("unknown", NO_PROVENANCE)


class Origin(msgspec.Struct, frozen=True, gc=False):
    """The commit and the build of an artifact in words, and the edges commit → build and build → artifact."""

    commit: str = "unknown"
    build: str = "unknown"
    made_of: Hop = UNKNOWN
    built_by: Hop = UNKNOWN


NOT_KNOWN = Origin()


def origin_of(container: Container, view: View) -> Origin:
    """Where what a container runs comes from."""
    if container.role != "machine":
        return NOT_KNOWN
    builds: list[Attestation] = []
    missed: NotObserved | None = None
    try:
        for said in view.attestations_of(view.artifact_of(container), "build"):
            builds.append(said)
    except NotObserved as missing:  # what was seen stands
        missed = missing
    if not builds:
        unknown = Hop("unknown", missed.reason) if missed else UNKNOWN
        return Origin(made_of=unknown, built_by=unknown)
    builds.sort(key=lambda said: (said.standing != "verified", said))
    return Origin(_commit(builds), builds[0].by or str(builds[0].ref), _made_of(builds), _built_by(builds[0]))


def commits_of(builds: list[Attestation]) -> list[str]:
    """The commits that builds name, each once. A shortened id names the commit that begins with it."""
    named = sorted({said.commit.lower() for said in builds if said.commit})
    return [c for c in named if len(c) < SHORTEST or not any(o != c and o.startswith(c) for o in named)]


def _commit(builds: list[Attestation]) -> str:
    return " or ".join(commits_of(builds)) or "unknown"


def _made_of(builds: list[Attestation]) -> Hop:
    named = [said for said in builds if said.commit]
    cites = tuple((said, "commit") for said in named)
    if not named:
        return Hop("unknown", "its build names no commit")
    if len(commits_of(named)) > 1:
        return Hop("contradicted", "what is said of its build names different commits", cites)
    source = f" of {named[0].source}" if named[0].source else ""
    return Hop(named[0].standing, f"the build names it{source}", cites[:1], named[0].time)


def _built_by(build: Attestation) -> Hop:
    said = "its own record" if build.standing == "verified" else "somebody wrote it down"
    return Hop(build.standing, f"{said}: {build.ref}", ((build, "by"),), build.time)
