"""The configuration that a group is refreshed to: one numbered version of its launch template, nothing else."""

from __future__ import annotations

import copy
from typing import Any

import msgspec

from tools.errors import ApiFailure, Refused
from tools.execute.aws.acting import Acting
from tools.execute.aws.groups import Group
from tools.model.identity import Ref
from tools.model.image import machine_image

MOVABLE = ("$Latest", "$Default")
"""Versions that are pointers: EC2 Auto Scaling rolls a group that names one back neither by itself nor when asked."""


class Version(msgspec.Struct, frozen=True):
    """A version of a launch template, by the template's id and its own number."""

    template: str
    number: str

    def __str__(self) -> str:
        return f"{self.template}:{self.number}"


def version_of(release: Ref) -> Version:
    """The version that a release is (its uid is `TEMPLATE:NUMBER/GROUP`). Raises `Refused` for a launch configuration,
    which a refresh can't be given."""
    if release.kind != "LaunchTemplateVersion":
        raise Refused("launch-configuration", f"{release} is no version of a launch template", mend="migrate the group")
    template, _, number = release.uid.partition("/")[0].rpartition(":")
    return Version(template, number)


def named_by(configuration: Group) -> dict[str, str]:
    """How a group, or a desired configuration, names its template: `LaunchTemplateId` and `Version`."""
    policy = configuration.get("MixedInstancesPolicy") or {}
    mixed = (policy.get("LaunchTemplate") or {}).get("LaunchTemplateSpecification")
    named: dict[str, str] = configuration.get("LaunchTemplate") or mixed or {}
    return named


def names(configuration: Group, version: Version) -> bool:
    """Whether a group, or a desired configuration, names this very version."""
    named = named_by(configuration)
    return (named.get("LaunchTemplateId"), named.get("Version")) == (version.template, version.number)


def desired(group: Group, version: Version, ref: Ref) -> dict[str, Any]:
    """The group's own configuration with this version in place of what it names. Raises `Refused` where an override
    names a template of its own, which would stay as it is."""
    spec = {"LaunchTemplateId": version.template, "Version": version.number}
    if "MixedInstancesPolicy" not in group:
        if "LaunchTemplate" not in group:
            raise Refused(
                "launch-configuration", f"{ref} names a launch configuration", mend="migrate it to a template"
            )
        return {"LaunchTemplate": spec}
    policy = copy.deepcopy(group["MixedInstancesPolicy"])
    own = [
        o for o in policy["LaunchTemplate"].get("Overrides", []) if "LaunchTemplateSpecification" in o or "ImageId" in o
    ]
    if own:
        raise Refused(
            "overrides",
            f"{ref}: {len(own)} overrides name a template or an image of their own, which no one version goes back for",
            mend="write the whole policy through what declares the group",
        )
    policy["LaunchTemplate"]["LaunchTemplateSpecification"] = spec
    return {"MixedInstancesPolicy": policy}


def launch_data(aws: Acting, version: Version) -> dict[str, Any]:
    """What a version launches (`LaunchTemplateData`). Raises `Refused` where it is gone."""
    asked = {"LaunchTemplateId": version.template, "Versions": [version.number]}
    gone = Refused("gone", f"{version} is gone", "its version was deleted", "choose another release: --to")
    try:
        found = aws.read("ec2", "describe_launch_template_versions", **asked)["LaunchTemplateVersions"]
    except ApiFailure as failure:
        if "NotFound" in failure.message:
            raise gone from failure
        raise
    if not found:
        raise gone
    data: dict[str, Any] = found[0]["LaunchTemplateData"]
    return data


def refuse_lost(aws: Acting, version: Version, data: dict[str, Any]) -> None:
    """Raise `Refused` where the version's image, or a snapshot behind an image of the account's own, is not there."""
    image = data.get("ImageId", "")
    if machine_image(image) is None:
        return  # a parameter's: said in the preview
    found = aws.read(
        "ec2", "describe_images", Filters=[{"Name": "image-id", "Values": [image]}], IncludeDeprecated=True
    )
    if not found["Images"]:
        raise Refused(
            "image-gone", f"{version} launches {image}, which is not there", mend="choose another release: --to"
        )
    if found["Images"][0].get("State") != "available":
        raise Refused(
            "image-gone", f"{image} is {found['Images'][0].get('State')}", mend="choose another release: --to"
        )
