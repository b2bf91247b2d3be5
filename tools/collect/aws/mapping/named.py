"""What operations that are asked for `each` are asked for: the things that earlier answers name."""

from __future__ import annotations

from collections import defaultdict

from tools.collect.aws import reads_compute as reads
from tools.collect.aws.answers import Answers
from tools.collect.aws.mapping import images
from tools.collect.aws.mapping.compute import wanted_images
from tools.collect.aws.mapping.groups import ref_of
from tools.collect.aws.mapping.instances import version_of
from tools.collect.aws.mapping.members import Members
from tools.collect.aws.mapping.mixed import main_of, overrides_of
from tools.collect.aws.mapping.releases import Releases
from tools.collect.aws.mapping.rollouts import newest_of, target_of
from tools.collect.aws.wire.autoscaling import Desired, Group, Refresh, TemplateSpec


def templates(answers: Answers) -> list[str]:
    """The ids of the launch templates that groups, their refreshes, and instances name (`LaunchTemplateId`)."""
    by_name = {t.launch_template_name: t.launch_template_id for t in answers.of(reads.TEMPLATES)}
    found = {spec.launch_template_id or by_name.get(spec.launch_template_name, "") for spec in _specs(answers)}
    members = Members(answers)
    for instance in answers.of(reads.INSTANCES):
        version = version_of(members.member(instance.instance_id), members.tags(instance.instance_id))
        if isinstance(version, tuple):
            found.add(version[0])
    return sorted(found - {""})


def image_ids(answers: Answers) -> list[str]:
    """The ids of the images that instances name, and each group's current release and the one before it."""
    found = [instance.image_id for instance in answers.of(reads.INSTANCES)]
    releases, members = Releases(answers), Members(answers)
    refreshes: dict[str, list[Refresh]] = defaultdict(list)
    for refresh in answers.of(reads.REFRESHES):
        refreshes[refresh.auto_scaling_group_name].append(refresh)
    for group in answers.of(reads.GROUPS):
        name = group.auto_scaling_group_name
        target = target_of(group, newest_of(refreshes.get(name, []))[0])
        made = releases.of_group(group, ref_of(answers.scope, group), target, members.versions(name))
        found += [part.image for release in wanted_images(made) for part in release.parts]
    return images.named_by(found)


def snapshots(answers: Answers) -> list[str]:
    """The ids of the snapshots behind the images that this account owns. (Of another's nobody here can tell.)"""
    own = (image for image in answers.of(reads.IMAGES) if image.owner_id == answers.account)
    return sorted({snapshot for image in own for snapshot in images.snapshots_of(image)})


def instance_types(answers: Answers) -> list[str]:
    """The types of the instances."""
    return sorted({instance.instance_type for instance in answers.of(reads.INSTANCES)} - {""})


def groups(answers: Answers) -> list[str]:
    """The names of the groups."""
    return sorted(group.auto_scaling_group_name for group in answers.of(reads.GROUPS))


def warm_groups(answers: Answers) -> list[str]:
    """The names of the groups that have a warm pool."""
    pooled = (group for group in answers.of(reads.GROUPS) if group.warm_pool_configuration is not None)
    return sorted(group.auto_scaling_group_name for group in pooled)


def _specs(answers: Answers) -> list[TemplateSpec]:
    found: list[TemplateSpec | None] = []
    configured: list[Group | Desired] = [*answers.of(reads.GROUPS)]
    configured += [r.desired_configuration for r in answers.of(reads.REFRESHES) if r.desired_configuration is not None]
    for one in configured:
        found += [main_of(one), *(override.launch_template_specification for override in overrides_of(one))]
    return [spec for spec in found if spec is not None]
