"""Who is in which group: what groups and warm pools list, and what instances' own tags say."""

from __future__ import annotations

import re

from tools.collect.aws import reads_compute as reads
from tools.collect.aws.answers import Answers
from tools.collect.aws.mapping.instances import GROUP_TAG, version_of
from tools.collect.aws.wire.autoscaling import Member

_LAUNCHED = re.compile(r"Launching a new EC2 instance: (i-[0-9a-f]+)")
_NO_TAGS: dict[str, str] = {}


class Members:
    """The members of groups and of their warm pools. `in_service` is when the activity ended that launched a member,
    by its instance id."""

    def __init__(self, answers: Answers) -> None:
        self._tags = {i.instance_id: {t.key: t.value for t in i.tags} for i in answers.of(reads.INSTANCES)}
        self._members: dict[str, Member] = {}
        self._groups: dict[str, str] = {}
        self._of: dict[str, set[str]] = {}
        self._warm: dict[str, int] = {}
        for group in answers.of(reads.GROUPS):
            for member in group.instances:
                self._members[member.instance_id] = member
                self._groups[member.instance_id] = group.auto_scaling_group_name
        for member in answers.of(reads.WARM_POOLS):  # whose answer does not name its group: the instance's tag does
            self._members.setdefault(member.instance_id, member)
            name = self._tags.get(member.instance_id, _NO_TAGS).get(GROUP_TAG, "")
            if name and member.instance_id not in self._groups:
                self._warm[name] = self._warm.get(name, 0) + 1
        for identity, tags in self._tags.items():
            name = tags.get(GROUP_TAG, "")
            if name:
                self._groups.setdefault(identity, name)
        for identity, name in self._groups.items():
            self._of.setdefault(name, set()).add(identity)
        self.in_service: dict[str, str] = {}
        for activity in answers.of(reads.ACTIVITIES):
            found = _LAUNCHED.match(activity.description) if activity.status_code == "Successful" else None
            if found is not None and activity.end_time:
                self.in_service[found[1]] = activity.end_time

    def tags(self, identity: str) -> dict[str, str]:
        """An instance's tags."""
        return self._tags.get(identity, _NO_TAGS)

    def member(self, identity: str) -> Member | None:
        """What its group, or its warm pool, lists of an instance."""
        return self._members.get(identity)

    def group(self, identity: str) -> str:
        """The name of the group that an instance is in; empty for none."""
        return self._groups.get(identity, "")

    def warm(self, group: str) -> int | None:
        """How many members a group's warm pool was seen to hold; None where none was."""
        return self._warm.get(group)

    def versions(self, group: str) -> set[tuple[str, int] | str]:
        """The versions (or launch configurations) that a group's instances were launched from."""
        found = (version_of(self.member(i), self.tags(i)) for i in self._of.get(group, ()))
        return {version for version in found if version is not None}

    def dangling(self) -> list[str]:
        """The members that settled in a group and are not among the instances that were read."""
        return sorted(
            identity
            for identity, member in self._members.items()
            if identity not in self._tags and not member.lifecycle_state.startswith(("Pending", "Terminat"))
        )
