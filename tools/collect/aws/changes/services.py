"""What the services tell of what they did: SSM's commands, sessions and associations, CodeDeploy's deployments, EC2's
root volume tasks and group refreshes, by the ids that CloudTrail's events name too."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from tools.collect.aws import reads_acts as reads
from tools.collect.aws.answers import Answers
from tools.collect.aws.changes import documents
from tools.collect.aws.operation import Operation
from tools.collect.aws.reads_compute import REFRESHES
from tools.collect.aws.wire import acts, autoscaling
from tools.model.change import Act

_NEVER_RAN = ("Pending", "Delayed", "DeliveryTimedOut", "Undeliverable", "InvalidPlatform", "AccessDenied")
"""`StatusDetails` of an invocation that the instance did not begin."""
ROOT_VOLUME = "ReplaceRootVolume"
_ALONE: tuple[tuple[Operation[Any], Act, str], ...] = (
    (reads.ASSOCIATIONS, "association", "what State Manager applies by itself"),
    (reads.PATCHES, "patch-baseline", "what Patch Manager installs by itself"),
)
"""What is told by no event of CloudTrail: its record alone shows that there was none."""


class Services:
    """The services' records by id."""

    def __init__(self, answers: Answers) -> None:
        self.commands: dict[str, acts.Command] = {c.command_id: c for c in answers.of(reads.COMMANDS)}
        self.invoked: dict[str, list[acts.Invocation]] = defaultdict(list)
        for invocation in answers.of(reads.INVOCATIONS):
            self.invoked[invocation.command_id].append(invocation)
        self.sessions: dict[str, acts.Session] = {s.session_id: s for s in answers.of(reads.SESSIONS)}
        self.associations = {a.association_id: a for a in answers.of(reads.ASSOCIATIONS)}
        self.applied: dict[str, list[acts.Applied]] = defaultdict(list)
        for applied in answers.of(reads.APPLIED):
            self.applied[applied.association_id].append(applied)
        self.patches = {p.instance_id: p for p in answers.of(reads.PATCHES)}
        self.deployments: dict[str, acts.DeploymentInfo] = {d.deployment_id: d for d in answers.of(reads.DEPLOYED)}
        self.deployed_to: dict[str, list[str]] = defaultdict(list)
        for page in answers.of(reads.DEPLOYMENT_TARGETS):
            self.deployed_to[page.deployment_id] += page.target_ids
        self.tasks: dict[str, acts.RootVolumeTask] = {
            t.replace_root_volume_task_id: t for t in answers.of(reads.ROOT_VOLUME_TASKS)
        }
        self.refreshes: dict[str, autoscaling.Refresh] = {
            r.instance_refresh_id: r for r in answers.of(REFRESHES) if r.strategy == ROOT_VOLUME
        }
        self._answers = answers
        self.unread: list[tuple[Act, str]] = [
            (act, f"{what} is told by no event, and {one.service}.{one.name} was not read whole")
            for one, act, what in _ALONE
            if answers.failed(one) is not None or (answers.recorded and one.key not in answers.whole)
        ]
        self._invocations_whole = reads.INVOCATIONS.key in answers.whole and not answers.failed(reads.INVOCATIONS)

    def ran_on(self, command: str, named: list[str]) -> list[str] | None:
        """The instances that a command ran on: as its invocations tell, else those that it names; None where it
        names none and nobody tells."""
        known = self.invoked.get(command)
        if known:
            return sorted({i.instance_id for i in known if i.status_details not in _NEVER_RAN})
        asked = self.commands.get(command)
        if asked is not None:
            named = [*named, *asked.instance_ids, *by_id(asked.targets)]
            if not named and (self._invocations_whole or asked.target_count == 0):
                return []  # its tags matched none
        return sorted(set(named)) or None

    def unapplied(self) -> list[acts.Association]:
        """The associations that were applied and change what they are applied to, where that was not read."""
        found = []
        for one in self.associations.values():
            if not one.last_execution_date or documents.effect_of(one.name, None) == "reads":
                continue
            known, listed = (
                self.applied.get(one.association_id),
                self._answers.failed(reads.EXECUTIONS, one.association_id),
            )
            if self._answers.failed(reads.APPLIED, one.association_id) or (listed and not known):
                found.append(one)
        return found

    def parameters(self, command: str) -> dict[str, tuple[str, ...]] | None:
        """The parameters of a command; None where they are not told."""
        asked = self.commands.get(command)
        return asked.parameters if asked is not None else None

    def told(self, command: str, document: str) -> tuple[str, str]:
        """What a command ran, and what is not known of that."""
        asked = self.commands.get(command)
        if asked is not None:
            return documents.told(asked), ""
        return document, "what it ran is told by nobody: CloudTrail redacts it, and SSM keeps it for 30 days"

    def in_place(self, deployment: str) -> list[str] | None:
        """The instances that a deployment was made to in place; None where that is not told."""
        info = self.deployments.get(deployment)
        if info is None:
            return None
        style = info.deployment_style.deployment_type if info.deployment_style else ""
        if info.compute_platform not in ("", "Server") or style == "BLUE_GREEN":
            return []
        if info.status in ("Created", "Queued"):
            return []
        found = [target.rpartition("/")[2] for target in self.deployed_to.get(deployment, ())]
        return sorted(set(found)) if style and deployment in self.deployed_to else None


def by_id(targets: tuple[acts.Target, ...]) -> list[str]:
    """The instances that targets name by their ids."""
    return [value for target in targets if target.key == "InstanceIds" for value in target.values if value != "*"]
