"""The deployment path of a running container: commit → build → artifact → release → workload → instance → host."""

from __future__ import annotations

from typing import Literal

import msgspec

from tools.model.identity import Ref
from tools.model.report import Evidence

Standing = Literal["verified", "reported", "inferred", "contradicted", "unknown"]
STANDINGS: tuple[Standing, ...] = ("contradicted", "unknown", "inferred", "reported", "verified")


class Stop(msgspec.Struct, frozen=True):
    """One stop on a path: the noun, what to call it, and the object where there is one."""

    noun: str
    label: str
    ref: Ref | None = None


class Edge(msgspec.Struct, frozen=True):
    """How two neighbouring stops are tied: its standing, why in words, the evidence, and since when (RFC 3339)."""

    standing: Standing
    note: str
    evidence: tuple[Evidence, ...] = ()
    since: str = ""


class Path(msgspec.Struct, frozen=True, omit_defaults=True):
    """`stops` in the order of deployment, and between each two of them an edge (one fewer than stops). A server's path
    ends with the instance. `below` is the path of the server that the host is, where its account was looked at."""

    container: str
    instance: Ref
    stops: tuple[Stop, ...]
    edges: tuple[Edge, ...]
    below: Path | None = None
