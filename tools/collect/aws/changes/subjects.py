"""What acts are done to: the instances, groups and releases of a snapshot, by the names that requests use."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Protocol

from tools.model.identity import Ref
from tools.model.nouns import Instance, Release, Workload
from tools.model.times import parsed

CLOCKS = timedelta(minutes=1)
"""How far CloudTrail's whole seconds and a service's own clock may be apart."""


class Seen(Protocol):
    """What was made of the answers before: the nouns that changes hang on."""

    @property
    def workloads(self) -> tuple[Workload, ...]:
        """The groups, and what else keeps servers."""

    @property
    def releases(self) -> tuple[Release, ...]:
        """Launch template versions and launch configurations, each of one group."""

    @property
    def instances(self) -> tuple[Instance, ...]:
        """The servers."""


class Subjects:
    """Instances, groups and releases by name. What is gone, or was another of the same name, keeps its name alone."""

    def __init__(self, scope: str, seen: Seen) -> None:
        self.scope = scope
        self.instances = {i.ref.name: i for i in seen.instances}
        self.groups = {w.ref.name: w for w in seen.workloads if w.ref.kind == "AutoScalingGroup"}
        self.releases = seen.releases

    def instance(self, name: str) -> tuple[Ref, Ref]:
        """An instance, and its root owner: itself where nothing is known of one."""
        known = self.instances.get(name)
        if known is not None:
            return known.ref, known.workload
        gone = Ref(self.scope, "Instance", "", name, name)
        return gone, gone

    def group(self, name: str, time: str = "") -> Ref:
        """A group by its name, or its ARN; one of that name that was made later is another."""
        name = name.rpartition("autoScalingGroupName/")[2]
        known = self.groups.get(name)
        if known is None or _before(time, known.created):
            return Ref(self.scope, "AutoScalingGroup", "", name, "")
        return known.ref

    def before(self, name: str, time: str) -> bool:
        """Whether something happened before an instance that is there was made: then it was not done to it."""
        known = self.instances.get(name)
        return known is not None and _before(time, known.created)

    def members(self, group: str, time: str) -> list[str]:
        """The members of a group that were there at a time."""
        ref = self.group(group)
        return [i.ref.name for i in self.instances.values() if i.workload == ref and not self.before(i.ref.name, time)]

    def following(self, template: str, name: str, version: str) -> Iterator[Workload]:
        """The groups that name a launch template (by its id, or its name) by this moving version (`$Latest`)."""
        using = {
            release.workload.identity
            for release in self.releases
            if release.ref.kind == "LaunchTemplateVersion"
            and (release.ref.uid.partition(":")[0] == template or release.ref.name.rpartition(":")[0] == name)
        }
        for group in self.groups.values():
            if (
                group.ref.identity in using
                and group.group_seen is not None
                and version in group.group_seen.named.split(", ")
            ):
                yield group

    def versions(self, template: str, version: str) -> Iterator[Release]:
        """The releases that a version of a template is."""
        for release in self.releases:
            if release.ref.uid.partition("/")[0] == f"{template}:{version}":
                yield release


def _before(time: str, made: str) -> bool:
    one, other = parsed(time), parsed(made)
    return one is not None and other is not None and one < other - CLOCKS
