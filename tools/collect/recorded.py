"""Collect from a path: of Kubernetes, of AWS, or of both together, as its content says."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from tools.collect.actors import Actors
from tools.collect.aws import recording as aws
from tools.collect.aws.changes.trail import is_trail
from tools.collect.kubernetes import recording as kubernetes
from tools.collect.sources import Source, merge, with_log
from tools.model.facts import Facts

_OBJECT = re.compile(rb"""^[\s{"']*apiVersion["']?\s*:|"apiVersion"\s*:""", re.MULTILINE)
_HEAD = 1 << 16


def collect(source: Source, progress: Callable[[str], None] = lambda _: None) -> Facts:
    """The facts of a recording: one scope for each cluster and account in it. Raises `SourceError` where it can't be
    opened at all."""
    path = Path(source.path)
    answers = aws.files_of(path) if path.exists() else frozenset()
    if not answers:
        return with_log(kubernetes.collect(path), source, progress)
    trails = [file for file in map(Path, source.log.paths) if _of_trail(file)]
    log, parts = source.log, list[Facts]()
    both = frozenset(file for file in answers if file.suffix != ".json" and _holds_objects(file, whole=True))
    if both or (path.is_dir() and any(_other_objects(path, answers))):
        parts.append(with_log(kubernetes.collect(path, leave=answers - both), source, progress, frozenset(trails)))
        since, until = "", ""  # which was said of the cluster's log
    else:
        trails = [Path(file) for file in log.paths]
        since, until = log.since, log.until
    parts += aws.collect(path, Actors(source.actors), log=trails, since=since, until=until, keys=source.trust)
    return merge(parts)


def _other_objects(folder: Path, leave: frozenset[Path]) -> list[Path]:
    """The files of a folder that hold objects of Kubernetes, and are not to be left out."""
    files = (file for file in sorted(folder.rglob("*")) if file.suffix in kubernetes.SUFFIXES and file not in leave)
    return [file for file in files if file.is_file() and _holds_objects(file)]


def _holds_objects(file: Path, whole: bool = False) -> bool:
    """Whether there is an object of Kubernetes in a file, by its beginning or as a whole."""
    with file.open("rb") as handle:
        return _OBJECT.search(handle.read(-1 if whole else _HEAD)) is not None


def _of_trail(path: Path) -> bool:
    """Whether a path that was named as an audit log is a trail's: a file, or a folder that holds one."""
    files = [path] if path.is_file() else sorted(path.rglob("*.json*")) if path.is_dir() else []
    return any(file.is_file() and is_trail(file) for file in files)
