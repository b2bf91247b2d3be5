"""What a check is made of: the decorator, the violation it yields, and the view it reads.

A check is one file in `tools/checks/`, named as its id. It holds one decorated generator called `examine`: nothing
yielded is a pass, `raise NotApplicable` and `raise NotObserved` are the other outcomes, and what was yielded before
one of those stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, Literal, TypeVar

import msgspec

from tools.artifact import same_artifact
from tools.model.action import ActionKind
from tools.model.facts import Facts
from tools.model.history import History, Memory
from tools.model.nouns import (
    Access,
    Artifact,
    Attestation,
    Budget,
    Change,
    Container,
    Host,
    Instance,
    Part,
    Pool,
    Release,
    Volume,
    Workload,
    Write,
)
from tools.model.report import Severity
from tools.model.snapshot import Snapshot

N = TypeVar("N", Container, Host, Instance, Pool, Release, Workload)
S = TypeVar("S", bound=msgspec.Struct)
Thing = (
    Access
    | Artifact
    | Attestation
    | Budget
    | Change
    | Container
    | Host
    | Instance
    | Memory
    | Part
    | Pool
    | Release
    | Volume
    | Workload
    | Write
)
Principle = Literal[
    "image-based", "disposable", "no-drift", "declarative", "rollback", "secure-baseline", "gate", "agents-watched"
]


class Violation(msgspec.Struct, frozen=True, gc=False):
    """One way in which a subject breaks a check's sentence.

    `code` names the cause and is part of the fingerprint, so it never changes. `evidence` is pairs of a thing and the
    name of its field, or of one of a host's facts: the engine reads the value. `on` names the offender where that is
    not the subject itself, `remedy` the action that mends it, `since` when the evidence says that it began.
    """

    code: str
    message: str
    evidence: Sequence[tuple[Thing, str]]
    on: Thing | None = None
    since: str = ""
    remedy: ActionKind | None = None


Violations = Iterator[Violation]


class View(Snapshot):
    """What a check may look at: the snapshot's accessors, the checks' settings, the moment (never the clock), and
    what earlier looks remembered."""

    def __init__(
        self, facts: Facts, settings: dict[str, msgspec.Struct] | None = None, history: History | None = None
    ) -> None:
        super().__init__(facts)
        self._settings = settings or {}
        self.history = history or History()
        self.remember(self.history.changes, self.history.watches)

    def past(self, thing: Container | Instance | Workload, fact: str) -> list[Memory]:
        """The values that a fact of an object had in earlier looks, oldest first; empty on a first look, and for an
        object that none of them saw. The facts are those of `tools.model.history.observations`."""
        root = thing.ref
        if isinstance(thing, Container | Instance):
            root = thing.root if isinstance(thing, Container) else thing.workload
        return [
            Memory(thing.ref, root, f"seen {past.first} to {past.last}", fact, past.value, past.first, past.last)
            for past in self.history.of(thing.ref, fact)
        ]

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
    """A check as the engine runs it. `id` and `page` are filled in from the module that holds it; `scopes` are the
    kinds of scope whose subjects its sentence speaks of (empty: all)."""

    noun: type[N]
    examine: Callable[[N, View], Violations]
    severity: Severity
    principle: Principle
    blocking: bool = False
    settings: type[msgspec.Struct] | None = None
    watched: bool = False
    scopes: tuple[str, ...] = ()
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
    watched: bool = False,
    scopes: tuple[str, ...] = (),
) -> Callable[[Callable[[N, View], Violations]], Check[N]]:
    """Make a check of a generator. `blocking` says that no release may be redeployed that breaks it where the current
    one does not; `watched` that a pass speaks of what went through the API while an audit log was kept, which the
    report then says with it; `scopes` that its sentence speaks of these kinds of scope alone (`aws`), and is not asked
    where there is none."""

    def wrap(examine: Callable[[N, View], Violations]) -> Check[N]:
        return Check(noun, examine, severity, principle, blocking, settings, watched, scopes)

    return wrap


AnyCheck = Check[Any]
