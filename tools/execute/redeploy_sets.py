"""Redeploys a prior release of a StatefulSet or of a DaemonSet: the template is in a ControllerRevision, and the status
has no deadline, so a rollout that has not moved for long is what fails.

Objects are read by lists of one name, which whoever may list them may do: no right to get them is needed.
"""

from __future__ import annotations

import time
from typing import Any

from tools.collect.kubernetes.api import Api
from tools.errors import Refused
from tools.execute.eviction import named
from tools.execute.executor import Settled
from tools.execute.redeploy import NOT_SEEN, OTHERS_WROTE, Redeploying, plain
from tools.model.action import RedeployPriorRelease

STALLED = 600.0
"""Seconds without any movement after which a rollout is not waited for any longer."""
LONGEST = 24 * 3600.0
"""A DaemonSet of many hosts is replaced one after the other, for as long as it moves."""

RESOURCES = {"StatefulSet": "statefulsets", "DaemonSet": "daemonsets"}


class RedeploySet(Redeploying):
    """The executor of one `RedeployPriorRelease` of a StatefulSet or a DaemonSet."""

    bound = "spec.template, spec.selector, spec.updateStrategy, mark"

    def __init__(self, action: RedeployPriorRelease) -> None:
        super().__init__(action)
        self.timeout = LONGEST
        self._told, self._moved = "", time.monotonic()

    def check(self, workload: dict[str, Any]) -> None:
        """An update strategy that leaves every instance as it is needs later steps, or can't be followed."""
        spec = workload["spec"]
        if partition(spec) >= wanted(workload) > 0 and not self.action.stepwise:
            raise Refused(
                "partition",
                f"{self.action.workload} would replace no instance: its partition {partition(spec)} keeps all of them",
                "spec.updateStrategy.rollingUpdate.partition",
                "lower the partition through the pipeline, and plan again",
            )
        if spec.get("updateStrategy", {}).get("type") == "OnDelete" and not self.action.stepwise:
            raise Refused(
                "on-delete",
                f"{self.action.workload} would replace no instance by itself: its strategy is OnDelete",
                "spec.updateStrategy.type",
                "plan again: its instances are replaced one by one",
            )

    def fields(self, workload: dict[str, Any]) -> dict[str, Any]:
        """Its selector, and how its controller replaces instances."""
        spec = workload["spec"]
        return {"selector": spec["selector"], "updateStrategy": spec.get("updateStrategy")}

    def path(self) -> str:
        """Below its namespace."""
        return f"{self._list()}/{self.action.workload.name}"

    def workload(self, api: Api) -> dict[str, Any]:
        """The StatefulSet or the DaemonSet, the same one."""
        ref = self.action.workload
        found = _same(named(api, self._list(), ref.name), ref.uid, str(ref))
        return {"apiVersion": "apps/v1", "kind": ref.kind, **found}

    def release(self, api: Api) -> dict[str, Any]:
        """The ControllerRevision, the same one."""
        ref = self.action.target
        path = f"/apis/apps/v1/namespaces/{ref.namespace}/controllerrevisions"
        return _same(named(api, path, ref.name), ref.uid, str(ref))

    def held(self, release: dict[str, Any]) -> dict[str, Any]:
        """The template in the ControllerRevision's patch."""
        return plain(release["data"]["spec"]["template"])

    def settled(self, api: Api, plan: str) -> Settled:
        """Done when the controller has seen the template and every instance that it replaces is of it and available;
        where later steps replace them, when it has seen the template."""
        workload = self.stands(api, plan)
        if workload is None:
            return OTHERS_WROTE
        status = workload.get("status", {})
        if status.get("observedGeneration", 0) < workload["metadata"]["generation"]:
            return self._waiting(NOT_SEEN.detail)
        whole, told = (_daemon_set if self.action.workload.kind == "DaemonSet" else _stateful_set)(workload)
        if self.action.stepwise:
            return Settled(True, f"its controller has the template; {told}")
        return Settled(True, told) if whole else self._waiting(told)

    def _waiting(self, told: str) -> Settled:
        """Failed once nothing has moved for `STALLED`."""
        if told != self._told:
            self._told, self._moved = told, time.monotonic()
        if time.monotonic() - self._moved <= STALLED:
            return Settled(False, told)
        return Settled(False, f"nothing has moved for {STALLED:.0f} s: {told}{_stuck(self.action)}", failed=True)

    def _list(self) -> str:
        ref = self.action.workload
        return f"/apis/apps/v1/namespaces/{ref.namespace}/{RESOURCES[ref.kind]}"


def partition(spec: dict[str, Any]) -> int:
    """The ordinal below which a StatefulSet's rolling update leaves instances as they are."""
    update = spec.get("updateStrategy", {}).get("rollingUpdate") or {}
    return int(update.get("partition") or 0)


def wanted(workload: dict[str, Any]) -> int:
    """How many instances a workload wants; of a DaemonSet what its controller counted."""
    if workload["kind"] == "DaemonSet":
        return int(workload.get("status", {}).get("desiredNumberScheduled", 0))
    return int(workload["spec"].get("replicas", 1))


def _daemon_set(workload: dict[str, Any]) -> tuple[bool, str]:
    status, total = workload.get("status", {}), wanted(workload)
    updated, available = status.get("updatedNumberScheduled", 0), status.get("numberAvailable", 0)
    return updated == total == available, f"{updated} of {total} updated, {available} available"


def _stateful_set(workload: dict[str, Any]) -> tuple[bool, str]:
    """A rollout that no partition holds back ends with the update revision as the current one."""
    status, spec, total = workload.get("status", {}), workload["spec"], wanted(workload)
    updated, ready, available = (status.get(k, 0) for k in ("updatedReplicas", "readyReplicas", "availableReplicas"))
    kept = min(partition(spec), total)
    told = f"{updated} of {total} updated, {ready} ready, {available} available"
    if kept:
        told += f"; ordinals below {kept} stay as they are (partition)"
    ended = bool(kept) or status.get("currentRevision") == status.get("updateRevision")
    return ended and updated >= total - kept and ready == total == available == status.get("replicas", 0), told


def _stuck(action: RedeployPriorRelease) -> str:
    if action.workload.kind != "StatefulSet":
        return ""
    return "; a StatefulSet waits for an instance that is not ready: auditor plan --replace it"


def _same(found: dict[str, Any] | None, uid: str, told: str) -> dict[str, Any]:
    if found is None:
        raise Refused("gone", f"{told} is gone", mend="plan again")
    if found["metadata"]["uid"] != uid:
        raise Refused("gone", f"{told} was replaced by another object of its name", mend="plan again")
    return found
