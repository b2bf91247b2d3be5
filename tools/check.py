"""What a check is made of: the decorator, the violation it yields, and the view it reads.

A check is one file in `tools/checks/`, named as its id. It holds one decorated generator called `examine`: nothing
yielded is a pass, `raise NotApplicable` and `raise NotObserved` are the other outcomes, and what was yielded before
one of those stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Generic, Literal, TypeVar

import msgspec

from tools.artifact import same_artifact
from tools.model.action import ActionKind
from tools.model.facts import Facts
from tools.model.nouns import Container, Host, Instance, Part, Pool, Release, Workload, Write
from tools.model.report import Severity
from tools.model.snapshot import Snapshot

N = TypeVar("N", Container, Host, Instance, Pool, Release, Workload)
S = TypeVar("S", bound=msgspec.Struct)
Thing = Container | Host | Instance | Part | Pool | Release | Workload | Write
Principle = Literal[
    "image-based", "disposable", "no-drift", "declarative", "rollback", "secure-baseline", "gate", "agents-watched"
]


class Violation(msgspec.Struct, frozen=True):
    """One way in which a subject breaks a check's sentence.

    `code` names the cause and is part of the fingerprint, so it never changes. `evidence` is pairs of a thing and the
    name of its field, or of one of a host's facts: the engine reads the value. `on` names the offender where that is
    not the subject itself, `remedy` the action that mends it, `since` when the evidence says that it began.
    """

    code: str
    message: str
    evidence: list[tuple[Thing, str]]
    on: Thing | None = None
    since: str = ""
    remedy: ActionKind | None = None


Violations = Iterator[Violation]


class View(Snapshot):
    """What a check may look at: the snapshot's accessors, the checks' settings and the moment; never the clock."""

    def __init__(self, facts: Facts, settings: dict[str, msgspec.Struct] | None = None) -> None:
        super().__init__(facts)
        self._settings = settings or {}

    def settings(self, kind: type[S]) -> S:
        """The settings of the check that declared this Struct; its defaults where none were given."""
        found = self._settings.get(kind.__module__)
        return found if isinstance(found, kind) else kind()

    def template_of(self, container: Container) -> Part | None:
        """The part of the release that names this container; None where no release does."""
        release = self.release_of(self.instance_of(container))
        return None if release is None else self.part_of(release, container)

    def same_artifact(self, part: Part, container: Container) -> bool:
        """Whether the container runs the artifact that its release names; see `tools.artifact`."""
        return same_artifact(part, container)


class Check(msgspec.Struct, Generic[N]):
    """A check as the engine runs it. `id` and `page` are filled in from the module that holds it."""

    noun: type[N]
    examine: Callable[[N, View], Violations]
    severity: Severity
    principle: Principle
    blocking: bool = False
    settings: type[msgspec.Struct] | None = None
    id: str = ""
    page: str = ""

    def __call__(self, subject: N, view: View) -> Violations:
        """Examine one subject."""
        return self.examine(subject, view)


def check(
    noun: type[N],
    *,
    severity: Severity,
    principle: Principle,
    blocking: bool = False,
    settings: type[msgspec.Struct] | None = None,
) -> Callable[[Callable[[N, View], Violations]], Check[N]]:
    """Make a check of a generator. `blocking` says that no release may be redeployed that breaks it where the current
    one does not."""

    def wrap(examine: Callable[[N, View], Violations]) -> Check[N]:
        return Check(noun, examine, severity, principle, blocking, settings)

    return wrap


AnyCheck = Check[Any]
