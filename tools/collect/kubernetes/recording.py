"""Collect from recorded lists: a file, a folder of files, JSON or YAML, as kubectl and the raw API write them."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import yaml

from tools.collect.kubernetes import gaps
from tools.collect.kubernetes.assemble import assemble
from tools.collect.kubernetes.auditlog.lines import kind_of as auditlog_kind
from tools.collect.kubernetes.decode import Decoded, decode_document
from tools.collect.kubernetes.mapping import Mapping
from tools.collect.kubernetes.pointers import POINTERS
from tools.collect.plain_yaml import PlainLoader
from tools.errors import SourceError
from tools.model.facts import Facts
from tools.model.identity import Scope
from tools.model.observation import Gap

SUFFIXES = (".json", ".yaml", ".yml")


_UNREADABLE = (
    OSError,
    msgspec.MsgspecError,
    yaml.YAMLError,
    ValueError,  # UnicodeDecodeError among them
    TypeError,  # YAML that is no JSON: keys that are no text
    OverflowError,
    RecursionError,
)


def collect(path: Path, name: str = "", leave: frozenset[Path] = frozenset()) -> Facts:
    """The facts of a recording. `name` is its declared name, by which it goes where it holds no kube-system namespace;
    `leave` are files of a folder that are of another kind.

    The moment is the newest time in it. In a folder, a file that can't be read is a gap; alone, it is a `SourceError`.
    """
    files = _files(path, leave)
    decoded, broken = Decoded(), []
    for file in files:
        where = file.name if path.is_file() else str(file.relative_to(path))
        try:
            _read(file, where, decoded)
        except _UNREADABLE as error:
            reason = " ".join(str(error).split())
            if path.is_file():
                raise SourceError(
                    f"{path} is no list of Kubernetes objects that can be read",
                    reason,
                    "record it again: kubectl get … -A -o json --show-managed-fields",
                ) from error
            broken.append(f"{where}: {reason}")
    scope = _scope(decoded, name or path.stem)
    failures = [
        Gap(scope=scope.id, noun=noun, code="broken", reason=f"a file can't be read: {text}", mend="record it again")
        for text in broken
        for noun in gaps.EVERY
    ]
    failures += gaps.not_recorded(scope.id, decoded)
    return assemble(decoded.newest, scope, Mapping(scope.id, decoded.objects), decoded, failures)


def _files(path: Path, leave: frozenset[Path]) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise SourceError(
            f"{path} does not exist", mend="name a recorded list, a folder of them, or kubernetes:CONTEXT"
        )
    files = sorted(
        file
        for file in path.rglob("*")
        if file.suffix in SUFFIXES and file.is_file() and file not in leave and not auditlog_kind(file)
    )
    if not files:
        raise SourceError(f"{path} holds no recorded lists", f"no file ends in {', '.join(SUFFIXES)}")
    return files


def _read(file: Path, where: str, into: Decoded) -> None:
    if file.stat().st_size == 0:
        raise msgspec.DecodeError("the file is empty")
    if file.suffix in (".yaml", ".yml"):
        for index, document in enumerate(_documents(file)):
            decode_document(msgspec.json.encode(document), f"{where}[{index}]", into)
        return
    with file.open("rb") as handle:  # the mapping lives as long as a raw template that points into it
        mapped = mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ)
    decode_document(memoryview(mapped), where, into)


def _documents(file: Path) -> Iterator[Any]:
    """The documents of a file, without the answers of AWS that may stand beside them."""
    with file.open("rb") as handle:
        for document in yaml.load_all(handle, Loader=PlainLoader):
            answer = isinstance(document, dict) and "aws" in document and "kind" not in document
            if document is not None and not answer:
                yield document


def _scope(decoded: Decoded, name: str) -> Scope:
    for namespace in decoded.objects["Namespace"].values():
        if namespace.metadata.name == "kube-system":
            return Scope(id=namespace.metadata.uid, name=name, kind="kubernetes", recorded=True, pointers=POINTERS)
    return Scope(id=f"recording:{name}", name=name, kind="kubernetes", stable=False, recorded=True, pointers=POINTERS)
