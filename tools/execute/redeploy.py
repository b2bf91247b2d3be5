"""Redeploys a prior release of a Deployment: writes the release's template back, and the controller replaces the
instances. What `kubectl rollout undo` does, bound to what was approved."""

from __future__ import annotations

import time
from typing import Any

from tools.collect.kubernetes.api import Api
from tools.errors import Refused
from tools.execute.executor import Patching, Settled, World, Write, guard, mark_of, marked_by, read_same
from tools.model.action import RedeployPriorRelease
from tools.model.plan import Bound, hash_fields

PATIENCE = 15.0
"""Seconds for which a redeployed release may be past its deadline before it counts as failed."""

HASH_LABEL = "pod-template-hash"


class Redeploy(Patching):
    """The executor of one `RedeployPriorRelease`."""

    def __init__(self, action: RedeployPriorRelease) -> None:
        super().__init__(str(action))
        self.action = action
        self.timeout = 600.0
        self._template: dict[str, Any] = {}
        self._progressed, self._late = False, 0.0

    def bind(self, api: Api) -> tuple[Bound, ...]:
        """The Deployment's template, selector and pause; the target's template."""
        deployment, target = self._deployment(api), self._target(api)
        if deployment["spec"].get("paused"):
            raise Refused(
                "paused",
                f"{self.action.workload} is paused: its controller would not roll out",
                mend=f"kubectl rollout resume deployment/{self.action.workload.name}",
            )
        if template(target) == template(deployment):
            raise Refused("same-release", f"{self.action.target} is what {self.action.workload} declares already")
        return self._bounds(deployment, target)

    def world(self, api: Api, plan: str, bounds: tuple[Bound, ...]) -> World:
        """`after` where the target's template is in place and bears this plan's mark."""
        deployment, target = self._deployment(api), self._target(api)
        live = self._bounds(deployment, target)
        if marked_by(deployment, plan):  # this plan has written; what is there else, somebody has put over it
            return "after" if live[1] == bounds[1] and self.meant(deployment, target) else "changed"
        return "before" if live == bounds else "changed"

    def meant(self, after: dict[str, Any], target: dict[str, Any] | None = None) -> bool:
        """Whether the Deployment declares the target's template, to the letter."""
        return template(after) == (self._template if target is None else template(target))

    def write(self, api: Api, plan: str) -> Write:
        """Replace the template, without the hash label that the controller adds to each release."""
        deployment, target = self._deployment(api), self._target(api)
        self._template = template(target)
        operations = [*guard(deployment, plan), {"op": "replace", "path": "/spec/template", "value": self._template}]
        return Write(self._path(), operations, deployment)

    def settled(self, api: Api, plan: str) -> Settled:
        """Done when the controller has seen the template, all instances are of it and available, none is left over.

        The condition of the release that is replaced stands until the controller sees progress, and a release that
        misses its deadline may still become healthy a moment later: a missed deadline counts only once another state
        was seen since, and for as long as `PATIENCE`; else the timeout decides.
        """
        deployment = self._deployment(api)
        if not marked_by(deployment, plan) or not self.meant(deployment, self._target(api)):
            return Settled(False, "somebody else has written to it since", failed=True)
        status, spec = deployment.get("status", {}), deployment["spec"]
        self.timeout = float(spec.get("progressDeadlineSeconds", 600)) + 60
        updated, available, total = (status.get(k, 0) for k in ("updatedReplicas", "availableReplicas", "replicas"))
        told = f"{updated} of {spec.get('replicas', 1)} updated, {available} available, {total} in all"
        if status.get("observedGeneration", 0) < deployment["metadata"]["generation"]:
            return Settled(False, "the controller has not seen it yet")
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

    def _bounds(self, deployment: dict[str, Any], target: dict[str, Any]) -> tuple[Bound, ...]:
        spec = deployment["spec"]
        fields = {
            "template": template(deployment),
            "selector": spec["selector"],
            "paused": spec.get("paused", False),
            "mark": mark_of(deployment),
        }
        return (
            Bound(self.action.workload, "spec.template, spec.selector, spec.paused, mark", hash_fields(fields)),
            Bound(self.action.target, "spec.template", hash_fields(template(target))),
        )

    def _path(self) -> str:
        return f"/apis/apps/v1/namespaces/{self.action.workload.namespace}/deployments/{self.action.workload.name}"

    def _deployment(self, api: Api) -> dict[str, Any]:
        return read_same(api, self._path(), self.action.workload)

    def _target(self, api: Api) -> dict[str, Any]:
        target = self.action.target
        return read_same(api, f"/apis/apps/v1/namespaces/{target.namespace}/replicasets/{target.name}", target)


def template(thing: dict[str, Any]) -> dict[str, Any]:
    """A pod template as a Deployment would hold it: without the controller's hash label."""
    made: dict[str, Any] = {**thing["spec"]["template"]}
    meta = {**made.get("metadata", {})}
    meta["labels"] = {k: v for k, v in (meta.get("labels") or {}).items() if k != HASH_LABEL}
    meta.pop("creationTimestamp", None)
    return {**made, "metadata": meta}
