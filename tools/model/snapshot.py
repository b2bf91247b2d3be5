"""The snapshot: facts indexed by typed dicts, with relation accessors that keep the one rule of missing evidence.

- A single relation answers None only where nothing is referred to; a reference that can't be resolved raises
  `NotObserved`.
- A set yields what was seen and, if that was not all, then raises `NotObserved`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any, TypeVar

from tools.model.change import Act, Watch
from tools.model.facts import Facts
from tools.model.identity import Ref, Scope
from tools.model.nouns import Budget, Change, Container, Host, Instance, Part, Pool, Release, Workload
from tools.model.observation import Gap, NotObserved
from tools.model.servers import Servers
from tools.model.watch import unwatched

Identity = tuple[str, str]
N = TypeVar("N", Container, Host, Instance, Pool, Release, Workload)


class Snapshot(Servers):
    """Facts with their relations. Building it is linear in the number of facts; every accessor is a dict look-up."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.moment = facts.moment
        super().__init__(facts)
        self.scopes: dict[str, Scope] = {scope.id: scope for scope in facts.scopes}
        self._workloads: dict[Identity, Workload] = {w.ref.identity: w for w in facts.workloads}
        self._releases: dict[Identity, Release] = {r.ref.identity: r for r in facts.releases}
        self._instances: dict[Identity, Instance] = {i.ref.identity: i for i in facts.instances}
        self._hosts: dict[tuple[str, str], Host] = {(h.ref.scope, h.ref.name): h for h in facts.hosts}
        self._of_workload: dict[Identity, list[Release]] = defaultdict(list)
        self._of_release: dict[Identity, list[Instance]] = defaultdict(list)
        self._members: dict[Identity, list[Instance]] = defaultdict(list)
        self._on_host: dict[tuple[str, str], list[Instance]] = defaultdict(list)
        self._in_pool: dict[tuple[str, str], list[Host]] = defaultdict(list)
        for release in facts.releases:
            self._of_workload[release.workload.identity].append(release)
        for instance in facts.instances:
            if instance.release_ref is not None:
                self._of_release[instance.release_ref.identity].append(instance)
            self._members[instance.workload.identity].append(instance)
            self._on_host[instance.ref.scope, instance.host].append(instance)
        for host in facts.hosts:
            self._in_pool[host.ref.scope, host.pool].append(host)
        self._changes: dict[Identity, list[Change]] = defaultdict(list)
        self._changes_under: dict[Identity, list[Change]] = defaultdict(list)
        self._watches: dict[str, list[Watch]] = defaultdict(list)
        self._budgets: dict[Identity, list[Budget]] = defaultdict(list)
        self._known: set[Change] = set()
        self._no_logs: dict[tuple[str, str], tuple[str, str]] = {}
        self._gaps: dict[str, list[Gap]] = defaultdict(list)
        for gap in facts.gaps:
            self._gaps[gap.noun].append(gap)
        self.remember(facts.changes, facts.watches)
        for budget in facts.budgets:
            for covered in budget.covers:
                self._budgets[covered.identity].append(budget)

    def remember(self, changes: Iterable[Change], watches: Iterable[Watch]) -> None:
        """Add changes, and what logs could have seen, to what the facts hold; what is there already is not doubled."""
        for change in changes:
            if change in self._known:
                continue
            self._known.add(change)
            if change.ref.uid:
                self._changes[change.ref.identity].append(change)
            if change.root.uid:
                self._changes_under[change.root.identity].append(change)
        for watch in watches:
            self._watches[watch.scope].append(watch)

    def kept_by(self, owner: Ref) -> tuple[list[Release], list[Instance]]:
        """The releases and instances of a root owner that were seen, without the promise that it is all."""
        return self._of_workload.get(owner.identity, []), self._members.get(owner.identity, [])

    def moment_of(self, ref: Ref) -> str:
        """When an object's scope was looked at (RFC 3339 UTC)."""
        return self.scopes[ref.scope].moment or self.moment

    def seen(self, noun: type[N]) -> Iterable[N]:
        """What was seen of a noun, without the promise that it is all."""
        found: Iterable[Any] = (
            (container for instance in self.facts.instances for container in instance.containers)
            if noun is Container
            else getattr(self.facts, _TUPLES[noun])
        )
        return found

    def all(self, noun: type[N]) -> Iterator[N]:
        """All of a noun: what was seen, and then `NotObserved` if that was not all."""
        yield from self.seen(noun)
        self._ended(noun.__name__)

    def releases_of(self, workload: Workload) -> Iterator[Release]:
        """The releases that a workload has made."""
        yield from self._of_workload.get(workload.ref.identity, ())
        self._ended("Release", workload.ref, workload.release_kind)

    def instances_of(self, thing: Release | Workload) -> Iterator[Instance]:
        """The instances that a release, or a workload with all its releases, keeps."""
        table = self._of_release if isinstance(thing, Release) else self._members
        yield from table.get(thing.ref.identity, ())
        self._ended("Instance", thing.ref)
        if isinstance(thing, Workload):  # an instance of a release that was not read may be its own
            self._ended("Release", thing.ref, thing.release_kind)

    def instances_on(self, host: Host) -> Iterator[Instance]:
        """The instances that run on a host."""
        yield from self._on_host.get((host.ref.scope, host.ref.name), ())
        self._ended("Instance", host.ref)

    def hosts_of(self, pool: Pool) -> Iterator[Host]:
        """The hosts of a pool."""
        yield from self._in_pool.get((pool.ref.scope, pool.ref.name), ())
        self._ended("Host", pool.ref)

    def instance_of(self, container: Container) -> Instance:
        """The instance that a container is a part of."""
        instance = self._instances.get(container.ref.identity)
        if instance is None:
            raise NotObserved(f"no instance {container.ref} was seen", "unresolved")
        return instance

    def release_of(self, instance: Instance) -> Release | None:
        """The release that made an instance; None where nothing refers to one (a bare instance, a static pod)."""
        made_by = instance.release_ref
        if made_by is None:
            return None
        release = self._releases.get(made_by.identity)
        if release is None:
            raise self._unresolved("Release", made_by, f"{instance.ref} is of {made_by}, which was not read")
        return release

    def workload_of(self, thing: Instance | Release) -> Workload | None:
        """The root owner of an instance or a release; None for a bare one."""
        if isinstance(thing, Instance) and thing.owner is None:
            return None
        workload = self._workloads.get(thing.workload.identity)
        if workload is None:
            raise self._unresolved("Workload", thing.workload, f"{thing.workload} was not read")
        return workload

    def current_release(self, workload: Workload) -> Release:
        """The release whose template is the workload's own, by content: of several such the one that it names, else the
        oldest (as the Deployment controller chooses)."""
        if not workload.read:
            raise self._unresolved("Release", workload.ref, f"{workload.ref} was not read")
        made = self._of_workload.get(workload.ref.identity, [])
        same = [r for r in made if r.template == workload.template]
        same = [r for r in same or made if r.ref.name == workload.current] or same
        if not same:
            raise self._unresolved(
                "Release",
                workload.ref,
                f"no release of {workload.ref} was seen that has its current template",
                workload.release_kind,
            )
        return min(same, key=lambda r: (r.created, r.ref.uid))

    def host_of(self, instance: Instance) -> Host | None:
        """The host that an instance is bound to; None before it is scheduled."""
        if not instance.host:
            return None
        host = self._hosts.get((instance.ref.scope, instance.host))
        if host is None:
            raise self._unresolved("Host", instance.ref, f"node {instance.host} was not read")
        return host

    def part_of(self, release: Release, container: Container) -> Part | None:
        """The part of a release's template that a container was made from; None where the template has none of that
        name (a sidecar injected at creation, an ephemeral container)."""
        if container.role == "ephemeral":
            return None
        return next((part for part in release.parts if part.name == container.name), None)

    def changes_to(self, thing: Host | Instance | Release | Workload, *acts: Act) -> Iterator[Change]:
        """What was done to an object (these acts, or any), oldest first; then `NotObserved` where the log could not
        have recorded all of it since the object was made."""
        found = self._changes.get(thing.ref.identity)
        if found is not None:
            yield from _sorted(change for change in found if not acts or change.act in acts)
        if thing.ref.scope not in self._watches:
            raise self._no_log(thing.ref)
        missing = unwatched(
            self._watches[thing.ref.scope], thing, acts, self.moment_of(thing.ref), self._no_log(thing.ref)
        )
        if missing is not None:
            raise missing

    def changes_under(self, workload: Workload | Ref) -> list[Change]:
        """What was done to a workload, its releases and its instances, also to those that are gone, as far as it was
        seen; oldest first."""
        ref = workload.ref if isinstance(workload, Workload) else workload
        return _sorted(self._changes_under.get(ref.identity, ()))

    def watched(self, scope: str) -> list[Watch]:
        """What audit logs could have seen of a scope, oldest first."""
        return sorted(self._watches.get(scope, ()))

    def budgets_of(self, workload: Workload) -> Iterator[Budget]:
        """The disruption budgets that cover a workload's instances."""
        yield from self._budgets.get(workload.ref.identity, ())
        self._ended("Budget", workload.ref)

    def gaps_over(self, noun: str, ref: Ref | None = None, kind: str = "") -> list[Gap]:
        """The gaps that a look at this noun would fall into: from an object those of its scope, its namespace, and of
        the kind that is looked for; from nowhere all."""
        return [
            gap
            for gap in self._gaps.get(noun, ())
            if ref is None
            or (
                gap.scope == ref.scope
                and (not gap.namespace or not ref.namespace or gap.namespace == ref.namespace)
                and (not gap.kind or gap.kind == kind)
            )
        ]

    def unseen(
        self, noun: str, ref: Ref | None = None, kind: str = "", scopes: Collection[str] = ()
    ) -> NotObserved | None:
        """Why what was seen of a noun (in these scopes, or in all) may not be all of it; None where it is."""
        noun = {"Container": "Instance", "Pool": "Host"}.get(noun, noun)
        for gap in self.gaps_over(noun, ref, kind):
            if scopes and gap.scope not in scopes and gap.scope:
                continue
            return NotObserved(gap.reason, code=gap.code, mend=gap.mend)
        return None

    def _ended(self, noun: str, ref: Ref | None = None, kind: str = "") -> None:
        missing = self.unseen(noun, ref, kind)
        if missing is not None:
            raise missing

    def _no_log(self, ref: Ref) -> NotObserved:
        """Why there is no audit log of a scope. (Asked for each instance of a fleet, so it is remembered.)"""
        key = (ref.scope, ref.namespace)
        if key not in self._no_logs:
            gap = next(iter(self.gaps_over("Change", ref)), None)
            self._no_logs[key] = (gap.reason, gap.mend) if gap else ("no audit log was given", "give one: --audit-log")
        reason, mend = self._no_logs[key]
        return NotObserved(reason, code="no-audit-log", mend=mend)

    def _unresolved(self, noun: str, ref: Ref, reason: str, kind: str = "") -> NotObserved:
        """Why a relation does not resolve: a gap over what is looked for (`kind` where that is not the reference's
        own), else nobody knows."""
        for gap in [*self.gaps_over(noun, ref, kind or ref.kind), *self.gaps_over("Workload", ref, ref.kind)]:
            if gap.code == "not-read-yet":
                return NotObserved(f"{ref.kind} is a kind that is not read yet", code=gap.code)
            return NotObserved(f"{reason}: {gap.reason}", code=gap.code, mend=gap.mend)
        return NotObserved(reason, code="unresolved")


def _sorted(changes: Iterable[Change]) -> list[Change]:
    return sorted(changes, key=lambda change: change.order)


_TUPLES: dict[Any, str] = {
    Host: "hosts",
    Instance: "instances",
    Pool: "pools",
    Release: "releases",
    Workload: "workloads",
}
