"""Launch templates: what a group's specification of one (by id or name; a number, `$Latest` or `$Default`) means."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from tools.collect.aws import reads_compute as reads
from tools.collect.aws.answers import Answers
from tools.collect.aws.mapping.boot import boot_of
from tools.collect.aws.mapping.told import Unresolved, missing
from tools.collect.aws.wire import ec2
from tools.collect.aws.wire.autoscaling import TemplateSpec
from tools.model.group import Boot

Version = tuple[str, int]
"""A template's id and a version's number."""

NO_OTHER_SERVER = (
    "InstanceMarketOptions",  # spot or on demand: how it is paid
    "CapacityReservationSpecification",  # where the capacity is booked
    "Monitoring",  # how often CloudWatch is told
    "DisableApiTermination",  # what the API lets be done to it
    "DisableApiStop",
    "Operator",  # who manages the template
)
"""What of a template's data makes no other server: two versions that differ in these alone have one digest."""


class Content(msgspec.Struct, frozen=True):
    """A version with what the nouns need of it: its data decoded, their digest, and what its user data do (None, with
    `unread` saying why, where they can't be read)."""

    version: ec2.TemplateVersion
    data: ec2.TemplateData
    digest: str
    boot: Boot | None
    unread: str = ""


class Templates:
    """The launch templates that were read."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._versions: dict[str, dict[int, ec2.TemplateVersion]] = {}
        self._names: dict[str, str] = {}
        self._contents: dict[Version, Content] = {}
        self._known = {t.launch_template_id: t for t in answers.of(reads.TEMPLATES)}
        for version in answers.of(reads.TEMPLATE_VERSIONS):
            self._versions.setdefault(version.launch_template_id, {})[version.version_number] = version
            self._names[version.launch_template_name] = version.launch_template_id
        for template in self._known.values():
            self._names[template.launch_template_name] = template.launch_template_id

    def resolve(self, spec: TemplateSpec) -> Version:
        """The version that a specification means now. Raises `Unresolved`; never a guess."""
        template = spec.launch_template_id or self._names.get(spec.launch_template_name, "")
        written = spec.version or "$Default"
        told = f"version {written} of launch template {spec.launch_template_name or spec.launch_template_id}"
        if not template:
            raise missing(self._answers, reads.TEMPLATES, f"{told}: no template of that name was read")
        if written.isascii() and written.isdigit():
            return template, int(written)
        if written not in ("$Latest", "$Default"):
            raise Unresolved("broken", f"{told}: that is no version")
        number = self._now(template, written)
        if number is None:
            raise missing(self._answers, reads.TEMPLATES, f"{told}: what it is now was not read")
        return template, number

    def content(self, version: Version) -> Content:
        """A version's content. Raises `Unresolved` where that version was not read."""
        known = self._contents.get(version)
        if known is not None:
            return known
        template, number = version
        found = self._versions.get(template, {}).get(number)
        if found is None:
            told = f"version {number} of launch template {self.name_of(template)} was not read"
            raise missing(self._answers, reads.TEMPLATE_VERSIONS, told, template)
        data = msgspec.convert(found.launch_template_data, ec2.TemplateData, strict=False)
        boot, unread = boot_of(data.user_data)
        content = Content(found, data, digest_of(found.launch_template_data), boot, unread)
        self._contents[version] = content
        return content

    def numbers(self, template: str) -> list[int]:
        """The numbers of the versions that were read of a template."""
        return sorted(self._versions.get(template, {}))

    def name_of(self, template: str) -> str:
        """The template's name; its id where that was not read."""
        known = self._known.get(template)
        if known is not None and known.launch_template_name:
            return known.launch_template_name
        versions = self._versions.get(template)
        return next(iter(versions.values())).launch_template_name or template if versions else template

    def _now(self, template: str, written: str) -> int | None:
        known = self._known.get(template)
        if known is not None:
            return known.latest_version_number if written == "$Latest" else known.default_version_number
        if written == "$Default":
            versions = self._versions.get(template, {})
            return next((number for number, version in versions.items() if version.default_version), None)
        return None  # the highest number that was read may not be the latest: a recording holds what was asked for


def digest_of(data: Any) -> str:
    """The SHA-256 of a template's data as canonical JSON, without what makes no other server: `NO_OTHER_SERVER`, and
    the tags of what is not the instance itself (an instance's own tags choose what is done to it)."""
    kept = {name: value for name, value in data.items() if name not in NO_OTHER_SERVER}
    tags = [tag for tag in kept.pop("TagSpecifications", None) or () if tag.get("ResourceType") == "instance"]
    return canonical([kept, tags])


def canonical(content: Any) -> str:
    """The SHA-256 (hex) of a value as canonical JSON."""
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()
