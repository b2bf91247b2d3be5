"""The snapshot: facts indexed by typed dicts, with relation accessors that keep the one rule of missing evidence.

- A single relation answers None only where nothing is referred to; a reference that can't be resolved raises
  `NotObserved`.
- A set yields what was seen and, if that was not all, then raises `NotObserved`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from tools.model.facts import Facts
from tools.model.identity import Ref, Scope
from tools.model.nouns import Container, Host, Instance, Part, Pool, Release, Workload
from tools.model.observation import Gap, NotObserved

Identity = tuple[str, str]
N = TypeVar("N", Container, Host, Instance, Pool, Release, Workload)


class Snapshot:
    """Facts with their relations. Building it is linear in the number of facts; every accessor is a dict look-up."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.moment = facts.moment
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
            if instance.owner is not None:
                self._of_release[instance.owner.identity].append(instance)
            self._members[instance.workload.identity].append(instance)
            self._on_host[instance.ref.scope, instance.host].append(instance)
        for host in facts.hosts:
            self._in_pool[host.ref.scope, host.pool].append(host)

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
        yield from self._of_workload[workload.ref.identity]
        self._ended("Release", workload.ref)

    def instances_of(self, thing: Release | Workload) -> Iterator[Instance]:
        """The instances that a release, or a workload with all its releases, keeps."""
        table = self._of_release if isinstance(thing, Release) else self._members
        yield from table[thing.ref.identity]
        self._ended("Instance", thing.ref)
        if isinstance(thing, Workload):
            self._ended("Release", thing.ref)  # an instance of a release that was not read may be its own

    def instances_on(self, host: Host) -> Iterator[Instance]:
        """The instances that run on a host."""
        yield from self._on_host[host.ref.scope, host.ref.name]
        self._ended("Instance", host.ref)

    def hosts_of(self, pool: Pool) -> Iterator[Host]:
        """The hosts of a pool."""
        yield from self._in_pool[pool.ref.scope, pool.ref.name]
        self._ended("Host", pool.ref)

    def instance_of(self, container: Container) -> Instance:
        """The instance that a container is a part of."""
        instance = self._instances.get(container.ref.identity)
        if instance is None:
            raise NotObserved(f"no instance {container.ref} was seen", "unresolved")
        return instance

    def release_of(self, instance: Instance) -> Release | None:
        """The release that made an instance; None for an instance without a controller."""
        owner = instance.owner
        if owner is None:
            return None
        release = self._releases.get(owner.identity)
        if release is None:
            raise self._unresolved("Release", owner, f"{instance.ref} is controlled by {owner}, which was not read")
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
        """The release whose template is the workload's own, by content (the oldest such one, as the Deployment
        controller chooses)."""
        if not workload.read:
            raise self._unresolved("Release", workload.ref, f"{workload.ref} was not read")
        same = [r for r in self._of_workload[workload.ref.identity] if r.template == workload.template]
        if not same:
            raise self._unresolved(
                "Release", workload.ref, f"no release of {workload.ref} was seen that has its current template"
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

    def gaps_over(self, noun: str, ref: Ref | None = None, kind: str = "") -> list[Gap]:
        """The gaps that a look at this noun, from this object, would fall into."""
        return [
            gap
            for gap in self.facts.gaps
            if gap.noun == noun
            and (ref is None or gap.scope == ref.scope)
            and (ref is None or not gap.namespace or not ref.namespace or gap.namespace == ref.namespace)
            and (not gap.kind or gap.kind == kind)
        ]

    def unseen(self, noun: str, ref: Ref | None = None) -> NotObserved | None:
        """Why what was seen of a noun may not be all of it; None where it is."""
        noun = {"Container": "Instance", "Pool": "Host"}.get(noun, noun)
        for gap in self.gaps_over(noun, ref):
            return NotObserved(gap.reason, code=gap.code, mend=gap.mend)
        return None

    def _ended(self, noun: str, ref: Ref | None = None) -> None:
        missing = self.unseen(noun, ref)
        if missing is not None:
            raise missing

    def _unresolved(self, noun: str, ref: Ref, reason: str) -> NotObserved:
        for gap in [*self.gaps_over(noun, ref, ref.kind), *self.gaps_over("Workload", ref, ref.kind)]:
            if gap.code == "not-read-yet":
                return NotObserved(f"{ref.kind} is a kind that is not read yet", code=gap.code)
            return NotObserved(f"{reason}: {gap.reason}", code=gap.code, mend=gap.mend)
        return NotObserved(reason, code="unresolved")


_TUPLES: dict[Any, str] = {
    Host: "hosts",
    Instance: "instances",
    Pool: "pools",
    Release: "releases",
    Workload: "workloads",
}
