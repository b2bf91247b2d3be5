"""What a group may launch: one template's version, or, by a mixed instances policy, a set of versions and images."""

from __future__ import annotations

import msgspec

from tools.collect.aws.mapping.templates import Templates, Version
from tools.collect.aws.wire.autoscaling import Desired, Group, Override, TemplateSpec

MACHINE = "machine"
"""The name of the part that a group without overrides launches from, and of the first one of a set."""


class Launch(msgspec.Struct, frozen=True):
    """One way in which a group launches: the part's name, the version, and, for an override with an image of its own,
    that image and the instance type that it is for (empty: chosen by requirements). `slot` is where it stands in the
    policy (`/Overrides/2`)."""

    name: str
    version: Version
    image: str = ""
    type: str = ""
    slot: str = ""


def main_of(group: Group | Desired) -> TemplateSpec | None:
    """The specification that a group, or a refresh's desired configuration, names first."""
    if group.launch_template is not None:
        return group.launch_template
    policy = group.mixed_instances_policy
    return policy.launch_template.launch_template_specification if policy and policy.launch_template else None


def overrides_of(group: Group | Desired) -> tuple[Override, ...]:
    """The overrides of its mixed instances policy."""
    policy = group.mixed_instances_policy
    return policy.launch_template.overrides if policy and policy.launch_template else ()


def named_versions(group: Group | Desired) -> list[str]:
    """How it names the versions that it launches, as written (`3`, `$Latest`): of its template, and of each override
    with one of its own."""
    specs = [main_of(group), *(override.launch_template_specification for override in overrides_of(group))]
    return list(dict.fromkeys(spec.version for spec in specs if spec is not None))


def own(overrides: tuple[Override, ...]) -> int:
    """How many overrides name a template or an image of their own."""
    return sum(1 for o in overrides if o.image_id or o.launch_template_specification is not None)


def launches_of(group: Group | Desired, templates: Templates) -> tuple[Launch, ...]:
    """The set that it launches, each version and image once; the main template is in it if an override (or having
    none) leaves room for it. Raises `Unresolved` where one of them can't be told."""
    main, overrides = main_of(group), overrides_of(group)
    found: dict[tuple[Version, str, str], Launch] = {}
    if main is not None and (not overrides or own(overrides) < len(overrides)):
        found[templates.resolve(main), "", ""] = Launch(MACHINE, templates.resolve(main))
    for index, override in enumerate(overrides):
        spec = override.launch_template_specification or main
        if spec is None:
            continue
        version = templates.resolve(spec)
        kind = override.instance_type if override.image_id else ""
        key = (version, override.image_id, kind)
        name = f"{MACHINE}/{kind or override.image_id or f'{version[0]}:{version[1]}'}"
        found.setdefault(key, Launch(name, version, override.image_id, kind, f"/Overrides/{index}"))
    launches = tuple(found.values())
    return launches and (msgspec.structs.replace(launches[0], name=MACHINE), *launches[1:])


def launch_by(launches: tuple[Launch, ...], version: Version, instance_type: str, image: str) -> Launch | None:
    """The one of a set by which an instance of this version, type and image was launched; None where none fits."""
    mine = [launch for launch in launches if launch.version == version]
    for launch in mine:
        if launch.image and (launch.type == instance_type or (not launch.type and launch.image == image)):
            return launch
    return next((launch for launch in mine if not launch.image), None)
