"""Loads cases strictly: a label that can't count (a misspelt check, a subject that is not there) breaks its case."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import yaml

from auditor.commands.looking import Looking
from evals.case import ORIGINS, BrokenCase, Case, Labels, Unit
from tools.errors import AuditorError
from tools.model.facts import Facts
from tools.model.history import History, Past, observations

FOLDER = Path(__file__).parent / "cases"
FILES = {"case.yaml", "fleet", "before", "auditor.toml"}


def folders(root: Path = FOLDER) -> list[Path]:
    """The folder of each case, by origin and name."""
    origins = [folder for folder in sorted(root.iterdir()) if _visible(folder)] if root.is_dir() else []
    return [case for origin in origins for case in sorted(origin.iterdir()) if _visible(case)]


def _visible(path: Path) -> bool:
    return path.is_dir() and not path.name.startswith((".", "__"))


def name_of(folder: Path) -> str:
    """A case's name: its origin and its own."""
    return f"{folder.parent.name}/{folder.name}"


def load(folder: Path, checks: Iterable[str]) -> Case:
    """Load one case for the checks of these ids. Raises `BrokenCase`."""
    name, labels = name_of(folder), read_labels(folder)
    config, before = folder / "auditor.toml", folder / "before"
    settings = str(config) if config.exists() else os.devnull  # never the auditor.toml of where this is run
    try:
        looking = Looking([str(folder / "fleet")], "", settings)
        facts = looking.facts()
        history = remembered(Looking([str(before)], "", settings).facts(), facts) if before.exists() else History()
    except AuditorError as error:
        raise BrokenCase(f"{name}: {error.message}", error.cause, error.mend) from error
    case = Case(name=name, labels=labels, facts=facts, history=history, settings=looking.settings)
    if faults := [*_faults(case, set(checks))]:
        raise BrokenCase(f"{name}/case.yaml: {'; '.join(faults)}")
    return case


def remembered(before: Facts, now: Facts) -> History:
    """What one earlier look at the same cluster leaves. Raises `AuditorError` where it is another cluster's or no
    earlier one."""
    if before.scopes[0].id != now.scopes[0].id:
        raise AuditorError(
            "before/ and fleet/ are not recordings of one cluster",
            f"{before.scopes[0].id} and {now.scopes[0].id}",
            "record the kube-system namespace in both",
        )
    if before.moment >= now.moment:  # the store remembers no look of the same moment either
        raise AuditorError("before/ is not earlier than fleet/", f"{before.moment} and {now.moment}")
    seen = Past(before.moment, before.moment, "")
    rows = [(row, msgspec.structs.replace(seen, value=row.value)) for row in observations(before)]
    return History(rows, before.moment, before.changes, before.watches)


def read_labels(folder: Path) -> Labels:
    """The labels of a case whose folder holds nothing that is not read."""
    name = name_of(folder)
    if folder.parent.name not in ORIGINS:
        raise BrokenCase(f"{name}: there is no origin {folder.parent.name!r}", f"known: {', '.join(ORIGINS)}")
    unread = sorted(path.name for path in folder.iterdir() if path.name not in FILES)
    if unread:
        raise BrokenCase(f"{name}: nothing reads {', '.join(unread)}", f"a case holds {', '.join(sorted(FILES))}")
    file = folder / "case.yaml"
    try:
        labels = msgspec.convert(yaml.load(file.read_bytes(), _Strict), Labels)  # noqa: S506 - a SafeLoader
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise BrokenCase(f"{name}/case.yaml can't be read", " ".join(str(error).split())) from error
    if labels.origin != folder.parent.name:
        raise BrokenCase(f"{name}/case.yaml: its origin is {labels.origin!r}, and its folder's is another")
    return labels


class _Strict(yaml.SafeLoader):
    """YAML in which a key stands once: the second of two `violations` would else silence the first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"{key!r} stands there twice", node.start_mark)
        return super().construct_mapping(node, deep)


def _faults(case: Case, known: set[str]) -> Iterator[str]:
    """What is wrong with the labels, each with its place."""
    labels, named = case.labels, _named(case)
    for field in ("violations", "inconclusive"):
        for index, unit in enumerate(getattr(labels, field)):
            place = f"{field}[{index}]"
            if unit.check not in known:
                yield f"{place}: there is no check {unit.check!r}"
            yield from _unnamed(place, unit.subject, unit.part, named)
    containers = {(str(c.ref), c.name) for i in case.facts.instances for c in i.containers}
    for index, path in enumerate(labels.paths):
        if (path.instance, path.container) not in containers:
            yield f"paths[{index}]: {path.instance} {path.container} is no running container of the fleet"
        if not [*path.edges]:
            yield f"paths[{index}]: no edge is labelled"
    yield from _doubled([*labels.violations, *labels.inconclusive])
    for pair, count in Counter((path.instance, path.container) for path in labels.paths).items():
        if count > 1:
            yield f"the path of {' '.join(pair)} is labelled {count} times"


def _unnamed(place: str, subject: str, part: str, named: set[tuple[str, str]]) -> Iterator[str]:
    if (subject, "") not in named:
        yield f"{place}: nothing in the fleet is called {subject}"
    elif (subject, part) not in named:
        yield f"{place}: {subject} has no part {part!r}"


def _doubled(units: list[Unit]) -> Iterator[str]:
    for unit, count in Counter(units).items():
        if count > 1:
            yield f"{unit} is labelled {count} times"


def _named(case: Case) -> set[tuple[str, str]]:
    """Every subject, and every part of one, that a finding could be about: also what a recorded change was done to."""
    facts = case.facts
    things: list[Any] = [
        *facts.workloads,
        *facts.releases,
        *facts.instances,
        *facts.hosts,
        *facts.pools,
        *facts.budgets,
    ]
    refs = [thing.ref for thing in (*things, *facts.changes, *case.history.changes)]
    named = {(str(ref), "") for ref in refs}
    named |= {(str(c.ref), c.name) for instance in facts.instances for c in instance.containers}
    return named | {(str(part.ref), part.name) for release in facts.releases for part in release.parts}
