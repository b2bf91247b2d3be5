"""What tags and a build's own words say of an image: its commit, its repository, its build. Claims, all of them.

There is no one convention, so names are compared without case, `-`, `_`, `.` and spaces; the OCI annotations, Packer's
examples (`SourceAMI`, `BuildUUID`), Image Builder's own tag and what pipelines commonly write are known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

COMMITS = frozenset(
    {
        "commit",
        "commithash",
        "commitid",
        "commitsha",
        "gitcommit",
        "gitcommithash",
        "gitcommitid",
        "gitcommitsha",
        "githash",
        "gitrevision",
        "gitsha",
        "orglabelschemavcsref",
        "orgopencontainersimagerevision",
        "revision",
        "sourcecommit",
        "vcsref",
    }
)
SOURCES = frozenset(
    {
        "giturl",
        "gitrepo",
        "gitrepository",
        "orglabelschemavcsurl",
        "orgopencontainersimagesource",
        "repo",
        "repository",
        "source",
        "sourcerepository",
        "vcsurl",
    }
)
BUILDS = frozenset(
    {
        "build",
        "buildid",
        "buildnumber",
        "buildurl",
        "builduuid",
        "ciurl",
        "ec2imagebuilderarn",
        "packerbuilduuid",
        "packerrunuuid",
        "pipelineid",
        "pipelineurl",
        "runid",
        "sourceami",
    }
)
_COMMIT = re.compile(r"(?=.*[a-f]|.{7})[0-9a-f]{4,64}", re.IGNORECASE)
"""A revision of Git, whole or abbreviated, or of Mercurial; a tag `revision: 2026` names none."""


class Word(msgspec.Struct, frozen=True, gc=False):
    """A tag: its name, its value, and where it stands."""

    key: str
    value: str
    slot: str


class Claim(msgspec.Struct, frozen=True, gc=False):
    """What some tags say together of one build. `slot` is the place of what it hangs on."""

    commit: str = ""
    source: str = ""
    by: str = ""
    slot: str = ""


def claims(words: Iterable[Word]) -> Iterator[Claim]:
    """What tags say: a claim for each commit that they name (abbreviations of another apart), one without where they
    speak of a build and name none, none at all where they do not speak of it."""
    words = [word for word in words if word.value.strip()]
    commits = [word for word in words if _is(word, COMMITS) and _COMMIT.fullmatch(word.value.strip())]
    sources = [word for word in words if _is(word, SOURCES) and "/" in word.value]
    builds = [word for word in words if _is(word, BUILDS)]
    source = sources[0].value if sources else ""
    by = f"{builds[0].key} {builds[0].value}" if builds else ""
    whole = [word for word in commits if not _abbreviates(word, commits)]
    for word in {_commit(word): word for word in reversed(whole)}.values():
        yield Claim(_commit(word), source, by or f"tag {word.key}", word.slot)
    if not commits and (builds or sources):
        first = (builds or sources)[0]
        yield Claim("", source, by or f"tag {first.key}", first.slot)


def _is(word: Word, names: frozenset[str]) -> bool:
    return re.sub(r"[-_. ]", "", word.key.lower()) in names


def _commit(word: Word) -> str:
    return word.value.strip().lower()


def _abbreviates(word: Word, commits: list[Word]) -> bool:
    return any(_commit(one) != _commit(word) and _commit(one).startswith(_commit(word)) for one in commits)
