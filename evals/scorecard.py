"""The scorecard: runs every case through the auditor and adds up what the scorers say of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from evals.case import BrokenCase, Case
from evals.load import load
from evals.scorers import detection, tracing
from evals.scorers.detection import Counts, Detection
from evals.scorers.miss import KINDS, Miss
from evals.scorers.tracing import Traced, Tracing
from tools.check import AnyCheck
from tools.engine import audit
from tools.model.path import Path as Deployed
from tools.path import path_of

SCORECARD_VERSION = 1
ALL = "all"


class Healthy(msgspec.Struct, frozen=True):
    """Of the cases without a labelled violation, how many were left alone entirely."""

    cases: int
    left_alone: int


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """The score of a set of cases: those of one origin, or all."""

    cases: int
    checks: dict[str, Counts]
    sum: Counts
    healthy: Healthy
    tracing: Tracing


class Scorecard(msgspec.Struct, frozen=True, kw_only=True):
    """A whole run. `scores` are by origin, and `all`; `broken` cases could not be loaded and are in no score;
    `unmet` are the thresholds that were not reached."""

    version: int = SCORECARD_VERSION
    scores: dict[str, Score]
    misses: tuple[Miss, ...]
    broken: tuple[str, ...]
    cpu_seconds: float
    unmet: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every case was scored and every threshold reached."""
        return not self.broken and not self.unmet


class Scored(msgspec.Struct, frozen=True):
    """One case and what the scorers say of it."""

    case: Case
    detection: Detection
    traced: list[Traced]


def run(
    folders: Iterable[Path],
    checks: list[AnyCheck],
    progress: Callable[[str], None] = lambda _: None,
) -> Scorecard:
    """Load, audit and score each case with these checks. A case that can't be loaded is told in `broken`."""
    began = time.process_time()
    scored, broken = [], []
    for folder in folders:
        progress(folder.name)
        try:
            case = load(folder, [check.id for check in checks])
        except BrokenCase as error:
            broken.append(str(error))
            continue
        scored.append(score(case, checks))
    progress("")
    return total(scored, broken, time.process_time() - began)


def score(case: Case, checks: list[AnyCheck], trace: Callable[..., Deployed] = path_of) -> Scored:
    """Audit one case and trace its labelled paths, as `auditor audit` and `auditor trace` do."""
    report = audit(case.facts, case.name, checks, case.settings, case.history)
    wanted = {(path.instance, path.container) for path in case.labels.paths}
    view = case.view
    paths = [
        trace(container, view)
        for instance in (case.facts.instances if wanted else ())
        for container in instance.containers
        if (str(instance.ref), container.name) in wanted
    ]
    return Scored(
        case,
        detection.score(case.name, case.labels, report),
        tracing.score(case.name, case.labels.paths, paths),
    )


def total(scored: list[Scored], broken: Iterable[str] = (), cpu_seconds: float = 0.0) -> Scorecard:
    """Add the cases up."""
    origins: list[str] = sorted({one.case.labels.origin for one in scored})
    scores = {origin: _sum([one for one in scored if one.case.labels.origin == origin]) for origin in origins}
    misses = [miss for one in scored for miss in (*one.detection.misses, *tracing.misses(one.traced))]
    return Scorecard(
        scores={**scores, ALL: _sum(scored)},
        misses=tuple(sorted(misses, key=lambda miss: (KINDS.index(miss.kind), miss.case, miss.what))),
        broken=tuple(broken),
        cpu_seconds=round(cpu_seconds, 2),
    )


def _sum(scored: list[Scored]) -> Score:
    names = sorted({check for one in scored for check in one.detection.counts})
    checks = {
        name: detection.add(one.detection.counts[name] for one in scored if name in one.detection.counts)
        for name in names
    }
    healthy = [one.detection.left_alone for one in scored if one.detection.healthy]
    return Score(
        cases=len(scored),
        checks=checks,
        sum=detection.add(checks.values()),
        healthy=Healthy(len(healthy), healthy.count(True)),
        tracing=tracing.total(edge for one in scored for edge in one.traced),
    )
