"""Redeploys a prior release: writes the release's template back, and the workload's controller replaces the instances.
What `kubectl rollout undo` does, bound to what was approved. What the kinds share is here, with the Deployment's own;
the StatefulSet's and the DaemonSet's is in redeploy_sets.py."""

from __future__ import annotations

import time
from typing import Any

from tools.collect.kubernetes.api import Api
from tools.errors import Refused
from tools.execute.executor import Patching, Settled, World, Write, guard, mark_of, marked_by, read_same
from tools.execute.stays import notes
from tools.model.action import RedeployPriorRelease
from tools.model.plan import Bound, hash_fields

PATIENCE = 15.0
"""Seconds for which a redeployed release may be past its deadline before it counts as failed."""

HASH_LABEL = "pod-template-hash"

OTHERS_WROTE = Settled(False, "somebody else has written to it since", failed=True)
NOT_SEEN = Settled(False, "the controller has not seen it yet")


class Redeploying(Patching):
    """What the kinds share. They say how an object is read, what the plan is bound to, and when it has settled."""

    bound = "spec.template"
    """The fields of the workload that the plan is bound to, in words."""

    def __init__(self, action: RedeployPriorRelease) -> None:
        super().__init__(str(action))
        self.action = action
        self.timeout = 600.0
        self._template: dict[str, Any] = {}

    def workload(self, api: Api) -> dict[str, Any]:
        """The workload as it is now."""
        raise NotImplementedError

    def release(self, api: Api) -> dict[str, Any]:
        """The release that is put back, as it is kept."""
        raise NotImplementedError

    def held(self, release: dict[str, Any]) -> dict[str, Any]:
        """The template that a release holds."""
        return template(release)

    def target(self, api: Api) -> dict[str, Any]:
        """The template of the release that is put back."""
        return self.held(self.release(api))

    def fields(self, workload: dict[str, Any]) -> dict[str, Any]:
        """The fields that the plan is bound to."""
        raise NotImplementedError

    def path(self) -> str:
        """Where the workload is in the API."""
        raise NotImplementedError

    def check(self, workload: dict[str, Any]) -> None:
        """Raise `Refused` where the controller would not roll out."""

    def bind(self, api: Api) -> tuple[Bound, ...]:
        """The workload's template and what decides how it is rolled out; the target's template."""
        workload, target = self.workload(api), self.target(api)
        self.check(workload)
        if target == template(workload):
            raise Refused("same-release", f"{self.action.target} is what {self.action.workload} declares already")
        return self._bounds(workload, target)

    def world(self, api: Api, plan: str, bounds: tuple[Bound, ...]) -> World:
        """`after` where the target's template is in place and bears this plan's mark."""
        workload, target = self.workload(api), self.target(api)
        live = self._bounds(workload, target)
        if marked_by(workload, plan):  # this plan has written; what is there else, somebody has put over it
            return "after" if live[1] == bounds[1] and template(workload) == target else "changed"
        return "before" if live == bounds else "changed"

    def meant(self, after: dict[str, Any]) -> bool:
        """Whether the workload declares the target's template, to the letter."""
        return template(after) == self._template

    def write(self, api: Api, plan: str) -> Write:
        """Replace the template."""
        workload, self._template = self.workload(api), self.target(api)
        operations = [*guard(workload, plan), {"op": "replace", "path": "/spec/template", "value": self._template}]
        return Write(self.path(), operations, workload)

    def stays(self, api: Api) -> tuple[str, ...]:
        """What does not come back with the release's template."""
        release, replaced = self.release(api), template(self.workload(api))
        return notes(api, self.action.target, release["metadata"]["creationTimestamp"], self.held(release), replaced)

    def stands(self, api: Api, plan: str) -> dict[str, Any] | None:
        """The workload, None where what this plan wrote is not there any more."""
        workload = self.workload(api)
        return workload if marked_by(workload, plan) and template(workload) == self.target(api) else None

    def _bounds(self, workload: dict[str, Any], target: dict[str, Any]) -> tuple[Bound, ...]:
        fields = {"template": template(workload), **self.fields(workload), "mark": mark_of(workload)}
        return (
            Bound(self.action.workload, self.bound, hash_fields(fields)),
            Bound(self.action.target, "spec.template", hash_fields(target)),
        )


class Redeploy(Redeploying):
    """The executor of one `RedeployPriorRelease` of a Deployment."""

    bound = "spec.template, spec.selector, spec.paused, mark"

    def __init__(self, action: RedeployPriorRelease) -> None:
        super().__init__(action)
        self._progressed, self._late = False, 0.0

    def check(self, workload: dict[str, Any]) -> None:
        """A paused Deployment's controller would not roll out."""
        if workload["spec"].get("paused"):
            raise Refused(
                "paused",
                f"{self.action.workload} is paused: its controller would not roll out",
                mend=f"kubectl rollout resume deployment/{self.action.workload.name}",
            )

    def fields(self, workload: dict[str, Any]) -> dict[str, Any]:
        """Its selector, and whether it is paused."""
        return {"selector": workload["spec"]["selector"], "paused": workload["spec"].get("paused", False)}

    def path(self) -> str:
        """Below its namespace."""
        return f"/apis/apps/v1/namespaces/{self.action.workload.namespace}/deployments/{self.action.workload.name}"

    def workload(self, api: Api) -> dict[str, Any]:
        """The Deployment, the same one."""
        return read_same(api, self.path(), self.action.workload)

    def release(self, api: Api) -> dict[str, Any]:
        """The ReplicaSet, the same one."""
        ref = self.action.target
        return read_same(api, f"/apis/apps/v1/namespaces/{ref.namespace}/replicasets/{ref.name}", ref)

    def settled(self, api: Api, plan: str) -> Settled:
        """Done when the controller has seen the template, all instances are of it and available, none is left over.

        The condition of the release that is replaced stands until the controller sees progress, and a release that
        misses its deadline may still become healthy a moment later: a missed deadline counts only once another state
        was seen since, and for as long as `PATIENCE`; else the timeout decides.
        """
        deployment = self.stands(api, plan)
        if deployment is None:
            return OTHERS_WROTE
        status, spec = deployment.get("status", {}), deployment["spec"]
        self.timeout = float(spec.get("progressDeadlineSeconds", 600)) + 60
        updated, available, total = (status.get(k, 0) for k in ("updatedReplicas", "availableReplicas", "replicas"))
        told = f"{updated} of {spec.get('replicas', 1)} updated, {available} available, {total} in all"
        if status.get("observedGeneration", 0) < deployment["metadata"]["generation"]:
            return NOT_SEEN
        if updated == available == total == spec.get("replicas", 1):
            return Settled(True, told)
        progressing: dict[str, Any] = next((c for c in status.get("conditions", ()) if c["type"] == "Progressing"), {})
        late = progressing.get("reason") == "ProgressDeadlineExceeded"
        if not late:
            self._progressed, self._late = True, 0.0
        elif self._progressed and not self._late:
            self._late = time.monotonic()
        failed = bool(self._late) and time.monotonic() - self._late > PATIENCE
        if failed:
            told = f"the redeployed release did not become healthy by its deadline: {told}"
        return Settled(False, told, failed=failed)


def template(thing: dict[str, Any]) -> dict[str, Any]:
    """A pod template as a workload would hold it: without the hash label that a Deployment's controller adds."""
    return plain(thing["spec"]["template"])


def plain(held: dict[str, Any]) -> dict[str, Any]:
    """A template without what a controller adds to it in a release."""
    made: dict[str, Any] = {k: v for k, v in held.items() if k != "$patch"}
    meta = {**(made.get("metadata") or {})}
    meta["labels"] = {k: v for k, v in (meta.get("labels") or {}).items() if k != HASH_LABEL}
    meta.pop("creationTimestamp", None)
    return {**made, "metadata": meta}
