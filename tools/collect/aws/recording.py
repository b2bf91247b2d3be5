"""Collect from recorded answers: a file, or a folder of files, of one or more accounts and regions."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import yaml

from tools.collect.actors import Actors
from tools.collect.aws.answers import Answers, Failure
from tools.collect.aws.assemble import assemble
from tools.collect.aws.changes.trail import Trail, trail
from tools.collect.aws.documents import Document, Signs, documents_of
from tools.collect.aws.gaps import not_recorded
from tools.collect.aws.items import decoded
from tools.collect.aws.operations import BY_KEY
from tools.collect.aws.recognise import kind_of
from tools.collect.aws.times import text_of
from tools.collect.trust import TrustedKey
from tools.errors import SourceError
from tools.model.facts import Facts
from tools.model.observation import Gap

UNKNOWN = "unknown-region"
_UNREADABLE = (
    OSError,
    msgspec.MsgspecError,
    yaml.YAMLError,
    ValueError,
    TypeError,
    OverflowError,
    RecursionError,
    KeyError,
)


class _Scope:
    """What the documents of one account and region hold."""

    def __init__(self, account: str, region: str) -> None:
        self.answers = Answers(account, region, recorded=True)
        self.signs = Signs()
        self.held: set[str] = set()
        self.pages: dict[str, list[bool]] = defaultdict(list)
        self.unread: Counter[str] = Counter()
        self.strange: list[str] = []

    def take(self, document: Document) -> None:
        """Take one document in: its things, or its error."""
        operation = BY_KEY.get(document.operation)
        if operation is None:
            if document.operation:
                self.unread[document.operation] += 1
            else:
                self.strange.append(f"{document.place}: it is no answer of AWS that is known")
            return
        self.held.add(operation.key)
        if operation.each and not document.headed:
            self.answers.unasked.add(operation.key)
        if document.error is not None:
            code, told = (str(document.error.get(name) or "") for name in ("Code", "Message"))
            self.answers.failures.append(Failure(operation.key, code or "error", told))
            return
        self.signs.look(document.body)
        found, broken = decoded(operation, document.body, document.place)
        self.answers.add(operation, found)
        self.answers.failures += broken
        more = isinstance(document.body, dict) and any(document.body.get(name) for name in ("NextToken", "nextToken"))
        self.pages[operation.key].append(more)

    def end(self) -> None:
        """Say which operations are whole: one whose every page names a further one is not."""
        for key, pages in self.pages.items():
            if all(pages):
                reason = "the recording ends with a page that names a further one"
                self.answers.failures.append(Failure(key, "truncated", reason, "record all pages, as the aws CLI does"))
        failed = {failure.operation for failure in self.answers.failures}
        self.answers.whole = self.held - failed

    def gaps(self) -> Iterable[Gap]:
        """What stands in the recording and is not read."""
        for key, count in sorted(self.unread.items()):
            service, _, name = key.partition(".")
            told = f"{count} answers of {service} {name} are not read yet"
            yield Gap(
                scope=self.answers.scope,
                noun="",
                kind=key,
                code="not-read-yet",
                reason=told,
                count=count,
                required=False,
            )
        for text in self.strange:
            yield Gap(
                scope=self.answers.scope,
                noun="",
                code="broken",
                reason=f"a document can't be read: {text}",
                required=False,
            )


def collect(
    path: Path,
    actors: Actors,
    name: str = "",
    log: Iterable[Path] = (),
    since: str = "",
    until: str = "",
    keys: tuple[TrustedKey, ...] = (),
) -> list[Facts]:
    """The facts of a recording, one for each account and region that its documents name. `name` is its declared name,
    by which it goes where they name none; `log` are a trail's files beside those in the folder, and the interval that
    they are declared to cover, `keys` those whose signature of a statement counts. A file of a folder that can't be
    read is a gap; alone it is a `SourceError`."""
    files = {file: kind for file in _files(path) if (kind := kind_of(file))}
    trails = [file for file, kind in files.items() if kind == "trail"]
    files_of_trail = trail([*trails, *log], since, until) if trails or log else None
    scopes, broken = _read(path, {file: kind for file, kind in files.items() if kind != "trail"})
    found = [_facts(scope, name or path.stem, actors, files_of_trail, broken, keys) for scope in scopes]
    return sorted(found, key=lambda facts: facts.scopes[0].id)


def files_of(path: Path) -> frozenset[Path]:
    """The files of a path that are AWS's alone."""
    return frozenset(file for file in _files(path) if kind_of(file))


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())


def _read(path: Path, files: dict[Path, Any]) -> tuple[list[_Scope], list[str]]:
    """The documents by account and region. The first that names them names them for those that follow without."""
    scopes: dict[tuple[str, str], _Scope] = {}
    current, broken = ("", ""), list[str]()
    for file, kind in files.items():
        where = file.name if path.is_file() else str(file.relative_to(path))
        try:
            for document in documents_of(file, kind, where):
                if document.account or document.region:
                    current = (document.account or current[0], document.region or current[1])
                scopes.setdefault(current, _Scope(*current)).take(document)
        except _UNREADABLE as error:
            reason = " ".join(str(error).split())[:300]
            if path.is_file():
                raise SourceError(
                    f"{path} is no recording of AWS that can be read", reason, "record it again: aws … --output json"
                ) from error
            broken.append(f"{where}: {reason}")
    return list(scopes.values()) or [_Scope("", "")], broken


def _facts(
    scope: _Scope, name: str, actors: Actors, files: Trail | None, broken: list[str], keys: tuple[TrustedKey, ...]
) -> Facts:
    answers, signs = scope.answers, scope.signs
    stable = bool(answers.account or signs.account) and bool(answers.region or signs.region)
    if not stable and files is not None and len(files.seen) == 1:
        answers.account, answers.region = next(iter(files.seen))
        stable = bool(answers.account and answers.region)
    answers.account = answers.account or signs.account or f"recording:{name}"
    answers.region = answers.region or signs.region or UNKNOWN
    answers.moment = max(signs.newest, _newest(files, answers))
    scope.end()
    held = scope.held | ({"cloudtrail.LookupEvents"} if files is not None else set())
    missing = [*not_recorded(answers, held), *scope.gaps()]
    for text in broken:
        nouns = sorted({noun for key in BY_KEY for noun in BY_KEY[key].nouns if BY_KEY[key].required})
        for noun in nouns:
            told = f"a file can't be read: {text}"
            missing.append(Gap(scope=answers.scope, noun=noun, code="broken", reason=told, mend="record it again"))
    return assemble(answers, name, actors, files, tuple(missing), stable, keys)


def _newest(files: Trail | None, answers: Answers) -> str:
    """The newest minute of a trail in this account and region, as RFC 3339 text."""
    seen = files.seen.get((answers.account, answers.region)) if files is not None else None
    if seen is None or not seen.minutes:
        return ""
    return text_of(60 * max(seen.minutes) + 59)
