"""History: what earlier looks at a scope remembered, and what a look leaves to be remembered.

Append-only: a subject, a fact about it, its value, and when that was first and last seen. A check reads it through the
view (`past`, `changes_to`); the application keeps it. Same history, same snapshot, same report.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import msgspec

from tools.model.change import Change, Watch
from tools.model.facts import Facts
from tools.model.identity import Ref
from tools.model.sanction import Sanctions


class Observation(msgspec.Struct, frozen=True, gc=False, order=True):
    """One fact about one subject in one look: `scope` and `subject` (kind/namespace/name) with its uid, the fact's name
    and its value."""

    scope: str
    subject: str
    uid: str
    fact: str
    value: str


class Past(msgspec.Struct, frozen=True, gc=False, order=True):
    """A value that a fact had in earlier looks: when it was first and last seen (moments of snapshots, RFC 3339)."""

    first: str
    last: str
    value: str


class Memory(msgspec.Struct, frozen=True, gc=False):
    """A remembered value, as evidence: of which object, which fact, and when it was first and last seen."""

    ref: Ref
    root: Ref
    version: str
    fact: str
    value: str
    first: str
    last: str


class History:
    """What earlier looks saw. `moment` is the newest of them; empty on a first look. `sanctions` are
    the steps that this auditor has executed, as its ledger proves them."""

    def __init__(
        self,
        rows: Iterable[tuple[Observation, Past]] = (),
        moment: str = "",
        changes: tuple[Change, ...] = (),
        watches: tuple[Watch, ...] = (),
        sanctions: Sanctions | None = None,
    ) -> None:
        self.moment = moment
        self.changes = changes
        self.watches = watches
        self.sanctions = sanctions or Sanctions()
        self._rows: dict[tuple[str, str, str], list[Past]] = defaultdict(list)
        for seen, past in rows:
            self._rows[seen.scope, seen.uid, seen.fact].append(past)

    def of(self, ref: Ref, fact: str) -> list[Past]:
        """The values that a fact of one object (by its uid) had, oldest first."""
        return sorted(self._rows.get((ref.scope, ref.uid, fact), ()))


def observations(facts: Facts) -> Iterator[Observation]:
    """What one look leaves to be remembered: which image each container names and runs, which release made an instance
    and where it runs, what each workload's template is, and whether it was whole with it. In the order of the facts."""
    for instance in facts.instances:
        ref = instance.ref
        common = (ref.scope, ref.key, ref.uid)
        yield Observation(*common, "host", instance.host)
        if instance.release_ref is not None:
            yield Observation(*common, "release", instance.release_ref.name)
        for container in instance.containers:
            yield Observation(*common, f"image:{container.name}", container.image)
            if container.image_id_seen:
                yield Observation(*common, f"runs:{container.name}", container.image_id_seen)
            if container.restarts:  # none: a fact that is not there
                yield Observation(*common, f"restarts:{container.name}", str(container.restarts))
    for workload in facts.workloads:
        if workload.read:
            common = (workload.ref.scope, workload.ref.key, workload.ref.uid)
            yield Observation(*common, "template", workload.template)
            if workload.whole:
                yield Observation(*common, "healthy", workload.template)
