"""Thresholds: what a run must reach, read strictly from `thresholds.toml`, and what a run did not reach."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from evals.scorecard import ALL, Scorecard
from tools.errors import UsageError

FILE = Path(__file__).parent / "thresholds.toml"
SHARES = ("precision", "recall")


class Least(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one check must reach. `labels` is how many violations must be labelled, so that it is measured at all."""

    precision: float
    recall: float
    labels: int
    why: str = ""


class Trace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What tracing must reach, over how many labelled edges at least, and how many may be falsely verified."""

    accuracy: float
    edges: int
    falsely_verified: int


class Thresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`cases` is the least number by origin, `each` holds for every check that `check` does not name itself,
    `false_passes` and `failed` are the most over all checks, `left_alone` the share of healthy fleets."""

    cases: dict[str, int]
    each: Least
    tracing: Trace
    false_passes: int
    failed: int
    left_alone: float
    check: dict[str, Least] = {}


def load_thresholds(file: Path = FILE) -> Thresholds:
    """Read a thresholds file. Raises `UsageError`."""
    try:
        return msgspec.toml.decode(file.read_bytes(), type=Thresholds)
    except (OSError, msgspec.MsgspecError) as error:
        raise UsageError(f"{file} is not valid", str(error)) from error


def unmet(card: Scorecard, least: Thresholds, checks: list[str], whole: bool = True) -> Iterator[str]:
    """Each threshold that a run did not reach, in words. `checks` are the ids of the catalogue; the least numbers of
    cases, labels and edges hold for a `whole` run, not for one case."""
    score = card.scores[ALL]
    for check in sorted({*checks, *score.checks, *least.check}):
        yield from _of_check(check, card, least.check.get(check, least.each), whole)
    yield from _most("false passes", score.sum.false_passes, least.false_passes)
    yield from _most("subjects over which a check failed", score.sum.failed, least.failed)
    yield from _most("edges falsely verified", score.tracing.falsely_verified, least.tracing.falsely_verified)
    yield from _least("tracing: accuracy", score.tracing.accuracy, least.tracing.accuracy)
    if score.healthy.cases:
        yield from _least("healthy fleets left alone", score.healthy.left_alone / score.healthy.cases, least.left_alone)
    if whole:
        yield from _least("tracing: labelled edges", score.tracing.edges, least.tracing.edges)
        for origin, number in least.cases.items():
            have = card.scores[origin].cases if origin in card.scores else 0
            yield from _least(f"cases of {origin}", have, number)


def _of_check(check: str, card: Scorecard, least: Least, whole: bool) -> Iterator[str]:
    counts = card.scores[ALL].checks.get(check)
    for share in SHARES:
        yield from _least(f"{check}: {share}", getattr(counts, share, None), getattr(least, share))
    if whole:
        yield from _least(f"{check}: labelled violations", counts.labelled if counts else 0, least.labels)


def _least(what: str, value: float | None, least: float) -> Iterator[str]:
    if value is not None and value < least:
        yield f"{what}: {value:.4g}, at least {least:g}"


def _most(what: str, value: int, most: int) -> Iterator[str]:
    if value > most:
        yield f"{what}: {value}, at most {most}"
