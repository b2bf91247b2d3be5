"""The audit log and the audit policy that a recording's folder holds, found by what is in its files."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from tools.collect.kubernetes.auditlog.lines import kind_of


class Found(NamedTuple):
    """The logs and the policies of a folder."""

    logs: list[Path]
    policies: list[Path]


def find(folder: Path) -> Found:
    """What a folder holds, with all that is below it."""
    found = Found([], [])
    for file in sorted(folder.rglob("*")):
        kind = kind_of(file) if file.is_file() else ""
        if kind:
            (found.policies if kind == "policy" else found.logs).append(file)
    return found
