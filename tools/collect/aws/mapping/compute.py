"""Servers, their groups, releases, images and disks, from what was read of EC2 and EC2 Auto Scaling. Pure: no I/O."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

import msgspec

from tools.collect.aws import reads_compute as reads
from tools.collect.aws.answers import Answers
from tools.collect.aws.mapping import compute_gaps, groups, images
from tools.collect.aws.mapping.instances import Shared, instance_of, keeper_of, version_of
from tools.collect.aws.mapping.members import Members
from tools.collect.aws.mapping.releases import Made, Releases, part_name
from tools.collect.aws.mapping.rollouts import newest_of, rollout_of, stays, target_of
from tools.collect.aws.mapping.templates import Version
from tools.collect.aws.mapping.told import Unresolved, was_told
from tools.collect.aws.mapping.volumes import Devices, Disks
from tools.collect.aws.wire import autoscaling, ec2
from tools.model.artifact import Artifact
from tools.model.identity import Ref
from tools.model.instance import Instance
from tools.model.machine import Volume
from tools.model.observation import Gap
from tools.model.workload import Release, Workload

Used = Version | str | None


class Compute(msgspec.Struct, frozen=True):
    """What one account and region runs. Tuples are sorted by their references."""

    workloads: tuple[Workload, ...]
    releases: tuple[Release, ...]
    instances: tuple[Instance, ...]
    artifacts: tuple[Artifact, ...]
    volumes: tuple[Volume, ...]
    gaps: tuple[Gap, ...]


def compute(answers: Answers) -> Compute:
    """The nouns of what was answered of EC2 and EC2 Auto Scaling."""
    return _Computing(answers).done()


class _Computing:
    """The working of `compute`: groups first, then the instances, which refer to them."""

    def __init__(self, answers: Answers) -> None:
        self.answers, self.scope = answers, answers.scope
        self.members = Members(answers)
        self.releases = Releases(answers)
        self.disks, self.shared = Disks(answers), Shared()
        self.made: dict[str, Made] = {}
        self.refs: dict[str, Ref] = {}
        self.workloads: dict[str, Workload] = {}
        self.volumes: list[Volume] = []
        self.kept: Counter[str] = Counter()
        self.gone: Counter[str] = Counter()
        self._launched: dict[tuple[str, Used, str, str], tuple[Ref, str]] = {}
        self._devices: dict[Used, Devices | None] = {}
        refreshes: dict[str, list[autoscaling.Refresh]] = defaultdict(list)
        hooks: dict[str, list[autoscaling.Hook]] = defaultdict(list)
        for refresh in answers.of(reads.REFRESHES):
            refreshes[refresh.auto_scaling_group_name].append(refresh)
        for hook in answers.of(reads.HOOKS):
            hooks[hook.auto_scaling_group_name].append(hook)
        for group in answers.of(reads.GROUPS):
            name = group.auto_scaling_group_name
            self._group(group, refreshes.get(name, []), hooks.get(name, []))
        once = {
            instance.instance_id: instance for instance in answers.of(reads.INSTANCES)
        }  # a recording may repeat one
        self.instances = [self._instance(instance) for instance in once.values()]

    def done(self) -> Compute:
        """What came of it, sorted."""
        releases = [release for made in self.made.values() for release in made.releases]
        named = [c.image for instance in self.instances for c in instance.containers]
        for made in self.made.values():
            named += [part.image for release in wanted_images(made) for part in release.parts]
        gaps = (
            *compute_gaps.of_groups(self.scope, self.made),
            *compute_gaps.of_keepers(self.scope, self.kept, self.gone),
            *compute_gaps.of_members(self.answers, self.members.dangling()),
        )
        return Compute(
            workloads=tuple(sorted(self.workloads.values(), key=lambda workload: workload.ref)),
            releases=tuple(sorted(releases, key=lambda release: release.ref)),
            instances=tuple(sorted(self.instances, key=lambda instance: instance.ref.name)),
            artifacts=tuple(images.artifacts_of(self.answers, named)),
            volumes=tuple(sorted(self.volumes, key=lambda volume: (volume.ref.name, volume.instance.name))),
            gaps=tuple(sorted(gaps)),
        )

    def _group(
        self, group: autoscaling.Group, refreshes: list[autoscaling.Refresh], hooks: list[autoscaling.Hook]
    ) -> None:
        name, ref = group.auto_scaling_group_name, groups.ref_of(self.scope, group)
        refresh, index = newest_of(refreshes)
        used = self.members.versions(name)
        made = self.releases.of_group(group, ref, target_of(group, refresh), used)
        self.made[name], self.refs[name] = made, ref
        rollout = None
        if refreshes or was_told(self.answers, reads.REFRESHES, name):
            counted = [
                (member, self._is_current(made, version_of(member, self.members.tags(member.instance_id))))
                for member in group.instances
                if stays(member)
            ]
            rollout = rollout_of(counted, refresh, index)
        seen = groups.group_of(group, refresh, self.members.warm(name), hooks)
        self.workloads[ref.uid] = groups.workload_of(group, ref, made, refresh, rollout, seen)

    def _is_current(self, made: Made, version: Used) -> bool:
        """Whether a member was made by what its group launches now: by this release, or by another of the same
        content (an identical version of the template)."""
        release = made.known.get(version) if version is not None else None
        if release is None or made.current is None:
            return False
        return release is made.current or release.template == made.current.template != ""

    def _instance(self, instance: ec2.Instance) -> Instance:
        identity = instance.instance_id
        ref = Ref(self.scope, "Instance", "", identity, identity)
        tags, member = self.members.tags(identity), self.members.member(identity)
        name = self.members.group(identity)
        version, owner, release_ref, part = version_of(member, tags), self._owner(instance, name, tags), None, "machine"
        if owner is not None:
            key = (owner.uid, version, instance.instance_type, instance.image_id)
            known = self._launched.get(key)
            if known is None:
                made = self.made.get(name)
                known = self._launched[key] = self._launch(made, owner, version, instance)
            release_ref, part = known
        self.volumes += self.disks.of(instance, ref, self._template_devices(version))
        since = self.members.in_service.get(identity, "")
        return instance_of(instance, ref, owner, release_ref, part, member, since, self.shared)

    def _owner(self, instance: ec2.Instance, name: str, tags: dict[str, str]) -> Ref | None:
        """The group that keeps it; or what else does, known by reference alone."""
        owner = self.refs.get(name)
        if owner is not None:
            return owner
        if name:
            self.gone[name] += 1
            owner = Ref(self.scope, groups.KIND, "", name, name)
        else:
            owner = keeper_of(self.scope, instance, tags)
            if owner is None:
                return None
            self.kept[owner.kind] += 1
        return self.workloads.setdefault(owner.uid, groups.unread(owner)).ref

    def _launch(self, made: Made | None, owner: Ref, version: Used, instance: ec2.Instance) -> tuple[Ref, str]:
        """The reference of the release that made a kept instance, read or not, and of which of its parts."""
        if version is None or made is None:
            kind = made.kind if made is not None else owner.kind
            return (owner if made is None else Ref(self.scope, kind, "", "", "")), "machine"
        release = made.known.get(version)
        part = part_name(made, release, version, instance.instance_type, instance.image_id)
        if release is not None:
            return release.ref, part
        if isinstance(version, str):
            return self.releases.configuration_ref(owner, version), part
        return self.releases.version_ref(owner, version), part

    def _template_devices(self, version: Used) -> Devices | None:
        """The devices of the template that made an instance; none for one that no template made, None where the
        template was not read."""
        if version not in self._devices:
            self._devices[version] = self._devices_of(version)
        return self._devices[version]

    def _devices_of(self, version: Used) -> Devices | None:
        if version is None:
            return ()
        if isinstance(version, str):
            found = self.releases.configuration(version)
            return found.block_device_mappings if found is not None else None
        try:
            return self.releases.templates.content(version).data.block_device_mappings
        except Unresolved:
            return None


def wanted_images(made: Made) -> Iterable[Release]:
    """The releases of a group whose images are asked for: the current one, and the newest before it."""
    current = made.current
    if current is None:
        return ()
    earlier = [r for r in made.releases if r.number is not None and r.number < (current.number or 0)]
    return (current, *sorted(earlier, key=lambda release: release.number or 0)[-1:])
