"""Redeploys a prior release of a group of servers: an instance refresh to a numbered earlier version of its template.

`StartInstanceRefresh` takes no client token. What tells whether it was sent is the live state: the group's refreshes
that are newer than the newest one that the plan was bound to. Only one can run at a time: AWS refuses
a second.
"""

from __future__ import annotations

from typing import Any

from tools.errors import Refused
from tools.execute.aws.acting import Acting
from tools.execute.aws.desired import MOVABLE, desired, launch_data, named_by, names, refuse_lost, version_of
from tools.execute.aws.groups import ACTIVE, group_of, refreshes, refuse_unable, serving
from tools.execute.executor import Settled, World
from tools.model.action import RedeployPriorRelease
from tools.model.plan import Bound, Preview, hash_fields

TIMEOUT = 4 * 3600.0
"""Seconds that a refresh may take before it is not waited for any longer; it goes on by itself."""
BACK = ("RollbackInProgress", "RollbackSuccessful", "RollbackFailed")
ENDED_BADLY = ("Failed", "Cancelled", *BACK)


class GroupRefresh:
    """The executor of one `RedeployPriorRelease` of an Auto Scaling group."""

    repeatable = False

    def __init__(self, action: RedeployPriorRelease) -> None:
        self.action = action
        self.timeout = TIMEOUT
        self.target = version_of(action.target)

    def bind(self, aws: Acting) -> tuple[Bound, ...]:
        """What the group names, what the version launches, and the newest refresh before this plan's."""
        group, past = group_of(aws, self.action.workload), refreshes(aws, self.action.workload)
        refuse_unable(group, self.action.workload)
        running = next((r for r in past if r["Status"] in ACTIVE), None)
        if running is not None and not self._undoes(running):
            raise Refused(
                "refresh-running",
                f"an instance refresh of {self.action.workload} is {running['Status']}",
                running["InstanceRefreshId"],
                "wait for its end, or cancel it (aws autoscaling cancel-instance-refresh)",
            )
        if running is None and names(group, self.target) and self._all_on_target(group):
            raise Refused("same-release", f"{self.action.workload} runs {self.target} already")
        desired(group, self.target, self.action.workload)
        refuse_lost(aws, self.target, data := launch_data(aws, self.target))
        return self._bounds(group, data, past)

    def preview(self, aws: Acting) -> Preview:
        """The exact call, and what it replaces: EC2 Auto Scaling has no dry run."""
        group = group_of(aws, self.action.workload)
        told = ", ".join(f"{key}={value}" for key, value in self._preferences(aws, group).items())
        named = named_by(group)
        lines = [
            f"  StartInstanceRefresh {told}",
            f"- {self.action.workload} names {named.get('LaunchTemplateId')}:{named.get('Version')}",
            f"+ {self.action.workload} names {self.target}",
            *(f"- {name}" for name in sorted(member["InstanceId"] for member in group["Instances"])),
            f"+ {group['DesiredCapacity']} new servers of {self.target}",
        ]
        back = self._why_no_rollback(aws)
        why = "the API has no dry run of it" + (f"; AWS will not roll it back by itself: {back}" if back else "")
        return Preview(by="computed here", diff="\n".join(lines), reason=why)

    def world(self, aws: Acting, plan: str, bounds: tuple[Bound, ...]) -> World:
        """`after` where a refresh to the target began since the plan was bound; `changed` where another one did, or the
        group or the version is not as it was."""
        group, past = group_of(aws, self.action.workload), refreshes(aws, self.action.workload)
        newer = self._newer(past, bounds)
        if newer is None:
            return "changed"
        if newer:
            return "after" if names(newer[0].get("DesiredConfiguration") or {}, self.target) else "changed"
        live = self._bounds(group, launch_data(aws, self.target), past)
        return "before" if live == bounds else "changed"

    def rehearse(self, aws: Acting, plan: str) -> None:
        """There is no dry run: what was true when it was bound must be so still."""
        self.bind(aws)

    def act(self, aws: Acting, plan: str, write_id: str) -> str:
        """Start it; where it undoes one that is under way, roll that one back instead."""
        name, group = self.action.workload.name, group_of(aws, self.action.workload)
        running = next((r for r in refreshes(aws, self.action.workload) if r["Status"] in ACTIVE), None)
        if running is not None and self._undoes(running):
            aws.write(write_id, "autoscaling", "rollback_instance_refresh", AutoScalingGroupName=name)
            return f"rolled back the refresh {running['InstanceRefreshId']} of {name}"
        started = aws.write(
            write_id,
            "autoscaling",
            "start_instance_refresh",
            AutoScalingGroupName=name,
            Strategy="Rolling",
            DesiredConfiguration=desired(group, self.target, self.action.workload),
            Preferences=self._preferences(aws, group),
        )
        return f"started the refresh {started['InstanceRefreshId']} of {name} to {self.target}"

    def settled(self, aws: Acting, plan: str) -> Settled:
        """Done when the refresh has ended well and, by the live state, every member is of the target and in service."""
        group, newest = group_of(aws, self.action.workload), next(iter(refreshes(aws, self.action.workload)), None)
        ready, wanted = serving(group), group["DesiredCapacity"]
        on_target = [m for m in group["Instances"] if names(m, self.target)]
        told = f"{len(on_target)} of {wanted} servers are of {self.target}, {len(ready)} in service"
        if newest is None:
            return Settled(False, f"no refresh is on record; {told}", failed=True)
        status, percent = newest["Status"], newest.get("PercentageComplete", 0)
        undoing = self._undoes(newest)
        if not undoing and not names(newest.get("DesiredConfiguration") or {}, self.target):
            return Settled(False, f"somebody else's refresh {newest['InstanceRefreshId']} is {status}", failed=True)
        detail = f"refresh {status}, {percent} %: {told}"
        bad = ("Failed", "Cancelled", "RollbackFailed") if undoing else ENDED_BADLY
        if status in bad:
            return Settled(False, f"{detail}; {newest.get('StatusReason', '')}".rstrip("; "), failed=True)
        ended = status == ("RollbackSuccessful" if undoing else "Successful")
        whole = self._all_on_target(group) and len(ready) >= wanted and names(group, self.target)
        return Settled(ended and whole, detail)

    def _bounds(self, group: dict[str, Any], data: dict[str, Any], past: list[dict[str, Any]]) -> tuple[Bound, ...]:
        named = {"names": named_by(group), "policy": group.get("MixedInstancesPolicy")}
        newest = past[0]["InstanceRefreshId"] if past else ""
        return (
            Bound(self.action.workload, "LaunchTemplate, MixedInstancesPolicy", hash_fields(named)),
            Bound(self.action.target, "LaunchTemplateData", hash_fields(data)),
            Bound(self.action.workload, "newest InstanceRefreshId", hash_fields(newest)),
        )

    def _newer(self, past: list[dict[str, Any]], bounds: tuple[Bound, ...]) -> list[dict[str, Any]] | None:
        """The refreshes since the plan was bound; None where the one that it was bound to is not there any more."""
        newer: list[dict[str, Any]] = []
        for refresh in past:
            if hash_fields(refresh["InstanceRefreshId"]) == bounds[2].hash:
                return newer
            newer.append(refresh)
        return newer if bounds[2].hash == hash_fields("") else None

    def _undoes(self, refresh: dict[str, Any]) -> bool:
        """Whether going to the target is going back from this refresh: it goes, or went, to what this plan replaces."""
        if refresh["Status"] not in ("Pending", "InProgress", *BACK):
            return False
        return names(refresh.get("DesiredConfiguration") or {}, version_of(self.action.current))

    def _all_on_target(self, group: dict[str, Any]) -> bool:
        return all(names(member, self.target) for member in group["Instances"])

    def _preferences(self, aws: Acting, group: dict[str, Any]) -> dict[str, Any]:
        """Every member is replaced, also one that is of the target already, protected or standing by; AWS rolls back by
        itself where it can."""
        kept = group.get("InstanceMaintenancePolicy") or {}
        lowest = kept.get("MinHealthyPercentage", 90)
        highest = kept.get("MaxHealthyPercentage", -1)
        return {
            "MinHealthyPercentage": lowest if lowest >= 0 else 90,
            **({"MaxHealthyPercentage": highest} if highest >= 100 else {}),
            "SkipMatching": False,
            "ScaleInProtectedInstances": "Refresh",
            "StandbyInstances": "Terminate",
            "AutoRollback": not self._why_no_rollback(aws),
        }

    def _why_no_rollback(self, aws: Acting) -> str:
        """Why EC2 Auto Scaling does not roll this refresh back by itself; empty where it does."""
        version = named_by(group_of(aws, self.action.workload)).get("Version", "")
        if version in MOVABLE:
            return f"the group names {version}"
        if str(launch_data(aws, version_of(self.action.current)).get("ImageId", "")).startswith("resolve:ssm:"):
            return "its image is named by a parameter"
        if str(launch_data(aws, self.target).get("ImageId", "")).startswith("resolve:ssm:"):
            return "the prior version's image is named by a parameter"
        return ""
