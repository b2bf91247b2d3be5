"""A labelled case: what `case.yaml` may say, and the case with the facts that its labels are about.

`violations` are complete: what is not among them must not be accused. `inconclusive` are units that must come out as
neither pass nor violation; they need not be complete. A subject is named as the report names it: `Pod/shop/web-1-x`,
`Node/worker-1`; `part` is a container's name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from tools.check import View
from tools.errors import AuditorError
from tools.model.facts import Facts
from tools.model.history import History
from tools.model.path import Standing

Origin = Literal["documentation", "lab", "aws"]
ORIGINS: tuple[Origin, ...] = ("documentation", "lab", "aws")


class BrokenCase(AuditorError):
    """A case that can't be scored as it stands: it is named, with the place, and fails the run."""


class Unit(msgspec.Struct, frozen=True, forbid_unknown_fields=True, order=True):
    """What is judged: a check's sentence about one subject, or one part of it."""

    check: str
    subject: str
    part: str = ""

    def __str__(self) -> str:
        return f"{self.check}  {self.subject}" + (f" {self.part}" if self.part else "")


class Edges(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab", omit_defaults=True):
    """The standing that each edge of a path deserves; one that the case does not speak of is left out."""

    commit_build: Standing | msgspec.UnsetType = msgspec.UNSET
    build_artifact: Standing | msgspec.UnsetType = msgspec.UNSET
    artifact_release: Standing | msgspec.UnsetType = msgspec.UNSET
    release_workload: Standing | msgspec.UnsetType = msgspec.UNSET
    workload_instance: Standing | msgspec.UnsetType = msgspec.UNSET
    instance_host: Standing | msgspec.UnsetType = msgspec.UNSET

    def __iter__(self) -> Iterator[tuple[str, Standing]]:
        yield from msgspec.to_builtins(self).items()


class PathLabel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The standings of the path of one running container."""

    instance: str
    container: str
    edges: Edges


class Labels(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole `case.yaml`: what was planted, where that is written, and what is true of it. `doubt` says what a
    careful reader could dispute."""

    origin: Origin
    planted: str
    sources: tuple[str, ...]
    violations: tuple[Unit, ...]
    inconclusive: tuple[Unit, ...] = ()
    paths: tuple[PathLabel, ...] = ()
    doubt: str = ""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A loaded case."""

    name: str
    labels: Labels
    facts: Facts
    history: History
    settings: dict[str, msgspec.Struct]

    @property
    def view(self) -> View:
        """What a check, and a path, sees of it."""
        return View(self.facts, self.settings, self.history)
