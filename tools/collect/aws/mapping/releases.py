"""The releases of a group: versions of its launch template (with mixed instances a set of them), or its launch
configuration, which has no versions."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from tools.collect.aws import reads_compute as reads
from tools.collect.aws.answers import Answers
from tools.collect.aws.mapping.boot import boot_of, joined
from tools.collect.aws.mapping.mixed import MACHINE, Launch, launch_by, launches_of
from tools.collect.aws.mapping.templates import Templates, Version, canonical
from tools.collect.aws.mapping.told import Unresolved, missing
from tools.collect.aws.wire.autoscaling import Desired, Group, LaunchConfiguration
from tools.model.identity import Ref
from tools.model.instance import Part
from tools.model.workload import Release

VERSION, CONFIGURATION = "LaunchTemplateVersion", "LaunchConfiguration"
"""The kinds of a release."""


class Made(msgspec.Struct):
    """The releases of one group: all of them, the current one (None where that can't be told: `problem` says why), the
    set that it launches, and each by its version or its launch configuration's name. `unread` tells which user data
    can't be read."""

    kind: str
    current: Release | None = None
    launches: tuple[Launch, ...] = ()
    problem: Unresolved | None = None
    known: dict[Version | str, Release] = {}
    unread: tuple[str, ...] = ()

    @property
    def releases(self) -> tuple[Release, ...]:
        """All of them, each once, in the order of their uids."""
        return tuple(sorted({r.ref.uid: r for r in self.known.values()}.values(), key=lambda release: release.ref))


class Releases:
    """Makes the releases of groups from what was read."""

    def __init__(self, answers: Answers) -> None:
        self.scope = answers.scope
        self.templates = Templates(answers)
        self._answers = answers
        self._configurations = {c.launch_configuration_name: c for c in answers.of(reads.LAUNCH_CONFIGURATIONS)}

    def of_group(self, group: Group, ref: Ref, target: Group | Desired, used: Iterable[Version | str]) -> Made:
        """The releases of a group: what it launches by now, what its members use, and the earlier versions of its
        template that are kept. (A later version is no release of a group before the group names it.)"""
        if target is group and group.launch_configuration_name:
            return self._configured(group.launch_configuration_name, ref, used)
        made = Made(VERSION, known={}, unread=())
        try:
            made.launches = launches_of(target, self.templates)
            made.current = self._set(ref, made.launches) if made.launches else None
        except Unresolved as problem:
            made.problem = problem
        main = made.launches[0].version if made.launches else None
        wanted = {version for version in used if not isinstance(version, str)}
        if main is not None and made.current is not None:
            wanted |= {(main[0], number) for number in self.templates.numbers(main[0]) if number < main[1]}
            made.known.update({launch.version: made.current for launch in made.launches})
        for version in sorted(wanted - set(made.known)):
            try:
                made.known[version] = self._single(ref, version, main)
            except Unresolved:
                continue  # an instance of it then refers to what was not read
        made.known.update(self._configurations_of(ref, used))
        made.unread = tuple(self._unread(v) for v in made.known if not isinstance(v, str) and self._unread(v))
        return made

    def version_ref(self, group: Ref, version: Version) -> Ref:
        """The reference of a version as a release of a group, whether it was read or not."""
        template, number = version
        name = f"{self.templates.name_of(template)}:{number}"
        return Ref(self.scope, VERSION, "", name, f"{template}:{number}/{group.name}")

    def _set(self, group: Ref, launches: tuple[Launch, ...]) -> Release:
        """The release that a set of launches is: named by its first, with a part for each."""
        contents = [self.templates.content(launch.version) for launch in launches]
        first, plain = contents[0], len(launches) == 1 and not launches[0].image
        ref = self.version_ref(group, launches[0].version)
        tokens = {c.data.metadata_options.http_tokens or "" if c.data.metadata_options else "" for c in contents}
        members = [[c.digest, launch.image, launch.type] for c, launch in zip(contents, launches, strict=True)]
        number = str(launches[0].version[1])
        parts = [
            Part(ref, group, number, launch.name, "machine", launch.image or content.data.image_id, _slot(launch))
            for launch, content in zip(launches, contents, strict=True)
        ]
        return Release(
            ref=ref,
            version=number,
            workload=group,
            number=launches[0].version[1],
            template=first.digest if plain else canonical(members),
            created=first.version.create_time,
            replicas=None,
            ready=None,
            parts=tuple(parts),
            boot_seen=joined([content.boot for content in contents]),
            tokens=next((t for t in ("optional", "") if t in tokens), "required"),
        )

    def _single(self, group: Ref, version: Version, main: Version | None) -> Release:
        """A version as a release of its own. It has a number among a group's releases only where it is of the template
        that the group names."""
        release = self._set(group, (Launch(MACHINE, version),))
        same = main is None or version[0] == main[0]
        return release if same else msgspec.structs.replace(release, number=None)

    def _configured(self, name: str, group: Ref, used: Iterable[Version | str]) -> Made:
        made = Made(CONFIGURATION, known={}, unread=())
        made.known.update(self._configurations_of(group, {name, *used}))
        for version in sorted(v for v in used if not isinstance(v, str)):
            try:  # members that were launched before the group had a launch configuration
                made.known[version] = self._single(group, version, ("", 0))
            except Unresolved:
                continue
        made.current = made.known.get(name)
        if made.current is None:
            made.problem = missing(
                self._answers, reads.LAUNCH_CONFIGURATIONS, f"launch configuration {name} was not read"
            )
        elif made.current.boot_seen is None:
            made.unread = (f"launch configuration {name}: {boot_of(self._configurations[name].user_data)[1]}",)
        return made

    def _configurations_of(self, group: Ref, used: Iterable[Version | str]) -> dict[Version | str, Release]:
        """The launch configurations among these that were read, as releases."""
        found = {name: self._configurations.get(name) for name in used if isinstance(name, str)}
        return {name: self._configuration(one, group) for name, one in sorted(found.items()) if one is not None}

    def configuration(self, name: str) -> LaunchConfiguration | None:
        """A launch configuration that was read."""
        return self._configurations.get(name)

    def configuration_ref(self, group: Ref, name: str) -> Ref:
        """The reference of a launch configuration as a release of a group, whether it was read or not."""
        found = self._configurations.get(name)
        uid = found.launch_configuration_arn if found is not None and found.launch_configuration_arn else name
        return Ref(self.scope, CONFIGURATION, "", name, f"{uid}/{group.name}")

    def _configuration(self, found: LaunchConfiguration, group: Ref) -> Release:
        ref = self.configuration_ref(group, found.launch_configuration_name)
        content = msgspec.to_builtins(found)
        for name in ("LaunchConfigurationName", "LaunchConfigurationARN", "CreatedTime"):
            content.pop(name, None)
        options = found.metadata_options
        return Release(
            ref=ref,
            version="",
            workload=group,
            number=None,
            template=canonical(content),
            created=found.created_time,
            replicas=None,
            ready=None,
            parts=(Part(ref, group, "", MACHINE, "machine", found.image_id, ""),),
            boot_seen=boot_of(found.user_data)[0],
            tokens=options.http_tokens or "" if options else "",
        )

    def _unread(self, version: Version) -> str:
        content = self.templates.content(version)
        return (
            f"version {version[1]} of {self.templates.name_of(version[0])}: {content.unread}" if content.unread else ""
        )


def part_name(made: Made, release: Release | None, version: Version | str, kind: str, image: str) -> str:
    """The name of the part that an instance of this version, type and image was made from."""
    if isinstance(version, str) or release is None:
        return MACHINE
    if release is made.current:
        launch = launch_by(made.launches, version, kind, image)
        return launch.name if launch is not None else MACHINE
    if release.parts[0].image != image and any(o.image and o.type == kind for o in made.launches):
        return f"{MACHINE}/{kind}"  # by an override's own image, which no earlier version names
    return MACHINE


def _slot(launch: Launch) -> str:
    return f"/MixedInstancesPolicy/LaunchTemplate{launch.slot}" if launch.image else "/LaunchTemplateData"
