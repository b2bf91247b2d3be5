"""Files that say something of images and are no answer of AWS: signed statements, and Packer's manifests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from tools.collect.aws.answers import Answers, Failure
from tools.collect.aws.documents import documents_of
from tools.collect.aws.items import decoded
from tools.collect.aws.operations import BY_KEY
from tools.collect.aws.reads_said import ENVELOPES, PACKER
from tools.collect.aws.recognise import kind_of

_KEYS = {"envelopes": ENVELOPES.key, "packer": PACKER.key}
_MEND = "name a Packer manifest, or envelopes as *.intoto.json or *.intoto.jsonl, under [trust] in auditor.toml"


def add(answers: Answers, named: Iterable[str]) -> None:
    """Take in what named files and folders say. A file that can't be read, or is neither, is a failure; of a folder
    only those that are one of them are taken."""
    for path in map(Path, named):
        for file in _files(path):
            kind = kind_of(file)
            if kind in _KEYS:
                _take(answers, file, kind)
            elif file == path:
                told = f"{file} is neither envelopes nor a manifest" if file.exists() else f"{file} does not exist"
                answers.failures.append(Failure(ENVELOPES.key, "broken", told, _MEND))


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from sorted(file for file in path.rglob("*") if file.is_file())
    else:
        yield path


def _take(answers: Answers, file: Path, kind: str) -> None:
    try:
        documents = list(documents_of(file, kind, file.name))  # type: ignore[arg-type]
    except (OSError, ValueError, RecursionError, msgspec.MsgspecError) as error:
        reason = " ".join(str(error).split())[:300]
        answers.failures.append(Failure(_KEYS[kind], "broken", f"{file}: {reason}", _MEND))
        return
    for document in documents:
        operation = BY_KEY[document.operation]
        found, broken = decoded(operation, document.body, document.place)
        answers.add(operation, found)
        answers.failures += broken
