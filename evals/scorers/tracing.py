"""Tracing: the standing of each labelled edge of a path, against the one that the auditor derives.

Worst is an edge that is *falsely verified*: the auditor calls proven what is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import msgspec

from evals.case import PathLabel
from evals.scorers.miss import Miss, share
from tools.model.path import Path, Standing


class Traced(msgspec.Struct, frozen=True):
    """One labelled edge, and what was derived of it."""

    case: str
    edge: str
    labelled: Standing
    derived: Standing
    note: str

    @property
    def falsely_verified(self) -> bool:
        """Whether it is called proven, and is not."""
        return self.derived == "verified" != self.labelled


def score(case: str, labels: Iterable[PathLabel], paths: Iterable[Path]) -> list[Traced]:
    """Score the paths of one case. Every labelled container has a path: the case was loaded so."""
    found = {(str(path.instance), path.container): path for path in paths}
    traced = []
    for label in labels:
        derived = edges_of(found[label.instance, label.container])
        for name, standing in label.edges:
            traced.append(Traced(case, f"{label.instance} {label.container}  {name}", standing, *derived[name]))
    return traced


def edges_of(path: Path) -> dict[str, tuple[Standing, str]]:
    """A path's edges by the nouns that they tie (`release-workload`): standing and why."""
    names = [f"{before.noun}-{after.noun}" for before, after in pairwise(path.stops)]
    return {name: (edge.standing, edge.note) for name, edge in zip(names, path.edges, strict=True)}


def misses(traced: Iterable[Traced]) -> list[Miss]:
    """The edges whose standing is another one than labelled."""
    return [
        Miss(
            edge.case,
            "falsely verified" if edge.falsely_verified else "other standing",
            edge.edge,
            f"{edge.derived} ({edge.note}), labelled {edge.labelled}",
        )
        for edge in traced
        if edge.derived != edge.labelled
    ]


class Tracing(msgspec.Struct, frozen=True, kw_only=True):
    """Edges in sum. `confusion` maps the labelled standing to the derived ones and how often each was."""

    edges: int
    right: int
    falsely_verified: int
    confusion: dict[str, dict[str, int]]

    @property
    def accuracy(self) -> float | None:
        """The share of edges with the labelled standing; None where none is labelled."""
        return share(self.right, self.edges)


def total(traced: Iterable[Traced]) -> Tracing:
    """Sum up edges."""
    rows = list(traced)
    confusion: dict[str, dict[str, int]] = {}
    for edge in rows:
        row = confusion.setdefault(edge.labelled, {})
        row[edge.derived] = row.get(edge.derived, 0) + 1
    return Tracing(
        edges=len(rows),
        right=sum(1 for edge in rows if edge.derived == edge.labelled),
        falsely_verified=sum(1 for edge in rows if edge.falsely_verified),
        confusion=confusion,
    )
