"""Image references, as the distribution project's reference grammar and the OCI image spec write them.

https://github.com/distribution/reference (grammar) and OCI image-spec descriptor.md (digests).
"""

from __future__ import annotations

import functools
import re

import msgspec

_DOMAIN = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_HOST = rf"(?:{_DOMAIN}(?:\.{_DOMAIN})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?P<name>(?:{_HOST}/)?{_PART}(?:/{_PART})*)"
    r"(?::(?P<tag>[\w][\w.-]{0,127}))?"
    r"(?:@(?P<digest>[a-zA-Z][a-zA-Z0-9]*(?:[-_+.][a-zA-Z][a-zA-Z0-9]*)*:[0-9a-zA-Z=_-]+))?",
    re.ASCII,
)
_MACHINE_IMAGE = re.compile(r"ami-(?:[0-9a-f]{8}|[0-9a-f]{17})")
_REGISTERED = {"sha256": 64, "sha384": 96, "sha512": 128}
"""Algorithms that the distribution grammar's digest package registers, with the length of their hex."""


class ImageReference(msgspec.Struct, frozen=True):
    """A parsed reference. `digest` is a well-formed digest of a registered algorithm, or empty; `odd_digest` is one
    that is written but can't be judged (another algorithm, a wrong length, upper-case hex)."""

    name: str
    tag: str
    digest: str
    odd_digest: str


@functools.lru_cache(maxsize=65536)
def parse_image(text: str) -> ImageReference | None:
    """Parse a reference such as `registry:5000/app:v1@sha256:…`. None where it is not one by the grammar."""
    match = _REFERENCE.fullmatch(text)
    if match is None or len(match["name"]) > 255:
        return None
    written = match["digest"] or ""
    digest = written if _well_formed(written) else ""
    return ImageReference(match["name"], match["tag"] or "", digest, "" if digest else written)


def machine_image(text: str) -> ImageReference | None:
    """A machine image's id (`ami-0123456789abcdef0`) as a reference: it names one content for good, as a digest does,
    and so stands in `digest`. None where it is something else: an alias (`resolve:ssm:/…`) that can be moved."""
    return ImageReference("", "", text, "") if _MACHINE_IMAGE.fullmatch(text) else None


@functools.lru_cache(maxsize=65536)
def running_digest(image_id: str) -> str:
    """The digest in a container status' `imageID`, whatever its form; empty where it holds none.

    Forms seen: `repo@sha256:…` (containerd, CRI-O), `docker-pullable://repo@sha256:…`, `docker://sha256:…`, and a
    bare `sha256:…` (a config id: containerd, for an image without a repository digest).
    """
    tail = image_id.rpartition("@")[2].rpartition("//")[2]
    return tail if _well_formed(tail) else ""


def is_repository_digest(image_id: str) -> bool:
    """Whether an `imageID` names a digest in a repository (an index or manifest) rather than a bare config id."""
    return "@" in image_id and bool(running_digest(image_id))


def _well_formed(digest: str) -> bool:
    algorithm, _, value = digest.partition(":")
    return len(value) == _REGISTERED.get(algorithm) and re.fullmatch(r"[0-9a-f]+", value) is not None
